/*
 * test_mcp.c - src/service/mcp.c, mcp_tools.c: messages of the Model Context
 * Protocol, one by one.  tests/mcp_client.py tries the same with the official
 * client.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pith_service.h"
#include "replies.h"
#include "support.h"
#include "tiny_model.h"

static struct pith_model *model;
static struct pith_session *session;
static struct pith_mcp *mcp;

static void load(void)
{
    struct pith_error error;
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = 1};
    model = tiny_model_load(TINY_GPT2, PITH_F32, "scalar");
    assert_ok(pith_session_create(model, &options, &session, &error), error);
}

static void unload(void)
{
    pith_session_free(session);
    pith_model_free(model);
}

static void connect(void)
{
    struct pith_error error;
    assert_ok(pith_mcp_create(session, NULL, &mcp, &error), error);
}

static void disconnect(void)
{
    pith_mcp_free(mcp);
}

/* --- helpers ---------------------------------------------------------------- */

/* NULL when there is no answer. */
static char *tell(const char *message)
{
    struct pith_error error;
    char *reply;
    assert_ok(pith_mcp_answer(mcp, view(message), &reply, &error), error);
    return reply;
}

static struct reply ask(const char *message)
{
    struct reply reply = parse(tell(message));
    ck_json_string(&reply, "jsonrpc", "2.0");
    return reply;
}

#define CALL(id, method) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\""
#define INITIALIZE(version)                                                    \
    CALL("0", "initialize") ",\"params\":{\"protocolVersion\":\"" version       \
    "\",\"capabilities\":{},\"clientInfo\":{\"name\":\"test\",\"version\":\"1\"}}}"
#define TOOL(name, arguments)                                                  \
    CALL("1", "tools/call") ",\"params\":{\"name\":\"" name                     \
    "\",\"arguments\":" arguments "}}"

#define READ(uri)                                                              \
    CALL("1", "resources/read") ",\"params\":{\"uri\":\"" uri "\"}}"

static void initialize(const char *version)
{
    char message[512];
    snprintf(message, sizeof message, INITIALIZE("%s"), version);
    struct reply reply = ask(message);
    ck_json_string(&reply, "result.protocolVersion", version);
    release(&reply);
}

/* An error reply with this code and these words. */
static void assert_refused(const char *message, int code, const char *words)
{
    struct reply reply = ask(message);
    ck_assert_msg(number_at(&reply, "error.code") == code, "%d: %s", code,
                  reply.text);
    ck_assert_msg(contains(at(&reply, "error.message")->string, words),
                  "\"%s\" is not in %s", words, reply.text);
    ck_assert_uint_eq(reply.root->n_children, 3);
    release(&reply);
}

static void assert_silent(const char *message)
{
    char *reply = tell(message);
    ck_assert_msg(reply == NULL, "%s: %s", message, reply);
}

static bool has(const struct pith_json *object, const char *key)
{
    return pith_json_get(object, key) != NULL;
}

/* --- the beginning ------------------------------------------------------------ */

static const char *const connected[] = {"2024-11-05", "2025-03-26",
                                        "2025-06-18", "2025-11-25"};

enum { N_CONNECTED = sizeof connected / sizeof connected[0] };

START_TEST(each_revision_is_agreed_on)
{
    char message[512];
    snprintf(message, sizeof message, INITIALIZE("%s"), connected[_i]);
    struct reply reply = ask(message);
    ck_json_string(&reply, "result.protocolVersion", connected[_i]);
    ck_json_string(&reply, "result.serverInfo.name", "pith");
    ck_json_string(&reply, "result.serverInfo.version", PITH_VERSION);
    ck_assert(pith_json_is(at(&reply, "result.capabilities.tools"),
                           PITH_JSON_OBJECT));
    ck_assert(pith_json_is(at(&reply, "result.instructions"),
                           PITH_JSON_STRING));
    ck_assert_double_eq(number_at(&reply, "id"), 0);
    release(&reply);
}
END_TEST

