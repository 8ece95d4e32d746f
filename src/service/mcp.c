/*
 * mcp.c - the server's side of the Model Context Protocol: one message in,
 * one message or none out.  Tools, and the last compression as resources; the
 * transport is the caller's.
 *
 * Messages are JSON-RPC 2.0.  A connection of the older revisions begins with
 * `initialize`, which agrees on one of them; requests that carry a revision
 * of their own (2026-07-28) need no connection.  Both kinds may come through
 * the same pipe.
 */
#include "mcp.h"
#include "service.h"

#include <string.h>

#include "../base/memory.h"

enum {
    PARSE_ERROR = -32700,
    INVALID_REQUEST = -32600,
    METHOD_NOT_FOUND = -32601,
    INVALID_PARAMS = -32602,
    INTERNAL_ERROR = -32603,
    NO_SUCH_RESOURCE = -32002, /* until 2026-07-28 */
    UNSUPPORTED_REVISION = -32022 /* of 2026-07-28 */
};

/* Keys of "_meta" that belong to the protocol. */
#define META(key) "io.modelcontextprotocol/" key

static const char *const revisions[] = {
    [PITH_MCP_NONE] = "",
    [PITH_MCP_2024_11_05] = "2024-11-05",
    [PITH_MCP_2025_03_26] = "2025-03-26",
    [PITH_MCP_2025_06_18] = "2025-06-18",
    [PITH_MCP_2025_11_25] = "2025-11-25",
    [PITH_MCP_2026_07_28] = "2026-07-28",
};

struct pith_mcp {
    struct pith_session *session; /* borrowed */
    struct pith_compress_options defaults;
    enum pith_mcp_revision revision; /* what `initialize` has agreed on */
    struct pith_answer last; /* of the tool compress; may be empty */
};

/* A request while it is answered. */
struct exchange {
    struct pith_mcp *mcp;
    const struct pith_json *params;  /* an object, or NULL */
    enum pith_mcp_revision revision; /* that rules it */
    struct pith_buffer result;       /* the object, without its last brace */
    struct pith_buffer error_data;   /* may stay empty */
    struct pith_error why;
};

/* --- replies -------------------------------------------------------------------- */

/* Sets what an error reply will say and returns its code; `shown`, when it is
 * not NULL, is quoted after the words. */
static int refuse(struct exchange *exchange, int code, const char *words,
                  const struct pith_json *shown)
{
    if (!pith_json_is(shown, PITH_JSON_STRING)) {
        pith_fail(&exchange->why, PITH_ERR_ARGUMENT, "%s", words);
        return code;
    }
    pith_fail(&exchange->why, PITH_ERR_ARGUMENT, "%s: \"%.*s\"", words,
              shown->string.size < 100 ? (int)shown->string.size : 100,
              shown->string.bytes);
    return code;
}

/* Begins the next member of the result. */
static struct pith_buffer *member(struct exchange *exchange, const char *key)
{
    struct pith_buffer *out = &exchange->result;
    bool first = out->size > 0 && out->data[out->size - 1] == '{';
    pith_buffer_printf(out, "%s\"%s\":", first ? "" : ",", key);
    return out;
}

static const char server_info[] =
    "{\"name\":\"pith\",\"version\":\"" PITH_VERSION "\"}";

static void begin_result(struct exchange *exchange)
{
    pith_buffer_byte(&exchange->result, '{');
    if (exchange->revision < PITH_MCP_2026_07_28)
        return;
    pith_buffer_string(member(exchange, "resultType"), "\"complete\"");
    pith_buffer_printf(member(exchange, "_meta"),
                       "{\"" META("serverInfo") "\":%s}",
                       server_info);
}

static void write_caching(struct exchange *exchange, const char *milliseconds,
                          const char *scope)
{
    if (exchange->revision < PITH_MCP_2026_07_28)
        return;
    pith_buffer_string(member(exchange, "ttlMs"), milliseconds);
    pith_buffer_printf(member(exchange, "cacheScope"), "\"%s\"", scope);
}

/* What a client may keep for an hour: it does not change while this runs. */
static void write_long_caching(struct exchange *exchange)
{
    write_caching(exchange, "3600000", "public");
}

static void write_revisions(struct pith_buffer *out)
{
    pith_buffer_byte(out, '[');
    for (int i = PITH_MCP_2026_07_28; i > PITH_MCP_NONE; i--)
        pith_buffer_printf(out, "\"%s\"%s", revisions[i],
                           i > PITH_MCP_NONE + 1 ? "," : "");
    pith_buffer_byte(out, ']');
}

/* --- methods -------------------------------------------------------------------- */

