/*
 * test_chat.c - a chat on its way through a proxy: the reply, the store, and
 * that what goes wrong leaves the chat as it was.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/sha256.h"
#include "../src/model/adapter_layout.h"
#include "../src/model/layout.h"
#include "../src/model/state.h"
#include "../src/service/chat.h"
#include "pith_service.h"
#include "replies.h"
#include "tiny_model.h"

static struct pith_model *model;
static struct pith_session *session;
static struct pith_error error;
static struct pith_compress_options compress;
static struct pith_messages_options options;
static struct pith_chat_summary summary;
static int n_reports, stop_at; /* of the session's progress; 0: never */

static int report(void *user, const char *stage, size_t done, size_t total)
{
    (void)user, (void)stage, (void)done, (void)total;
    return ++n_reports >= stop_at && stop_at > 0;
}

static void set_up(void)
{
    static struct pith_progress progress = {report, NULL};
    struct pith_session_options opened = {.sizeof_options = sizeof opened,
                                          .n_threads = 1,
                                          .progress = &progress};
    tiny_open(TINY_GPT2, &model, &session);
    pith_session_free(session);
    assert_ok(pith_session_create(model, &opened, &session, &error), error);
    pith_compress_options_init(&compress);
    compress.method = PITH_METHOD_PAPER; /* does not mind a random model */
    pith_messages_options_init(&options);
    options.compress = &compress;
    n_reports = stop_at = 0;
}

static void tear_down(void)
{
    tiny_close(model, session);
}

/* --- a store ------------------------------------------------------------------ */

struct kept {
    char hash[25];
    char *entry;
};

struct shelf {
    struct kept items[8];
    size_t n, n_released;
    bool full; /* keeps nothing */
};

static bool find(void *user, const char *hash, struct pith_text *entry)
{
    struct shelf *shelf = user;
    ck_assert_uint_eq(strspn(hash, "0123456789abcdef"), 24);
    for (size_t i = 0; i < shelf->n; i++)
        if (strcmp(shelf->items[i].hash, hash) == 0) {
            *entry = view(shelf->items[i].entry);
            shelf->n_released++;
            return true;
        }
    return false;
}

static void release_entry(void *user, struct pith_text entry)
{
    struct shelf *shelf = user;
    (void)entry;
    shelf->n_released--;
}

static bool keep(void *user, const char *hash, struct pith_text entry)
{
    struct shelf *shelf = user;
    struct kept *to = &shelf->items[shelf->n];
    if (shelf->full)
        return false;
    for (size_t i = 0; i < shelf->n; i++)
        if (strcmp(shelf->items[i].hash, hash) == 0)
            to = &shelf->items[i];
    if (to == &shelf->items[shelf->n])
        shelf->n++;
    ck_assert_uint_le(shelf->n, 8);
    strcpy(to->hash, hash);
    free(to->entry);
    to->entry = calloc(entry.size + 1, 1);
    memcpy(to->entry, entry.bytes, entry.size);
    return true;
}

static void empty(struct shelf *shelf)
{
    ck_assert_uint_eq(shelf->n_released, 0);
    for (size_t i = 0; i < shelf->n; i++)
        free(shelf->items[i].entry);
    *shelf = (struct shelf){0};
}

static char *run_text(struct shelf *shelf, const char *request)
{
    struct pith_chat_store store = {find, release_entry, keep, shelf};
    char *reply;
    size_t size;
    assert_ok(pith_chat_run(session, view(request), &options, &store, &reply,
                            &size, &summary, &error), error);
    ck_assert_uint_eq(strlen(reply), size);
    return reply;
}

static struct reply run(struct shelf *shelf, const char *request)
{
    return parse(run_text(shelf, request));
}

/* --- chats -------------------------------------------------------------------- */

#define WORDS "one two three four five six seven eight nine ten "
#define LONG WORDS WORDS WORDS WORDS WORDS WORDS
#define OTHER "ten nine eight seven six five four three two one " LONG LONG LONG
#define TOOL "six " LONG LONG LONG
#define LAST "{\"role\":\"user\",\"content\":\"" LONG LONG LONG "\"}"

