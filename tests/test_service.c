/*
 * test_service.c - src/service: requests, replies, tokens and losses as JSON.
 */
#define _POSIX_C_SOURCE 200809L

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/reference/python/str.h"
#include "pith_service.h"
#include "replies.h"
#include "support.h"
#include "tiny_model.h"

static struct pith_model *model;
static struct pith_session *session;
static struct pith_compress_options defaults;

static void load(void)
{
    struct pith_error error;
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = 1};
    model = tiny_model_load(TINY_GPT2, PITH_F32, "scalar");
    assert_ok(pith_session_create(model, &options, &session, &error), error);
    pith_compress_options_init(&defaults);
    defaults.method = PITH_METHOD_REFERENCE;
}

static void unload(void)
{
    pith_session_free(session);
    pith_model_free(model);
}

/* --- helpers ---------------------------------------------------------------- */

static struct reply ask_with(const struct pith_compress_options *options,
                             const char *request)
{
    char *text = NULL;
    struct pith_error error;
    assert_ok(pith_request_run(session, view(request), options, &text, NULL, &error),
              error);
    return parse(text);
}

static struct reply ask(const char *request)
{
    return ask_with(&defaults, request);
}

/* The request fails with a detail that holds the words. */
static void assert_refused(const char *request, const char *words)
{
    struct reply reply = ask(request);
    const struct pith_json *error = at(&reply, "error");
    ck_json_null(&reply, "result");
    ck_assert_msg(pith_json_is(error, PITH_JSON_STRING), "%s", reply.text);
    ck_assert_msg(contains(error->string, words),
                  "\"%s\" is not in %s", words, reply.text);
    ck_assert_uint_eq(reply.root->n_children, 3);
    release(&reply);
}

static void assert_accepted(const char *request)
{
    struct reply reply = ask(request);
    ck_json_null(&reply, "error");
    ck_assert(pith_json_is(at(&reply, "result"), PITH_JSON_OBJECT));
    release(&reply);
}

/* --- results ---------------------------------------------------------------- */

START_TEST(a_result_is_one_json_object)
{
    struct pith_part_result parts[] = {
        {.kind = PITH_PART_INSTRUCTION, .n_tokens = 10, .n_kept = 9},
        {.kind = PITH_PART_CONTEXT, .index = 3, .n_tokens = 2357,
         .n_kept = 205, .perplexity = 12.5},
        {.kind = PITH_PART_QUESTION}};
    static const char text[] = "a \"b\"\n\\ \x01 \xFF \xC3\xA9";
    char note[] = "a note";
    struct pith_result result = {
        .text = {text, sizeof text - 1},
        .origin_tokens = 2366, .compressed_tokens = 211,
        .parts = parts, .n_parts = 3, .note = note,
        .timings = {.tokenize = 0.25, .rank = 0.5, .compress = 1, .total = 2}};
    struct pith_compress_options options;
    struct pith_error error;
    char *json;

    pith_compress_options_init(&options);
    assert_ok(pith_result_json(session, &options, &result, &json, &error),
              error);
    struct reply reply = parse(json);
    ck_json_string(&reply, "compressed_prompt",
                   "a \"b\"\n\\ \x01 \xEF\xBF\xBD \xC3\xA9");
    ck_assert_double_eq(number_at(&reply, "origin_tokens"), 2366);
    ck_assert_double_eq(number_at(&reply, "compressed_tokens"), 211);
    ck_json_string(&reply, "ratio", "11.2x");
    ck_json_string(&reply, "rate", "8.9%");
    ck_json_string(&reply, "method", "spans");
    ck_assert(pith_json_is(at(&reply, "model"), PITH_JSON_STRING));
    ck_json_string(&reply, "note", "a note");
    ck_assert_double_eq(number_at(&reply, "timings.tokenize"), 0.25);
    ck_assert_double_eq(number_at(&reply, "timings.rank"), 0.5);
    ck_assert_double_eq(number_at(&reply, "timings.compress"), 1);
    ck_assert_double_eq(number_at(&reply, "timings.total"), 2);
    const struct pith_json *list = at(&reply, "parts");
    ck_assert_uint_eq(list->n_children, 3);
    ck_assert(pith_json_string_is(pith_json_get(item(list, 0), "part"),
                                  "instruction"));
    const struct pith_json *context = item(list, 1);
    ck_assert(pith_json_string_is(pith_json_get(context, "part"), "context"));
    ck_assert_double_eq(pith_json_get(context, "index")->number, 3);
    ck_assert_double_eq(pith_json_get(context, "tokens")->number, 2357);
    ck_assert_double_eq(pith_json_get(context, "kept")->number, 205);
    ck_assert_double_eq(pith_json_get(context, "perplexity")->number, 12.5);
    ck_assert(pith_json_is(pith_json_get(item(list, 2), "perplexity"),
                           PITH_JSON_NULL));
    ck_assert_ptr_null(pith_json_get(reply.root, "trace"));
    release(&reply);
}
END_TEST

START_TEST(results_without_tokens_have_a_ratio)
{
    struct pith_result result = {.text = {"", 0}};
    struct pith_compress_options options;
    struct pith_error error;
    char *json;
    pith_compress_options_init(&options);
    for (int i = 0; i < 2; i++) {
        result.origin_tokens = i == 0 ? 0 : 7;
        assert_ok(pith_result_json(session, &options, &result, &json, &error),
                  error);
        struct reply reply = parse(json);
        ck_json_string(&reply, "ratio", i == 0 ? "1.0x" : "infx");
        ck_json_string(&reply, "rate", i == 0 ? "100.0%" : "0.0%");
        ck_json_null(&reply, "note");
        release(&reply);
    }
}
END_TEST

START_TEST(a_trace_has_the_form_of_the_goldens)
{
    int32_t ids[] = {5, 7, 11};
    struct pith_threshold thresholds[] = {{100, 0.3, 2.5},
                                          {80, 1, -(double)INFINITY}};
    struct pith_rank ranks[] = {{1, 3.25}, {0, 2}};
    struct pith_rank *rankings[] = {ranks};
    size_t n_ranks[] = {2};
    struct pith_result result = {
        .text = {"x", 1},
        .trace = {ids, 3, true, thresholds, 2, rankings, n_ranks, 1}};
    struct pith_compress_options options;
    struct pith_error error;
    char *json;
    pith_compress_options_init(&options);
    options.trace = true;
    for (int i = 0; i < 2; i++) {
        result.trace.has_kept_ids = i == 0;
        assert_ok(pith_result_json(session, &options, &result, &json, &error),
                  error);
        const char *trace = strstr(json, "\"trace\":");
        ck_assert_ptr_nonnull(trace);
        ck_assert_str_eq(trace, i == 0
            ? "\"trace\":{\"kept_ids\":[5,7,11],\"thresholds\":"
              "[[100,0.3,2.5],[80,1,null]],\"ranking\":[[[1,3.25],[0,2]]]}}"
            : "\"trace\":{\"kept_ids\":null,\"thresholds\":"
              "[[100,0.3,2.5],[80,1,null]],\"ranking\":[[[1,3.25],[0,2]]]}}");
        struct reply reply = parse(json);
        release(&reply);
    }
}
END_TEST

