/*
 * test_alloc.c - out of memory (alloc_sweep.h): models, tokens, losses,
 * compression, requests, conversion.  test_alloc_data.c has evaluation and
 * training.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/model/extend.h"
#include "../src/prompt/protect.h"
#include "alloc_sweep.h"
#include "foreign.h"
#include "pith_align.h"
#include "pith_messages.h"
#include "pith_service.h"

/* --- what is tried -------------------------------------------------------- */

static const struct pith_text prompt_text = {
    "Question: how many hours are there in 3 days?\n"
    "There are 24 hours in a day, so 24 * 3 = 72 hours.", 97};

static enum pith_status load_model(void)
{
    struct pith_load_options options = {.sizeof_options = sizeof options,
                                        .verify = true};
    struct pith_model *loaded;
    enum pith_status status =
        pith_model_load(model_path, &options, &loaded, &error);
    expect((loaded == NULL) == (status != PITH_OK));
    pith_model_free(loaded);
    return status;
}

static enum pith_status create_session(void)
{
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = 1,
                                           .n_ctx = 64};
    struct pith_session *created;
    enum pith_status status =
        pith_session_create(model, &options, &created, &error);
    expect((created == NULL) == (status != PITH_OK));
    if (status == PITH_OK)
        status = pith_session_reserve(created, 100, &error);
    pith_session_free(created);
    return status;
}

static enum pith_status tokenize_and_score(void)
{
    float losses[128];
    int32_t *ids;
    char *bytes = NULL;
    size_t n, size;
    enum pith_status status =
        pith_tokenize(model, prompt_text, 0, &ids, &n, &error);
    expect((ids == NULL) == (status != PITH_OK));
    if (status == PITH_OK)
        status = pith_score(session, ids, n, losses, &error);
    if (status == PITH_OK)
        note_made(losses, n * sizeof *losses);
    if (status == PITH_OK)
        status = pith_detokenize(model, ids, n, &bytes, &size, &error);
    pith_free(ids);
    pith_free(bytes);
    return status;
}

static enum pith_status recover(enum pith_method method)
{
    static const struct pith_text compressed = {"many hours 3 days?", 18};
    char *bytes = NULL;
    size_t size;
    enum pith_status status =
        pith_recover(model, prompt_text, compressed,
                     (struct pith_text){"so \"3 days\".", 12}, method, &bytes,
                     &size, &error);
    expect((bytes == NULL) == (status != PITH_OK));
    pith_free(bytes);
    return status;
}

static enum pith_status recover_paper(void)
{
    return recover(PITH_METHOD_PAPER);
}

static enum pith_status recover_reference(void)
{
    return recover(PITH_METHOD_REFERENCE);
}

static enum pith_status compress(enum pith_method method)
{
    struct pith_text contexts[] = {prompt_text, {"Today is a day.", 15}};
    struct pith_prompt prompt = {{"Answer the question.", 20}, contexts, 2,
                                 {"How many?", 9}};
    struct pith_text keep[] = {{"day", 3}, {"occurs nowhere", 14}};
    struct pith_compress_options options;
    struct pith_result *result;
    char *json = NULL, *html = NULL;

    pith_compress_options_init(&options);
    options.method = method;
    options.trace = options.detail = true;
    if (method != PITH_METHOD_REFERENCE) {
        options.keep = keep;
        options.n_keep = sizeof keep / sizeof *keep;
        options.keep_regex = "[0-9]+|is";
    }
    enum pith_status status =
        pith_compress(session, &prompt, &options, &result, &error);
    expect((result == NULL) == (status != PITH_OK));
    if (status == PITH_OK)
        note_made(result->text.bytes, result->text.size);
    if (status == PITH_OK)
        status = pith_result_json(session, &options, result, &json, &error);
    if (status == PITH_OK)
        status = pith_result_report_html(session, &prompt, &options, result,
                                         &html, NULL, &error);
    pith_result_free(result);
    pith_free(json);
    pith_free(html);
    return status;
}

static enum pith_status compress_paper(void)
{
    return compress(PITH_METHOD_PAPER);
}

static enum pith_status compress_spans(void)
{
    return compress(PITH_METHOD_SPANS);
}

static enum pith_status compress_reference(void)
{
    return compress(PITH_METHOD_REFERENCE);
}

