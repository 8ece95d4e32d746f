/*
 * services.c - JSON from clients: requests, MCP, chats, and what the other
 * side of HTTP sends as a body.
 */
#include <stdlib.h>
#include <string.h>

#include "../../src/base/utf8.h"
#include "fuzz.h"
#include "pith_messages.h"
#include "pith_service.h"

/* --- requests ----------------------------------------------------------------------- */

static void run_request(const struct fuzz_target *target,
                        struct pith_text input)
{
    struct pith_compress_options options;
    enum pith_status outcome;
    char *reply;
    (void)target;
    pith_compress_options_init(&options);
    options.trace = true;
    fuzz_check(pith_request_run(fuzz_session(), input, &options, &reply,
                                &outcome, NULL) == PITH_OK);
    fuzz_check(reply != NULL && outcome != PITH_ERR_MEMORY);
    fuzz_check_line(reply);
}

static const char *const request_seeds[] = {
    "{\"name\": \"a\", \"instruction\": \"Read.\", \"context\": [\"Once upon a time "
    "there was a girl.\", \"She had 12 cakes.\"], \"question\": \"How many?\", "
    "\"rate\": 0.5, \"keep\": [\"12\"], \"keep_regex\": \"[a-z]+s\", \"protect\": "
    "\"numbers,urls\", \"spans\": true}",
    "{\"context\": [\"One. Two three.\", \"Four?\"], \"question\": \"Five\", "
    "\"options\": {\"method\": \"reference\", \"target_token\": 5, "
    "\"context_budget\": \"*1.5+10\", \"force_context_ids\": [1, 0], "
    "\"use_sentence_level_filter\": true, \"keep_first_sentence\": 1, "
    "\"rank_method\": \"longllmlingua\", \"condition_in_question\": "
    "\"after_condition\", \"reorder_context\": \"two_stage\", "
    "\"dynamic_context_compression_ratio\": 0.4}}",
    "{\"function\": \"structured_compress_prompt\", \"context\": [\"<llmlingua, "
    "compress=False>A:</llmlingua><llmlingua, rate=0.4> the rain in Spain"
    "</llmlingua>\"], \"method\": \"paper\", \"question_aware\": true, \"question\": "
    "\"x\", \"k\": 2, \"units\": \"token\", \"use_itpc\": false}",
    "{\"function\": \"recover\", \"original_prompt\": \"the rain in Spain\", "
    "\"compressed_prompt\": \"rain Spain\", \"response\": \"rain Spain.\"}",
    "{\"function\": \"score\", \"text\": \"the rain\", \"bos\": false}",
    "{\"messages\": [{\"role\": \"user\", \"content\": \"one two three four five six "
    "seven eight nine\"}, {\"role\": \"user\", \"content\": \"x\"}], \"role_rate\": "
    "\"user=0.5,tool=1\", \"preset\": \"auto\"}",
    NULL};

static const char *const record_seeds[] = {
    "{\"function\": \"compress_json\", \"json_data\": {\"id\": 7, \"name\": \"The rain "
    "in Spain stays\", \"list\": [\"a b\", \"c\"], \"o\": {\"k\": [1, null]}, \"f\": 1.5, "
    "\"b\": true}, \"json_config\": {\"id\": {\"rate\": 1, \"compress\": false, "
    "\"value_type\": \"int\", \"pair_remove\": true}, \"name\": {\"rate\": 0.5, "
    "\"compress\": true, \"value_type\": \"str\", \"pair_remove\": false}, \"list\": "
    "{\"rate\": 0.7, \"compress\": true, \"value_type\": \"list\", \"pair_remove\": "
    "true}, \"o\": {\"rate\": 1, \"compress\": false, \"value_type\": \"dict\", "
    "\"pair_remove\": true}, \"f\": {\"rate\": 1, \"compress\": true, \"value_type\": "
    "\"float\", \"pair_remove\": true}, \"b\": {\"rate\": 1, \"compress\": true, "
    "\"value_type\": \"bool\", \"pair_remove\": true}}, \"options\": {\"question\": "
    "\"rain\", \"use_keyvalue_level_filter\": true, \"reorder_keyvalue\": \"sort\"}}",
    "{\"function\":\"compress_json\",\"json_data\":{\"a\":\"x y\"},\"json_config\":{\"a\":"
    "{\"rate\":0.1,\"compress\":true,\"value_type\":\"str\",\"pair_remove\":true}}}",
    NULL};

/* --- the Model Context Protocol: several lines ------------------------------------------ */

static void run_mcp(const struct fuzz_target *target, struct pith_text input)
{
    struct pith_mcp *mcp;
    char *reply;
    (void)target;
    fuzz_check(pith_mcp_create(fuzz_session(), NULL, &mcp, NULL) == PITH_OK);
    while (input.size > 0) {
        const char *end = memchr(input.bytes, '\n', input.size);
        size_t n = end != NULL ? (size_t)(end - input.bytes) : input.size;
        fuzz_check(pith_mcp_answer(mcp, (struct pith_text){input.bytes, n},
                                   &reply, NULL) == PITH_OK);
        fuzz_check_line(reply);
        n += n < input.size;
        input.bytes += n;
        input.size -= n;
    }
    pith_mcp_free(mcp);
}

#define CALL(method, params)                                                   \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":" params "}\n"

