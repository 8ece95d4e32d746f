/*
 * request.c - one request line to one reply line.
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

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
    request->contexts = pith_array(most, sizeof *request->contexts);
    if (request->contexts == NULL)
        return pith_no_memory(error, most, sizeof *request->contexts);
    for (const struct pith_json *item = single ? value : value->first;
         n < most; item = item->next) {
        if (!pith_json_is(item, PITH_JSON_STRING))
            return pith_fail(error, PITH_ERR_ARGUMENT, what);
        request->contexts[n++] = item->string;
    }
    request->prompt.contexts = request->contexts;
    request->prompt.n_contexts = n;
    return PITH_OK;
}

static enum pith_status read_function(struct pith_request *request,
                                      const struct pith_json *function,
                                      struct pith_error *error)
{
    if (function == NULL || pith_json_is(function, PITH_JSON_NULL) ||
        pith_json_string_is(function, "compress_prompt"))
        return PITH_OK;
    if (!pith_json_is(function, PITH_JSON_STRING))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "\"function\": expected a string");
    if (pith_json_string_is(function, "structured_compress_prompt")) {
        request->options.reference.structured = true;
        return PITH_OK;
    }
    return pith_fail(error, PITH_ERR_UNSUPPORTED,
                     "function \"%.*s\" is not supported yet; "
                     "compress_prompt and structured_compress_prompt are",
                     function->string.size < 100 ? (int)function->string.size
                                                 : 100,
                     function->string.bytes);
}

static enum pith_status read_request(struct pith_request *request,
                                     const struct pith_json *root,
                                     struct pith_error *error)
{
    if (!pith_json_is(root, PITH_JSON_OBJECT))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "request: expected an object with \"context\" and "
                         "\"options\"");
    PITH_TRY(read_function(request, pith_json_get(root, "function"), error));
    PITH_TRY(read_contexts(request, pith_json_get(root, "context"), error));
    return pith_request_read_options(request, pith_json_get(root, "options"),
                                     error);
}

static void free_request(struct pith_request *request)
{
    free(request->contexts);
    free(request->force_context_ids);
    free(request->context_budget);
    pith_buffer_free(&request->ignored);
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
                          const struct pith_session *session,
                          const struct pith_request *request,
                          const struct pith_result *result)
{
    struct pith_buffer note = {0};
    if (request->ignored.size > 0)
        pith_buffer_printf(&note, "Not options of method %s and ignored: %.*s.",
                           request->options.method == PITH_METHOD_PAPER
                               ? "paper" : "reference",
                           (int)request->ignored.size, request->ignored.data);
    pith_buffer_string(out, ",\"result\":");
    pith_write_result(out, session, &request->options, result,
                      (struct pith_text){note.data, note.size});
    pith_buffer_string(out, ",\"error\":null");
    if (request->options.trace) {
        pith_buffer_string(out, ",\"trace\":");
        pith_write_trace(out, &result->trace);
    }
    pith_buffer_byte(out, '}');
    out->failed |= note.failed;
    pith_buffer_free(&note);
}

enum pith_status pith_request_run(struct pith_session *session,
                                  struct pith_text text,
                                  const struct pith_compress_options *defaults,
                                  char **reply, struct pith_error *error)
{
    struct pith_json_document *document = NULL;
    const struct pith_json *root = NULL;
    struct pith_request request = {0};
    struct pith_result *result = NULL;
    struct pith_buffer out = {0};
    struct pith_error why;

    *reply = NULL;
    if (defaults != NULL)
        request.options = *defaults;
    else
        pith_compress_options_init(&request.options);
    enum pith_status status = pith_json_parse(text, "request", &document, &why);
    if (status == PITH_OK) {
        root = pith_json_root(document);
        status = read_request(&request, root, &why);
    }
    if (status == PITH_OK)
        status = pith_compress(session, &request.prompt, &request.options,
                               &result, &why);
    write_name(&out, root);
    if (status == PITH_OK)
        write_success(&out, session, &request, result);
    else
        write_error(&out, &why);
    pith_result_free(result);
    free_request(&request);
    pith_json_free(document);
    return pith_buffer_take(&out, reply, NULL, error);
}
