/*
 * cases_texts.c - long texts, of which a part is compressed and what follows
 * it is read (task continue): {"text"} or {"document"} in lines, or the
 * prompts of MiniLongBench.  A file is a source: its texts are alike.
 */
#include "cases.h"

static enum pith_status add_text(struct pith_case_source *source,
                                 struct pith_text string, size_t number,
                                 struct pith_error *error)
{
    struct pith_cases *cases = source->cases;
    struct pith_case made = {0};
    struct pith_buffer buffer = {0};
    struct pith_text *context =
        pith_cases_array(cases, 1, sizeof *context, error);
    if (context == NULL)
        return PITH_ERR_MEMORY;
    pith_buffer_append(&buffer, string.bytes, string.size);
    PITH_TRY(pith_cases_take(cases, &buffer, context, error));
    made.prompt.contexts = context;
    made.prompt.n_contexts = 1;
    cases->n_groups++;
    return pith_cases_add(cases, source->name, number, &made, error);
}

static enum pith_status read_line(struct pith_case_source *source,
                                  const struct pith_json *line, size_t number,
                                  struct pith_error *error)
{
    const char *key = pith_json_get(line, "text") != NULL ? "text"
                                                          : "document";
    struct pith_text text;
    PITH_TRY(pith_case_string(line, key, &text, source->path, number, error));
    return add_text(source, text, number, error);
}

static enum pith_status read_item(struct pith_case_source *source,
                                  const struct pith_json *item, size_t number,
                                  struct pith_error *error)
{
    struct pith_text text;
    PITH_TRY(pith_case_string(item, "origin_prompt", &text, source->path, 0,
                              error));
    return add_text(source, text, number, error);
}

enum pith_status pith_cases_texts(struct pith_case_source *source,
                                  struct pith_error *error)
{
    bool found;
    PITH_TRY(pith_cases_each_item(source, read_item, &found, error));
    return found ? PITH_OK : pith_cases_each_line(source, read_line, error);
}