/* An answer that says so is a failure like the status. */
static enum pith_status judge(char *reply, enum pith_status status)
{
    if (status == PITH_OK && strstr(reply, "memory") != NULL) {
        strcpy(error.detail, "said in the reply");
        status = PITH_ERR_MEMORY;
    }
    if (status == PITH_OK) {
        const char *times = strstr(reply, "timings");
        note_made(reply, times != NULL ? (size_t)(times - reply)
                                       : strlen(reply));
    }
    pith_free(reply);
    return status;
}

/* Options by their families. */
static const char *const requests[] = {
    "{\"name\":\"a\",\"context\":[\"one two three\",\"four\"],\"options\":"
    "{\"method\":\"reference\",\"context_budget\":\"+1\","
    "\"force_context_ids\":[0],\"tau_ins\":0.5},\"colour\":1,"
    "\"keep\":[\"two\"],\"keep_regex\":\"o\",\"force_tokens\":[\"a\"]}",
#define REFERENCE(options)                                                     \
    "{\"context\":[\"One two. Three e.g. four.\",\"Five.\"],\"question\":"       \
    "\"Two?\",\"options\":{\"method\":\"reference\",\"iterative_size\":50,"      \
    options "}}"
    REFERENCE("\"use_sentence_level_filter\":true,\"keep_first_sentence\":1"),
    REFERENCE("\"rank_method\":\"bm25\",\"reorder_context\":\"two_stage\""),
    REFERENCE("\"rank_method\":\"longllmlingua\",\"condition_compare\":true,"
              "\"condition_in_question\":\"after_condition\","
              "\"dynamic_context_compression_ratio\":0.3,\"keep_split\":true"),
#undef REFERENCE
    "{\"context\":[\"one two three\",\"four\"],\"question\":\"two?\","
    "\"options\":{\"method\":\"paper\",\"question_aware\":true,\"keep\":"
    "[\"two\"],\"keep_regex\":\"o|u\",\"protect\":\"all\",\"spans\":true}}",
    "{\"function\":\"structured_compress_prompt\",\"context\":[\"<llmlingua, "
    "rate=0.5>one two three</llmlingua><llmlingua, compress=False>four"
    "</llmlingua>\"],\"options\":{\"method\":\"paper\"}}",
    "{\"function\":\"compress_json\",\"json_data\":{\"a\":\"one two three\"},"
    "\"json_config\":{\"a\":{\"rate\":0.5,\"compress\":true,\"value_type\":"
    "\"str\",\"pair_remove\":true}},\"options\":{\"iterative_size\":50}}",
    "{\"function\":\"recover\",\"original_prompt\":\"one two 3\","
    "\"compressed_prompt\":\"one 3\",\"response\":\"one 3.\"}",
    "{\"function\":\"score\",\"text\":\"one two three\"}",
    "{\"messages\":[{\"role\":\"tool\",\"content\":\"two hundred thousand million\"}],"
    "\"role_rate\":\"tool=0.5\"}",
    "{\"messages\":[{\"role\":\"tool\",\"content\":\"one two three four\"}],"
    "\"role_rate\":\"tool=0.5\"}",
#define PRESET(name, text)                                                     \
    "{\"context\":[\"" text "\"],\"rate\":0.4,\"preset\":\"" name "\"}"
    PRESET("json", "{\\\"a\\\": [\\\"one two three\\\", 4], \\\"b\\\": null}"),
    PRESET("table", "a,b\\none two,3\\nfour,5\\n"),
    PRESET("markdown", "# One\\n\\n- two [three](x)\\n- `four`\\n"),
    PRESET("code", "int one(void)\\n{\\n    return 2;\\n}\\n"),
    PRESET("log", "2026-01-02 03:04:05 ERROR one\\n  at two\\n"),
    PRESET("chat", "Ann: one two\\nBob: three\\n"),
    PRESET("auto", "a | b\\n---|---\\none | 2\\n"),
#undef PRESET
};

enum { N_REQUESTS = sizeof requests / sizeof *requests };

static enum pith_status run_request(const char *request)
{
    char *reply;
    enum pith_status status = pith_request_run(
        session, (struct pith_text){request, strlen(request)}, NULL, &reply,
        NULL, &error);
    return judge(reply, status);
}