/* --- requests --------------------------------------------------------------- */

#define PROMPT "\"context\":[\"one two three four five\",\"six seven eight\"]"

START_TEST(a_request_is_answered_in_the_form_of_the_goldens)
{
    struct reply reply = ask("{\"name\":\"n\\u00e9\",\"function\":"
                             "\"compress_prompt\"," PROMPT ",\"options\":"
                             "{\"rate\":0.5},\"reference_seconds\":1.5}");
    ck_json_string(&reply, "name", "n\xC3\xA9");
    ck_json_null(&reply, "error");
    ck_json_string(&reply, "result.method", "reference");
    ck_assert_double_gt(number_at(&reply, "result.origin_tokens"), 1);
    ck_assert_ptr_null(pith_json_get(reply.root, "trace"));
    ck_assert_uint_eq(reply.root->n_children, 3);
    release(&reply);

    struct pith_compress_options traced = defaults;
    traced.trace = true;
    reply = ask_with(&traced, "{\"name\":12," PROMPT "}");
    ck_assert_double_eq(number_at(&reply, "name"), 12);
    ck_assert_uint_eq(at(&reply, "trace.ranking")->n_children, 1);
    ck_assert_uint_eq(item(at(&reply, "trace.ranking"), 0)->n_children, 2);
    ck_assert(pith_json_is(at(&reply, "trace.kept_ids"), PITH_JSON_ARRAY));
    ck_assert(pith_json_is(at(&reply, "trace.thresholds"), PITH_JSON_ARRAY));
    ck_assert_ptr_null(pith_json_get(at(&reply, "result"), "trace"));
    release(&reply);

    reply = ask("{\"context\":\"a single text\"}");
    ck_json_null(&reply, "name");
    ck_json_null(&reply, "error");
    ck_assert_uint_eq(at(&reply, "result.parts")->n_children, 1);
    release(&reply);
}
END_TEST

/* Parts that stay whole are one span each. */
START_TEST(spans_come_on_request)
{
    struct reply reply = ask("{" PROMPT ",\"options\":{\"rate\":0.5}}");
    ck_assert_ptr_null(pith_json_get(at(&reply, "result"), "spans"));
    release(&reply);
    reply = ask("{" PROMPT ",\"options\":{\"rate\":1,\"method\":\"paper\","
                "\"question\":\"Wh\u00e9re?\",\"spans\":true}}");
    const struct pith_json *spans = at(&reply, "result.spans");
    ck_assert_uint_eq(spans->n_children, 3);
    const struct pith_json *span = item(spans, 1);
    ck_assert(pith_json_string_is(pith_json_get(span, "part"), "context"));
    ck_assert_double_eq(pith_json_get(span, "index")->number, 1);
    ck_assert_double_eq(pith_json_get(span, "start")->number, 0);
    ck_assert_double_eq(pith_json_get(span, "end")->number, 15);
    span = item(spans, 2);
    ck_assert(pith_json_string_is(pith_json_get(span, "part"), "question"));
    ck_assert_double_eq(pith_json_get(span, "end")->number, 7);
    release(&reply);
}
END_TEST

START_TEST(unreadable_requests_are_refused)
{
    assert_refused("", "request");
    assert_refused("{", "request");
    assert_refused("[]", "expected an object");
    assert_refused("null", "expected an object");
    assert_refused("{}", "\"context\"");
    assert_refused("{\"context\":3}", "\"context\"");
    assert_refused("{\"context\":[\"a\",3]}", "\"context\"");
    assert_refused("{\"context\":\"a\",\"options\":[]}", "\"options\"");
    assert_refused("{\"context\":\"a\",\"function\":7}", "\"function\"");
    assert_refused("{\"context\":\"a\",\"function\":"
                   "\"compress_yaml\"}",
                   "\"compress_yaml\" is not supported");
    assert_refused("{\"context\":\"a\"} trailing", "request");
}
END_TEST

START_TEST(a_refusal_keeps_the_name)
{
    struct reply reply = ask("{\"name\":\"x\",\"context\":3}");
    ck_json_string(&reply, "name", "x");
    release(&reply);
}
END_TEST

/* Each string of keep is looked for in the whole prompt. */
START_TEST(lists_of_strings_are_not_endless)
{
    char request[8192] = "{\"context\":\"one two\",\"keep\":[\"a\"";
    for (int i = 1; i < 1000; i++)
        strcat(request, ",\"a\"");
    strcat(request, "]}");
    struct reply reply = ask(request);
    ck_assert_ptr_nonnull(strstr(reply.text, "\"error\":null"));
    release(&reply);
    strcpy(strstr(request, "]}"), ",\"a\"]}");
    assert_refused(request, "\"keep\": found 1001 strings, expected at most 1000");
}
END_TEST

/* n times `what` between two texts; free with free(). */
static char *repeat(const char *before, const char *what, size_t n,
                    const char *after)
{
    size_t size = strlen(what);
    char *text = malloc(strlen(before) + n * size + strlen(after) + 1), *end;
    ck_assert_ptr_nonnull(text);
    strcpy(text, before);
    end = text + strlen(before);
    for (size_t i = 0; i < n; i++, end += size)
        memcpy(end, what, size);
    strcpy(end, after);
    return text;
}

START_TEST(contexts_are_not_endless)
{
    char *texts = repeat("{\"context\":[", "\"\",", 100000, "\"\"]}");
    assert_refused(texts, "\"context\": found 100001 texts, expected at most "
                          "100000");
    free(texts);
    texts = repeat("{\"method\":\"paper\",\"context\":\"", "a\\n\\n",
                   100000, "a\"}");
    assert_refused(texts, "found 100001 paragraphs");
    free(texts);
    texts = repeat("{\"context\":[", "\"\",", 99999, "\"\"]}");
    struct reply reply = ask(texts);
    ck_json_null(&reply, "error");
    release(&reply);
    free(texts);
}
END_TEST

#define WITH(options) "{" PROMPT ",\"options\":{" options "}}"

