/*
 * files.c - see files.h.
 */
#include "files.h"

#include <stdlib.h>
#include <string.h>

#include "common.h"

struct named_file {
    const char *option; /* NULL: an operand */
    const char *path;   /* NULL: a standard stream */
    bool is_output;
    struct pith_place place;
};

struct file_list {
    struct named_file *files;
    size_t n, capacity;
    struct words made; /* paths that the list owns */
    int code; /* of the first failure; nothing is added after it */
};

/* --- the list -------------------------------------------------------------- */

static struct named_file *new_file(struct file_list *list)
{
    if (list->n == list->capacity) {
        size_t capacity = 2 * list->capacity + 16;
        struct named_file *grown =
            realloc(list->files, capacity * sizeof *grown);
        if (grown == NULL) {
            list->code = tool_no_memory();
            return NULL;
        }
        list->files = grown;
        list->capacity = capacity;
    }
    return &list->files[list->n++];
}

/* path NULL: a standard stream. */
static void add(struct file_list *list, const char *option, const char *path,
                bool is_output)
{
    struct pith_error error;
    struct named_file *file = list->code == TOOL_OK ? new_file(list) : NULL;
    if (file == NULL)
        return;
    *file = (struct named_file){option, path, is_output,
                                {.kind = PITH_FILE_NONE}};
    if (path == NULL)
        pith_place_of_stream(is_output ? stdout : stdin, &file->place);
    else if (pith_place_find(path, &file->place, &error) != PITH_OK)
        list->code = tool_library(&error);
}

/* Takes a string of malloc's over; NULL gives NULL. */
static const char *own(struct file_list *list, char *path)
{
    const char **grown =
        realloc(list->made.items, (list->made.n + 1) * sizeof *grown);
    if (grown != NULL)
        list->made.items = grown;
    if (path == NULL || grown == NULL) {
        free(path);
        list->code = tool_no_memory();
        return NULL;
    }
    return list->made.items[list->made.n++] = path;
}

static const char *join(struct file_list *list, const char *path,
                        const char *ending)
{
    char *joined = malloc(strlen(path) + strlen(ending) + 1);
    if (joined != NULL) {
        strcpy(joined, path);
        strcat(joined, ending);
    }
    return own(list, joined);
}

static void free_list(struct file_list *list)
{
    for (size_t i = 0; i < list->made.n; i++)
        free((char *)(uintptr_t)list->made.items[i]);
    free(list->made.items);
    free(list->files);
}

/* Standard input is in every list: "-" may be a file of that name, too. */
void tool_files_input(struct file_list *list, const char *option,
                      const char *path)
{
    if (path != NULL)
        add(list, option, path, false);
}

void tool_files_output(struct file_list *list, const char *option,
                       const char *path)
{
    if (path != NULL)
        add(list, option, strcmp(path, "-") == 0 ? NULL : path, true);
}

void tool_files_input_with(struct file_list *list, const char *option,
                           const char *path, const char *ending)
{
    if (path != NULL)
        tool_files_input(list, option, join(list, path, ending));
}

void tool_files_output_with(struct file_list *list, const char *option,
                            const char *path, const char *ending)
{
    if (path != NULL)
        tool_files_output(list, option, join(list, path, ending));
}

void tool_files_punkt(struct file_list *list, const char *folder)
{
    static const char *const names[] = {
        "/abbrev_types.txt", "/collocations.tab", "/sent_starters.txt",
        "/ortho_context.tab"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        tool_files_input_with(list, "punkt", folder, names[i]);
}

void tool_files_model(struct file_list *list, const char *option,
                      const char *wanted)
{
    char *path;
    int code = tool_search_model(wanted, &path);
    if (code != TOOL_OK)
        list->code = code;
    else if (path != NULL)
        tool_files_input(list, option, own(list, path));
}

/* --- what the tables say ---------------------------------------------------- */

static void add_option(struct file_list *list, const struct option *option,
                       const void *arguments)
{
    const void *member = (const char *)arguments + option->offset;
    if (option->kind == OPTION_INPUT)
        tool_files_input(list, option->name, *(const char *const *)member);
    if (option->kind == OPTION_OUTPUT)
        tool_files_output(list, option->name, *(const char *const *)member);
    if (option->kind == OPTION_MODEL)
        tool_files_model(list, option->name, *(const char *const *)member);
    if (option->kind == OPTION_INPUTS) {
        const struct words *words = member;
        for (size_t i = 0; i < words->n; i++)
            tool_files_input(list, option->name, words->items[i]);
    }
}

/* Whether results go to standard output: to no operand and no --output. */
static bool prints(const struct command *command,
                   const struct operands *operands, const void *arguments)
{
    for (size_t i = 0; i < operands->n_options; i++) {
        const struct option *option = &operands->options[i];
        if (option->kind == OPTION_OUTPUT && option->letter == 'o' &&
            *(const char *const *)((const char *)arguments + option->offset) !=
                NULL)
            return false;
    }
    return !command->last_is_output;
}

static void list_all(const struct command *command,
                     const struct operands *operands, const void *arguments,
                     struct file_list *list)
{
    add(list, NULL, NULL, false);
    if (prints(command, operands, arguments))
        add(list, NULL, NULL, true);
    for (size_t i = 0; i < operands->n; i++)
        (command->last_is_output && i + 1 == command->max_operands
             ? tool_files_output
             : tool_files_input)(list, NULL, operands->items[i]);
    for (size_t i = 0; i < operands->n_options; i++)
        add_option(list, &operands->options[i], arguments);
    if (command->list_files != NULL)
        command->list_files(operands, arguments, list);
}

/* --- the check -------------------------------------------------------------- */

enum { SHOWN = 256 };

/* --log "out.jsonl", "data.jsonl", standard output */
static const char *describe(const struct named_file *file, char out[SHOWN])
{
    const char *stream =
        file->is_output ? "standard output" : "standard input";
    if (file->path == NULL)
        snprintf(out, SHOWN, "%s%s%s", file->option != NULL ? "--" : "",
                 file->option != NULL ? file->option : stream,
                 file->option != NULL ? " -" : "");
    else
        snprintf(out, SHOWN, "%s%.32s%s\"%.200s\"",
                 file->option != NULL ? "--" : "",
                 file->option != NULL ? file->option : "",
                 file->option != NULL ? " " : "", file->path);
    return out;
}

static bool is_same(const struct named_file *a, const struct named_file *b)
{
    bool one_stream =
        a->path == NULL && b->path == NULL && a->is_output == b->is_output;
    return one_stream || pith_place_is_same(&a->place, &b->place);
}

static int compare(const struct command *command, const struct file_list *list)
{
    char a[SHOWN], b[SHOWN];
    for (size_t i = 0; i < list->n; i++)
        for (size_t j = 0; j < list->n; j++) {
            const struct named_file *file = &list->files[i];
            const struct named_file *other = &list->files[j];
            if (!file->is_output || (other->is_output && j >= i) ||
                !is_same(file, other))
                continue;
            return tool_usage(command, "%s and %s are the same file; %s",
                              describe(file, a), describe(other, b),
                              other->is_output
                                  ? "each output needs its own"
                                  : "an input is not written to");
        }
    return TOOL_OK;
}

int tool_files_check(const struct command *command,
                     const struct operands *operands, const void *arguments)
{
    struct file_list list = {.code = TOOL_OK};
    list_all(command, operands, arguments, &list);
    int code = list.code == TOOL_OK ? compare(command, &list) : list.code;
    free_list(&list);
    return code;
}
