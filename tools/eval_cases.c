/*
 * eval_cases.c - the data sets of pith eval from the files that a command
 * line names.
 */
#include "eval.h"

#include "files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common.h"

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* PROMPTS, or of a folder PROMPTS/NAME.txt for a file NAME.json; false when
 * that is too long. */
static bool find_prompts(const char *prompts, const char *path, char *found,
                         size_t size)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    int n = is_folder(prompts)
                ? snprintf(found, size, "%s/%.*s.txt", prompts,
                           (int)strcspn(name, "."), name)
                : snprintf(found, size, "%s", prompts);
    return n >= 0 && (size_t)n < size;
}

void eval_list_prompts(const struct eval_source *source,
                       const struct operands *operands, struct file_list *list)
{
    char prompts[4096];
    for (size_t i = 0; source->prompts != NULL && i < operands->n; i++)
        if (find_prompts(source->prompts, operands->items[i], prompts,
                         sizeof prompts))
            tool_files_input_with(list, "prompts", prompts, "");
}

int eval_load_cases(const struct eval_source *source, const char *const *paths,
                    size_t n_paths, struct pith_cases **cases)
{
    struct pith_error error;
    char prompts[4096];
    *cases = NULL;
    for (size_t i = 0; i < n_paths; i++) {
        const char *found = source->prompts;
        if (found != NULL) {
            if (!find_prompts(found, paths[i], prompts, sizeof prompts))
                return tool_fail("%.200s: the path is too long", found);
            found = prompts;
        }
        if (pith_cases_load(cases, (enum pith_task)source->task, paths[i],
                            found, &error) != PITH_OK) {
            pith_cases_free(*cases);
            *cases = NULL;
            return tool_library(&error);
        }
    }
    return TOOL_OK;
}

size_t eval_next_group(const struct pith_cases *cases, size_t i)
{
    size_t n = pith_cases_count(cases);
    size_t group = pith_cases_get(cases, i)->group;
    while (i < n && pith_cases_get(cases, i)->group == group)
        i++;
    return i;
}
