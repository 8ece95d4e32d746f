/*
 * cases_documents.c - documents to be summed up: their paragraphs are the
 * contexts, a summary, if any, the reference.
 */
#include <string.h>

#include "cases.h"

static const char question[] = "Summarize the document.";

static enum pith_status take_string(struct pith_cases *cases,
                                    struct pith_text string,
                                    struct pith_text *text,
                                    struct pith_error *error)
{
    struct pith_buffer buffer = {0};
    pith_buffer_append(&buffer, string.bytes, string.size);
    return pith_cases_take(cases, &buffer, text, error);
}

static enum pith_status add_document(struct pith_case_source *source,
                                     struct pith_text document,
                                     struct pith_text summary, size_t number,
                                     struct pith_error *error)
{
    struct pith_cases *cases = source->cases;
    struct pith_case made = {0};
    PITH_TRY(pith_cases_paragraphs(cases, document, &made.prompt, error));
    PITH_TRY(take_string(cases, (struct pith_text){question, strlen(question)},
                         &made.prompt.question, error));
    PITH_TRY(take_string(cases, summary, &made.reference, error));
    made.answer = made.reference;
    cases->n_groups++;
    return pith_cases_add(cases, source->name, number, &made, error);
}

static enum pith_status read_line(struct pith_case_source *source,
                                  const struct pith_json *line, size_t number,
                                  struct pith_error *error)
{
    const struct pith_json *summary = pith_json_get(line, "summary");
    struct pith_text document, none = {0};
    PITH_TRY(pith_case_string(line, "document", &document, source->path,
                              number, error));
    return add_document(source, document,
                        pith_json_is(summary, PITH_JSON_STRING)
                            ? summary->string : none,
                        number, error);
}

/* --- MiniLongBench -------------------------------------------------------- */

/* Its "gold" is an answer or a list of answers, of which the first counts. */
static struct pith_text read_gold(const struct pith_json *item)
{
    const struct pith_json *gold = pith_json_get(item, "gold");
    if (pith_json_is(gold, PITH_JSON_ARRAY))
        gold = gold->first;
    return pith_json_is(gold, PITH_JSON_STRING) ? gold->string
                                                : (struct pith_text){0};
}

static enum pith_status read_item(struct pith_case_source *source,
                                  const struct pith_json *item, size_t number,
                                  struct pith_error *error)
{
    struct pith_text document;
    PITH_TRY(pith_case_string(item, "origin_prompt", &document, source->path, 0,
                              error));
    return add_document(source, document, read_gold(item), number, error);
}

enum pith_status pith_cases_documents(struct pith_case_source *source,
                                      struct pith_error *error)
{
    bool found;
    PITH_TRY(pith_cases_each_item(source, read_item, &found, error));
    return found ? PITH_OK : pith_cases_each_line(source, read_line, error);
}
