/*
 * request.c - one request line to one reply line.
 */
#include "service.h"

#include <string.h>


/* Runs the function that the request names. */
static enum pith_status run(struct pith_session *session,
                            const struct pith_json *root,
                            const struct pith_compress_options *defaults,
                            struct pith_answer *answer,
                            struct pith_error *error)
{
    struct pith_compress_options own = *defaults;
    if (!pith_json_is(root, PITH_JSON_OBJECT))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "request: expected an object with \"context\" and "
                         "\"options\"");
    static const struct {
        const char *name;
        pith_function *run;
    } functions[] = {{"compress_prompt", pith_answer_compress},
                     {"structured_compress_prompt", pith_answer_compress},
                     {"compress_json", pith_answer_compress_json},
                     {"recover", pith_answer_recover},
                     {"score", pith_answer_score}};
    const struct pith_json *function = pith_json_get(root, "function");
    if (function == NULL || pith_json_is(function, PITH_JSON_NULL))
        return pith_answer_compress(session, root, &own, answer, error);
    if (pith_json_string_is(function, "structured_compress_prompt"))
        own.structured = true;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (pith_json_string_is(function, functions[i].name))
            return functions[i].run(session, root, &own, answer, error);
    if (!pith_json_is(function, PITH_JSON_STRING))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "\"function\": expected a string");
    return pith_fail(error, PITH_ERR_UNSUPPORTED,
                     "function \"%.*s\" is not supported; compress_prompt, "
                     "structured_compress_prompt, compress_json, recover and "
                     "score are",
                     function->string.size < 100 ? (int)function->string.size
                                                 : 100,
                     function->string.bytes);
}

/* The request's name as it came: a string, a number, or null. */
static void write_name(struct pith_buffer *out, const struct pith_json *root)
{
    const struct pith_json *name =
        root != NULL ? pith_json_get(root, "name") : NULL;
    pith_buffer_string(out, "{\"name\":");
    if (pith_json_is(name, PITH_JSON_STRING))
        pith_json_write_string(out, name->string);
    else if (pith_json_is(name, PITH_JSON_NUMBER))
        pith_buffer_append(out, name->string.bytes, name->string.size);
    else
        pith_buffer_string(out, "null");
}

static void write_error(struct pith_buffer *out, const struct pith_error *error)
{
    struct pith_text detail = {error->detail, strlen(error->detail)};
    pith_buffer_string(out, ",\"result\":null,\"error\":");
    pith_json_write_string(out, detail);
    pith_buffer_byte(out, '}');
}

static void write_success(struct pith_buffer *out,
                          const struct pith_answer *answer)
{
    pith_buffer_string(out, ",\"result\":");
    pith_buffer_append(out, answer->result.data, answer->result.size);
    pith_buffer_string(out, ",\"error\":null");
    if (answer->trace.size > 0) {
        pith_buffer_string(out, ",\"trace\":");
        pith_buffer_append(out, answer->trace.data, answer->trace.size);
    }
    pith_buffer_byte(out, '}');
    out->failed |= answer->result.failed || answer->text.failed ||
                   answer->trace.failed;
}

enum pith_status pith_request_run(struct pith_session *session,
                                  struct pith_text text,
                                  const struct pith_compress_options *defaults,
                                  char **reply, enum pith_status *outcome,
                                  struct pith_error *error)
{
    struct pith_json_document *document = NULL;
    const struct pith_json *root = NULL;
    struct pith_compress_options known;
    struct pith_answer answer = {0};
    struct pith_buffer out = {0};
    struct pith_error why;

    PITH_REQUIRE(reply, error);
    *reply = NULL;
    PITH_REQUIRE(session, error);
    PITH_REQUIRE_ALL(text.bytes, text.size, error);
    PITH_TRY(pith_compress_options_take(&known, defaults, error));
    enum pith_status status =
        pith_json_parse_utf8(text, "request", &document, &why);
    if (status == PITH_OK) {
        root = pith_json_root(document);
        status = run(session, root, &known, &answer, &why);
    }
    write_name(&out, root);
    if (status == PITH_OK)
        write_success(&out, &answer);
    else
        write_error(&out, &why);
    if (outcome != NULL)
        *outcome = status;
    pith_answer_free(&answer);
    pith_json_free(document);
    return pith_buffer_take(&out, reply, NULL, error);
}
