/*
 * test_messages.c - chats as JSON: which texts are found, that everything else
 * stays byte for byte, and what is compressed one by one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/json/json.h"
#include "pith_messages.h"
#include "support.h"
#include "tiny_model.h"

static struct pith_model *model;
static struct pith_session *session;
static struct pith_error error;

static void set_up(void)
{
    tiny_open(TINY_GPT2, &model, &session);
}

static void tear_down(void)
{
    tiny_close(model, session);
}

static struct pith_messages *read_chat(const char *json)
{
    struct pith_messages *messages;
    assert_ok(pith_messages_read(view(json), "chat", &messages, &error), error);
    return messages;
}

/* --- reading ---------------------------------------------------------------- */

/* "role message[*=last turn, <=old, !=broken] text" of each, a line each. */
static void expect_texts(const char *json, const char *want)
{
    static char found[4096];
    size_t n = 0;
    struct pith_messages *messages = read_chat(json);
    const struct pith_message_text *texts = pith_messages_texts(messages);
    found[0] = '\0';
    for (size_t i = 0; i < pith_messages_count(messages); i++) {
        const struct pith_message_text *t = &texts[i];
        n += (size_t)snprintf(found + n, sizeof found - n, "%s %d%s%s%s %.*s\n",
                              pith_message_role_name(t->role),
                              t->message == PITH_NO_MESSAGE ? -1
                                                            : (int)t->message,
                              t->last_turn ? "*" : "", t->old ? "<" : "",
                              t->broken ? "!" : "", (int)t->text.size,
                              t->text.bytes);
        ck_assert_int_eq(json[t->start], '"');
        ck_assert_int_eq(json[t->end - 1], '"');
    }
    ck_assert_str_eq(found, want);
    pith_messages_free(messages);
}

START_TEST(texts_of_openai_are_found)
{
    expect_texts(
        "{\"model\":\"m\",\"messages\":["
        "{\"role\":\"developer\",\"content\":\"Be kind.\"},"
        "{\"role\":\"user\",\"name\":\"Ada\",\"content\":[{\"type\":\"text\","
        "\"text\":\"Look\"},{\"type\":\"image_url\",\"image_url\":{\"url\":"
        "\"data:,x\"}}]},"
        "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\","
        "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
        "\"{\\\"text\\\":1}\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"42\"},"
        "{\"role\":\"assistant\",\"content\":[{\"type\":\"refusal\",\"refusal\":"
        "\"no\"},{\"type\":\"output_text\",\"text\":\"Done\"}]},"
        "{\"content\":\"And\",\"role\":\"user\"},"
        "{\"role\":\"user\",\"content\":\"now?\"},"
        "{\"role\":\"function\",\"name\":\"g\",\"content\":\"late\"},"
        "{\"role\":\"critic\",\"content\":\"hm\"}]}",
        "system 0< Be kind.\nuser 1< Look\ntool 3< 42\nassistant 4< Done\n"
        "user 5* And\nuser 6* now?\ntool 7 late\nother 8 hm\n");
}
END_TEST

START_TEST(texts_of_anthropic_are_found)
{
    expect_texts(
        "{\"system\":[{\"type\":\"text\",\"text\":\"S\",\"cache_control\":{}}],"
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\","
        "\"title\":\"t\",\"source\":{\"type\":\"text\",\"media_type\":"
        "\"text/plain\",\"data\":\"D\"}},{\"type\":\"text\",\"text\":\"U\"},"
        "{\"type\":\"document\",\"source\":{\"type\":\"text\",\"data\":\"cited\"},"
        "\"citations\":{\"enabled\":true}},"
        "{\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":"
        "[{\"type\":\"text\",\"text\":\"D2\"}]}},"
        "{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"data\":\"x\"}}]},"
        "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
        "\"thinking\":\"T\",\"signature\":\"s\"},{\"type\":\"text\",\"text\":"
        "\"A\"},{\"type\":\"tool_use\",\"id\":\"u\",\"name\":\"n\",\"input\":"
        "{\"text\":\"i\"}}]},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
        "\"tool_use_id\":\"u\",\"content\":[{\"type\":\"text\",\"text\":\"R\"},"
        "{\"type\":\"image\",\"source\":{}},{\"type\":\"search_result\","
        "\"content\":[{\"type\":\"text\",\"text\":\"F\"}]}]}]},"
        "{\"role\":\"assistant\",\"content\":\"P\"}]}",
        "system -1< S\ndocument 0* D\nuser 0* U\ndocument 0* D2\n"
        "assistant 1 A\ntool 2 R\ndocument 2 F\nassistant 3* P\n");
    expect_texts("{\"messages\":[{\"role\":\"user\",\"content\":\"U\"}],"
                 "\"system\":\"after\"}", "user 0* U\nsystem -1< after\n");
}
END_TEST

