/*
 * records.c - compress_json: a JSON record that stays one.
 *
 * It answers to compress_json() of the Python package: the record becomes a
 * structured prompt, that is compressed, and what is left is read as JSON
 * again.  (How each member is treated: ../reference/structured_json.h.)
 */
#include "service.h"

#include <stdlib.h>


#include "../reference/structured_json.h"
#include "../reference/python/str.h"

/* "json_data" and "json_config". */
static enum pith_status open_record(const struct pith_json *arguments,
                                    struct pith_json_contexts *contexts,
                                    struct pith_error *error)
{
    static const char *const names[] = {"json_data", "json_config"};
    const struct pith_json *values[2];
    for (int i = 0; i < 2; i++) {
        values[i] = pith_json_get(arguments, names[i]);
        if (!pith_json_is(values[i], PITH_JSON_OBJECT))
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "\"%s\": expected an object", names[i]);
    }
    return pith_structured_json_open(values[0], values[1], contexts, error);
}

/* What the Python package passes on, before the request's own options. */
static enum pith_status settle_options(struct pith_request *request,
                                       const struct pith_json_contexts *contexts,
                                       const struct pith_json *arguments,
                                       struct pith_error *error)
{
    struct pith_compress_options *options = &request->options;
    request->is_record = true;
    options->method = PITH_METHOD_REFERENCE;
    options->structured = true;
    options->use_context_level_filter = false;
    options->force_context_ids = contexts->forced_ids;
    options->n_force_context_ids = contexts->n_forced_ids;
    options->force_context_number = 0;
    options->dynamic_context_compression_ratio = 0;
    options->add_instruction = false;
    options->concate_question = false;
    options->strict_preserve_uncompressed = false;
    PITH_TRY(pith_request_read_options(request, arguments, error));
    if (options->method != PITH_METHOD_REFERENCE)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "option \"method\": compress_json needs "
                         "\"reference\"");
    return PITH_OK;
}

static enum pith_status borrow_contexts(struct pith_request *request,
                                        const struct pith_json_contexts *from,
                                        struct pith_error *error)
{
    void *memory;
    PITH_TRY(pith_request_own(request, from->n, sizeof(struct pith_text),
                              &memory, error));
    struct pith_text *contexts = memory;
    for (size_t i = 0; i < from->n; i++)
        contexts[i] = (struct pith_text){from->contexts[i], from->sizes[i]};
    request->prompt.contexts = contexts;
    request->prompt.n_contexts = from->n;
    return PITH_OK;
}

/* The compressed text read as JSON and written on one line. */
static enum pith_status close_record(struct pith_text compressed,
                                     struct pith_buffer *record,
                                     struct pith_error *error)
{
    struct pith_buffer text = {0};
    struct pith_json_document *document = NULL;
    struct pith_error why;
    pith_structured_json_close(compressed, &text);
    enum pith_status status =
        text.failed ? pith_no_memory(error, compressed.size, 1)
                    : pith_json_parse(pith_buffer_text(&text),
                                      "compressed record", &document, &why);
    if (!text.failed && status != PITH_OK)
        status = pith_fail(error, status,
                           "%s: compression has broken the JSON; give members "
                           "a higher rate or \"compress\": false",
                           why.detail);
    if (status == PITH_OK)
        status = pith_python_dumps(record, pith_json_root(document), error);
    pith_json_free(document);
    pith_buffer_free(&text);
    return status;
}

enum pith_status
pith_answer_compress_json(struct pith_session *session,
                          const struct pith_json *arguments,
                          const struct pith_compress_options *defaults,
                          struct pith_answer *answer,
                          struct pith_error *error)
{
    struct pith_request request = {.options = *defaults};
    struct pith_json_contexts contexts = {0};
    struct pith_result *result = NULL;
    struct pith_buffer record = {0};
    enum pith_status status;
    PITH_TRY_DONE(open_record(arguments, &contexts, error));
    PITH_TRY_DONE(settle_options(&request, &contexts, arguments, error));
    PITH_TRY_DONE(borrow_contexts(&request, &contexts, error));
    PITH_TRY_DONE(pith_compress(session, &request.prompt, &request.options,
                                &result, error));
    PITH_TRY_DONE(close_record(result->text, &record, error));
    pith_answer_write(answer, session, &request, result, &record);
    pith_buffer_append(&answer->text, record.data, record.size);
done:
    pith_buffer_free(&record);
    pith_result_free(result);
    pith_json_contexts_free(&contexts);
    pith_request_free(&request);
    return status;
}
