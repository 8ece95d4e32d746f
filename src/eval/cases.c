/*
 * cases.c - sets of cases: their memory, and what the readers of the data
 * sets share.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

#include "../base/file_kind.h"
#include "../base/memory.h"
#include "../base/text.h"
#include "../text/lines.h"
#include "gunzip.h"

/* --- memory --------------------------------------------------------------- */

static enum pith_status own(struct pith_cases *cases, void *memory,
                            struct pith_error *error)
{
    enum pith_status status =
        pith_grow(&cases->owned, cases->n_owned + 1, &cases->owned_capacity,
                  sizeof *cases->owned, error);
    if (status == PITH_OK)
        cases->owned[cases->n_owned++] = memory;
    else
        pith_free(memory);
    return status;
}

void *pith_cases_array(struct pith_cases *cases, size_t n, size_t size,
                       struct pith_error *error)
{
    void *array = pith_array_zero(n, size);
    if (array == NULL)
        pith_no_memory(error, n, size);
    else if (own(cases, array, error) != PITH_OK)
        return NULL;
    return array;
}

enum pith_status pith_cases_take(struct pith_cases *cases,
                                 struct pith_buffer *buffer,
                                 struct pith_text *text,
                                 struct pith_error *error)
{
    char *bytes;
    *text = (struct pith_text){0};
    PITH_TRY(pith_buffer_take(buffer, &bytes, &text->size, error));
    text->bytes = bytes;
    return own(cases, bytes, error);
}

enum pith_status pith_cases_add(struct pith_cases *cases, const char *name,
                                size_t number, const struct pith_case *made,
                                struct pith_error *error)
{
    struct pith_buffer id = {0};
    struct pith_text text;
    PITH_TRY(pith_grow(&cases->cases, cases->n + 1, &cases->capacity,
                       sizeof *cases->cases, error));
    pith_buffer_printf(&id, "%s-%zu", name, number);
    PITH_TRY(pith_cases_take(cases, &id, &text, error));
    cases->cases[cases->n] = *made;
    cases->cases[cases->n].id = text.bytes;
    cases->cases[cases->n++].group = cases->n_groups - 1;
    return PITH_OK;
}

/* --- texts ---------------------------------------------------------------- */

static struct pith_text strip(struct pith_text text)
{
    while (text.size > 0 && pith_is_json_space(text.bytes[0])) {
        text.bytes++;
        text.size--;
    }
    while (text.size > 0 && pith_is_json_space(text.bytes[text.size - 1]))
        text.size--;
    return text;
}

/* Cuts the next paragraph off *rest, without the blank line after it. */
static struct pith_text next_paragraph(struct pith_text *rest)
{
    size_t end = 0;
    while (end < rest->size &&
           !(rest->bytes[end] == '\n' && end + 1 < rest->size &&
             rest->bytes[end + 1] == '\n'))
        end++;
    struct pith_text paragraph = strip((struct pith_text){rest->bytes, end});
    size_t skip = end + 2 < rest->size ? end + 2 : rest->size;
    rest->bytes += skip;
    rest->size -= skip;
    return paragraph;
}

enum pith_status pith_cases_paragraphs(struct pith_cases *cases,
                                       struct pith_text text,
                                       struct pith_prompt *prompt,
                                       struct pith_error *error)
{
    struct pith_buffer copy = {0};
    struct pith_text rest, whole;
    size_t n = 0;
    pith_buffer_append(&copy, text.bytes, text.size);
    PITH_TRY(pith_cases_take(cases, &copy, &whole, error));
    for (rest = whole; rest.size > 0;)
        n += next_paragraph(&rest).size > 0;
    struct pith_text *contexts =
        pith_cases_array(cases, n, sizeof *contexts, error);
    if (contexts == NULL)
        return PITH_ERR_MEMORY;
    n = 0;
    for (rest = whole; rest.size > 0;) {
        struct pith_text paragraph = next_paragraph(&rest);
        if (paragraph.size > 0)
            contexts[n++] = paragraph;
    }
    prompt->contexts = contexts;
    prompt->n_contexts = n;
    return PITH_OK;
}

/* --- JSON ----------------------------------------------------------------- */

enum pith_status pith_case_string(const struct pith_json *object,
                                  const char *key, struct pith_text *string,
                                  const char *where, size_t number,
                                  struct pith_error *error)
{
    const struct pith_json *value = pith_json_get(object, key);
    char line[32] = "";
    if (number > 0)
        snprintf(line, sizeof line, ":%zu", number);
    if (value == NULL || value->kind != PITH_JSON_STRING)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s%s: expected a string \"%s\"; is this a file of "
                         "the data set that was named?", where, line, key);
    *string = value->string;
    return PITH_OK;
}

enum pith_status pith_cases_each_line(struct pith_case_source *source,
                                      pith_case_reader *read,
                                      struct pith_error *error)
{
    struct pith_text rest = source->text, line;
    enum pith_status status = PITH_OK;
    for (size_t number = 1;
         status == PITH_OK && pith_next_line(&rest, &line); number++) {
        line = strip(line);
        if (line.size == 0)
            continue;
        struct pith_json_document *document;
        char name[300];
        snprintf(name, sizeof name, "%.250s:%zu", source->path, number);
        PITH_TRY(pith_json_parse(line, name, &document, error));
        status = read(source, pith_json_root(document), number, error);
        pith_json_free(document);
    }
    return status;
}