START_TEST(other_revisions_are_answered_with_ours)
{
    static const char *const others[] = {"2026-07-28", "1999-01-01", ""};
    char message[512];
    for (size_t i = 0; i < 3; i++) {
        snprintf(message, sizeof message, INITIALIZE("%s"), others[i]);
        struct reply reply = ask(message);
        ck_json_string(&reply, "result.protocolVersion", "2025-11-25");
        release(&reply);
    }
    assert_refused(CALL("1", "initialize") "}", -32602, "protocolVersion");
    assert_refused(CALL("1", "initialize")
                   ",\"params\":{\"protocolVersion\":3}}", -32602,
                   "protocolVersion");
}
END_TEST

START_TEST(initialize_comes_first)
{
    struct reply reply = ask(CALL("1", "ping") ",\"params\":null}");
    ck_assert_uint_eq(at(&reply, "result")->n_children, 0);
    release(&reply);
    assert_refused(CALL("1", "tools/list") "}", -32600, "initialize");
    assert_refused(TOOL("score", "{\"text\":\"a\"}"), -32600, "initialize");
    assert_refused(CALL("1", "no/such") "}", -32601, "no/such");
    initialize("2025-06-18");
    reply = ask(CALL("1", "tools/list") "}");
    ck_assert_uint_eq(at(&reply, "result.tools")->n_children, 3);
    release(&reply);
}
END_TEST

/* --- messages -------------------------------------------------------------------- */

