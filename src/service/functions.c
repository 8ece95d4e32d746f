/*
 * functions.c - what a request may ask for: a compression, or a response put
 * back into the words of the original prompt.  (JSON records: records.c;
 * scores: tokens.c.)
 */
#include "service.h"

#include <stdio.h>

void pith_answer_free(struct pith_answer *answer)
{
    pith_buffer_free(&answer->result);
    pith_buffer_free(&answer->text);
    pith_buffer_free(&answer->trace);
    pith_buffer_free(&answer->page);
}

/* --- compress ---------------------------------------------------------------- */

/* "context": a string, which is split, or a list of strings. */
/* A reply says what became of each. */
enum { MAX_CONTEXTS = 100000 };

static enum pith_status read_contexts(struct pith_request *request,
                                      const struct pith_json *value,
                                      struct pith_error *error)
{
    bool whole = pith_json_is(value, PITH_JSON_STRING);
    const struct pith_json *item = whole || value == NULL ? NULL : value->first;
    bool is_list = pith_json_is(value, PITH_JSON_ARRAY);
    for (; is_list && item != NULL; item = item->next)
        is_list = pith_json_is(item, PITH_JSON_STRING);
    if (!whole && !is_list)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "\"context\": expected a string or a list of "
                         "strings");
    size_t n = whole ? pith_split_text(value->string, &request->options, NULL)
                     : value->n_children;
    void *memory;
    if (n > MAX_CONTEXTS)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "\"context\": found %zu %s, expected at most %d; join "
                         "some, or send several requests", n,
                         whole ? "paragraphs" : "texts", MAX_CONTEXTS);
    PITH_TRY(pith_request_own(request, n, sizeof(struct pith_text), &memory,
                              error));
    struct pith_text *contexts = memory;
    request->prompt.contexts = contexts;
    request->prompt.n_contexts = n;
    if (whole)
        pith_split_text(value->string, &request->options, contexts);
    else
        for (item = value->first; item != NULL; item = item->next)
            *contexts++ = item->string;
    return PITH_OK;
}

void pith_request_free(struct pith_request *request)
{
    for (size_t i = 0; i < request->n_owned; i++)
        pith_free(request->owned[i]);
    pith_free(request->owned);
    pith_buffer_free(&request->foreign.text);
    pith_buffer_free(&request->unknown.text);
    pith_buffer_free(&request->taken.text);
}

/* What became of names goes into the result's note. */
void pith_request_note(struct pith_request *request, struct pith_buffer *note)
{
    char foreign[64];
    snprintf(foreign, sizeof foreign,
             "Not options of method %s and ignored: ",
             pith_method_name(request->options.method));
    pith_note_write(&request->foreign, foreign, note);
    pith_note_write(&request->taken, "Taken: ", note);
    pith_note_write(&request->unknown, "Unknown and ignored: ", note);
}

void pith_answer_write(struct pith_answer *answer,
                       const struct pith_session *session,
                       struct pith_request *request,
                       const struct pith_result *result,
                       const struct pith_buffer *prompt)
{
    struct pith_buffer note = {0};
    pith_request_note(request, &note);
    pith_write_result(&answer->result, session, &request->options, result,
                      prompt, pith_buffer_text(&note));
    if (request->options.trace)
        pith_write_trace(&answer->trace, &result->trace);
    answer->result.failed |= note.failed;
    pith_buffer_free(&note);
}

static size_t prompt_size(const struct pith_prompt *prompt)
{
    size_t size = prompt->instruction.size + prompt->question.size;
    for (size_t i = 0; i < prompt->n_contexts; i++)
        size += prompt->contexts[i].size;
    return size;
}

static enum pith_status write_page(struct pith_answer *answer,
                                   const struct pith_session *session,
                                   const struct pith_request *request,
                                   const struct pith_result *result,
                                   struct pith_error *error)
{
    char *html;
    size_t size;
    PITH_TRY(pith_result_report_html(session, &request->prompt,
                                     &request->options, result, &html, &size,
                                     error));
    pith_buffer_append(&answer->page, html, size);
    pith_free(html);
    return PITH_OK;
}

enum pith_status
pith_answer_compress(struct pith_session *session,
                     const struct pith_json *arguments,
                     const struct pith_compress_options *defaults,
                     struct pith_answer *answer, struct pith_error *error)
{
    struct pith_request request = {.options = *defaults};
    struct pith_result *result = NULL;
    struct pith_buffer prompt = {0};
    enum pith_status status;
    const struct pith_json *messages = pith_json_get(arguments, "messages");
    if (messages != NULL && !pith_json_is(messages, PITH_JSON_NULL))
        return pith_answer_messages(session, arguments, defaults, answer,
                                    error);
    PITH_TRY_DONE(pith_request_read_options(&request, arguments, error));
    if (request.options.role_rates != NULL &&
        request.options.role_rates != defaults->role_rates) {
        status = pith_fail(error, PITH_ERR_ARGUMENT,
                           "\"role_rate\" is of \"messages\"; leave it out");
        goto done;
    }
    PITH_TRY_DONE(read_contexts(&request, pith_json_get(arguments, "context"),
                                error));
    bool spans = request.options.detail,
         paged = prompt_size(&request.prompt) < answer->page_limit;
    request.options.detail |= paged;
    PITH_TRY_DONE(pith_compress(session, &request.prompt, &request.options,
                                &result, error));
    if (paged)
        PITH_TRY_DONE(write_page(answer, session, &request, result, error));
    request.options.detail = spans;
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

/* "method", beside the texts or in "options". */
static enum pith_status read_method(const struct pith_json *arguments,
                                    enum pith_method *method,
                                    struct pith_error *error)
{
    const struct pith_json *options = pith_json_get(arguments, "options"),
                           *outside = pith_json_get(arguments, "method"),
                           *inside = pith_json_get(options, "method");
    if (options != NULL && !pith_json_is(options, PITH_JSON_NULL) &&
        (!pith_json_is(options, PITH_JSON_OBJECT) ||
         options->n_children > (inside != NULL)))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "\"options\" of recover: expected an object with "
                         "\"method\" or nothing in it");
    const struct pith_json *value = inside != NULL ? inside : outside;
    return value == NULL || pith_json_is(value, PITH_JSON_NULL)
               ? PITH_OK
               : pith_request_read_method(value, method, error);
}

enum pith_status
pith_answer_recover(struct pith_session *session,
                    const struct pith_json *arguments,
                    const struct pith_compress_options *defaults,
                    struct pith_answer *answer, struct pith_error *error)
{
    static const char *const known[] = {"original_prompt", "compressed_prompt",
                                        "response", "method", "options", NULL};
    struct pith_text original, compressed, response;
    enum pith_method method = defaults->method;
    char *recovered;
    size_t size;
    PITH_TRY(read_method(arguments, &method, error));
    PITH_TRY(read_text(arguments, "original_prompt", &original, error));
    PITH_TRY(read_text(arguments, "compressed_prompt", &compressed, error));
    PITH_TRY(read_text(arguments, "response", &response, error));
    PITH_TRY(pith_recover(pith_session_model(session), original, compressed,
                          response, method, &recovered, &size, error));
    pith_buffer_append(&answer->text, recovered, size);
    pith_buffer_string(&answer->result, "{\"recovered_response\":");
    pith_json_write_string(&answer->result, (struct pith_text){recovered, size});
    pith_answer_close(&answer->result, arguments, known);
    pith_free(recovered);
    return PITH_OK;
}