static enum pith_status compress_messages(void)
{
    static const char chat[] =
        "{\"messages\":[{\"role\":\"tool\",\"content\":\"one two three four "
        "five six\"},{\"role\":\"user\",\"content\":\"seven\"}]}";
    struct pith_messages_options options;
    struct pith_messages *messages;
    struct pith_messages_result *result;
    char *json = NULL;
    pith_messages_options_init(&options);
    options.short_tokens = 0;
    enum pith_status status = pith_messages_read(
        (struct pith_text){chat, sizeof chat - 1}, NULL, &messages, &error);
    expect((messages == NULL) == (status != PITH_OK));
    if (status != PITH_OK)
        return status;
    status = pith_messages_compress_each(session, messages, &options, &result,
                                         &error);
    expect((result == NULL) == (status != PITH_OK));
    if (status == PITH_OK)
        status = pith_messages_write(messages, result->texts, &json, NULL,
                                     &error);
    pith_messages_result_free(result);
    pith_messages_free(messages);
    return judge(json, status);
}

static bool find_nothing(void *user, const char *hash, struct pith_text *entry)
{
    (void)user, (void)hash, (void)entry;
    return false;
}

static bool keep_anything(void *user, const char *hash, struct pith_text entry)
{
    (void)user, (void)hash, (void)entry;
    return true;
}

/* A text that went on as it came tells that memory was short, too. */
static enum pith_status run_chat(void)
{
#define TEN "one two three four five six seven eight nine ten "
    static const char request[] =
        "{\"messages\":[{\"role\":\"tool\",\"content\":\"" TEN TEN TEN "\"}]}";
#undef TEN
    static const struct pith_chat_store store = {find_nothing, NULL,
                                                 keep_anything, NULL};
    struct pith_compress_options paper;
    struct pith_messages_options options;
    struct pith_chat_summary summary;
    char *reply;
    pith_compress_options_init(&paper);
    paper.method = PITH_METHOD_PAPER;
    paper.rate = 0.2;
    pith_messages_options_init(&options);
    options.compress = &paper;
    options.long_tokens = 0;
    enum pith_status status = pith_chat_run(
        session, (struct pith_text){request, sizeof request - 1}, &options,
        &store, &reply, NULL, &summary, &error);
    if (status == PITH_OK && summary.outcome == PITH_OK &&
        summary.n_passed == 0) {
        expect(summary.n_compressed == 1);
        return judge(reply, status);
    }
    if (status == PITH_OK) {
        snprintf(error.detail, sizeof error.detail, "%s", reply);
        status = PITH_ERR_MEMORY;
    }
    pith_free(reply);
    return status;
}