START_TEST(notifications_and_responses_are_not_answered)
{
    initialize("2025-06-18");
    assert_silent("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
    assert_silent("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
                  "\"params\":{\"requestId\":1,\"reason\":\"late\"}}");
    assert_silent("{\"jsonrpc\":\"2.0\",\"method\":\"no/such\",\"params\":7}");
    assert_silent("{\"jsonrpc\":\"2.0\",\"method\":\"tools/list\"}");
    assert_silent("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
    assert_silent("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-1,"
                  "\"message\":\"no\"}}");
}
END_TEST

static const struct {
    const char *message;
    int code;
    const char *words;
} wrong[] = {
    {"", -32700, "JSON"},
    {"{", -32700, "JSON"},
    {"\xFF", -32700, "JSON"},
    {"{\"jsonrpc\":\"2.0\"} x", -32700, "JSON"},
    {"7", -32600, "object"},
    {"null", -32600, "object"},
    {"{}", -32600, "jsonrpc"},
    {"{\"id\":1,\"method\":\"ping\"}", -32600, "jsonrpc"},
    {"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", -32600, "jsonrpc"},
    {"{\"jsonrpc\":2.0,\"id\":1,\"method\":\"ping\"}", -32600, "jsonrpc"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1}", -32600, "method"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32600, "method"},
    {"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", -32600, "\"id\""},
    {"{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"ping\"}", -32600, "\"id\""},
    {"{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}", -32600, "\"id\""},
    {CALL("1", "prompts/list") "}", -32601, "prompts/list"},
    {CALL("1", "resources/list") ",\"params\":{\"cursor\":\"x\"}}", -32602, "cursor"},
    {CALL("1", "resources/templates/list") ",\"params\":{\"cursor\":\"x\"}}",
     -32602, "cursor"},
    {CALL("1", "resources/read") "}", -32602, "\"uri\""},
    {READ("pith://last/resul"), -32002, "unknown resource: \"pith://last/resul\""},
    {READ("pith://last/result"), -32002, "nothing to read"},
    {READ("pith://last/report"), -32002, "nothing to read"},
    {CALL("1", "server/discover") "}", -32601, "server/discover"},
    {CALL("1", "") "}", -32601, "method not found"},
    {CALL("1", "Ping") "}", -32601, "Ping"},
    {CALL("1", "ping") ",\"params\":[]}", -32602, "params"},
    {CALL("1", "ping") ",\"params\":7}", -32602, "params"},
    {CALL("1", "tools/list") ",\"params\":{\"cursor\":\"x\"}}", -32602, "cursor"},
    {CALL("1", "tools/call") "}", -32602, "\"name\""},
    {CALL("1", "tools/call") ",\"params\":{\"name\":1}}", -32602, "\"name\""},
    {CALL("1", "tools/call") ",\"params\":{\"name\":\"comp\"}}", -32602,
     "unknown tool: \"comp\""},
    {TOOL("compress", "[]"), -32602, "\"arguments\""},
    {TOOL("compress", "\"x\""), -32602, "\"arguments\""},
    {"[]", -32600, "empty"},
    {"[" CALL("1", "ping") "}]", -32600, "2025-03-26"},
};

enum { N_WRONG = sizeof wrong / sizeof wrong[0] };

START_TEST(wrong_messages_have_their_codes)
{
    initialize("2025-06-18");
    assert_refused(wrong[_i].message, wrong[_i].code, wrong[_i].words);
    /* The connection is as good as before. */
    struct reply reply = ask(CALL("1", "ping") "}");
    ck_assert_uint_eq(at(&reply, "result")->n_children, 0);
    release(&reply);
}
END_TEST

START_TEST(ids_come_back_as_they_were)
{
    static const char *const ids[] = {
        "0", "-7", "1.5", "12345678901234567890", "1e3", "\"\"", "\"abc\"",
        "\"a\\\"b\\\\\\u0001\\u00e9\\n\"", "\"12\""};
    char message[256];
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct pith_json_document *document;
        struct pith_error error;
        snprintf(message, sizeof message, CALL("%s", "ping") "}", ids[i]);
        struct reply reply = ask(message);
        assert_ok(pith_json_parse(view(ids[i]), "id", &document, &error), error);
        const struct pith_json *want = pith_json_root(document),
                               *id = at(&reply, "id");
        enum pith_json_kind kind = want->kind;
        ck_assert_int_eq(id->kind, kind);
        ck_assert_uint_eq(id->string.size, want->string.size);
        ck_assert_mem_eq(id->string.bytes, want->string.bytes,
                         want->string.size);
        pith_json_free(document);
        release(&reply);
        /* And in errors. */
        snprintf(message, sizeof message, CALL("%s", "x") "}", ids[i]);
        reply = ask(message);
        ck_assert_int_eq(at(&reply, "id")->kind, kind);
        ck_assert_double_eq(number_at(&reply, "error.code"), -32601);
        release(&reply);
    }
}
END_TEST

START_TEST(the_id_of_an_unreadable_message_is_null)
{
    struct reply reply = ask("{\"jsonrpc\":");
    ck_json_null(&reply, "id");
    release(&reply);
    reply = ask("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}");
    ck_json_null(&reply, "id");
    release(&reply);
}
END_TEST

/* --- batches ----------------------------------------------------------------------- */

START_TEST(one_revision_has_batches)
{
    initialize("2025-03-26");
    struct reply reply = parse(tell(
        "[" CALL("1", "ping") "},"
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"},"
        CALL("\"b\"", "no/such") "}, 7," CALL("3", "tools/list") "},"
        INITIALIZE("2025-06-18") "]"));
    ck_assert(pith_json_is(reply.root, PITH_JSON_ARRAY));
    ck_assert_uint_eq(reply.root->n_children, 5);
    ck_assert(has(item(reply.root, 0), "result"));
    ck_assert(pith_json_string_is(pith_json_get(item(reply.root, 1), "id"),
                                  "b"));
    ck_assert(has(item(reply.root, 1), "error"));
    ck_assert(has(item(reply.root, 2), "error"));
    ck_assert(has(item(reply.root, 3), "result"));
    ck_assert(has(item(reply.root, 4), "error")); /* not in a batch */
    release(&reply);

    assert_silent("[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"},"
                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}]");
    assert_refused("[]", -32600, "empty");
    reply = parse(tell("[[]]"));
    ck_assert_uint_eq(reply.root->n_children, 1);
    ck_assert(has(item(reply.root, 0), "error"));
    release(&reply);
}
END_TEST

START_TEST(batches_are_not_endless)
{
    char batch[512] = "[7";
    initialize("2025-03-26");
    for (int i = 1; i < 100; i++)
        strcat(batch, ",7");
    strcat(batch, "]");
    struct reply reply = parse(tell(batch));
    ck_assert_uint_eq(reply.root->n_children, 100);
    release(&reply);
    strcpy(strchr(batch, ']'), ",7]");
    assert_refused(batch, -32600, "more than 100 messages");
}
END_TEST

START_TEST(the_others_have_no_batches)
{
    assert_refused("[" CALL("1", "ping") "}]", -32600, "2025-03-26");
    if (strcmp(connected[_i], "2025-03-26") == 0)
        return;
    initialize(connected[_i]);
    assert_refused("[" CALL("1", "ping") "}]", -32600, "2025-03-26");
}
END_TEST