START_TEST(odd_documents_are_read)
{
    expect_texts("[]", "");
    expect_texts("{\"messages\":[],\"system\":null}", "");
    expect_texts("[{\"role\":\"user\",\"content\":\"\"},{\"role\":\"user\"},"
                 "{\"role\":\"assistant\",\"content\":[]},"
                 "{\"role\":\"user\",\"content\":[null,1,[],{},\"s\"]}]",
                 "user 3* s\n");
    /* The last of two keys counts, as for parsers. */
    expect_texts("[{\"role\":\"user\",\"content\":\"a\",\"role\":\"assistant\","
                 "\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"}]",
                 "assistant 0< b\nuser 1* c\n");
    expect_texts("[{\"role\":\"tool\",\"content\":\"\\ud83e\"},"
                 "{\"role\":\"tool\",\"content\":\"\\uD83E\\uDD99\"},"
                 "{\"role\":\"tool\",\"content\":\"\\uDD99\\uD83E\"},"
                 "{\"role\":\"tool\",\"content\":\"\\\\ud83e\"}]",
                 "tool 0! \xEF\xBF\xBD\ntool 1 \xF0\x9F\xA6\x99\n"
                 "tool 2! \xEF\xBF\xBD\xEF\xBF\xBD\ntool 3 \\ud83e\n");
}
END_TEST