/* Each option with a value of the wrong kind or outside its range. */
static const char *const bad_options[][2] = {
    {WITH("\"rate\":\"x\""), "\"rate\""},
    {WITH("\"rate\":0"), "\"rate\""},
    {WITH("\"rate\":1.5"), "\"rate\""},
    {WITH("\"target_token\":true"), "\"target_token\""},
    {WITH("\"target_token\":0"), "\"target_token\""},
    {WITH("\"target_token\":-2"), "\"target_token\""},
    {WITH("\"method\":\"magic\""), "\"method\""},
    {WITH("\"instruction\":1"), "\"instruction\""},
    {WITH("\"question\":[]"), "\"question\""},
    {WITH("\"tau_ins\":\"x\""), "\"tau_ins\""},
    {WITH("\"segment_size\":1.5"), "\"segment_size\""},
    {WITH("\"segment_size\":-1"), "\"segment_size\""},
    {WITH("\"keep_words\":1"), "\"keep_words\""},
    {WITH("\"keep_digits\":\"on\""), "\"keep_digits\""},
    {WITH("\"keep\":\"a\""), "\"keep\""},
    {WITH("\"keep\":[\"a\",\"\"]"), "\"keep\""},
    {WITH("\"keep_regex\":[\"a\"]"), "\"keep_regex\""},
    {WITH("\"keep_regex\":\"a\\u0000\""), "\"keep_regex\""},
    {WITH("\"keep_regex\":\"(\",\"method\":\"paper\""), "keep_regex"},
    {WITH("\"iterative_size\":1e300"), "\"iterative_size\""},
    {WITH("\"context_budget\":100"), "\"context_budget\""},
    {WITH("\"keep_split\":1"), "\"keep_split\""},
    {WITH("\"force_context_ids\":3"), "\"force_context_ids\""},
    {WITH("\"force_context_ids\":[-1]"), "\"force_context_ids\""},
    {WITH("\"force_context_number\":\"2\""), "\"force_context_number\""},
    {WITH("\"reorder_context\":\"random\""), "\"reorder_context\""},
    {WITH("\"concate_question\":\"yes\""), "\"concate_question\""},
    {WITH("\"no_such_option\":1"), "\"no_such_option\" is unknown;"},
    {WITH("\"target-tokens\":9"),
     "\"target-tokens\" is unknown (did you mean target_token?);"},
    {WITH("\"rank_method\":\"random\""), "\"rank_method\""},
    {WITH("\"rank_method\":\"gzip\""), "found \"gzip\""},
    {WITH("\"rank_method\":\"longllmlingua\""), "needs a question"},
    {WITH("\"use_sentence_level_filter\":1"),
     "\"use_sentence_level_filter\""},
    {WITH("\"condition_in_question\":\"beside\""),
     "\"condition_in_question\""},
    {WITH("\"condition_compare\":\"yes\""), "\"condition_compare\""},
    {WITH("\"dynamic_context_compression_ratio\":\"a\""),
     "\"dynamic_context_compression_ratio\""},
    {WITH("\"keep_first_sentence\":-1"), "\"keep_first_sentence\""},
    {WITH("\"force_tokens\":\"a\""), "\"force_tokens\": expected a list"},
    {WITH("\"drop_consecutive\":true"), "\"drop_consecutive\" is not supported"},
};

enum { N_BAD_OPTIONS = sizeof bad_options / sizeof bad_options[0] };

START_TEST(bad_options_are_refused_by_name)
{
    assert_refused(bad_options[_i][0], bad_options[_i][1]);
}
END_TEST

/* Every option of the list is read, and says what it cannot be. */
START_TEST(an_object_is_no_value_of_any_option)
{
    const struct pith_option *row;
    char request[256], expected[128];
    for (size_t i = 0; (row = pith_compress_option(i)) != NULL; i++) {
        if (row->key == NULL || (row->use & PITH_OPTION_FOR_RECORDS_ONLY))
            continue;
        snprintf(request, sizeof request, WITH("\"%s\":{}"), row->key);
        snprintf(expected, sizeof expected, "\"%s\": expected ", row->key);
        assert_refused(request, expected);
    }
}
END_TEST

START_TEST(options_at_their_defaults_are_accepted)
{
    assert_accepted(WITH(
        "\"rate\":0.5,\"target_token\":-1,\"instruction\":\"\","
        "\"question\":\"\",\"iterative_size\":200,\"force_context_ids\":null,"
        "\"force_context_number\":null,\"use_sentence_level_filter\":false,"
        "\"use_context_level_filter\":true,\"use_token_level_filter\":true,"
        "\"keep_split\":false,\"keep_first_sentence\":0,"
        "\"keep_last_sentence\":0,\"keep_sentence_number\":0,"
        "\"high_priority_bonus\":100,\"context_budget\":\"+100\","
        "\"token_budget_ratio\":1.4,\"condition_in_question\":\"none\","
        "\"reorder_context\":\"original\","
        "\"dynamic_context_compression_ratio\":0.0,"
        "\"condition_compare\":false,\"add_instruction\":false,"
        "\"rank_method\":\"llmlingua\",\"concate_question\":true,"
        "\"context_segs\":null,\"force_tokens\":[],"
        "\"force_reserve_digit\":false,\"drop_consecutive\":false"));
}
END_TEST

/* The same request with other option spellings gives the same text. */
static void assert_same_text(const char *a, const char *b, bool same)
{
    struct reply x = ask(a), y = ask(b);
    struct pith_text s = at(&x, "result.compressed_prompt")->string;
    struct pith_text t = at(&y, "result.compressed_prompt")->string;
    bool equal = s.size == t.size && memcmp(s.bytes, t.bytes, s.size) == 0;
    ck_assert_msg(equal == same, "%s\n%s", x.text, y.text);
    release(&x);
    release(&y);
}

#define WORDS                                                                  \
    "the cat sat on the mat and the dog ran to the door of the red house on " \
    "the hill where a man had seen the moon rise over the sea at night "

#define LONG(options)                                                          \
    "{\"context\":[\"" WORDS WORDS "\",\"" WORDS WORDS WORDS                   \
    "\"],\"options\":{\"iterative_size\":20," options "}}"

#define PAPER(options) LONG("\"rate\":0.3,\"method\":\"paper\"," options)

START_TEST(what_must_stay_reaches_the_compressor)
{
    static const char *const options[] = {
        PAPER("\"keep\":[\"moon rise\",\"dog\"]"),
        PAPER("\"keep_regex\":\"moon [a-z]+|dog\"")};
    for (size_t i = 0; i < 2; i++) {
        struct reply reply = ask(options[i]);
        ck_assert_ptr_nonnull(strstr(reply.text, "moon rise"));
        ck_assert_ptr_nonnull(strstr(reply.text, "dog"));
        release(&reply);
        assert_same_text(options[i], PAPER("\"keep_digits\":true"), false);
    }
    assert_same_text(PAPER("\"keep\":[]"), PAPER("\"keep_words\":true"),
                     true);
    assert_same_text(PAPER("\"units\":\"word\""),
                     PAPER("\"units\":\"token\""), false);
    assert_same_text(PAPER("\"protect\":\"numbers\""),
                     PAPER("\"keep_digits\":true"), true);
    assert_same_text(PAPER("\"protect\":[\"numbers\"]"),
                     PAPER("\"keep_digits\":true"), true);
}
END_TEST