static const char chat[] =
    "{\"messages\": [\t {\"role\":\"system\", \"content\":\"" LONG LONG LONG "\"}\t ,"
    "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"x\":[1.50e3,\"\\u00e9\"],"
    "\"content\":\"" TOOL "\"}, " LAST "],\"model\":\"m\"}";

static struct pith_text content_of(const struct reply *reply, size_t index)
{
    const struct pith_json *content =
        pith_json_get(item(at(reply, "messages"), index), "content");
    ck_assert(pith_json_is(content, PITH_JSON_STRING));
    return content->string;
}

/* The hash in the mark that the text ends with; "" when there is none. */
static void hash_of(struct pith_text text, char hash[25])
{
    static const char mark[] = "original: hash=";
    hash[0] = '\0';
    if (text.size > 60 && text.bytes[text.size - 1] == ']' &&
        memcmp(text.bytes + text.size - 25 - strlen(mark), mark,
               strlen(mark)) == 0)
        snprintf(hash, 25, "%.24s", text.bytes + text.size - 25);
}

START_TEST(what_is_long_is_compressed_and_kept)
{
    struct shelf shelf = {0};
    char hash[25];
    struct reply reply = run(&shelf, chat);
    ck_assert_int_eq(summary.outcome, PITH_OK);
    ck_assert_uint_eq(summary.n_compressed, 1);
    ck_assert_uint_eq(summary.n_passed, 0);
    ck_assert_str_eq(summary.why, "");
    ck_assert_uint_eq(content_of(&reply, 0).size, strlen(LONG LONG LONG));
    ck_assert_uint_lt(content_of(&reply, 1).size, strlen(TOOL));
    ck_assert_uint_eq(content_of(&reply, 2).size, strlen(LONG LONG LONG));
    hash_of(content_of(&reply, 1), hash);
    ck_assert_uint_eq(shelf.n, 1);
    ck_assert_str_eq(shelf.items[0].hash, hash);
    ck_assert_uint_eq(at(&reply, "ccr_hashes")->n_children, 1);
    ck_assert(pith_json_string_is(item(at(&reply, "ccr_hashes"), 0), hash));
    double before = number_at(&reply, "tokens_before"),
           after = number_at(&reply, "tokens_after");
    ck_assert_double_eq(before, (double)summary.tokens_before);
    ck_assert_double_eq(after, (double)summary.tokens_after);
    ck_assert_double_gt(before, after);
    ck_assert_double_eq(number_at(&reply, "tokens_saved"), before - after);
    ck_assert_double_eq_tol(number_at(&reply, "compression_ratio"),
                            (before - after) / before, 1e-4);
    release(&reply);
    char *entry = strdup(shelf.items[0].entry);
    reply = parse(entry);
    ck_json_string(&reply, "hash", hash);
    ck_json_string(&reply, "original_content", TOOL);
    release(&reply);
    empty(&shelf);
}
END_TEST

/* All bytes of the messages but those of the text that is shorter. */
START_TEST(all_else_stays_byte_for_byte)
{
    struct shelf shelf = {0};
    char *reply = run_text(&shelf, chat);
    const char *list = strchr(chat, '['), *text = strstr(chat, "\"" TOOL "\"}");
    size_t head = (size_t)(text - list);
    const char *tail = text + strlen("\"" TOOL "\"");
    ck_assert_int_eq(strncmp(reply, "{\"messages\":", 12), 0);
    ck_assert_mem_eq(reply + 12, list, head);
    size_t rest = (size_t)(strstr(tail, ",\"model\"") - tail);
    const char *found = strstr(reply + 12 + head, "]\"}, {");
    ck_assert_ptr_nonnull(found);
    ck_assert_mem_eq(found + 2, tail, rest);
    pith_free(reply);
    empty(&shelf);
}
END_TEST

