/*
 * messages.c - requests with "messages": chats, compressed as a whole.
 */
#include "service.h"

#include <string.h>

static void write_texts(struct pith_buffer *out,
                        const struct pith_messages *messages,
                        const struct pith_messages_result *result)
{
    const struct pith_message_text *texts = pith_messages_texts(messages);
    pith_buffer_string(out, ",\"texts\":[");
    for (size_t i = 0; i < result->n; i++) {
        pith_buffer_string(out, i > 0 ? ",{\"message\":" : "{\"message\":");
        if (texts[i].message == PITH_NO_MESSAGE)
            pith_buffer_string(out, "null");
        else
            pith_buffer_printf(out, "%zu", texts[i].message);
        pith_buffer_printf(out, ",\"role\":\"%s\",\"tokens\":%zu,\"kept\":%zu}",
                           pith_message_role_name(texts[i].role),
                           result->origin_tokens[i],
                           result->compressed_tokens[i]);
    }
    pith_buffer_byte(out, ']');
}

/* Appends the result object.
 *   document  the messages with their new texts */
static void write_result(struct pith_buffer *out,
                         const struct pith_session *session,
                         enum pith_method method,
                         const struct pith_messages *messages,
                         const struct pith_messages_result *result,
                         const char *document, struct pith_text note)
{
    struct pith_model_info info;
    pith_model_describe(pith_session_model(session), &info);
    pith_buffer_string(out, "{\"messages\":");
    pith_buffer_string(out, document);
    pith_write_counts(out, result->n_origin, result->n_kept);
    pith_buffer_string(out, ",\"model\":");
    pith_json_write_string(out, (struct pith_text){info.name,
                                                   strlen(info.name)});
    pith_buffer_printf(out, ",\"method\":\"%s\"", pith_method_name(method));
    write_texts(out, messages, result);
    pith_write_note(out, result->note, note);
    pith_buffer_byte(out, '}');
}

/* On one line: white space between values is the document's own, and line
 * ends are in no string. */
static void flatten(char *document)
{
    for (; *document != '\0'; document++)
        if (*document == '\n' || *document == '\r')
            *document = ' ';
}

enum pith_status pith_messages_json(const struct pith_session *session,
                                    const struct pith_compress_options *options,
                                    const struct pith_messages *messages,
                                    const struct pith_messages_result *result,
                                    char **json, struct pith_error *error)
{
    struct pith_compress_options known;
    struct pith_buffer out = {0};
    char *document;
    PITH_REQUIRE(json, error);
    *json = NULL;
    PITH_REQUIRE(session, error);
    PITH_REQUIRE(messages, error);
    PITH_REQUIRE(result, error);
    PITH_TRY(pith_compress_options_take(&known, options, error));
    PITH_TRY(pith_messages_write(messages, result->texts, &document, NULL,
                                 error));
    flatten(document);
    write_result(&out, session, known.method, messages, result,
                 document, (struct pith_text){0});
    pith_free(document);
    return pith_buffer_take(&out, json, NULL, error);
}

/* A chat has its own instruction and question. */
static enum pith_status check(const struct pith_request *request,
                              const struct pith_json *arguments,
                              struct pith_error *error)
{
    const struct pith_json *context = pith_json_get(arguments, "context");
    const char *other = NULL;
    if (context != NULL && !pith_json_is(context, PITH_JSON_NULL))
        other = "context";
    else if (request->prompt.instruction.size > 0)
        other = "instruction";
    else if (request->prompt.question.size > 0)
        other = "question";
    return other == NULL
               ? PITH_OK
               : pith_fail(error, PITH_ERR_ARGUMENT,
                           "\"messages\" and \"%s\" cannot be combined", other);
}

enum pith_status
pith_answer_messages(struct pith_session *session,
                     const struct pith_json *arguments,
                     const struct pith_compress_options *defaults,
                     struct pith_answer *answer, struct pith_error *error)
{
    struct pith_request request = {.options = *defaults};
    struct pith_messages_options options;
    struct pith_messages *messages = NULL;
    struct pith_messages_result *result = NULL;
    struct pith_buffer note = {0};
    char *document = NULL;
    enum pith_status status;
    pith_messages_options_init(&options);
    options.compress = &request.options;
    PITH_TRY_DONE(pith_request_read_options(&request, arguments, error));
    PITH_TRY_DONE(check(&request, arguments, error));
    PITH_TRY_DONE(pith_messages_read(
        pith_json_get(arguments, "messages")->source, "messages", &messages,
        error));
    PITH_TRY_DONE(pith_messages_compress(session, messages, &options, &result,
                                         error));
    PITH_TRY_DONE(pith_messages_write(messages, result->texts, &document, NULL,
                                      error));
    flatten(document);
    pith_request_note(&request, &note);
    write_result(&answer->result, session, request.options.method, messages,
                 result, document, pith_buffer_text(&note));
    answer->result.failed |= note.failed;
    pith_buffer_string(&answer->text, document);
done:
    pith_free(document);
    pith_buffer_free(&note);
    pith_messages_result_free(result);
    pith_messages_free(messages);
    pith_request_free(&request);
    return status;
}