/* --- next to the context ---------------------------------------------------- */

#define FLAT(members) "{\"context\":[\"" WORDS WORDS "\",\"" WORDS "\"]," members "}"

static void assert_note(const char *request, const char *note)
{
    struct reply reply = ask(request);
    ck_json_null(&reply, "error");
    if (note == NULL)
        ck_json_null(&reply, "result.note");
    else
        ck_json_string(&reply, "result.note", note);
    release(&reply);
}

START_TEST(options_may_stand_beside_the_context)
{
    static const char flat[] = FLAT("\"rate\":0.3,\"method\":\"paper\","
                                    "\"question\":\"Where is the dog?\"");
    assert_same_text(flat, FLAT("\"options\":{\"rate\":0.3,\"method\":"
                                "\"paper\",\"question\":"
                                "\"Where is the dog?\"}"), true);
    assert_same_text(flat, FLAT("\"rate\":0.3,\"options\":{\"method\":"
                                "\"paper\",\"question\":"
                                "\"Where is the dog?\"}"), true);
    assert_same_text(flat, FLAT("\"rate\":0.3,\"method\":\"paper\""), false);
    assert_note(flat, NULL);
    assert_refused(FLAT("\"rate\":\"x\""), "\"rate\": expected a number");
    assert_refused(FLAT("\"keep_split\":1"), "\"keep_split\"");
    assert_refused(FLAT("\"target_context\":5"), "\"target_context\"");
    assert_refused(FLAT("\"rate\":0.3,\"options\":{\"rate\":0.3}"),
                   "\"rate\" is given in \"options\" and outside");
    assert_refused(FLAT("\"rate\":0.3,\"rate\":0.4"), "\"rate\" is given twice");
    assert_refused(FLAT("\"context\":[\"x\"]"), "\"context\" is given twice");
    assert_refused(FLAT("\"options\":{\"k\":2,\"k\":3}"), "\"k\" is given twice");
    assert_accepted(FLAT("\"rate\":null,\"rate\":0.3"));
    assert_accepted(FLAT("\"rate\":null,\"options\":{\"rate\":0.3}"));
}
END_TEST

/* As on the command line; `reference` takes a text as its Python does. */
START_TEST(a_text_is_split_into_contexts)
{
    static const char text[] = "\n one \r\ntwo\r\n\r\n \t\n three\n\n\nfour\n\n";
    static const char *const want[] = {" one \r\ntwo", " three", "four"};
    struct pith_compress_options options;
    struct pith_text parts[3];
    pith_compress_options_init(&options);
    ck_assert_uint_eq(pith_split_text(view(text), &options, NULL), 3);
    ck_assert_uint_eq(pith_split_text(view(text), &options, parts), 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(parts[i].size, strlen(want[i]));
        ck_assert_mem_eq(parts[i].bytes, want[i], parts[i].size);
    }
    ck_assert_uint_eq(pith_split_text(view(" \n\n"), &options, NULL), 0);
    options.method = PITH_METHOD_REFERENCE;
    ck_assert_uint_eq(pith_split_text(view(text), &options, parts), 1);
    ck_assert_uint_eq(parts[0].size, strlen(text));
#define SPLIT(context, method)                                                 \
    "{\"context\":" context ",\"rate\":0.5,\"method\":\"" method "\"}"
#define ONE(gap) "\"" WORDS gap WORDS gap WORDS "\""
    assert_same_text(SPLIT(ONE("\\n\\n"), "paper"),
                     SPLIT("[\"" WORDS "\",\"" WORDS "\",\"" WORDS "\"]",
                           "paper"), true);
    assert_same_text(SPLIT(ONE("\\n\\n"), "paper"),
                     SPLIT("[" ONE("\\n\\n") "]", "paper"), false);
    assert_same_text(SPLIT(ONE("\\n\\n"), "reference"),
                     SPLIT("[" ONE("\\n\\n") "]", "reference"), true);
#undef ONE
#undef SPLIT
}
END_TEST

START_TEST(keys_that_say_nothing_are_noted)
{
    assert_note(FLAT("\"name\":1,\"function\":\"compress_prompt\","
                     "\"result\":{},\"error\":null,\"trace\":{}"), NULL);
    assert_note(FLAT("\"colour\":1,\"rat\":null"),
                "Unknown and ignored: colour, rat.");
    /* as many as fit on a line, each cut between characters */
    assert_note(FLAT("\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,"
                     "\"0123456789012345678901234567890123456789\":1,"
                     "\"012345678901234567890123456789012345678\u00e4\":1,"
                     "\"i\":1,\"j\":1"),
                "Unknown and ignored: a, b, c, d, e, f, "
                "0123456789012345678901234567890123456789, "
                "012345678901234567890123456789012345678... and 2 more.");
    assert_note(FLAT("\"method\":\"paper\",\"keep_split\":true,\"x\":1"),
                "Not options of method paper and ignored: keep_split. "
                "Unknown and ignored: x.");
    assert_refused(WITH("\"colour\":1"), "\"colour\" is unknown");
    struct reply reply = ask("{\"function\":\"score\",\"text\":\"a\","
                             "\"color\":1}");
    ck_json_string(&reply, "result.note", "Unknown and ignored: color.");
    release(&reply);
    reply = ask("{\"function\":\"recover\",\"original_prompt\":\"a b\","
                "\"compressed_prompt\":\"a\",\"response\":\"a\","
                "\"method\":\"paper\",\"rate\":1}");
    ck_json_string(&reply, "result.note", "Unknown and ignored: rate.");
    release(&reply);
}
END_TEST

/* "keep_digits" adds to "protect" wherever it is. */
START_TEST(aliases_add_to_their_option)
{
#define COUNTED(members)                                                       \
    "{\"context\":[\"" WORDS "at 17 or at 4 and never at 9 " WORDS "\"],"       \
    "\"method\":\"paper\",\"rate\":0.2," members "}"
    assert_same_text(
        COUNTED("\"keep_digits\":true,\"protect\":\"negations\""),
        COUNTED("\"protect\":[\"numbers\",\"negations\"]"), true);
    assert_same_text(
        COUNTED("\"keep_digits\":true,\"protect\":\"negations\""),
        COUNTED("\"protect\":\"negations\""), false);
    assert_refused(COUNTED("\"keep_digits\":1"), "\"keep_digits\"");
#undef COUNTED
}
END_TEST