START_TEST(other_documents_are_refused_with_their_place)
{
    static const struct {
        const char *json, *detail;
    } cases[] = {
        {"", "chat: JSON ends at byte 0"},
        {"[{\"role\":\"user\",]", "chat: JSON at byte 16"},
        {"[{\"role\":\"user\",\"content\":\"\xFF\"}]", "byte 27: 0xFF is not UTF-8"},
        {"7", "byte 0: found a number, expected an array of messages"},
        {"{\"a\":[]}", "byte 0: found an object, expected a member \"messages\""},
        {"{\"messages\":{}}", "byte 12: found an object, expected an array"},
        {"[ null]", "byte 2: found null, expected a message"},
        {"[{\"content\":\"x\"}]", "byte 1: found an object, expected a message "
                                  "with \"role\""},
        {"[{\"role\":1}]", "byte 9: found a number, expected a string"},
        {"[{\"role\":\"user\",\"content\":{}}]", "byte 26: found an object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pith_messages *messages = (void *)&error;
        ck_assert_int_eq(pith_messages_read(view(cases[i].json), "chat",
                                            &messages, &error),
                         PITH_ERR_FORMAT);
        ck_assert_ptr_null(messages);
        ck_assert_msg(strstr(error.detail, cases[i].detail) != NULL,
                      "%s is not in: %s", cases[i].detail, error.detail);
    }
}
END_TEST

/* --- writing ---------------------------------------------------------------- */

/* The document with `instead` for its texts, in their order; NULL: stays. */
static void expect_written(const char *json, const char *const *instead,
                           const char *want)
{
    struct pith_messages *messages = read_chat(json);
    size_t n = pith_messages_count(messages), size;
    struct pith_text *texts = calloc(n + 1, sizeof *texts);
    char *written;
    for (size_t i = 0; i < n; i++)
        if (instead[i] != NULL)
            texts[i] = view(instead[i]);
    assert_ok(pith_messages_write(messages, texts, &written, &size, &error),
              error);
    ck_assert_str_eq(written, want);
    ck_assert_uint_eq(size, strlen(want));
    pith_free(written);
    free(texts);
    pith_messages_free(messages);
}

START_TEST(texts_are_replaced_and_all_else_stays)
{
    static const char *const instead[] = {"x\"\n", NULL, "\xC3\xA9\xFF", "t"};
    expect_written(" {\"n\" : 1.50e+2, \"messages\" :[\t{\"content\":\"a\","
                   "\"role\":\"user\",\"content\":\"\\u0062\"} ,\n"
                   "{\"role\":\"user\",\"content\":\"\\u0063\\/\"},{\"role\":"
                   "\"tool\",\"content\":\"\xC3\xA4\"},"
                   "{\"role\":\"tool\",\"content\":\"\\u0074\"}]}\r\n",
                   instead,
                   " {\"n\" : 1.50e+2, \"messages\" :[\t{\"content\":\"a\","
                   "\"role\":\"user\",\"content\":\"x\\\"\\n\"} ,\n"
                   "{\"role\":\"user\",\"content\":\"\\u0063\\/\"},{\"role\":"
                   "\"tool\",\"content\":\"\xC3\xA9\xEF\xBF\xBD\"},"
                   "{\"role\":\"tool\",\"content\":\"\\u0074\"}]}\r\n");
    static const char *const wide[] = {"\xC3\xA9\xF0\x9F\xA6\x99 z\x7F"};
    expect_written("\xEF\xBB\xBF[{\"role\":\"user\",\"content\":\"x\"}]", wide,
                   "\xEF\xBB\xBF[{\"role\":\"user\",\"content\":\"\xC3\xA9"
                   "\xF0\x9F\xA6\x99 z\x7F\"}]");
    expect_written("[{\"role\":\"user\",\"content\":\"x\"}]", wide,
                   "[{\"role\":\"user\",\"content\":\"\\u00e9\\ud83e\\udd99 z"
                   "\x7F\"}]");
}
END_TEST

static char *repeat(const char *first, const char *unit, size_t n,
                    const char *last)
{
    size_t size = strlen(first) + n * strlen(unit) + strlen(last) + 1;
    char *text = malloc(size), *at = text;
    at += sprintf(at, "%s", first);
    for (size_t i = 0; i < n; i++)
        at += sprintf(at, "%s", unit);
    sprintf(at, "%s", last);
    return text;
}

START_TEST(large_and_deep_documents_are_read)
{
    char *many = repeat("[", "{\"role\":\"tool\",\"content\":[{\"type\":\"text\","
                        "\"text\":\"a\"}]},", 100000,
                        "{\"role\":\"user\",\"content\":\"b\"}]");
    struct pith_messages *messages = read_chat(many);
    ck_assert_uint_eq(pith_messages_count(messages), 100001);
    ck_assert(pith_messages_texts(messages)[100000].last_turn);
    pith_messages_free(messages);
    free(many);
    char *deep = repeat("[{\"role\":\"user\",\"content\":", "[{\"type\":"
                        "\"tool_result\",\"content\":", 300, "");
    ck_assert_int_eq(pith_messages_read(view(deep), NULL, &messages, &error),
                     PITH_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.detail, "256 levels"));
    free(deep);
}
END_TEST

/* --- one by one -------------------------------------------------------------- */

#define WORDS "one two three four five six seven eight nine ten "
#define LONG WORDS WORDS WORDS WORDS WORDS WORDS

static struct pith_messages_result *
compress_each(const struct pith_messages *messages,
              const struct pith_messages_options *options)
{
    struct pith_messages_result *result;
    assert_ok(pith_messages_compress_each(session, messages, options, &result,
                                          &error), error);
    return result;
}

/* Which texts became shorter: "10110". */
static void expect_shorter(const char *json,
                           const struct pith_messages_options *options,
                           const char *want)
{
    struct pith_messages *messages = read_chat(json);
    struct pith_messages_result *result = compress_each(messages, options);
    size_t n_origin = 0, n_kept = 0, n_compressed = 0;
    ck_assert_uint_eq(result->n, strlen(want));
    for (size_t i = 0; i < result->n; i++) {
        bool shorter = result->texts[i].bytes != NULL;
        ck_assert_msg(shorter == (want[i] == '1'), "%s: text %zu", want, i);
        ck_assert_int_eq(shorter, result->compressed_tokens[i] <
                                      result->origin_tokens[i]);
        n_origin += result->origin_tokens[i];
        n_kept += result->compressed_tokens[i];
        n_compressed += shorter;
    }
    ck_assert_uint_eq(result->n_origin, n_origin);
    ck_assert_uint_eq(result->n_kept, n_kept);
    ck_assert_uint_eq(result->n_compressed, n_compressed);
    pith_messages_result_free(result);
    pith_messages_free(messages);
}