/* --- tools ---------------------------------------------------------------------------- */

START_TEST(tools_are_described)
{
    static const char *const names[] = {"compress", "recover", "score"};
    initialize(connected[_i]);
    struct reply reply = ask(CALL("1", "tools/list") ",\"params\":{}}");
    const struct pith_json *tools = at(&reply, "result.tools");
    ck_assert_uint_eq(tools->n_children, 3);
    ck_assert_uint_eq(at(&reply, "result")->n_children, 1);
    for (size_t i = 0; i < 3; i++) {
        const struct pith_json *tool = item(tools, i),
                               *input = pith_json_get(tool, "inputSchema"),
                               *required = pith_json_get(input, "required");
        ck_assert(pith_json_string_is(pith_json_get(tool, "name"), names[i]));
        ck_assert(has(tool, "description"));
        ck_assert(pith_json_string_is(pith_json_get(input, "type"), "object"));
        for (size_t j = 0; j < required->n_children; j++) {
            char key[64];
            struct pith_text name = item(required, j)->string;
            snprintf(key, sizeof key, "%.*s", (int)name.size, name.bytes);
            ck_assert(has(pith_json_get(input, "properties"), key));
        }
        ck_assert(has(tool, "annotations") == (_i >= 1));
        ck_assert(has(tool, "title") == (_i >= 2));
        ck_assert(has(tool, "outputSchema") == (_i >= 2));
    }
    const struct pith_json *properties = pith_json_get(
        pith_json_get(item(tools, 0), "inputSchema"), "properties");
    static const char *const inputs[] = {"context", "instruction", "question",
                                         "rate", "target_token", "method"};
    for (size_t i = 0; i < 6; i++)
        ck_assert(has(properties, inputs[i]));
    release(&reply);
}
END_TEST

#define PROMPT                                                                 \
    "\"context\":[\"one two three four five six\",\"seven eight nine\"]"
#define OPTIONS                                                                \
    "\"instruction\":\"Count.\",\"question\":\"How many?\",\"rate\":0.6,"        \
    "\"method\":\"reference\",\"use_context_level_filter\":false"

/* What the plain request says about the same arguments. */
static struct reply by_request(void)
{
    char *text;
    struct pith_error error;
    assert_ok(pith_request_run(session,
                               view("{" PROMPT ",\"options\":{" OPTIONS "}}"),
                               NULL, &text, NULL, &error), error);
    return parse(text);
}

static void assert_same(struct pith_text a, struct pith_text b)
{
    ck_assert_uint_eq(a.size, b.size);
    ck_assert_mem_eq(a.bytes, b.bytes, b.size);
}

/* The text of the only content of a result. */
static struct pith_text shown(const struct reply *reply)
{
    const struct pith_json *content = at(reply, "result.content");
    ck_assert_uint_eq(content->n_children, 1);
    ck_assert(pith_json_string_is(pith_json_get(content->first, "type"),
                                  "text"));
    return pith_json_get(content->first, "text")->string;
}

START_TEST(compress_does_what_a_request_does)
{
    struct reply want = by_request();
    initialize(connected[_i]);
    struct reply reply = ask(TOOL("compress", "{" OPTIONS "," PROMPT "}"));
    struct pith_text text = at(&want, "result.compressed_prompt")->string;
    assert_same(shown(&reply), text);
    ck_assert(!has(at(&reply, "result"), "isError"));
    ck_assert(has(at(&reply, "result"), "structuredContent") == (_i >= 2));
    if (_i >= 2) {
        assert_same(at(&reply, "result.structuredContent.compressed_prompt")
                        ->string, text);
        ck_assert_double_eq(
            number_at(&reply, "result.structuredContent.origin_tokens"),
            number_at(&want, "result.origin_tokens"));
    }
    release(&want);
    release(&reply);
}
END_TEST