/* Whatever comes after it, and whether it is known or not. */
START_TEST(a_text_has_the_same_bytes_in_every_turn)
{
    static const char longer[] =
        "{\"messages\":[{\"role\":\"assistant\",\"content\":\"yes\"},"
        "{\"role\":\"tool\",\"content\":\"" TOOL "\"},"
        "{\"role\":\"tool\",\"content\":\"" OTHER "\"}," LAST "]}";
    struct shelf shelf = {0}, other = {0};
    struct reply first = run(&shelf, chat);
    int n_before = n_reports;
    struct reply again = run(&shelf, chat);
    ck_assert_int_eq(n_reports, n_before);
    ck_assert_uint_eq(summary.n_known, 1);
    ck_assert_uint_eq(summary.n_compressed, 0);
    ck_assert_str_eq(first.text, again.text);
    struct reply grown = run(&shelf, longer), fresh = run(&other, longer);
    ck_assert_str_eq(grown.text, fresh.text);
    struct pith_text a = content_of(&first, 1), b = content_of(&grown, 1);
    ck_assert_uint_eq(a.size, b.size);
    ck_assert_mem_eq(a.bytes, b.bytes, a.size);
    release(&first);
    release(&again);
    release(&grown);
    release(&fresh);
    empty(&shelf);
    empty(&other);
}
END_TEST

START_TEST(the_hash_is_of_text_and_options)
{
    struct shelf shelf = {0}, other = {0};
    struct pith_text words = {"one", 3};
    struct reply reply = run(&shelf, chat);
    release(&reply);
    compress.rate = 0.4;
    reply = run(&other, chat);
    ck_assert_str_ne(shelf.items[0].hash, other.items[0].hash);
    release(&reply);
    empty(&other);
    compress.rate = 0.5;
    compress.keep = &words;
    compress.n_keep = 1;
    reply = run(&other, chat);
    ck_assert_str_ne(shelf.items[0].hash, other.items[0].hash);
    release(&reply);
    empty(&other);
    empty(&shelf);
}
END_TEST

/* --- what stays --------------------------------------------------------------- */

/* The chat goes on as it came. */
static void expect_same(struct shelf *shelf, const char *messages)
{
    char *request = calloc(strlen(messages) + 20, 1);
    sprintf(request, "{\"messages\":%s}", messages);
    char *reply = run_text(shelf, request);
    ck_assert_int_eq(summary.outcome, PITH_OK);
    ck_assert_msg(strncmp(reply + 12, messages, strlen(messages)) == 0, "%s",
                  reply);
    ck_assert_ptr_nonnull(strstr(reply, "\"ccr_hashes\":[]}"));
    pith_free(reply);
    free(request);
}

/* Other weights of the same name and size, another adapter: another model. */
START_TEST(the_hash_is_of_weights_and_adapter)
{
    char hashes[4][PITH_CHAT_HASH_SIZE + 1];
    uint8_t header[PITH_HEADER_SIZE], lora[PITH_LORA_HEADER_SIZE] = {0};
    struct pith_adapter adapter = {.file = {.data = lora}};
    struct pith_model other = *model;
    struct pith_session opened = *session;
    opened.model = &other;
    pith_chat_hash(&opened, &compress, view("a"), hashes[0]);
    memcpy(header, model->format.data, sizeof header);
    other.format.data = header;
    pith_chat_hash(&opened, &compress, view("a"), hashes[3]);
    ck_assert_str_eq(hashes[0], hashes[3]);
    header[PITH_OFFSET_WEIGHTS_CRC] ^= 1;
    pith_chat_hash(&opened, &compress, view("a"), hashes[1]);
    other.adapter = &adapter;
    pith_chat_hash(&opened, &compress, view("a"), hashes[2]);
    lora[PITH_LORA_AT_CRC] ^= 1;
    pith_chat_hash(&opened, &compress, view("a"), hashes[3]);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(hashes[i], hashes[j]);
}
END_TEST

START_TEST(what_has_a_mark_stays)
{
    struct shelf shelf = {0};
    expect_same(&shelf, "[{\"role\":\"tool\",\"content\":\"" TOOL
                "[700 tokens compressed to 300; original: "
                "hash=0123456789abcdef01234567]\"}]");
    ck_assert_uint_eq(shelf.n, 0);
    empty(&shelf);
}
END_TEST

