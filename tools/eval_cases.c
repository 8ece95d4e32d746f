/*
 * eval_cases.c - the data sets of pith eval from the files that a command
 * line names.
 */
#include "eval.h"

#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

/* Paths, owned. */
struct names {
    char **items;
    size_t n;
};

static int look_for_folder(const char *path, bool *is_folder)
{
    struct pith_place place;
    struct pith_error error;
    if (pith_place_find(path, &place, &error) != PITH_OK)
        return tool_library(&error);
    *is_folder = place.kind == PITH_FILE_FOLDER;
    return TOOL_OK;
}

/* PROMPTS, or of a folder PROMPTS/NAME.txt for a file NAME.json; false when
 * that is too long. */
static bool find_prompts(const char *prompts, bool is_folder, const char *path,
                         char *found, size_t size)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    int n = is_folder
                ? snprintf(found, size, "%s/%.*s.txt", prompts,
                           (int)strcspn(name, "."), name)
                : snprintf(found, size, "%s", prompts);
    return n >= 0 && (size_t)n < size;
}

/* --- a folder of demonstrations ----------------------------------------------- */

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void free_names(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->items[i]);
    free(names->items);
}

static bool is_text_file(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && name[0] != '.' && strcmp(name + n - 4, ".txt") == 0;
}

static int add_name(struct names *names, const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char **grown = realloc(names->items, (names->n + 1) * sizeof *grown);
    char *path = malloc(size);
    if (grown != NULL)
        names->items = grown;
    if (grown == NULL || path == NULL) {
        free(path);
        return tool_no_memory();
    }
    snprintf(path, size, "%s/%s", folder, name);
    names->items[names->n++] = path;
    return TOOL_OK;
}

/* Its files *.txt in the order of their names; free_names whatever is
 * returned. */
static int list_folder(const char *folder, struct names *names)
{
    DIR *stream = opendir(folder);
    struct dirent *entry;
    int code = TOOL_OK;
    if (stream == NULL)
        return tool_fail("%.200s: the folder cannot be read: %s", folder,
                         strerror(errno));
    while (code == TOOL_OK && (errno = 0, entry = readdir(stream)) != NULL)
        if (is_text_file(entry->d_name))
            code = add_name(names, folder, entry->d_name);
    if (code == TOOL_OK && errno != 0)
        code = tool_fail("%.200s: the folder cannot be read: %s", folder,
                         strerror(errno));
    closedir(stream);
    if (names->n > 0)
        qsort(names->items, names->n, sizeof *names->items, compare_names);
    return code;
}

/* --- what one file is read with ------------------------------------------------ */

/* The prompts that a file of the data set is read with, once each: a folder's
 * files for gsm8k, one or none for the others. */
static int list_prompts(const struct eval_source *source, const char *path,
                        struct names *names)
{
    char found[4096];
    bool is_folder = false;
    if (source->prompts == NULL)
        return TOOL_OK;
    int code = look_for_folder(source->prompts, &is_folder);
    if (code != TOOL_OK)
        return code;
    if (source->task == PITH_TASK_GSM8K && is_folder)
        return list_folder(source->prompts, names);
    if (!find_prompts(source->prompts, is_folder, path, found, sizeof found))
        return tool_fail("%.200s: the path is too long", source->prompts);
    names->items = malloc(sizeof *names->items);
    char *copy = malloc(strlen(found) + 1);
    if (names->items == NULL || copy == NULL) {
        free(copy);
        return tool_no_memory();
    }
    names->items[names->n++] = strcpy(copy, found);
    return TOOL_OK;
}

void eval_list_prompts(const struct eval_source *source,
                       const struct operands *operands, struct file_list *list)
{
    for (size_t i = 0; source->prompts != NULL && i < operands->n; i++) {
        struct names names = {NULL, 0};
        list_prompts(source, operands->items[i], &names);
        for (size_t j = 0; j < names.n; j++)
            tool_files_input_with(list, "prompts", names.items[j], "");
        free_names(&names);
    }
}

static int load_file(const struct eval_source *source, const char *path,
                     struct pith_cases **cases)
{
    struct names names = {NULL, 0};
    struct pith_error error;
    int code = list_prompts(source, path, &names);
    size_t n = source->prompts != NULL ? names.n : 1;
    if (code == TOOL_OK && n == 0)
        code = tool_fail("%.200s: the folder has no file *.txt; expected "
                         "demonstrations", source->prompts);
    for (size_t i = 0; i < n && code == TOOL_OK; i++)
        if (pith_cases_load(cases, (enum pith_task)source->task, path,
                            source->prompts != NULL ? names.items[i] : NULL,
                            &error) != PITH_OK)
            code = tool_library(&error);
    free_names(&names);
    return code;
}

int eval_load_cases(const struct eval_source *source, const char *const *paths,
                    size_t n_paths, struct pith_cases **cases)
{
    int code = TOOL_OK;
    *cases = NULL;
    for (size_t i = 0; i < n_paths && code == TOOL_OK; i++)
        code = load_file(source, paths[i], cases);
    if (code != TOOL_OK) {
        pith_cases_free(*cases);
        *cases = NULL;
    }
    return code;
}

size_t eval_next_group(const struct pith_cases *cases, size_t i)
{
    size_t n = pith_cases_count(cases);
    size_t group = pith_cases_get(cases, i)->group;
    while (i < n && pith_cases_get(cases, i)->group == group)
        i++;
    return i;
}