/* The last compression that worked can be read, and nothing else. */
START_TEST(the_last_compression_is_a_resource)
{
    initialize(connected[_i]);
    struct reply list = ask(CALL("1", "resources/list") "}");
    const struct pith_json *resources = at(&list, "result.resources");
    ck_assert_uint_eq(resources->n_children, 2);
    ck_assert(has(resources->first, "title") == (_i >= 2));
    release(&list);

    struct reply answer = ask(TOOL("compress", "{" OPTIONS "," PROMPT "}"));
    struct pith_text text = shown(&answer);
    assert_refused(TOOL("compress", "[]"), -32602, "arguments");
    struct reply failed = ask(TOOL("compress", "{\"context\":7}"));
    struct reply score = ask(TOOL("score", "{\"text\":\"one\"}"));
    struct reply read = ask(READ("pith://last/result"));
    const struct pith_json *content = at(&read, "result.contents");
    ck_assert_uint_eq(content->n_children, 1);
    ck_assert(pith_json_string_is(pith_json_get(content->first, "uri"),
                                  "pith://last/result"));
    struct pith_json_document *document;
    struct pith_error error;
    assert_ok(pith_json_parse(pith_json_get(content->first, "text")->string,
                              "text", &document, &error), error);
    assert_same(pith_json_get(pith_json_root(document),
                              "compressed_prompt")->string, text);
    ck_assert(!has(pith_json_root(document), "spans"));
    pith_json_free(document);

    struct reply page = ask(READ("pith://last/report"));
    content = at(&page, "result.contents");
    ck_assert(pith_json_string_is(pith_json_get(content->first, "mimeType"),
                                  "text/html"));
    ck_assert(contains(pith_json_get(content->first, "text")->string,
                       "How many?"));
    release(&page);
    release(&read);
    release(&score);
    release(&failed);
    release(&answer);
}
END_TEST

/* What is too long for a page leaves nothing to read, not the one before. */
START_TEST(long_prompts_leave_no_resources)
{
    size_t n = 1 << 20;
    char *message = malloc(n + 256);
    int start = snprintf(message, 256, CALL("1", "tools/call")
                         ",\"params\":{\"name\":\"compress\",\"arguments\":"
                         "{\"context\":[\"one two\"],\"method\":"
                         "\"reference\",\"instruction\":\"");
    memset(message + start, ' ', n);
    strcpy(message + start + n, "\"}}}");
    initialize("2025-11-25");
    struct reply reply = ask(TOOL("compress", "{" OPTIONS "," PROMPT "}"));
    release(&reply);
    reply = ask(message);
    ck_assert(!has(at(&reply, "result"), "isError"));
    release(&reply);
    assert_refused(READ("pith://last/result"), -32002, "nothing to read");
    free(message);
}
END_TEST

START_TEST(the_text_of_nothing_is_empty)
{
    initialize("2025-06-18");
    struct reply reply = ask(TOOL("compress", "{\"context\":[]}"));
    ck_assert_uint_eq(shown(&reply).size, 0);
    ck_json_string(&reply, "result.structuredContent.compressed_prompt", "");
    release(&reply);
}
END_TEST

START_TEST(recover_and_score_are_tools)
{
    initialize("2025-06-18");
    struct reply reply = ask(TOOL("recover",
        "{\"original_prompt\":\"b 1 2 3 4 5 6 7 8 9 c\","
        "\"compressed_prompt\":\"b c\",\"response\":\"b c\"}"));
    ck_json_string(&reply, "result.structuredContent.recovered_response",
                   "b 1 2 3 4 5 6 7 8 9 c");
    assert_same(shown(&reply), view("b 1 2 3 4 5 6 7 8 9 c"));
    release(&reply);
    reply = ask(TOOL("recover",
        "{\"original_prompt\":\"b 1 2 3 4 5 6 7 8 9 c\",\"method\":\"reference\","
        "\"compressed_prompt\":\"b c\",\"response\":\"b c\"}"));
    ck_assert_uint_lt(shown(&reply).size, 10);
    release(&reply);

    char *want;
    struct pith_error error;
    assert_ok(pith_score_json(session, view("{\"text\":\"one\",\"bos\":false}"),
                              &want, &error), error);
    reply = ask(TOOL("score", "{\"text\":\"one\",\"bos\":false}"));
    assert_same(shown(&reply), view(want));
    ck_assert(has(at(&reply, "result.structuredContent"), "perplexity"));
    pith_free(want);
    release(&reply);
}
END_TEST