/* What the model has asked for is not taken away again. */
START_TEST(what_was_fetched_stays)
{
    struct shelf shelf = {0};
    expect_same(&shelf,
        "[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c\","
        "\"type\":\"function\",\"function\":{\"name\":\"headroom_retrieve\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"" TOOL "\"}]");
    expect_same(&shelf,
        "[{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c\","
        "\"name\":\"mcp__a__headroom_retrieve\",\"input\":{}}]},{\"role\":\"user\","
        "\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"c\","
        "\"content\":[{\"type\":\"text\",\"text\":\"" TOOL "\"}]}]}]");
    ck_assert_uint_eq(shelf.n, 0);
    struct reply reply = run(&shelf,
        "{\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
        "{\"id\":\"c\",\"function\":{\"name\":\"read\"}},"
        "{\"id\":\"d\",\"function\":{\"name\":\"headroom_retrieve\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"" TOOL "\"},"
        "{\"role\":\"tool\",\"tool_call_id\":7,\"content\":\"" TOOL "\"}]}");
    ck_assert_uint_eq(summary.n_compressed + summary.n_known, 2);
    release(&reply);
    empty(&shelf);
}
END_TEST

START_TEST(marks_are_left_out_on_demand)
{
    struct shelf shelf = {0};
    char hash[25];
    struct reply reply = run(&shelf,
        "{\"config\":{\"mode\":\"plain\"},\"messages\":[{\"role\":\"tool\","
        "\"content\":\"" TOOL "\"}]}");
    hash_of(content_of(&reply, 0), hash);
    ck_assert_str_eq(hash, "");
    ck_assert_uint_lt(content_of(&reply, 0).size, strlen(TOOL));
    ck_assert_uint_eq(at(&reply, "ccr_hashes")->n_children, 0);
    release(&reply);
    reply = run(&shelf, "{\"config\":{\"mode\":\"ccr\"},\"messages\":[{\"role\":"
                        "\"tool\",\"content\":\"" TOOL "\"}]}");
    ck_assert_uint_eq(summary.n_known, 1);
    hash_of(content_of(&reply, 0), hash);
    ck_assert_str_eq(hash, shelf.items[0].hash);
    release(&reply);
    empty(&shelf);
}
END_TEST

/* --- what goes wrong ------------------------------------------------------------ */

START_TEST(what_cannot_be_kept_is_not_compressed)
{
    struct shelf shelf = {.full = true};
    expect_same(&shelf, "[{\"role\":\"tool\",\"content\":\"" TOOL "\"}]");
    ck_assert_uint_eq(summary.n_passed, 1);
    ck_assert_ptr_nonnull(strstr(summary.why, "cannot keep"));
}
END_TEST

START_TEST(a_language_that_the_model_does_not_know_stays)
{
    struct shelf shelf = {0};
    compress.method = PITH_METHOD_SPANS;
    expect_same(&shelf, "[{\"role\":\"tool\",\"content\":\"" TOOL "\"}]");
    ck_assert_uint_eq(summary.n_passed, 1);
    ck_assert_ptr_nonnull(strstr(summary.why, "language"));
    empty(&shelf);
}
END_TEST

START_TEST(entries_of_others_are_passed_over)
{
    static const char *const wrong[] = {
        "", "{", "[]", "null", "{\"original_content\":\"a\"}",
        "{\"original_content\":\"" TOOL "\"}",
        "{\"original_content\":\"" OTHER "\",\"original_tokens\":9,"
        "\"compressed_tokens\":1,\"compressed_content\":\"x\"}",
        "{\"original_content\":\"" TOOL "\",\"original_tokens\":\"9\","
        "\"compressed_tokens\":1,\"compressed_content\":\"x\"}"};
    struct shelf shelf = {0};
    char *right = run_text(&shelf, chat);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        free(shelf.items[0].entry);
        shelf.items[0].entry = strdup(wrong[i]);
        char *reply = run_text(&shelf, chat);
        ck_assert_str_eq(reply, right);
        ck_assert_uint_eq(summary.n_compressed, 1);
        pith_free(reply);
    }
    pith_free(right);
    empty(&shelf);
}
END_TEST