static const char chat[] =
    "[{\"role\":\"system\",\"content\":\"" LONG LONG "\"},"
    "{\"role\":\"user\",\"content\":\"" LONG "\"},"
    "{\"role\":\"assistant\",\"content\":\"one two three\"},"
    "{\"role\":\"critic\",\"content\":\"" LONG LONG "\"},"
    "{\"role\":\"user\",\"content\":\"" LONG LONG LONG "\"},"
    "{\"role\":\"tool\",\"content\":\"" LONG "\"},"
    "{\"role\":\"tool\",\"content\":\"" LONG LONG LONG LONG "\"},"
    "{\"role\":\"tool\",\"content\":\"\\ud800" LONG LONG LONG LONG "\"}]";

START_TEST(what_is_old_or_long_is_compressed)
{
    struct pith_messages_options options;
    pith_messages_options_init(&options);
    options.short_tokens = 40;
    options.long_tokens = 700;
    expect_shorter(chat, NULL, "01000110");
    expect_shorter(chat, &options, "01000010");
    options.long_tokens = 0;
    options.role_rates[PITH_MESSAGE_USER] = 1;
    options.role_rates[PITH_MESSAGE_OTHER] = 0.3;
    options.role_rates[PITH_MESSAGE_SYSTEM] = 0.3;
    expect_shorter(chat, &options, "00010110");
}
END_TEST

/* What a text becomes does not change when the chat grows. */
START_TEST(a_text_has_the_same_bytes_in_every_turn)
{
    struct pith_messages *shorter =
        read_chat("[{\"role\":\"tool\",\"content\":\"" LONG LONG "\"},"
                  "{\"role\":\"user\",\"content\":\"b\"}]");
    struct pith_messages *longer =
        read_chat("[{\"role\":\"assistant\",\"content\":\"" WORDS "\"},"
                  "{\"role\":\"tool\",\"content\":\"" LONG LONG "\"},"
                  "{\"role\":\"user\",\"content\":\"" LONG "\"},"
                  "{\"role\":\"user\",\"content\":\"" LONG "\"}]");
    struct pith_messages_result *a = compress_each(shorter, NULL),
                                *b = compress_each(longer, NULL);
    ck_assert_uint_gt(a->texts[0].size, 0);
    ck_assert_uint_eq(a->texts[0].size, b->texts[1].size);
    ck_assert_mem_eq(a->texts[0].bytes, b->texts[1].bytes, a->texts[0].size);
    pith_messages_result_free(a);
    pith_messages_result_free(b);
    pith_messages_free(shorter);
    pith_messages_free(longer);
}
END_TEST

START_TEST(options_that_cannot_be_are_refused)
{
    struct pith_messages *messages = read_chat(chat);
    struct pith_messages_result *result;
    struct pith_compress_options compress;
    struct pith_messages_options options;
    pith_messages_options_init(&options);
    options.role_rates[PITH_MESSAGE_TOOL] = 1.5;
    ck_assert_int_eq(pith_messages_compress_each(session, messages, &options,
                                                 &result, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "the rate of tool is 1.5"));
    options.role_rates[PITH_MESSAGE_TOOL] = 0;
    pith_compress_options_init(&compress);
    compress.target = 10;
    options.compress = &compress;
    ck_assert_int_eq(pith_messages_compress_each(session, messages, &options,
                                                 &result, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "no target in common"));
    pith_messages_free(messages);
}
END_TEST

/* --- one budget -------------------------------------------------------------- */

static int preset; /* PITH_PRESET_NONE but in one test */