static const char *const mcp_seeds[] = {
    CALL("initialize", "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{},"
                       "\"clientInfo\":{\"name\":\"x\",\"version\":\"1\"}}")
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n"
    CALL("tools/list", "{}")
    CALL("tools/call", "{\"name\":\"compress\",\"arguments\":{\"context\":\"the rain "
                       "in Spain stays mainly\",\"rate\":0.5}}")
    CALL("tools/call", "{\"name\":\"score\",\"arguments\":{\"text\":\"the rain\"}}")
    CALL("resources/list", "{}") CALL("resources/read", "{\"uri\":\"pith://model\"}"),
    "[" "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"ping\"},"
    "{\"jsonrpc\":\"2.0\",\"method\":\"ping\"},7]\n"
    CALL("tools/call", "{\"name\":\"recover\",\"arguments\":{\"original\":\"a b c\","
                       "\"compressed\":\"a c\",\"response\":\"a c\"}}"),
    NULL};

/* --- messages ----------------------------------------------------------------------------- */

/* Compressed or not, a document stays one with the same texts in number; with
 * no text changed it has the same bytes. */
static void run_messages(const struct fuzz_target *target,
                         struct pith_text input)
{
    struct pith_messages *messages, *again;
    struct pith_messages_result *result;
    struct pith_messages_options options;
    char *json;
    size_t size, n;
    bool each = fuzz_byte(&input) & 1;
    (void)target;
    if (pith_messages_read(input, NULL, &messages, NULL) != PITH_OK)
        return;
    n = pith_messages_count(messages);
    pith_messages_options_init(&options);
    options.short_tokens = 4;
    options.long_tokens = 8;
    enum pith_status status =
        each ? pith_messages_compress_each(fuzz_session(), messages, &options,
                                           &result, NULL)
             : pith_messages_compress(fuzz_session(), messages, &options,
                                      &result, NULL);
    fuzz_check(status == PITH_OK && result->n == n);
    fuzz_check(pith_messages_write(messages, result->texts, &json, &size,
                                   NULL) == PITH_OK);
    fuzz_check(pith_utf8_is_valid(json, size));
    fuzz_check(pith_messages_read((struct pith_text){json, size}, NULL, &again,
                                  NULL) == PITH_OK);
    fuzz_check(pith_messages_count(again) == n);
    pith_messages_free(again);
    pith_free(json);
    for (size_t i = 0; i < n; i++)
        fuzz_check(result->compressed_tokens[i] <= result->origin_tokens[i]);
    pith_messages_result_free(result);
    struct pith_text *same = calloc(n + 1, sizeof *same);
    fuzz_check(same != NULL);
    fuzz_check(pith_messages_write(messages, same, &json, &size, NULL) ==
               PITH_OK);
    fuzz_check(size == input.size && memcmp(json, input.bytes, size) == 0);
    free(same);
    pith_free(json);
    pith_messages_free(messages);
}

#define LONG_TEXT                                                              \
    "Once upon a time there was a little girl who liked 12 cakes and the rain"

static const char *const messages_seeds[] = {
    "0{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},"
    "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"" LONG_TEXT "\"},"
    "{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]},{\"role\":\"assistant\","
    "\"content\":null,\"tool_calls\":[]},{\"role\":\"tool\",\"content\":\"" LONG_TEXT
    " \\u00e9\\ud83d\"},{\"role\":\"user\",\"content\":\"now?\"}]}",
    "1[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"content\":[{\"type\":"
    "\"text\",\"text\":\"" LONG_TEXT "\"},{\"type\":\"search_result\",\"content\":[{"
    "\"type\":\"text\",\"text\":\"F\"}]}]},{\"type\":\"document\",\"source\":{\"type\":"
    "\"text\",\"data\":\"" LONG_TEXT " \xC3\xA9\"}}]},{\"role\":\"assistant\","
    "\"content\":\"" LONG_TEXT "\"},{\"role\":\"user\",\"content\":\"x\"}]",
    NULL};

/* --- chats of proxies ------------------------------------------------------------------------ */

static bool find_nothing(void *user, const char *hash, struct pith_text *entry)
{
    (void)user, (void)hash, (void)entry;
    return false;
}

static void release_nothing(void *user, struct pith_text entry)
{
    (void)user, (void)entry;
}

static bool keep(void *user, const char *hash, struct pith_text entry)
{
    (void)user;
    fuzz_check(strlen(hash) == 24);
    fuzz_check(pith_utf8_is_valid(entry.bytes, entry.size));
    return true;
}

static void run_proxy(const struct fuzz_target *target, struct pith_text input)
{
    const struct pith_chat_store store = {find_nothing, release_nothing, keep,
                                          NULL};
    struct pith_messages_options options;
    struct pith_chat_summary summary;
    char *reply;
    (void)target;
    pith_messages_options_init(&options);
    options.short_tokens = 4;
    options.long_tokens = 8;
    fuzz_check(pith_chat_run(fuzz_session(), input, &options, &store, &reply,
                             NULL, &summary, NULL) == PITH_OK);
    fuzz_check(reply != NULL && summary.outcome != PITH_ERR_MEMORY);
    pith_free(reply);
}

static const char *const proxy_seeds[] = {
    "{\"messages\":[{\"role\":\"user\",\"content\":\"" LONG_TEXT "\"},{\"role\":"
    "\"assistant\",\"content\":\"" LONG_TEXT "\"},{\"role\":\"user\",\"content\":"
    "\"x\"}],\"config\":{\"mode\":\"ccr\"}}",
    "{\"messages\":[],\"config\":{}}", NULL};

const struct fuzz_target fuzz_services[] = {
    {.name = "request", .run = run_request, .most = 1200,
     .texts = request_seeds},
    {.name = "compress_json", .run = run_request, .most = 1500,
     .texts = record_seeds},
    {.name = "mcp", .run = run_mcp, .most = 1500, .texts = mcp_seeds},
    {.name = "messages", .run = run_messages, .most = 1500,
     .texts = messages_seeds},
    {.name = "proxy", .run = run_proxy, .most = 1000, .texts = proxy_seeds},
    {0}};