static void write_capabilities(struct exchange *exchange)
{
    pith_buffer_string(member(exchange, "capabilities"), 
                       "{\"tools\":{},\"resources\":{}}");
    pith_buffer_string(
        member(exchange, "instructions"),
        "\"Compress long documents, transcripts or demonstrations before "
        "they are read or handed on; give the question they are read for, "
        "when there is one.\"");
}

/* A revision that the client offers is taken when it is one of those that
 * begin so; else ours is offered, and the client may leave. */
static int initialize(struct exchange *exchange)
{
    const struct pith_json *offered =
        pith_json_get(exchange->params, "protocolVersion");
    enum pith_mcp_revision agreed = PITH_MCP_2025_11_25;
    if (!pith_json_is(offered, PITH_JSON_STRING))
        return refuse(exchange, INVALID_PARAMS,
                      "\"protocolVersion\": expected a string", NULL);
    for (int i = PITH_MCP_2024_11_05; i <= PITH_MCP_2025_11_25; i++)
        if (pith_json_string_is(offered, revisions[i]))
            agreed = (enum pith_mcp_revision)i;
    exchange->mcp->revision = agreed;
    pith_buffer_printf(member(exchange, "protocolVersion"), "\"%s\"",
                       revisions[agreed]);
    pith_buffer_string(member(exchange, "serverInfo"), server_info);
    write_capabilities(exchange);
    return 0;
}

static int discover(struct exchange *exchange)
{
    write_revisions(member(exchange, "supportedVersions"));
    write_capabilities(exchange);
    write_long_caching(exchange);
    return 0;
}

static int ping(struct exchange *exchange)
{
    (void)exchange;
    return 0;
}

/* Every list fits on its first page. */
static int begin_list(struct exchange *exchange)
{
    const struct pith_json *cursor = pith_json_get(exchange->params, "cursor");
    if (cursor != NULL && !pith_json_is(cursor, PITH_JSON_NULL))
        return refuse(exchange, INVALID_PARAMS, "unknown cursor", cursor);
    write_long_caching(exchange);
    return 0;
}

static int list_tools(struct exchange *exchange)
{
    int code = begin_list(exchange);
    if (code == 0)
        pith_mcp_write_tools(member(exchange, "tools"), exchange->revision);
    return code;
}

static int list_resources(struct exchange *exchange)
{
    int code = begin_list(exchange);
    if (code == 0)
        pith_mcp_write_resources(member(exchange, "resources"),
                                 exchange->revision);
    return code;
}

static int list_resource_templates(struct exchange *exchange)
{
    int code = begin_list(exchange);
    if (code == 0)
        pith_buffer_string(member(exchange, "resourceTemplates"), "[]");
    return code;
}

static int read_resource(struct exchange *exchange)
{
    const struct pith_json *uri = pith_json_get(exchange->params, "uri");
    int missing = exchange->revision < PITH_MCP_2026_07_28 ? NO_SUCH_RESOURCE
                                                           : INVALID_PARAMS;
    if (!pith_json_is(uri, PITH_JSON_STRING))
        return refuse(exchange, INVALID_PARAMS, "\"uri\": expected a string",
                      NULL);
    const struct pith_mcp_resource *resource =
        pith_mcp_find_resource(uri->string);
    if (resource == NULL)
        return refuse(exchange, missing, "unknown resource", uri);
    write_caching(exchange, "0", "private");
    if (!pith_mcp_read_resource(resource, &exchange->mcp->last,
                                member(exchange, "contents")))
        return refuse(exchange, missing,
                      "nothing to read yet: compress a prompt, of less than a "
                      "megabyte", NULL);
    return 0;
}

static int call_tool(struct exchange *exchange)
{
    const struct pith_json *name = pith_json_get(exchange->params, "name"),
                           *arguments =
                               pith_json_get(exchange->params, "arguments");
    if (!pith_json_is(name, PITH_JSON_STRING))
        return refuse(exchange, INVALID_PARAMS, "\"name\": expected a string",
                      NULL);
    const struct pith_mcp_tool *tool = pith_mcp_find_tool(name->string);
    if (tool == NULL)
        return refuse(exchange, INVALID_PARAMS, "unknown tool", name);
    if (arguments != NULL && !pith_json_is(arguments, PITH_JSON_OBJECT))
        return refuse(exchange, INVALID_PARAMS,
                      "\"arguments\": expected an object", NULL);
    pith_mcp_call_tool(tool, exchange->mcp->session, arguments,
                       &exchange->mcp->defaults, exchange->revision,
                       &exchange->mcp->last, member(exchange, "content"));
    return 0;
}

enum era { WITH_CONNECTION = 1, WITHOUT_CONNECTION = 2, EITHER = 3 };

