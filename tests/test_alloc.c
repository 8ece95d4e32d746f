/*
 * test_alloc.c - out of memory at every single allocation, one after the
 * other: each time the call must say so, hand over nothing and leak nothing.
 * Only the memory of losses may go without: then the result is the same.
 *
 * The Makefile links this program with the linker's --wrap for malloc,
 * calloc, realloc and free; what the library asks for then passes through
 * here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/crc32.h"
#include "../src/model/extend.h"
#include "../src/model/loss_cache.h"
#include "../src/model/state.h"
#include "../src/prompt/protect.h"
#include "foreign.h"
#include "pith_align.h"
#include "pith_eval.h"
#include "pith_messages.h"
#include "pith_service.h"
#include "support.h"
#include "tiny_model.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *pointer);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *pointer);

static bool counting;
static long n_allocations, fail_at, n_live;

/* Whether this allocation is the one to fail. */
static bool fails(void)
{
    return counting && ++n_allocations == fail_at;
}

static void *made(void *pointer)
{
    n_live += counting && pointer != NULL;
    return pointer;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : made(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : made(__real_calloc(n, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    if (fails())
        return NULL;
    void *moved = __real_realloc(old, size);
    return old == NULL ? made(moved) : moved;
}

void __wrap_free(void *pointer)
{
    n_live -= counting && pointer != NULL;
    __real_free(pointer);
}

/* --- what is tried -------------------------------------------------------- */

static char model_path[256];
static struct pith_model *model;
static struct pith_session *session;
static struct pith_error error;

/* Check's own assertions allocate, so they wait until after the attempt. */
static bool as_expected;

static void expect(bool condition)
{
    as_expected = as_expected && condition;
}

/* What an attempt has made; times are not in it. */
static uint32_t made_crc;

static void note_made(const void *bytes, size_t n)
{
    made_crc = pith_crc32(made_crc, bytes, n);
}

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

/* --- evaluation ----------------------------------------------------------- */

static char questions_path[300], texts_path[300];

/* Two questions, and two texts that fill the window. */
static void write_cases(void)
{
    static const char questions[] =
        "{\"question\": \"How many?\", \"answers\": [\"3\", \"three\"], "
        "\"passages\": [\"There are 3 days, not 4.\", {\"title\": \"Days\", "
        "\"text\": \"No day has 25 hours.\"}]}\n";
    char texts[4000] = "";
    snprintf(questions_path, sizeof questions_path, "%s",
             temporary_path("alloc.questions"));
    snprintf(texts_path, sizeof texts_path, "%s",
             temporary_path("alloc.texts"));
    write_whole_file(questions_path, questions, sizeof questions - 1);
    for (int i = 0; i < 2; i++) {
        strcat(texts, "{\"text\": \"");
        for (int j = 0; j < 30; j++)
            strcat(texts, i == 0 ? "The river never was that cold before. "
                                 : "Nobody has seen 12 stones in the sea. ");
        strcat(texts, "\"}\n");
    }
    write_whole_file(texts_path, texts, strlen(texts));
}

static enum pith_status measure(enum pith_task task, const char *path,
                                const char *method)
{
    struct pith_measure_options options = {
        .sizeof_options = sizeof options, .method = method, .ratio = 2,
        .reconstruction = true};
    struct pith_cases *cases = NULL;
    char *json = NULL;
    enum pith_status status =
        pith_cases_load(&cases, task, path, NULL, &error);
    expect((cases == NULL) == (status != PITH_OK));
    if (status == PITH_OK)
        status = pith_measure_group(session, cases, 0, &options, &json,
                                    &error);
    expect((json == NULL) == (status != PITH_OK));
    if (status == PITH_OK)
        note_made(json, strlen(json));
    pith_free(json);
    pith_cases_free(cases);
    return status;
}

static enum pith_status measure_answer(void)
{
    return measure(PITH_TASK_QA, questions_path,
                   "paper+question+protect=numbers");
}

static enum pith_status measure_continuation(void)
{
    return measure(PITH_TASK_CONTINUE, texts_path, "truncation");
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
    {"measure, an answer", measure_answer},
    {"measure, a continuation", measure_continuation},
};

/* --- the sweep ------------------------------------------------------------ */

enum { N_ATTEMPTS = sizeof attempts / sizeof *attempts };

/* After the attempts come the requests. */
static const char *name_of(int which)
{
    return which < N_ATTEMPTS ? attempts[which].name
                              : requests[which - N_ATTEMPTS];
}

static size_t n_remembered; /* texts in the memory of losses, after an attempt */

static enum pith_status attempt(int which, long k)
{
    counting = true;
    n_allocations = n_live = 0;
    as_expected = true;
    made_crc = 0;
    fail_at = k;
    enum pith_status status = which < N_ATTEMPTS
                                  ? attempts[which].run()
                                  : run_request(requests[which - N_ATTEMPTS]);
    n_remembered = session->loss_cache != NULL ? session->loss_cache->n : 0;
    pith_session_forget(session); /* the next attempt finds it empty */
    counting = false;
    return status;
}

START_TEST(every_failed_allocation_is_survived)
{
    const char *name = name_of(_i);
    ck_assert_msg(attempt(_i, 0) == PITH_OK, "%s: %s", name, error.detail);
    long total = n_allocations, n_forgone = 0;
    size_t all_remembered = n_remembered;
    uint32_t whole_crc = made_crc;
    /* All of the first, then a share that no period of them hides from. */
    for (long k = 1; k <= total; k += k < 300 ? 1 : 7) {
        error.detail[0] = '\0';
        enum pith_status status = attempt(_i, k);
        bool is_forgone = status == PITH_OK && n_remembered < all_remembered &&
                          made_crc == whole_crc;
        n_forgone += is_forgone;
        ck_assert_msg(status == PITH_ERR_MEMORY || is_forgone,
                      "%s: allocation %ld of %ld failed: %s %s", name, k, total,
                      pith_status_name(status), error.detail);
        ck_assert_msg(n_live == 0, "%s: allocation %ld of %ld failed: %ld leak",
                      name, k, total, n_live);
        ck_assert(as_expected && (is_forgone || error.detail[0] != '\0'));
    }
    ck_assert(all_remembered == 0 || n_forgone > 0);
    ck_assert_int_eq(attempt(_i, 0), PITH_OK);
    ck_assert_int_eq(n_live, 0);
}
END_TEST

/* --- an allocator of the program --------------------------------------------- */

/* Its blocks start with this, so that no other function can take them, nor it
 * other blocks. */
union block {
    struct {
        size_t size;
        uint64_t mark;
    } head;
    max_align_t alignment;
};

static const uint64_t MARK = 0x70697468616C6C6F;

static void *mark_block(union block *block, size_t size)
{
    if (block == NULL)
        return NULL;
    block->head.size = size;
    block->head.mark = MARK;
    return block + 1;
}

static union block *find_block(void *pointer)
{
    union block *block = (union block *)pointer - 1;
    if (block->head.mark != MARK)
        abort(); /* not ours, or released twice */
    return block;
}

static void *own_allocate(void *user, size_t size)
{
    *(long *)user += 1;
    if (size == 0)
        abort();
    union block *block = __real_malloc(sizeof *block + size);
    if (block != NULL)
        memset(block, 0xA5, sizeof *block + size); /* nothing is zero */
    return mark_block(block, size);
}

static void *own_resize(void *user, void *pointer, size_t size)
{
    (void)user;
    union block *block = find_block(pointer);
    block->head.mark = 0;
    return mark_block(__real_realloc(block, sizeof *block + size), size);
}

static void own_release(void *user, void *pointer)
{
    *(long *)user -= 1;
    union block *block = find_block(pointer);
    memset(block, 0x5A, sizeof *block + block->head.size);
    __real_free(block);
}

static void open_session(void)
{
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = 1};
    assert_ok(pith_model_load(model_path, NULL, &model, &error), error);
    assert_ok(pith_session_create(model, &options, &session, &error), error);
}

static void close_session(void)
{
    pith_session_free(session);
    pith_model_free(model);
}

START_TEST(all_memory_is_of_the_allocator)
{
    const char *name = name_of(_i);
    long n_own = 0;
    struct pith_allocator own = {own_allocate, own_resize, own_release, &n_own};
    ck_assert_int_eq(attempt(_i, 0), PITH_OK);
    uint32_t crc = made_crc;
    close_session();

    assert_ok(pith_set_allocator(&own, &error), error);
    open_session();
    long n_open = n_own;
    ck_assert_int_gt(n_open, 0);
    ck_assert_msg(attempt(_i, 0) == PITH_OK && as_expected, "%s: %s", name,
                  error.detail);
    ck_assert_msg(n_allocations == 0 && n_live == 0,
                  "%s: %ld allocations and %ld blocks pass by the allocator",
                  name, n_allocations, n_live);
    ck_assert_uint_eq(made_crc, crc);
    ck_assert_int_eq(n_own, n_open);
    close_session();
    ck_assert_int_eq(n_own, 0);

    assert_ok(pith_set_allocator(NULL, &error), error);
    open_session();
    ck_assert_int_eq(n_own, 0);
}
END_TEST

START_TEST(allocators_are_whole)
{
    long n_own = 0;
    struct pith_allocator whole = {own_allocate, own_resize, own_release,
                                   &n_own};
    struct pith_allocator wrong[] = {whole, whole, whole};
    wrong[0].allocate = NULL;
    wrong[1].resize = NULL;
    wrong[2].release = NULL;
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(pith_set_allocator(&wrong[i], &error),
                         PITH_ERR_ARGUMENT);
    ck_assert_int_eq(attempt(0, 0), PITH_OK); /* with the C library's */
    ck_assert_int_eq(n_own, 0);
}
END_TEST

static void open_tiny(void)
{
    const char *shared = shared_path("models/shell_gpt2");
    if (shared != NULL)
        snprintf(source, sizeof source, "%s", shared);
    snprintf(folder, sizeof folder, "%s", temporary_path("alloc.folder"));
    snprintf(parts, sizeof parts, "%s", temporary_path("alloc.parts"));
    write_folder();
    write_cases();
    snprintf(model_path, sizeof model_path, "%s", temporary_path("alloc.pith"));
    tiny_model_write(model_path, TINY_LLAMA, PITH_F32);
    open_session();
}

static void close_tiny(void)
{
    close_session();
    remove(model_path);
    foreign_folder_remove(folder);
    remove_parts();
    remove(questions_path);
    remove(texts_path);
}

Suite *make_suite(void)
{
    Suite *suite = suite_create("alloc");
    TCase *tcase = tcase_create("alloc");
    tcase_set_timeout(tcase, 300);
    tcase_add_unchecked_fixture(tcase, open_tiny, close_tiny);
    tcase_add_loop_test(tcase, every_failed_allocation_is_survived, 0,
                        N_ATTEMPTS + N_REQUESTS);
    tcase_add_loop_test(tcase, all_memory_is_of_the_allocator, 0,
                        N_ATTEMPTS + N_REQUESTS);
    tcase_add_test(tcase, allocators_are_whole);
    suite_add_tcase(suite, tcase);
    return suite;
}