/* Options of the package's other method mean something to `paper`. */
START_TEST(forced_tokens_are_kept)
{
    static const char forced[] = FLAT(
        "\"rate\":0.3,\"method\":\"paper\",\"force_tokens\":[\"dog\"],"
        "\"keep\":[\"moon rise\"],\"force_reserve_digit\":true");
    assert_same_text(forced, FLAT("\"rate\":0.3,\"method\":\"paper\","
                                  "\"keep\":[\"dog\",\"moon rise\"],"
                                  "\"keep_digits\":true"), true);
    assert_note(forced, "Taken: force_tokens as keep, force_reserve_digit as "
                        "keep_digits.");
    assert_note(FLAT("\"method\":\"reference\",\"force_tokens\":[\"dog\"],"
                     "\"force_reserve_digit\":false"),
                "Not options of method reference and ignored: force_tokens.");
}
END_TEST

/* Mended texts would be other texts; whoever sends them can mend them. */
START_TEST(requests_are_utf8)
{
    assert_accepted("\xEF\xBB\xBF{" PROMPT "}");
    assert_refused("{" PROMPT ",\"name\":\"caf\xE9\"}",
                   "0xE9 is not UTF-8");
    assert_refused("{\"context\":\"\xC0\xAF\"}", "at byte 12: 0xC0 is not");
    assert_refused("{\"context\":\"\xED\xA0\x80\"}", "is not UTF-8");
    assert_refused("\xFF\xFE{", "in UTF-16");
    assert_refused("\xFE\xFF{", "in UTF-16");
    assert_accepted("{" PROMPT ",\"name\":\"\\ud800\"}");
}
END_TEST

/* A program that the library is part of may write 0,5. */
START_TEST(the_locale_changes_nothing)
{
    static const char *const requests[] = {
        LONG("\"rate\":0.4,\"context_budget\":\"*1.9\""),
        LONG("\"rate\":1.5"), PAPER("\"k\":1.75"),
        "{\"function\":\"structured_compress_prompt\",\"context\":"
        "[\"<llmlingua, rate=0.25>" WORDS "</llmlingua>\"]}",
        "{\"function\":\"structured_compress_prompt\",\"context\":"
        "[\"<llmlingua, rate=1.25>" WORDS "</llmlingua>\"]}",
        PAPER("\"question\":\"" WORDS "\",\"tau_que\":0.95,\"rate\":0.05")};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct reply plain = ask(requests[i]);
        use_decimal_comma();
        struct reply comma = ask(requests[i]);
        setlocale(LC_ALL, "C");
        for (size_t j = 0; j < 2; j++) { /* times differ */
            struct reply *reply = j == 0 ? &plain : &comma;
            char *at = strstr(reply->text, "\"timings\"");
            while (at != NULL && *at != '}')
                *at++ = ' ';
        }
        ck_assert_str_eq(plain.text, comma.text);
        release(&plain);
        release(&comma);
    }
}
END_TEST

START_TEST(the_outcome_of_a_request_is_told)
{
    struct pith_error error;
    enum pith_status outcome;
    char *reply;
    assert_ok(pith_request_run(session, view("{" PROMPT ",\"name\":"
                                             "\",\\\"result\\\":null,\"}"),
                               NULL, &reply, &outcome, &error), error);
    ck_assert_int_eq(outcome, PITH_OK);
    pith_free(reply);
    assert_ok(pith_request_run(session, view("{\"context\":7}"), NULL, &reply,
                               &outcome, &error), error);
    ck_assert_int_eq(outcome, PITH_ERR_ARGUMENT);
    pith_free(reply);
    assert_ok(pith_request_run(session, view("{"), NULL, &reply, &outcome,
                               &error), error);
    ck_assert_int_eq(outcome, PITH_ERR_FORMAT);
    pith_free(reply);
}
END_TEST

START_TEST(options_reach_the_compressor)
{
    assert_same_text(LONG("\"rate\":0.5"), LONG("\"target_token\":-1"), true);
    assert_same_text(LONG("\"rate\":0.9,\"target_token\":60"),
                     LONG("\"target_token\":60"), true);
    assert_same_text(LONG("\"rate\":0.9"), LONG("\"rate\":0.3"), false);
    assert_same_text(LONG("\"target_token\":200"), LONG("\"target_token\":60"),
                     false);
    assert_same_text(LONG("\"use_token_level_filter\":false"), LONG("\"k\":2"),
                     false);
    assert_same_text(LONG("\"question\":\"who?\""), LONG("\"k\":2"), false);
    assert_same_text(LONG("\"instruction\":\"do!\""), LONG("\"k\":2"), false);
    assert_same_text(LONG("\"question\":\"who?\",\"concate_question\":false"),
                     LONG("\"question\":\"who?\""), false);
    assert_same_text(LONG("\"target_token\":30,\"force_context_ids\":[0],"
                          "\"context_budget\":\"*1\""),
                     LONG("\"target_token\":30,\"force_context_ids\":[1],"
                          "\"context_budget\":\"*1\""), false);
    assert_refused(LONG("\"context_budget\":\"+1;x\""), "budget");
}
END_TEST

/* Those of the package may be in any call of it, and it knows nothing of
 * ours; `paper` and `spans` refuse each other's. */
START_TEST(options_of_another_method_are_noted_or_refused)
{
    struct pith_compress_options own = defaults;
    struct reply reply = ask(WITH("\"tau_ins\":0.5,\"k\":3,\"rate\":0.5"));
    const struct pith_json *note = at(&reply, "result.note");
    ck_assert(pith_json_is(note, PITH_JSON_STRING));
    ck_assert(contains(note->string, "tau_ins, k"));
    ck_assert(contains(note->string, "reference"));
    release(&reply);
    reply = ask(WITH("\"rate\":0.5,\"iterative_size\":50"));
    ck_json_null(&reply, "result.note");
    release(&reply);
    reply = ask(WITH("\"method\":\"paper\",\"iterative_size\":50"));
    ck_json_string(&reply, "result.method", "paper");
    ck_assert(contains(at(&reply, "result.note")->string, "iterative_size"));
    release(&reply);
    assert_refused(WITH("\"method\":\"spans\",\"question_aware\":true"),
                   "question_aware is not an option of method spans; use method "
                   "paper");
    assert_refused(WITH("\"method\":\"paper\",\"use_question\":false"),
                   "use_question is not an option of method paper; use method "
                   "spans");
    assert_accepted(WITH("\"tau_ins\":0.85,\"threshold\":-1,\"method\":\"spans\""));
    /* What the caller has set for his own method is not meant for others. */
    own.method = PITH_METHOD_PAPER;
    own.segment_size = 7;
    reply = ask_with(&own, WITH("\"method\":\"spans\""));
    ck_json_null(&reply, "error");
    release(&reply);
}
END_TEST