static const struct method {
    const char *name;
    enum era era;
    bool before_initialize;
    int (*run)(struct exchange *exchange); /* 0, or the code of an error */
} methods[] = {
    {"initialize", WITH_CONNECTION, true, initialize},
    {"ping", WITH_CONNECTION, true, ping},
    {"server/discover", WITHOUT_CONNECTION, true, discover},
    {"tools/list", EITHER, false, list_tools},
    {"tools/call", EITHER, false, call_tool},
    {"resources/list", EITHER, false, list_resources},
    {"resources/templates/list", EITHER, false, list_resource_templates},
    {"resources/read", EITHER, false, read_resource},
};

enum { N_METHODS = sizeof methods / sizeof methods[0] };

/* --- requests -------------------------------------------------------------------- */

/* The revision that a request says itself, in params._meta; else that of the
 * connection. */
static int find_revision(struct exchange *exchange)
{
    const struct pith_json *meta = pith_json_get(exchange->params, "_meta"),
                           *own = pith_json_get(meta, META("protocolVersion"));
    exchange->revision = exchange->mcp->revision;
    if (own == NULL)
        return 0;
    if (!pith_json_is(own, PITH_JSON_STRING))
        return refuse(exchange, INVALID_PARAMS,
                      "_meta: expected a string as protocolVersion", NULL);
    if (!pith_json_string_is(own, revisions[PITH_MCP_2026_07_28])) {
        struct pith_buffer *data = &exchange->error_data;
        pith_buffer_string(data, "{\"supported\":");
        write_revisions(data);
        pith_buffer_string(data, ",\"requested\":");
        pith_json_write_string(data, own->string);
        pith_buffer_byte(data, '}');
        return refuse(exchange, UNSUPPORTED_REVISION,
                      "unsupported protocol version", own);
    }
    exchange->revision = PITH_MCP_2026_07_28;
    if (!pith_json_is(pith_json_get(meta, META("clientCapabilities")),
                      PITH_JSON_OBJECT))
        return refuse(exchange, INVALID_PARAMS,
                      "_meta: expected an object as clientCapabilities", NULL);
    return 0;
}

static int run_method(struct exchange *exchange, const struct pith_json *name)
{
    const struct pith_json *params = exchange->params;
    if (params != NULL && !pith_json_is(params, PITH_JSON_OBJECT))
        return refuse(exchange, INVALID_PARAMS, "\"params\": expected an object",
                      NULL);
    int code = find_revision(exchange);
    if (code != 0)
        return code;
    enum era era = exchange->revision == PITH_MCP_2026_07_28
                       ? WITHOUT_CONNECTION : WITH_CONNECTION;
    for (size_t i = 0; i < N_METHODS; i++) {
        const struct method *method = &methods[i];
        if (!pith_json_string_is(name, method->name) || !(method->era & era))
            continue;
        if (exchange->revision == PITH_MCP_NONE && !method->before_initialize)
            return refuse(exchange, INVALID_REQUEST, "initialize comes first",
                          NULL);
        begin_result(exchange);
        return method->run(exchange);
    }
    return refuse(exchange, METHOD_NOT_FOUND, "method not found", name);
}