/* For the model to read, not errors of the protocol. */
START_TEST(what_a_tool_cannot_do_is_a_result)
{
    static const char *const calls[][2] = {
        {TOOL("compress", "{}"), "\"context\""},
        {CALL("1", "tools/call") ",\"params\":{\"name\":\"compress\"}}",
         "\"context\""},
        {TOOL("compress", "{\"context\":3}"), "\"context\""},
        {TOOL("compress", "{\"context\":\"a\",\"rate\":7}"), "\"rate\""},
        {TOOL("compress", "{\"context\":\"a\",\"rate\":\"7\"}"), "\"rate\""},
        {TOOL("compress", "{\"rate\":7,\"context\":\"a\"}"), "\"rate\""},
        {TOOL("recover", "{}"), "\"original_prompt\""},
        {TOOL("recover", "{\"method\":\"magic\"}"), "\"method\""},
        {TOOL("score", "{}"), "\"text\""},
    };
    initialize("2025-11-25");
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct reply reply = ask(calls[i][0]);
        ck_assert(pith_json_is(at(&reply, "result.isError"), PITH_JSON_TRUE));
        ck_assert(!has(at(&reply, "result"), "structuredContent"));
        ck_assert_msg(contains(shown(&reply), calls[i][1]), "%s", reply.text);
        release(&reply);
    }
}
END_TEST

START_TEST(defaults_are_those_of_the_server)
{
    struct pith_compress_options options;
    struct pith_error error;
    struct pith_mcp *other = mcp;
    pith_compress_options_init(&options);
    options.rate = 1;
    options.trace = true; /* has no place in a result */
    assert_ok(pith_mcp_create(session, &options, &mcp, &error), error);
    initialize("2025-06-18");
    struct reply reply =
        ask(TOOL("compress", "{\"context\":\"one two three four\"}"));
    ck_json_string(&reply, "result.structuredContent.compressed_prompt",
                   "one two three four");
    ck_assert(!has(at(&reply, "result.structuredContent"), "trace"));
    release(&reply);
    pith_mcp_free(mcp);
    mcp = other;
}
END_TEST

/* --- without a connection: 2026-07-28 -------------------------------------------------- */

#define META_OF(version)                                                       \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":" version           \
    ",\"io.modelcontextprotocol/clientCapabilities\":{}}"
#define META META_OF("\"2026-07-28\"")

static void assert_complete(const struct reply *reply)
{
    ck_json_string(reply, "result.resultType", "complete");
    const struct pith_json *server = pith_json_get(
        at(reply, "result._meta"), "io.modelcontextprotocol/serverInfo");
    ck_assert(pith_json_string_is(pith_json_get(server, "name"), "pith"));
}

START_TEST(requests_may_bring_their_revision)
{
    struct reply reply =
        ask(CALL("1", "server/discover") ",\"params\":{" META "}}");
    assert_complete(&reply);
    const struct pith_json *versions = at(&reply, "result.supportedVersions");
    ck_assert_uint_eq(versions->n_children, 5);
    ck_assert(pith_json_string_is(item(versions, 0), "2026-07-28"));
    ck_assert(pith_json_string_is(item(versions, 4), "2024-11-05"));
    ck_assert(number_at(&reply, "result.ttlMs") > 0);
    ck_json_string(&reply, "result.cacheScope", "public");
    at(&reply, "result.capabilities.tools");
    release(&reply);

    reply = ask(CALL("1", "tools/list") ",\"params\":{" META "}}");
    assert_complete(&reply);
    ck_assert(number_at(&reply, "result.ttlMs") > 0);
    ck_assert(has(at(&reply, "result.tools")->first, "outputSchema"));
    release(&reply);

    reply = ask(CALL("1", "tools/call") ",\"params\":{\"name\":\"compress\","
                "\"arguments\":{\"context\":\"one two\",\"rate\":1}," META "}}");
    assert_complete(&reply);
    ck_json_string(&reply, "result.structuredContent.compressed_prompt",
                   "one two");
    release(&reply);

    /* Which says nothing about the connection. */
    assert_refused(CALL("1", "tools/list") "}", -32600, "initialize");
}
END_TEST