/* Every prefix of a request is a request that fails; none crashes or leaks. */
START_TEST(cut_requests_are_refused)
{
    static const char whole[] = WITH("\"force_context_ids\":[0],"
                                     "\"context_budget\":\"+\\u0031\"");
    char cut[sizeof whole];
    for (size_t n = 0; n + 1 < sizeof whole; n++) {
        memcpy(cut, whole, n);
        cut[n] = '\0';
        assert_refused(cut, "request");
    }
    assert_accepted(whole);
}
END_TEST

/* --- recover and score as functions ----------------------------------------- */

#define RECOVER                                                                \
    "{\"name\":7,\"function\":\"recover\",\"original_prompt\":\"one two three\"," \
    "\"compressed_prompt\":\"one three\",\"response\":\"Say one three\""

START_TEST(a_response_is_recovered)
{
    static const char *const methods[] = {"\"paper\"", "\"reference\""};
    static const char original[] = "one two three", cut[] = "one three",
                      response[] = "Say one three";
    char request[512];
    for (int method = 0; method < 2; method++) {
        struct pith_error error;
        char *want;
        size_t size;
        assert_ok(pith_recover(model, view(original), view(cut),
                               view(response), (enum pith_method)method, &want,
                               &size, &error), error);
        ck_assert_uint_eq(size, strlen(want));
        snprintf(request, sizeof request, RECOVER
                 ",\"options\":{\"method\":%s}}", methods[method]);
        struct reply reply = ask(request);
        ck_assert_double_eq(number_at(&reply, "name"), 7);
        ck_json_null(&reply, "error");
        ck_json_string(&reply, "result.recovered_response", want);
        ck_assert_uint_eq(reply.root->n_children, 3);
        if (method == PITH_METHOD_PAPER)
            ck_assert_str_eq(want, "Say one two three");
        release(&reply);
        pith_free(want);
    }
}
END_TEST

/* Only the paper's rule finds words that are far from each other. */
START_TEST(the_method_of_recover_has_the_default)
{
    static const char request[] =
        "{\"function\":\"recover\",\"original_prompt\":"
        "\"b 1 2 3 4 5 6 7 8 9 c\",\"compressed_prompt\":\"b c\","
        "\"response\":\"b c\",\"options\":null}";
    struct pith_compress_options paper = defaults;
    paper.method = PITH_METHOD_PAPER;
    struct reply reply = ask_with(&paper, request);
    ck_json_string(&reply, "result.recovered_response",
                   "b 1 2 3 4 5 6 7 8 9 c");
    release(&reply);
    reply = ask(request);
    ck_assert(!pith_json_string_is(at(&reply, "result.recovered_response"),
                                   "b 1 2 3 4 5 6 7 8 9 c"));
    release(&reply);
}
END_TEST

START_TEST(what_recover_cannot_use_is_refused)
{
    assert_refused("{\"function\":\"recover\"}", "\"original_prompt\"");
    assert_refused("{\"function\":\"recover\",\"original_prompt\":\"a\"}",
                   "\"compressed_prompt\"");
    assert_refused("{\"function\":\"recover\",\"original_prompt\":\"a\","
                   "\"compressed_prompt\":\"a\",\"response\":[]}",
                   "\"response\"");
    assert_refused(RECOVER ",\"options\":{\"rate\":0.5}}", "\"options\"");
    assert_refused(RECOVER ",\"options\":{\"method\":\"paper\",\"rate\":1}}",
                   "\"options\"");
    assert_refused(RECOVER ",\"options\":[]}", "\"options\"");
    assert_refused(RECOVER ",\"options\":{\"method\":\"magic\"}}",
                   "\"method\"");
}
END_TEST

START_TEST(scores_are_a_function_too)
{
    static const char request[] =
        "{\"name\":\"s\",\"function\":\"score\",\"text\":\"one two\"}";
    char *alone, wrapped[4096];
    struct pith_error error;
    assert_ok(pith_score_json(session, view(request), &alone, &error), error);
    struct reply reply = ask(request);
    snprintf(wrapped, sizeof wrapped,
             "{\"name\":\"s\",\"result\":%s,\"error\":null}", alone);
    ck_assert_str_eq(reply.text, wrapped);
    release(&reply);
    pith_free(alone);
    assert_refused("{\"function\":\"score\"}", "\"text\"");
    assert_refused("{\"function\":\"score\",\"text\":\"a\",\"bos\":0}",
                   "\"bos\"");
}
END_TEST

/* --- tokens and losses ------------------------------------------------------ */