/* {"jsonrpc":"2.0","id":..., with the id as it came. */
static void begin_reply(struct pith_buffer *out, const struct pith_json *id)
{
    pith_buffer_string(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    if (pith_json_is(id, PITH_JSON_STRING))
        pith_json_write_string(out, id->string);
    else if (pith_json_is(id, PITH_JSON_NUMBER))
        pith_buffer_append(out, id->string.bytes, id->string.size);
    else
        pith_buffer_string(out, "null");
}

static void write_error(struct pith_buffer *out, const struct pith_json *id,
                        int code, const char *detail,
                        const struct pith_buffer *data)
{
    begin_reply(out, id);
    pith_buffer_printf(out, ",\"error\":{\"code\":%d,\"message\":", code);
    pith_json_write_string(out, (struct pith_text){detail, strlen(detail)});
    if (data != NULL && data->size > 0 && !data->failed) {
        pith_buffer_string(out, ",\"data\":");
        pith_buffer_append(out, data->data, data->size);
    }
    pith_buffer_string(out, "}}");
}

static void answer_request(struct pith_mcp *mcp, const struct pith_json *id,
                           const struct pith_json *method,
                           const struct pith_json *params,
                           struct pith_buffer *out)
{
    struct exchange exchange = {.mcp = mcp, .params = params};
    if (pith_json_is(params, PITH_JSON_NULL))
        exchange.params = NULL;
    int code = run_method(&exchange, method);
    if (code == 0 && exchange.result.failed) {
        pith_no_memory(&exchange.why, exchange.result.size, 1);
        code = INTERNAL_ERROR;
    }
    if (code != 0) {
        write_error(out, id, code, exchange.why.detail, &exchange.error_data);
    } else {
        begin_reply(out, id);
        pith_buffer_string(out, ",\"result\":");
        pith_buffer_append(out, exchange.result.data, exchange.result.size);
        pith_buffer_string(out, "}}");
    }
    pith_buffer_free(&exchange.result);
    pith_buffer_free(&exchange.error_data);
}

/* --- messages -------------------------------------------------------------------- */

/* Notifications ask for no answer, and none of them changes what happens
 * here: requests are answered one after the other, so that what might be
 * cancelled is over.  The same holds for responses, as this side asks
 * nothing. */
static void answer_message(struct pith_mcp *mcp,
                           const struct pith_json *message, bool in_batch,
                           struct pith_buffer *out)
{
    const struct pith_json *id = pith_json_get(message, "id"),
                           *method = pith_json_get(message, "method");
    bool has_id = pith_json_is(id, PITH_JSON_STRING) ||
                  pith_json_is(id, PITH_JSON_NUMBER);
    const char *wrong = NULL;
    if (!pith_json_is(message, PITH_JSON_OBJECT))
        wrong = "expected an object";
    else if (!pith_json_string_is(pith_json_get(message, "jsonrpc"), "2.0"))
        wrong = "expected \"jsonrpc\": \"2.0\"";
    else if (method == NULL && (pith_json_get(message, "result") != NULL ||
                                pith_json_get(message, "error") != NULL))
        return;
    else if (!pith_json_is(method, PITH_JSON_STRING))
        wrong = "\"method\": expected a string";
    else if (id == NULL)
        return;
    else if (!has_id)
        wrong = "\"id\": expected a string or a number";
    else if (in_batch && pith_json_string_is(method, "initialize"))
        wrong = "initialize must be sent alone, not in a batch";
    if (in_batch && out->size > 1)
        pith_buffer_byte(out, ',');
    if (wrong != NULL)
        write_error(out, id, INVALID_REQUEST, wrong, NULL);
    else
        answer_request(mcp, id, method, pith_json_get(message, "params"), out);
}

/* A reply may be hundreds of times as long as its request. */
enum { MAX_BATCH = 100 };

static void answer_batch(struct pith_mcp *mcp, const struct pith_json *batch,
                         struct pith_buffer *out)
{
    const char *wrong = NULL;
    if (batch->n_children == 0)
        wrong = "the batch is empty";
    else if (mcp->revision != PITH_MCP_2025_03_26)
        wrong = "batches belong to protocol version 2025-03-26";
    else if (batch->n_children > MAX_BATCH)
        wrong = "the batch has more than 100 messages; send several";
    if (wrong != NULL) {
        write_error(out, NULL, INVALID_REQUEST, wrong, NULL);
        return;
    }
    pith_buffer_byte(out, '[');
    for (const struct pith_json *message = batch->first; message != NULL;
         message = message->next)
        answer_message(mcp, message, true, out);
    if (out->size > 1)
        pith_buffer_byte(out, ']');
    else
        out->size = 0; /* nothing but notifications */
}

enum pith_status pith_mcp_create(struct pith_session *session,
                                 const struct pith_compress_options *defaults,
                                 struct pith_mcp **mcp,
                                 struct pith_error *error)
{
    struct pith_compress_options known;
    PITH_REQUIRE(mcp, error);
    *mcp = NULL;
    PITH_REQUIRE(session, error);
    PITH_TRY(pith_compress_options_take(&known, defaults, error));
    known.trace = false;
    *mcp = pith_array_zero(1, sizeof **mcp);
    if (*mcp == NULL)
        return pith_no_memory(error, 1, sizeof **mcp);
    (*mcp)->session = session;
    (*mcp)->defaults = known;
    return PITH_OK;
}

void pith_mcp_free(struct pith_mcp *mcp)
{
    if (mcp != NULL)
        pith_answer_free(&mcp->last);
    pith_free(mcp);
}

enum pith_status pith_mcp_answer(struct pith_mcp *mcp, struct pith_text text,
                                 char **reply, struct pith_error *error)
{
    struct pith_json_document *document = NULL;
    struct pith_buffer out = {0};
    struct pith_error why;

    PITH_REQUIRE(reply, error);
    *reply = NULL;
    PITH_REQUIRE(mcp, error);
    PITH_REQUIRE_ALL(text.bytes, text.size, error);
    if (pith_json_parse_utf8(text, "message", &document, &why) != PITH_OK) {
        write_error(&out, NULL,
                    why.status == PITH_ERR_MEMORY ? INTERNAL_ERROR
                                                  : PARSE_ERROR,
                    why.detail, NULL);
    } else {
        const struct pith_json *root = pith_json_root(document);
        if (pith_json_is(root, PITH_JSON_ARRAY))
            answer_batch(mcp, root, &out);
        else
            answer_message(mcp, root, false, &out);
    }
    pith_json_free(document);
    if (out.size == 0 && !out.failed) {
        pith_buffer_free(&out);
        return PITH_OK;
    }
    return pith_buffer_take(&out, reply, NULL, error);
}