static struct pith_messages_result *
compress_all(const struct pith_messages *messages, double rate,
             const char *role_rates)
{
    struct pith_compress_options compress;
    struct pith_messages_options options;
    struct pith_messages_result *result;
    pith_compress_options_init(&compress);
    compress.rate = rate;
    compress.role_rates = role_rates;
    compress.preset = preset;
    pith_messages_options_init(&options);
    options.compress = &compress;
    assert_ok(pith_messages_compress(session, messages, &options, &result,
                                     &error), error);
    return result;
}

/* Shapes of a document with @ for its texts: the same without them. */
static void append_shape(char *shape, size_t *n, const struct pith_json *value)
{
    *n += (size_t)sprintf(shape + *n, "%d(", (int)value->kind);
    for (const struct pith_json *at = value->first; at != NULL; at = at->next) {
        *n += (size_t)sprintf(shape + *n, "%.*s:", (int)at->key.size,
                              at->key.bytes);
        append_shape(shape, n, at);
    }
    *n += (size_t)sprintf(shape + *n, ")");
}

static void assert_same_shape(const char *before, const char *after)
{
    static char shapes[2][100000];
    const char *texts[] = {before, after};
    for (int i = 0; i < 2; i++) {
        struct pith_json_document *document;
        size_t n = 0;
        assert_ok(pith_json_parse_utf8(view(texts[i]), "shape", &document,
                                       &error), error);
        append_shape(shapes[i], &n, pith_json_root(document));
        pith_json_free(document);
    }
    ck_assert_str_eq(shapes[0], shapes[1]);
}

static const char *const words[] = {
    "the ", "harbour ", "7 ", "\\u00e9t\\u00e9 ", "not ", "3.5 ", "<llmlingua>",
    "</llmlingua> ", "<llmlingua, rate=2> ", "\\\"quoted\\\" ", "\\n", "boats, ",
    "\xF0\x9F\xA6\x99 ", "https://x.org/a?b=1 ", "\\ud83e\\udd99 ", "\\\\ ",
    "\\ud83e", "went. ", "{ ", "\\t"};
static const char *const roles[] = {"system", "user", "assistant", "tool",
                                    "critic"};

static void append_random_text(char *json, size_t *n, uint64_t *state)
{
    size_t n_words = random_below(state, 40);
    json[(*n)++] = '"';
    for (size_t i = 0; i < n_words; i++)
        *n += (size_t)sprintf(
            json + *n, "%s",
            words[random_below(state, sizeof words / sizeof *words)]);
    json[(*n)++] = '"';
    json[*n] = '\0';
}

static void make_random_chat(char *json, uint64_t *state)
{
    size_t n = (size_t)sprintf(json, "{\"messages\": ["),
           n_messages = 1 + random_below(state, 8);
    for (size_t i = 0; i < n_messages; i++) {
        bool blocks = random_below(state, 3) == 0;
        n += (size_t)sprintf(
            json + n, "%s{ \"role\":\"%s\",\"content\":%s", i > 0 ? ", " : "",
            roles[random_below(state, 5)],
            blocks ? "[{\"type\":\"tool_result\",\"content\":" : "");
        append_random_text(json, &n, state);
        n += (size_t)sprintf(json + n, "%s}", blocks ? "},{\"type\":\"image\"}]"
                                                     : "");
    }
    sprintf(json + n, "],\"n\":1e3}");
}

/* What stays whole is whole, the rest is not empty, the form is the same, and
 * the budget is met or the note says why not. */
START_TEST(random_chats_keep_their_form)
{
    static char json[20000];
    uint64_t state = 19;
    for (int round = 0; round < 60; round++) {
        make_random_chat(json, &state);
        double rate = 0.1 + 0.8 * random_uniform(&state);
        struct pith_messages *messages = read_chat(json);
        struct pith_messages_result *result =
            compress_all(messages, rate, round % 2 ? "tool=0.3" : NULL);
        const struct pith_message_text *texts = pith_messages_texts(messages);
        char *written;
        assert_ok(pith_messages_write(messages, result->texts, &written, NULL,
                                      &error), error);
        assert_same_shape(json, written);
        for (size_t i = 0; i < result->n; i++) {
            bool whole = texts[i].last_turn || texts[i].broken ||
                         texts[i].role == PITH_MESSAGE_SYSTEM ||
                         texts[i].role == PITH_MESSAGE_OTHER;
            ck_assert(!whole || result->texts[i].bytes == NULL);
            ck_assert(result->texts[i].bytes == NULL ||
                      result->texts[i].size > 0);
        }
        double target = rate * (double)result->n_origin;
        ck_assert_msg(result->note != NULL ||
                          ((double)result->n_kept < target + 1 &&
                           (double)result->n_kept > target - 1),
                      "%zu of %zu at %g, without a note: %s", result->n_kept,
                      result->n_origin, rate, json);
        pith_free(written);
        pith_messages_result_free(result);
        pith_messages_free(messages);
    }
}
END_TEST