static enum pith_status speak_mcp(void)
{
    static const char message[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
        "{\"name\":\"compress\",\"arguments\":{\"context\":\"one two\","
        "\"rate\":0.5},\"_meta\":"
        "{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
        "\"io.modelcontextprotocol/clientCapabilities\":{}}}}";
    struct pith_mcp *mcp;
    char *reply = NULL;
    enum pith_status status = pith_mcp_create(session, NULL, &mcp, &error);
    expect((mcp == NULL) == (status != PITH_OK));
    if (status == PITH_OK)
        status = pith_mcp_answer(
            mcp, (struct pith_text){message, sizeof message - 1}, &reply,
            &error);
    pith_mcp_free(mcp);
    return judge(reply, status);
}

static char source[4096]; /* a folder to convert, empty when there is none */

static enum pith_status convert(const char *from)
{
    struct pith_convert_options options = {.sizeof_options = sizeof options,
                                           .dtype = "q8"};
    char target[300];
    snprintf(target, sizeof target, "%s.converted", model_path);
    enum pith_status status = pith_convert(from, target, &options, &error);
    int removed = remove(target);
    expect((removed == 0) == (status == PITH_OK));
    return status;
}

static enum pith_status convert_shared(void)
{
    return source[0] != '\0' ? convert(source) : PITH_OK;
}

static char folder[256], parts[256]; /* small ones: tests/foreign.h */

static enum pith_status convert_folder(void)
{
    return convert(folder);
}

static enum pith_status convert_parts(void)
{
    char first[300];
    snprintf(first, sizeof first, "%s-00001-of-00002.gguf", parts);
    return convert(first);
}

static enum pith_status describe_folder(void)
{
    struct pith_source_info *info;
    enum pith_status status =
        pith_source_describe(folder, NULL, &info, &error);
    expect((info != NULL) == (status == PITH_OK));
    expect(info == NULL || info->refusal == NULL);
    pith_source_info_free(info);
    return status;
}

/* With added tokens, one of them beyond the embedding. */
static void write_folder(void)
{
    static const struct foreign_folder how = {
        .type = "F32", .without = "lm_head.weight",
        .metadata = ", \"lm_head.weight\": \"model.embed_tokens.weight\""};
    static const char added[] = "{\"[PAD]\": 266, \"[X]\": 999}";
    static const char settings[] =
        "{\"pad_token\": \"[PAD]\", \"additional_special_tokens\": [\"[Y]\"], "
        "\"added_tokens_decoder\": {\"0\": {\"content\": \"<unk>\"}}}";
    struct foreign foreign;
    char path[300];
    foreign_init_padded(&foreign, FOREIGN_LLAMA, 4);
    foreign_folder_write(&foreign, &how, folder);
    snprintf(path, sizeof path, "%s/added_tokens.json", folder);
    write_whole_file(path, added, sizeof added - 1);
    snprintf(path, sizeof path, "%s/tokenizer_config.json", folder);
    write_whole_file(path, settings, sizeof settings - 1);
    foreign_gguf_write_split(&foreign, 2, parts);
    foreign_free(&foreign);
}

static void remove_parts(void)
{
    char path[300];
    for (int i = 1; i <= 2; i++) {
        snprintf(path, sizeof path, "%s-%05d-of-00002.gguf", parts, i);
        remove(path);
    }
}

static enum pith_status read_records(void)
{
    static const char json[] =
        "[{\"instruction\": \"a\", \"context\": \"b\", \"response\": \"c\", "
        "\"system\": \"s\", \"id\": 1}, {\"conversations\": [{\"from\": "
        "\"human\", \"value\": \"d\"}, {\"from\": \"gpt\", \"value\": \"e\"}], "
        "\"system\": \"s\"}]";
    struct pith_dataset *dataset;
    enum pith_status status =
        pith_dataset_create(model, NULL, &dataset, &error);
    if (status == PITH_OK)
        status = pith_dataset_add(dataset,
                                  (struct pith_text){json, sizeof json - 1},
                                  "f", &error);
    pith_dataset_free(dataset);
    return status;
}

/* More ranges than there is room for at first. */
static enum pith_status find_protected(void)
{
    static char text[800];
    struct pith_ranges ranges = {0};
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "7 no"[i % 4];
    enum pith_status status =
        pith_protect_find((struct pith_text){text, sizeof text},
                          PITH_PROTECT_ALL, &ranges, &error);
    expect(status != PITH_OK || ranges.n >= sizeof text / 4);
    pith_ranges_free(&ranges);
    return status;
}

static const struct {
    const char *name;
    enum pith_status (*run)(void);
} attempts[] = {
    {"load", load_model},
    {"session", create_session},
    {"tokenize and score", tokenize_and_score},
    {"recover, paper", recover_paper},
    {"recover, reference", recover_reference},
    {"compress, paper", compress_paper},
    {"compress, spans", compress_spans},
    {"compress, reference", compress_reference},
    {"messages", compress_messages},
    {"chat", run_chat},
    {"mcp", speak_mcp},
    {"convert", convert_shared},
    {"convert, a folder", convert_folder},
    {"convert, parts", convert_parts},
    {"describe, a folder", describe_folder},
    {"records", read_records},
    {"protect", find_protected},
};

enum { N_ATTEMPTS = sizeof attempts / sizeof *attempts };

/* After the attempts come the requests. */
const char *attempt_name(int which)
{
    return which < N_ATTEMPTS ? attempts[which].name
                              : requests[which - N_ATTEMPTS];
}

enum pith_status attempt_run(int which)
{
    return which < N_ATTEMPTS ? attempts[which].run()
                              : run_request(requests[which - N_ATTEMPTS]);
}

static void open_all(void)
{
    const char *shared = shared_path("models/shell_gpt2");
    if (shared != NULL)
        snprintf(source, sizeof source, "%s", shared);
    snprintf(folder, sizeof folder, "%s", temporary_path("alloc.folder"));
    snprintf(parts, sizeof parts, "%s", temporary_path("alloc.parts"));
    write_folder();
    sweep_open();
}

static void close_all(void)
{
    sweep_close();
    foreign_folder_remove(folder);
    remove_parts();
}

Suite *make_suite(void)
{
    Suite *suite = suite_create("alloc");
    TCase *tcase = tcase_create("alloc");
    tcase_add_unchecked_fixture(tcase, open_all, close_all);
    sweep_add_tests(tcase, N_ATTEMPTS + N_REQUESTS);
    suite_add_tcase(suite, tcase);
    return suite;
}