/* What is known is still used. */
START_TEST(when_time_is_over_texts_stay)
{
    struct shelf shelf = {0};
    struct reply first = run(&shelf, chat);
    stop_at = 1;
    expect_same(&shelf, "[{\"role\":\"tool\",\"content\":\"" OTHER "\"},"
                        "{\"role\":\"tool\",\"content\":\"a " OTHER "\"}]");
    ck_assert_uint_eq(summary.n_passed, 2);
    ck_assert_ptr_nonnull(strstr(summary.why, "time"));
    struct reply reply = run(&shelf,
        "{\"messages\":[{\"role\":\"tool\",\"content\":\"" OTHER "\"},"
        "{\"role\":\"tool\",\"content\":\"" TOOL "\"}]}");
    ck_assert_uint_eq(summary.n_passed, 1);
    ck_assert_uint_eq(summary.n_known, 1);
    ck_assert_uint_eq(content_of(&reply, 0).size, strlen(OTHER));
    ck_assert_uint_eq(content_of(&reply, 1).size, content_of(&first, 1).size);
    release(&reply);
    release(&first);
    empty(&shelf);
}
END_TEST

START_TEST(messages_that_cannot_be_read_go_on)
{
    struct shelf shelf = {0};
    static const char *const odd[] = {"[3]", "[{}]", "[[ ]]", "[ ]",
                                      "[{\"role\":1,\"content\":\"a\"}]"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        expect_same(&shelf, odd[i]);
        ck_assert_uint_eq(summary.n_passed, i != 3);
    }
    compress.target = 10;
    expect_same(&shelf, "[{\"role\":\"tool\",\"content\":\"" TOOL "\"}]");
    ck_assert_ptr_nonnull(strstr(summary.why, "target"));
}
END_TEST

START_TEST(what_is_not_a_chat_is_refused)
{
    static const struct {
        const char *request;
        enum pith_status outcome;
    } bad[] = {{"", PITH_ERR_FORMAT}, {"{", PITH_ERR_FORMAT},
               {"[]", PITH_ERR_ARGUMENT}, {"{}", PITH_ERR_ARGUMENT},
               {"{\"messages\":{}}", PITH_ERR_ARGUMENT},
               {"{\"messages\":[\xff]}", PITH_ERR_FORMAT}};
    struct shelf shelf = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct reply reply = run(&shelf, bad[i].request);
        ck_assert_int_eq(summary.outcome, bad[i].outcome);
        ck_assert(pith_json_is(at(&reply, "error"), PITH_JSON_STRING));
        release(&reply);
    }
}
END_TEST

/* --- the hash ------------------------------------------------------------------- */

/* FIPS 180-4's examples, and what coreutils says of a million a's. */
START_TEST(sha256_is_as_published)
{
    static const struct {
        const char *text;
        size_t times;
        const char *digest;
    } known[] = {
        {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 1,
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"a", 1000000,
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct pith_sha256 sha;
        uint8_t digest[32];
        char found[65];
        pith_sha256_start(&sha);
        for (size_t n = 0; n < known[i].times; n++)
            pith_sha256_add(&sha, known[i].text, strlen(known[i].text));
        pith_sha256_end(&sha, digest);
        for (size_t n = 0; n < 32; n++)
            snprintf(found + 2 * n, 3, "%02x", digest[n]);
        ck_assert_str_eq(found, known[i].digest);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("chat");
    TCase *tcase = tcase_create("chat");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, what_is_long_is_compressed_and_kept);
    tcase_add_test(tcase, all_else_stays_byte_for_byte);
    tcase_add_test(tcase, a_text_has_the_same_bytes_in_every_turn);
    tcase_add_test(tcase, the_hash_is_of_text_and_options);
    tcase_add_test(tcase, the_hash_is_of_weights_and_adapter);
    tcase_add_test(tcase, what_has_a_mark_stays);
    tcase_add_test(tcase, what_was_fetched_stays);
    tcase_add_test(tcase, marks_are_left_out_on_demand);
    tcase_add_test(tcase, what_cannot_be_kept_is_not_compressed);
    tcase_add_test(tcase, a_language_that_the_model_does_not_know_stays);
    tcase_add_test(tcase, entries_of_others_are_passed_over);
    tcase_add_test(tcase, when_time_is_over_texts_stay);
    tcase_add_test(tcase, messages_that_cannot_be_read_go_on);
    tcase_add_test(tcase, what_is_not_a_chat_is_refused);
    tcase_add_test(tcase, sha256_is_as_published);
    suite_add_tcase(suite, tcase);
    return suite;
}
