/*
 * functions.c - what a request may ask for: a compression, or a response put
 * back into the words of the original prompt.  (JSON records: records.c;
 * scores: tokens.c.)
 */
#include "service.h"

#include <stdlib.h>

void pith_answer_free(struct pith_answer *answer)
{
    pith_buffer_free(&answer->result);
    pith_buffer_free(&answer->text);
    pith_buffer_free(&answer->trace);
}

/* --- compress ---------------------------------------------------------------- */

/* "context": a string, or a list of strings. */
static enum pith_status read_contexts(struct pith_request *request,
                                      const struct pith_json *value,
                                      struct pith_error *error)
{
    static const char what[] =
        "\"context\": expected a string or a list of strings";
    bool single = pith_json_is(value, PITH_JSON_STRING);
    size_t n = 0, most = single ? 1 : value != NULL ? value->n_children : 0;
    if (!single && !pith_json_is(value, PITH_JSON_ARRAY))
        return pith_fail(error, PITH_ERR_ARGUMENT, what);
    void *memory;
    PITH_TRY(pith_request_own(request, most, sizeof(struct pith_text), &memory,
                              error));
    struct pith_text *contexts = memory;
    for (const struct pith_json *item = single ? value : value->first;
         n < most; item = item->next) {
        if (!pith_json_is(item, PITH_JSON_STRING))
            return pith_fail(error, PITH_ERR_ARGUMENT, what);
        contexts[n++] = item->string;
    }
    request->prompt.contexts = contexts;
    request->prompt.n_contexts = n;
    return PITH_OK;
}

void pith_request_free(struct pith_request *request)
{
    for (size_t i = 0; i < request->n_owned; i++)
        free(request->owned[i]);
    free(request->owned);
    pith_buffer_free(&request->ignored);
}

/* Names of options that were ignored go into the result's note. */
void pith_answer_write(struct pith_answer *answer,
                       const struct pith_session *session,
                       const struct pith_request *request,
                       const struct pith_result *result,
                       const struct pith_buffer *prompt)
{
    struct pith_buffer note = {0};
    if (request->ignored.size > 0)
        pith_buffer_printf(&note, "Not options of method %s and ignored: %.*s.",
                           request->options.method == PITH_METHOD_PAPER
                               ? "paper" : "reference",
                           (int)request->ignored.size, request->ignored.data);
    pith_write_result(&answer->result, session, &request->options, result,
                      prompt, pith_buffer_text(&note));
    if (request->options.trace)
        pith_write_trace(&answer->trace, &result->trace);
    answer->result.failed |= note.failed || request->ignored.failed;
    pith_buffer_free(&note);
}

enum pith_status pith_answer_compress(
    struct pith_session *session, const struct pith_json *context,
    const struct pith_json *options,
    const struct pith_compress_options *defaults, struct pith_answer *answer,
    struct pith_error *error)
{
    struct pith_request request = {.options = *defaults};
    struct pith_result *result = NULL;
    struct pith_buffer prompt = {0};
    enum pith_status status;
    PITH_TRY_DONE(read_contexts(&request, context, error));
    PITH_TRY_DONE(pith_request_read_options(&request, options, error));
    if (request.options.reference.structured &&
        request.options.method != PITH_METHOD_REFERENCE)
        PITH_TRY_DONE(pith_fail(error, PITH_ERR_ARGUMENT,
                                "option \"method\": structured prompts need "
                                "\"reference\""));
    PITH_TRY_DONE(pith_compress(session, &request.prompt, &request.options,
                                &result, error));
    pith_json_write_string(&prompt, result->text);
    pith_answer_write(answer, session, &request, result, &prompt);
    pith_buffer_append(&answer->text, result->text.bytes, result->text.size);
done:
    pith_buffer_free(&prompt);
    pith_result_free(result);
    pith_request_free(&request);
    return status;
}

/* --- recover ----------------------------------------------------------------- */

static enum pith_status read_text(const struct pith_json *arguments,
                                  const char *name, struct pith_text *text,
                                  struct pith_error *error)
{
    const struct pith_json *value = pith_json_get(arguments, name);
    if (!pith_json_is(value, PITH_JSON_STRING))
        return pith_fail(error, PITH_ERR_ARGUMENT, "\"%s\": expected a string",
                         name);
    *text = value->string;
    return PITH_OK;
}

enum pith_status pith_answer_recover(struct pith_session *session,
                                     const struct pith_json *arguments,
                                     enum pith_method method,
                                     struct pith_answer *answer,
                                     struct pith_error *error)
{
    struct pith_text original, compressed, response;
    char *recovered;
    size_t size;
    PITH_TRY(read_text(arguments, "original_prompt", &original, error));
    PITH_TRY(read_text(arguments, "compressed_prompt", &compressed, error));
    PITH_TRY(read_text(arguments, "response", &response, error));
    PITH_TRY(pith_recover(session->model, original, compressed, response,
                          method, &recovered, &size, error));
    pith_buffer_append(&answer->text, recovered, size);
    pith_buffer_string(&answer->result, "{\"recovered_response\":");
    pith_json_write_string(&answer->result, (struct pith_text){recovered, size});
    pith_buffer_byte(&answer->result, '}');
    pith_free(recovered);
    return PITH_OK;
}