/* Tags in a text are text: at a rate of nearly 1 nothing of it changes. */
START_TEST(tags_in_texts_are_text)
{
    struct pith_messages *messages = read_chat(
        "[{\"role\":\"tool\",\"content\":\"use <llmlingua, rate=0.5>x"
        "</llmlingua> or <<llmlingua></llmlingua there you go now \"},"
        "{\"role\":\"user\",\"content\":\"" LONG "\"}]");
    struct pith_messages_result *result =
        compress_all(messages, 0.999, "tool=0.9999");
    ck_assert_uint_eq(result->texts[0].size,
                      pith_messages_texts(messages)[0].text.size);
    pith_messages_result_free(result);
    pith_messages_free(messages);
}
END_TEST

START_TEST(roles_have_their_rates)
{
    struct pith_messages *messages = read_chat(
        "[{\"role\":\"tool\",\"content\":\"" LONG LONG "\"},"
        "{\"role\":\"assistant\",\"content\":\"" LONG LONG "\"},"
        "{\"role\":\"system\",\"content\":\"" LONG "\"},"
        "{\"role\":\"user\",\"content\":\"" WORDS "\"}]");
    struct pith_messages_result *result =
        compress_all(messages, 0.6, "tool=0.2,system=.5");
    double share[4];
    for (size_t i = 0; i < 4; i++)
        share[i] = (double)result->compressed_tokens[i] /
                   (double)result->origin_tokens[i];
    ck_assert(share[0] > 0.15 && share[0] < 0.25);
    ck_assert(share[2] > 0.45 && share[2] < 0.55);
    ck_assert(share[3] >= 1);
    ck_assert(result->note != NULL ||
              result->n_kept == (size_t)(0.6 * (double)result->n_origin + 0.5));
    pith_messages_result_free(result);
    /* What is whole alone is above the budget. */
    result = compress_all(messages, 0.05, "tool=1");
    ck_assert_ptr_null(result->texts[0].bytes);
    ck_assert_ptr_nonnull(strstr(result->note, "What stays whole"));
    ck_assert_mem_eq(result->texts[1].bytes, "...", 3);
    ck_assert_ptr_nonnull(strstr(result->note, "1 text had no room"));
    pith_messages_result_free(result);
    pith_messages_free(messages);
}
END_TEST

#define ROW "{  \\\"id\\\" :  1,  \\\"t\\\" : [ \\\"x\\\" ,  \\\"y  z\\\" ] }  "
#define ROWS "[ " ROW ", " ROW ", " ROW ", " ROW "]"

/* JSON that may become shorter does so without white space first; what stays
 * whole has its own. */
START_TEST(white_space_of_forms_goes_first)
{
    static const char row[] = "{\"id\":1,\"t\":[\"x\",\"y  z\"]}";
    static const double rates[] = {0.95, 0.6};
    char compact[200];
    snprintf(compact, sizeof compact, "[%s,%s,%s,%s]", row, row, row, row);
    struct pith_messages *messages = read_chat(
        "[{\"role\":\"tool\",\"content\":\"" ROWS "\"},"
        "{\"role\":\"assistant\",\"content\":\"" ROWS "\"},"
        "{\"role\":\"user\",\"content\":\"" ROWS "\"}]");
    preset = PITH_PRESET_AUTO;
    for (int i = 0; i < 4; i++) {
        struct pith_messages_result *result = compress_all(
            messages, rates[i % 2], i < 2 ? NULL : "tool=0.99,user=0.5");
        ck_assert_ptr_nonnull(strstr(result->note, "from 2 texts"));
        ck_assert_ptr_null(result->texts[2].bytes);
        ck_assert_uint_lt(result->compressed_tokens[0], result->origin_tokens[0]);
        for (int j = 0; j < (i % 2 == 0 ? 2 : i < 2 ? 0 : 1); j++)
            ck_assert_str_eq(result->texts[j].bytes, compact);
        pith_messages_result_free(result);
    }
    struct pith_messages_result *result = compress_all(messages, 1, NULL);
    ck_assert_uint_eq(result->texts[0].size,
                      pith_messages_texts(messages)[0].text.size);
    pith_messages_result_free(result);
    preset = PITH_PRESET_NONE;
    pith_messages_free(messages);
}
END_TEST