START_TEST(tokens_are_answered_with_ids_and_pieces)
{
    struct pith_error error;
    char *text;
    int32_t *ids;
    size_t n;
    static const char sentence[] = "na\xC3\xAFve \"cats\"\n";
    assert_ok(pith_tokenize_json(model,
                                 view("{\"text\":\"na\xC3\xAFve \\\"cats\\\"\\n\"}"),
                                 0, &text, &error), error);
    assert_ok(pith_tokenize(model, view(sentence), 0, &ids, &n, &error),
              error);
    struct reply reply = parse(text);
    ck_assert_uint_eq(at(&reply, "ids")->n_children, n);
    ck_assert_uint_eq(at(&reply, "pieces")->n_children, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_double_eq(item(at(&reply, "ids"), i)->number, ids[i]);
    release(&reply);
    pith_free(ids);

    ck_assert_int_eq(pith_tokenize_json(model, view("{\"txt\":1}"), 0, &text,
                                        &error), PITH_ERR_ARGUMENT);
    ck_assert_ptr_null(text);
    ck_assert_ptr_nonnull(strstr(error.detail, "\"text\""));
    ck_assert_int_eq(pith_tokenize_json(model, view("{"), 0, &text, &error),
                     PITH_ERR_FORMAT);
}
END_TEST

static struct reply score(const char *request)
{
    struct pith_error error;
    char *text;
    assert_ok(pith_score_json(session, view(request), &text, &error), error);
    return parse(text);
}

START_TEST(losses_are_those_of_pith_score)
{
    static const char sentence[] = "the cat sat on the mat";
    struct pith_error error;
    int32_t *ids;
    size_t n;
    assert_ok(pith_tokenize(model, view(sentence), 0, &ids, &n, &error),
              error);
    float *losses = malloc(n * sizeof *losses);
    for (int bos = 0; bos < 2; bos++) {
        struct reply reply =
            score(bos ? "{\"text\":\"the cat sat on the mat\"}"
                      : "{\"text\":\"the cat sat on the mat\",\"bos\":false}");
        double sum = 0;
        assert_ok((bos ? pith_score : pith_score_without_bos)(
                      session, ids, n, losses, &error), error);
        const struct pith_json *tokens = at(&reply, "tokens");
        ck_assert_uint_eq(tokens->n_children, n);
        for (size_t i = bos ? 0 : 1; i < n; i++) {
            const struct pith_json *loss =
                pith_json_get(item(tokens, i), "loss");
            ck_assert_float_eq((float)loss->number, losses[i]);
            ck_assert_double_eq(pith_json_get(item(tokens, i), "id")->number,
                                ids[i]);
            sum += (double)losses[i];
        }
        if (!bos)
            ck_assert(pith_json_is(pith_json_get(item(tokens, 0), "loss"),
                                   PITH_JSON_NULL));
        double mean = sum / (double)(bos ? n : n - 1);
        ck_assert_double_eq_tol(number_at(&reply, "mean_loss"), mean, 1e-12);
        ck_assert_double_eq_tol(number_at(&reply, "perplexity"), exp(mean),
                                1e-6);
        release(&reply);
    }
    free(losses);
    pith_free(ids);
}
END_TEST

START_TEST(texts_that_are_not_utf8_are_scored_as_they_are)
{
    struct pith_error error;
    char *text;
    int32_t *ids;
    size_t n;
    static const char bytes[] = "a\xFF\x00z";
    struct pith_text raw = {bytes, sizeof bytes - 1};
    assert_ok(pith_tokenize(model, raw, 0, &ids, &n, &error), error);
    assert_ok(pith_score_text_json(session, raw, true, &text, &error), error);
    struct reply reply = parse(text);
    ck_assert_uint_eq(at(&reply, "tokens")->n_children, n);
    release(&reply);
    pith_free(ids);

    reply = score("{\"text\":\"\"}");
    ck_assert_uint_eq(at(&reply, "tokens")->n_children, 0);
    ck_json_null(&reply, "mean_loss");
    ck_json_null(&reply, "perplexity");
    release(&reply);
    ck_assert_int_eq(pith_score_json(session, view("{\"text\":7}"), &text,
                                     &error), PITH_ERR_ARGUMENT);
    ck_assert_int_eq(pith_score_json(session,
                                     view("{\"text\":\"a\",\"bos\":1}"), &text,
                                     &error), PITH_ERR_ARGUMENT);
}
END_TEST

/* --- JSON records ------------------------------------------------------------ */

#define RECORD                                                                 \
    "\"json_data\":{\"id\": 17, \"name\": \"Ann Smith, senior engineer\", "    \
    "\"notes\": \"She wrote the first version of the parser in the spring "    \
    "of 2019 and has looked after it ever since, together with two "           \
    "colleagues from the office in Berlin.\", \"tags\": [\"parser\", "         \
    "\"compiler\", \"a long tag that says very little about the person at "    \
    "all\"], \"score\": 3.25, \"active\": true},\"json_config\":{\"id\": "     \
    "{\"rate\": 1, \"compress\": false, \"value_type\": \"int\", "             \
    "\"pair_remove\": false}, \"name\": {\"rate\": 0.8, \"compress\": "        \
    "true, \"value_type\": \"str\", \"pair_remove\": false}, \"notes\": "      \
    "{\"rate\": 0.4, \"compress\": true, \"value_type\": \"str\", "            \
    "\"pair_remove\": true}, \"tags\": {\"rate\": 0.5, \"compress\": true, "   \
    "\"value_type\": \"list\", \"pair_remove\": true}, \"score\": "            \
    "{\"rate\": 1, \"compress\": true, \"value_type\": \"float\", "            \
    "\"pair_remove\": true}, \"active\": {\"rate\": 1, \"compress\": "         \
    "false, \"value_type\": \"bool\", \"pair_remove\": false}}"

/* Nothing of it may shrink or go. */
#define FIXED(type)                                                            \
    "{\"rate\":1,\"compress\":false,\"value_type\":\"" type "\","              \
    "\"pair_remove\":false}"
#define FIXED_RECORD                                                           \
    "\"json_data\":{\"a\":7,\"b\":\"x, y\"},\"json_config\":"                  \
    "{\"a\":" FIXED("int") ",\"b\":" FIXED("str") "}"

START_TEST(a_fixed_record_comes_back)
{
    struct reply reply = ask(
        "{\"function\":\"compress_json\"," FIXED_RECORD "}");
    ck_json_null(&reply, "error");
    ck_assert_double_eq(number_at(&reply, "result.compressed_prompt.a"), 7);
    /* The white space after a comma goes, as in the Python. */
    ck_json_string(&reply, "result.compressed_prompt.b", "x,y");
    ck_json_string(&reply, "result.method", "reference");
    release(&reply);
}
END_TEST

START_TEST(records_have_options_of_their_own)
{
    assert_accepted("{\"function\":\"compress_json\"," FIXED_RECORD
                    ",\"options\":{\"reorder_keyvalue\":\"sort\","
                    "\"use_keyvalue_level_filter\":false}}");
    assert_refused("{\"function\":\"compress_json\"," FIXED_RECORD
                   ",\"options\":{\"reorder_context\":\"sort\"}}",
                   "\"reorder_context\" is unknown");
    assert_refused("{\"context\":\"a\",\"options\":"
                   "{\"reorder_keyvalue\":\"sort\"}}",
                   "\"reorder_keyvalue\" is unknown");
    assert_refused("{\"function\":\"compress_json\"," FIXED_RECORD
                   ",\"options\":{\"method\":\"paper\"}}", "\"method\"");
    assert_refused("{\"function\":\"compress_json\"}", "\"json_data\"");
    assert_refused("{\"function\":\"compress_json\",\"json_data\":{\"a\":1},"
                   "\"json_config\":\"config.yaml\"}", "\"json_config\"");
    assert_refused("{\"function\":\"compress_json\",\"json_data\":{\"a\":1},"
                   "\"json_config\":{}}", "keys");
}
END_TEST

/* Tags are read by the method that is asked for. */
START_TEST(tags_go_with_any_method)
{
    struct pith_compress_options paper;
    pith_compress_options_init(&paper);
    struct reply reply = ask_with(
        &paper, "{\"function\":\"structured_compress_prompt\"," PROMPT "}");
    ck_json_string(&reply, "result.method", "spans");
    release(&reply);
    paper.method = PITH_METHOD_PAPER;
    reply = ask_with(
        &paper, "{\"function\":\"structured_compress_prompt\"," PROMPT "}");
    ck_json_string(&reply, "result.method", "paper");
    release(&reply);
    reply = ask_with(
        &paper, "{\"function\":\"structured_compress_prompt\"," PROMPT
                ",\"options\":{\"method\":\"reference\"}}");
    ck_json_string(&reply, "result.method", "reference");
    release(&reply);
}
END_TEST

/* What llmlingua 0.2.2 gives with the same weights (float32, PyTorch). */
static const struct record_case {
    const char *options, *want;
    int origin_tokens, compressed_tokens;
} record_cases[] = {
    {"{\"iterative_size\": 20}",
    "{\"id\": 17, \"name\": \"Ann Smith,senior engineer\", \"notes\": "
    "\"She first the the of has looked it,with two the in.\", \"tags\": "
    "[\"\", \"\", \"a long tag that says very the person at all\"], "
    "\"score\": 3.25, \"active\": true}",
     94, 70},
    {"{\"iterative_size\": 20, \"use_keyvalue_level_filter\": true, "
    "\"rate\": 0.3, \"context_budget\": \"*0.5\"}",
    "{\"id\": 17, \"name\": \"Ann Smith,senior engineer\", \"notes\": "
    "\"She first the the of has looked it,with two in.\", \"tags\": [\"\", "
    "\"\", \"a long tag says very about the person at all\"], \"active\": "
    "true}",
     94, 60},
    {"{\"iterative_size\": 20, \"use_keyvalue_level_filter\": true, "
    "\"rate\": 0.5, \"context_budget\": \"*0.5\", \"question\": \"What did "
    "she write?\", \"rank_method\": \"longllmlingua\", "
    "\"condition_in_question\": \"after\", \"reorder_keyvalue\": "
    "\"original\"}",
    "{\"id\": 17, \"name\": \"Ann Smith,senior engineer\", \"notes\": "
    "\"She first the the of has looked it,with two the in.\", \"tags\": "
    "[\"\", \"\", \"a long tag that says very the person at all\"], "
    "\"score\": 3.25, \"active\": true}",
     99, 70},
};

/* The result's record, as the Python writes it. */
static void check_record(const struct reply *reply,
                         const struct record_case *want)
{
    struct pith_buffer got = {0};
    struct pith_error error;
    ck_json_null(reply, "error");
    assert_ok(pith_python_dumps(&got, at(reply, "result.compressed_prompt"),
                                &error), error);
    pith_buffer_byte(&got, '\0');
    ck_assert_str_eq(got.data, want->want);
    pith_buffer_free(&got);
    ck_assert_double_eq(number_at(reply, "result.origin_tokens"),
                        want->origin_tokens);
    ck_assert_double_eq(number_at(reply, "result.compressed_tokens"),
                        want->compressed_tokens);
}

START_TEST(records_shrink_as_in_the_python)
{
    const char *source = shared_path("models/default");
    const char *converted = temporary_path("service.pith");
    struct pith_session_options one_thread = {
        .sizeof_options = sizeof one_thread, .n_threads = 1};
    struct pith_compress_options options = defaults;
    struct pith_counter *counter;
    struct pith_model *real;
    struct pith_session *on_real, *on_tiny = session;
    struct pith_error error;
    if (source == NULL)
        return;
    assert_ok(pith_convert(source, converted, NULL, &error), error);
    assert_ok(pith_model_load(converted, NULL, &real, &error), error);
    remove(converted);
    assert_ok(pith_session_create(real, &one_thread, &on_real, &error), error);
    assert_ok(pith_counter_load(shared_path("tokenizers/cl100k_base.tiktoken"),
                                &counter, &error), error);
    options.count_with = counter;
    session = on_real;
    for (size_t i = 0; i < sizeof record_cases / sizeof *record_cases; i++) {
        char request[4096];
        snprintf(request, sizeof request,
                 "{\"function\":\"compress_json\"," RECORD ",\"options\":%s}",
                 record_cases[i].options);
        struct reply reply = ask_with(&options, request);
        check_record(&reply, &record_cases[i]);
        release(&reply);
    }
    /* The first brace goes after a member there. */
    struct reply reply = ask_with(
        &options, "{\"function\":\"compress_json\"," RECORD ",\"options\":"
                  "{\"iterative_size\":20,\"reorder_keyvalue\":\"sort\","
                  "\"use_keyvalue_level_filter\":true}}");
    ck_json_null(&reply, "result");
    ck_assert(contains(at(&reply, "error")->string, "has broken the JSON"));
    release(&reply);
    session = on_tiny;
    pith_counter_free(counter);
    pith_session_free(on_real);
    pith_model_free(real);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("service");
    TCase *tcase = tcase_create("service");
    tcase_set_timeout(tcase, 120);
    tcase_add_unchecked_fixture(tcase, load, unload);
    tcase_add_test(tcase, a_result_is_one_json_object);
    tcase_add_test(tcase, results_without_tokens_have_a_ratio);
    tcase_add_test(tcase, a_trace_has_the_form_of_the_goldens);
    tcase_add_test(tcase, a_request_is_answered_in_the_form_of_the_goldens);
    tcase_add_test(tcase, spans_come_on_request);
    tcase_add_test(tcase, unreadable_requests_are_refused);
    tcase_add_test(tcase, a_refusal_keeps_the_name);
    tcase_add_test(tcase, lists_of_strings_are_not_endless);
    tcase_add_test(tcase, contexts_are_not_endless);
    tcase_add_loop_test(tcase, bad_options_are_refused_by_name, 0,
                        N_BAD_OPTIONS);
    tcase_add_test(tcase, options_at_their_defaults_are_accepted);
    tcase_add_test(tcase, an_object_is_no_value_of_any_option);
    tcase_add_test(tcase, options_may_stand_beside_the_context);
    tcase_add_test(tcase, a_text_is_split_into_contexts);
    tcase_add_test(tcase, keys_that_say_nothing_are_noted);
    tcase_add_test(tcase, aliases_add_to_their_option);
    tcase_add_test(tcase, forced_tokens_are_kept);
    tcase_add_test(tcase, requests_are_utf8);
    tcase_add_test(tcase, the_locale_changes_nothing);
    tcase_add_test(tcase, the_outcome_of_a_request_is_told);
    tcase_add_test(tcase, options_reach_the_compressor);
    tcase_add_test(tcase, what_must_stay_reaches_the_compressor);
    tcase_add_test(tcase, options_of_another_method_are_noted_or_refused);
    tcase_add_test(tcase, cut_requests_are_refused);
    tcase_add_test(tcase, a_response_is_recovered);
    tcase_add_test(tcase, the_method_of_recover_has_the_default);
    tcase_add_test(tcase, what_recover_cannot_use_is_refused);
    tcase_add_test(tcase, scores_are_a_function_too);
    tcase_add_test(tcase, tokens_are_answered_with_ids_and_pieces);
    tcase_add_test(tcase, losses_are_those_of_pith_score);
    tcase_add_test(tcase, texts_that_are_not_utf8_are_scored_as_they_are);
    tcase_add_test(tcase, a_fixed_record_comes_back);
    tcase_add_test(tcase, records_have_options_of_their_own);
    tcase_add_test(tcase, tags_go_with_any_method);
    suite_add_tcase(suite, tcase);
    TCase *goldens = tcase_create("goldens");
    tcase_set_timeout(goldens, 300);
    tcase_add_unchecked_fixture(goldens, load, unload);
    tcase_add_test(goldens, records_shrink_as_in_the_python);
    suite_add_tcase(suite, goldens);
    return suite;
}