enum pith_status pith_cases_each_item(struct pith_case_source *source,
                                      pith_case_reader *read, bool *found,
                                      struct pith_error *error)
{
    struct pith_json_document *document;
    enum pith_status status =
        pith_json_parse(source->text, source->path, &document, error);
    *found = false;
    if (status != PITH_OK)
        return status == PITH_ERR_MEMORY ? status : PITH_OK;
    const struct pith_json *root = pith_json_root(document);
    *found = pith_json_is(root, PITH_JSON_OBJECT) &&
             pith_json_get(root->first, "origin_prompt") != NULL;
    size_t number = 1;
    for (const struct pith_json *item = *found ? root->first : NULL;
         status == PITH_OK && item != NULL; item = item->next)
        status = read(source, item, number++, error);
    pith_json_free(document);
    return status;
}

/* --- sets ----------------------------------------------------------------- */

static const struct {
    const char *name;
    enum pith_status (*read)(struct pith_case_source *source,
                             struct pith_error *error);
    const char *prompts; /* what they must be; NULL: they may be missing */
} tasks[] = {
    {"gsm8k", pith_cases_gsm8k, "a file of demonstrations"},
    {"bbh", pith_cases_bbh, "the task's chain-of-thought prompt"},
    {"chat", pith_cases_chat, NULL},
    {"documents", pith_cases_documents, NULL},
    {"qa", pith_cases_qa, NULL},
    {"continue", pith_cases_texts, NULL},
};

const char *pith_task_name(enum pith_task task)
{
    return tasks[task].name;
}

/* "prompt_easy" of ".../prompt_easy.txt", cut to fit, with signs that mean
 * something in a key replaced. */
static void name_cases(struct pith_case_source *source, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *start = slash != NULL ? slash + 1 : path;
    size_t n = strcspn(start, ".");
    n = n < sizeof source->name ? n : sizeof source->name - 1;
    for (size_t i = 0; i < n; i++) {
        char c = start[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c >= '0' && c <= '9') || c == '_' || c == '-';
        source->name[i] = plain ? c : '_';
    }
    source->name[n] = '\0';
}

/* Forgets the cases from the n-th on; what they own stays with the set. */
static void forget(struct pith_cases *cases, size_t n, size_t n_groups)
{
    cases->n = n;
    cases->n_groups = n_groups;
}

/* Reads the task from a file that is open, which gzip may have made. */
static enum pith_status read_task(struct pith_case_source *source,
                                  enum pith_task task,
                                  struct pith_error *error)
{
    struct pith_buffer unpacked = {0};
    const uint8_t *data = (const uint8_t *)source->text.bytes;
    enum pith_status status = PITH_OK;
    if (pith_is_gzip(data, source->text.size)) {
        status = pith_gunzip(data, source->text.size, source->path, &unpacked,
                             error);
        source->text = pith_buffer_text(&unpacked);
    }
    if (status == PITH_OK)
        status = tasks[task].read(source, error);
    pith_buffer_free(&unpacked);
    return status;
}

static enum pith_status read_files(struct pith_case_source *source,
                                   enum pith_task task,
                                   struct pith_error *error)
{
    struct pith_file file = {0}, prompts = {0};
    PITH_TRY(pith_file_open_text(&file, &source->text, source->path, error));
    enum pith_status status = PITH_OK;
    if (source->prompts_path != NULL)
        status = pith_file_open_text(&prompts, &source->prompts,
                                     source->prompts_path, error);
    if (status == PITH_OK)
        status = read_task(source, task, error);
    if (source->prompts_path != NULL)
        pith_file_close(&prompts);
    pith_file_close(&file);
    return status;
}

enum pith_status pith_cases_load(struct pith_cases **cases,
                                 enum pith_task task, const char *path,
                                 const char *prompts,
                                 struct pith_error *error)
{
    if (prompts == NULL && tasks[task].prompts != NULL)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s: the task %s needs prompts, %s", path,
                         tasks[task].name, tasks[task].prompts);
    struct pith_cases *set = *cases;
    if (set == NULL)
        set = pith_array_zero(1, sizeof *set);
    if (set == NULL)
        return pith_no_memory(error, 1, sizeof *set);
    size_t n = set->n, n_groups = set->n_groups;
    struct pith_case_source source = {
        .cases = set, .path = path, .prompts_path = prompts};
    name_cases(&source, task == PITH_TASK_GSM8K ? prompts : path);
    enum pith_status status = read_files(&source, task, error);
    for (size_t i = n; i < set->n; i++)
        set->cases[i].task = task;
    if (status == PITH_OK)
        *cases = set;
    else if (*cases == NULL)
        pith_cases_free(set);
    else
        forget(set, n, n_groups);
    return status;
}

void pith_cases_free(struct pith_cases *cases)
{
    if (cases == NULL)
        return;
    for (size_t i = 0; i < cases->n_owned; i++)
        pith_free(cases->owned[i]);
    pith_free(cases->owned);
    pith_free(cases->cases);
    pith_free(cases);
}

size_t pith_cases_count(const struct pith_cases *cases)
{
    return cases != NULL ? cases->n : 0;
}

const struct pith_case *pith_cases_get(const struct pith_cases *cases,
                                       size_t index)
{
    return &cases->cases[index];
}

enum pith_status pith_cases_check(const struct pith_cases *cases, size_t index,
                                  struct pith_error *error)
{
    size_t n = pith_cases_count(cases);
    return index < n ? PITH_OK
                     : pith_fail(error, PITH_ERR_ARGUMENT,
                                 "case %zu of %zu: there is none", index, n);
}