START_TEST(role_rates_are_read_strictly)
{
    static const struct {
        const char *list, *detail;
    } cases[] = {
        {"", "expected a role and its rate"},
        {"user", "expected a role and its rate"},
        {"user=0.5,", "\"\": expected a role"},
        {"usr=0.5", "did you mean user?"},
        {"user=0", "above 0 and at most 1"},
        {"user=1.01", "above 0 and at most 1"},
        {"user=.", "above 0 and at most 1"},
        {"user=1e-1", "above 0 and at most 1"},
        {"user=", "above 0 and at most 1"},
    };
    struct pith_messages *messages = read_chat(chat);
    struct pith_messages_result *result;
    struct pith_compress_options compress;
    struct pith_messages_options options;
    pith_compress_options_init(&compress);
    pith_messages_options_init(&options);
    options.compress = &compress;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        compress.role_rates = cases[i].list;
        ck_assert_int_eq(pith_messages_compress(session, messages, &options,
                                                &result, &error),
                         PITH_ERR_ARGUMENT);
        ck_assert_msg(strstr(error.detail, cases[i].detail) != NULL, "%s",
                      error.detail);
    }
    compress.role_rates = NULL;
    compress.method = PITH_METHOD_REFERENCE;
    ck_assert_int_eq(pith_messages_compress(session, messages, &options,
                                            &result, &error),
                     PITH_ERR_UNSUPPORTED);
    pith_messages_free(messages);
}
END_TEST

/* Time grows with the size, whatever a chat is made of. */
START_TEST(many_messages_are_compressed)
{
    char *many = repeat("[", "{\"role\":\"tool\",\"content\":\"a b\"},", 20000,
                        "{\"role\":\"tool\",\"content\":\"" LONG "\"},"
                        "{\"role\":\"user\",\"content\":\"b\"}]");
    struct pith_messages *messages = read_chat(many);
    struct pith_messages_result *result = compress_all(messages, 0.99, NULL);
    ck_assert_uint_eq(result->n, 20002);
    pith_messages_result_free(result);
    pith_messages_free(messages);
    free(many);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("messages");
    TCase *texts = tcase_create("texts"), *each = tcase_create("each"),
          *all = tcase_create("all");
    tcase_add_test(texts, texts_of_openai_are_found);
    tcase_add_test(texts, texts_of_anthropic_are_found);
    tcase_add_test(texts, odd_documents_are_read);
    tcase_add_test(texts, other_documents_are_refused_with_their_place);
    tcase_add_test(texts, texts_are_replaced_and_all_else_stays);
    tcase_add_test(texts, large_and_deep_documents_are_read);
    tcase_add_unchecked_fixture(each, set_up, tear_down);
    tcase_add_test(each, what_is_old_or_long_is_compressed);
    tcase_add_test(each, a_text_has_the_same_bytes_in_every_turn);
    tcase_add_test(each, options_that_cannot_be_are_refused);
    tcase_add_unchecked_fixture(all, set_up, tear_down);
    tcase_add_test(all, random_chats_keep_their_form);
    tcase_add_test(all, tags_in_texts_are_text);
    tcase_add_test(all, roles_have_their_rates);
    tcase_add_test(all, white_space_of_forms_goes_first);
    tcase_add_test(all, role_rates_are_read_strictly);
    tcase_add_test(all, many_messages_are_compressed);
    suite_add_tcase(suite, texts);
    suite_add_tcase(suite, all);
    suite_add_tcase(suite, each);
    return suite;
}