START_TEST(a_revision_brought_along_is_checked)
{
    struct reply reply = ask(CALL("1", "tools/list") ",\"params\":{"
                             META_OF("\"2030-01-01\"") "}}");
    ck_assert_double_eq(number_at(&reply, "error.code"), -32022);
    ck_json_string(&reply, "error.data.requested", "2030-01-01");
    ck_assert(pith_json_string_is(
        at(&reply, "error.data.supported")->first, "2026-07-28"));
    release(&reply);
    assert_refused(CALL("1", "tools/list") ",\"params\":{" META_OF("7") "}}",
                   -32602, "protocolVersion");
    assert_refused(CALL("1", "tools/list") ",\"params\":{\"_meta\":{"
                   "\"io.modelcontextprotocol/protocolVersion\":"
                   "\"2026-07-28\"}}}", -32602, "clientCapabilities");
    assert_refused(CALL("1", "ping") ",\"params\":{" META "}}", -32601, "ping");
    assert_refused(CALL("1", "initialize") ",\"params\":{" META "}}", -32601,
                   "initialize");
    initialize("2025-06-18"); /* other keys of _meta mean nothing here */
    reply = ask(CALL("1", "tools/list")
                ",\"params\":{\"_meta\":{\"progressToken\":1}}}");
    ck_assert(!has(at(&reply, "result"), "resultType"));
    release(&reply);
}
END_TEST

/* --- anything ------------------------------------------------------------------------------ */

/* Every byte of a good message cut off, left out or changed: an answer of one
 * line or none, and never an end. */
START_TEST(damaged_messages_are_survived)
{
    static const char good[] =
        CALL("\"x\"", "tools/call") ",\"params\":{\"name\":\"compress\","
        "\"arguments\":{\"context\":[\"a b\"],\"rate\":0.5}," META "}}";
    static const char bytes[] = "{}[]\",:0\\\xFF \x01";
    char damaged[sizeof good + 1];
    initialize("2025-03-26");
    for (size_t at_byte = 0; at_byte + 1 < sizeof good; at_byte++) {
        for (size_t kind = 0; kind < sizeof bytes + 1; kind++) {
            size_t n = sizeof good - 1;
            memcpy(damaged, good, sizeof good);
            if (kind < sizeof bytes)
                damaged[at_byte] = bytes[kind]; /* the last one is NUL */
            else
                n = at_byte;
            struct pith_error error;
            char *text;
            assert_ok(pith_mcp_answer(mcp, (struct pith_text){damaged, n},
                                      &text, &error), error);
            if (text == NULL)
                continue;
            struct reply reply = parse(text);
            release(&reply);
        }
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("mcp");
    TCase *tcase = tcase_create("mcp");
    tcase_set_timeout(tcase, 120);
    tcase_add_unchecked_fixture(tcase, load, unload);
    tcase_add_checked_fixture(tcase, connect, disconnect);
    tcase_add_loop_test(tcase, each_revision_is_agreed_on, 0, N_CONNECTED);
    tcase_add_test(tcase, other_revisions_are_answered_with_ours);
    tcase_add_test(tcase, initialize_comes_first);
    tcase_add_test(tcase, notifications_and_responses_are_not_answered);
    tcase_add_loop_test(tcase, wrong_messages_have_their_codes, 0, N_WRONG);
    tcase_add_test(tcase, ids_come_back_as_they_were);
    tcase_add_test(tcase, the_id_of_an_unreadable_message_is_null);
    tcase_add_test(tcase, one_revision_has_batches);
    tcase_add_test(tcase, batches_are_not_endless);
    tcase_add_loop_test(tcase, the_others_have_no_batches, 0, N_CONNECTED);
    tcase_add_loop_test(tcase, tools_are_described, 0, N_CONNECTED);
    tcase_add_loop_test(tcase, compress_does_what_a_request_does, 0,
                        N_CONNECTED);
    tcase_add_loop_test(tcase, the_last_compression_is_a_resource, 0,
                        N_CONNECTED);
    tcase_add_test(tcase, long_prompts_leave_no_resources);
    tcase_add_test(tcase, the_text_of_nothing_is_empty);
    tcase_add_test(tcase, recover_and_score_are_tools);
    tcase_add_test(tcase, what_a_tool_cannot_do_is_a_result);
    tcase_add_test(tcase, defaults_are_those_of_the_server);
    tcase_add_test(tcase, requests_may_bring_their_revision);
    tcase_add_test(tcase, a_revision_brought_along_is_checked);
    tcase_add_test(tcase, damaged_messages_are_survived);
    suite_add_tcase(suite, tcase);
    return suite;
}
