/*
 * test_result.c - src/prompt/result.c and the option checks of compress.c.
 */
#include <math.h>
#include <string.h>

#include "../src/base/memory.h"
#include "../src/prompt/result.h"
#include "../src/prompt/trace.h"
#include "support.h"
#include "tiny_model.h"

START_TEST(builders_copy_what_they_are_given)
{
    struct pith_result *result = pith_array_zero(1, sizeof *result);
    struct pith_error error;
    for (size_t i = 0; i < 100; i++) {
        struct pith_part_result part = {.index = i, .n_kept = 2 * i};
        struct pith_threshold threshold = {i, 0.5, -(double)i};
        struct pith_rank ranks[] = {{i, 1.5}, {i + 1, 0.5}};
        assert_ok(pith_result_add_part(result, &part, &error), error);
        assert_ok(pith_result_add_threshold(result, threshold, &error), error);
        assert_ok(pith_result_add_ranking(result, ranks, i % 3, &error), error);
    }
    int32_t ids[] = {5, 6, 7};
    assert_ok(pith_result_set_kept_ids(result, ids, 3, &error), error);
    assert_ok(pith_result_set_kept_ids(result, ids, 2, &error), error);
    ids[0] = 9;
    ck_assert_uint_eq(result->n_parts, 100);
    ck_assert_uint_eq(result->trace.n_thresholds, 100);
    ck_assert_uint_eq(result->trace.n_rankings, 100);
    ck_assert_uint_eq(result->trace.n_kept_ids, 2);
    ck_assert_int_eq(result->trace.kept_ids[0], 5);
    ck_assert(result->trace.has_kept_ids);
    for (size_t i = 0; i < 100; i++) {
        ck_assert_uint_eq(result->parts[i].n_kept, 2 * i);
        ck_assert_double_eq(result->trace.thresholds[i].gamma, -(double)i);
        ck_assert_uint_eq(result->trace.n_ranks[i], i % 3);
        if (i % 3 == 2)
            ck_assert_uint_eq(result->trace.rankings[i][1].index, i + 1);
    }
    pith_result_free(result);
    pith_result_free(NULL);
}
END_TEST

START_TEST(notes_are_sentences_on_one_line)
{
    struct pith_result *result = pith_array_zero(1, sizeof *result);
    struct pith_error error;
    assert_ok(pith_result_note(result, &error, "There are %d.", 2), error);
    ck_assert_str_eq(result->note, "There are 2.");
    assert_ok(pith_result_note(result, &error, "And more."), error);
    ck_assert_str_eq(result->note, "There are 2. And more.");
    pith_result_free(result);
}
END_TEST

START_TEST(defaults_are_those_of_the_paper_and_the_package)
{
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    ck_assert_uint_eq(options.sizeof_options, sizeof options);
    ck_assert_int_eq(options.method, PITH_METHOD_SPANS);
    ck_assert_double_eq(options.rate, 0.5);
    ck_assert(options.target < 0);
    ck_assert_double_eq(options.tau_ins, 0.85);
    ck_assert_double_eq(options.tau_que, 0.9);
    ck_assert_double_eq(options.k, 0);
    ck_assert_uint_eq(options.segment_size, 0);
    ck_assert_uint_eq(options.iterative_size, 200);
    ck_assert_str_eq(options.context_budget, "+100");
    ck_assert(options.use_context_level_filter);
    ck_assert(options.use_token_level_filter);
    ck_assert(!options.keep_split && !options.trace);
    ck_assert(options.concate_question);
}
END_TEST

static struct pith_model *model;
static struct pith_session *session;

static void open_tiny(void)
{
    tiny_open(TINY_GPT2, &model, &session);
}

static void close_tiny(void)
{
    tiny_close(model, session);
}

/* Compressing with these options is refused, and the detail has the word. */
static void assert_refused(const struct pith_compress_options *options,
                           const char *word)
{
    struct pith_text context = {"some text to compress", 21};
    struct pith_prompt prompt = {.contexts = &context, .n_contexts = 1};
    struct pith_result *result = (struct pith_result *)&context;
    struct pith_error error;
    enum pith_status status =
        pith_compress(session, &prompt, options, &result, &error);
    ck_assert_msg(status == PITH_ERR_ARGUMENT, "%s: status %d", word, status);
    ck_assert_msg(strstr(error.detail, word) != NULL, "\"%s\" lacks \"%s\"",
                  error.detail, word);
    ck_assert_ptr_null(result);
}

static struct pith_compress_options changed(void)
{
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_PAPER;
    return options;
}

START_TEST(impossible_options_are_refused_by_name)
{
    const double rates[] = {0, 1.0001, 50, NAN, INFINITY};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct pith_compress_options options = changed();
        options.rate = rates[i];
        assert_refused(&options, "rate");
    }
    const double targets[] = {0, 0.5, NAN, INFINITY};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct pith_compress_options options = changed();
        options.rate = -1;
        options.target = targets[i];
        assert_refused(&options, "target");
    }
    struct pith_compress_options options = changed();
    options.target = 10;
    assert_refused(&options, "both");
    options.rate = options.target = -1;
    assert_refused(&options, "neither");
    options = changed();
    options.tau_ins = 1.5;
    assert_refused(&options, "tau_ins");
    options = changed();
    options.tau_que = NAN;
    assert_refused(&options, "tau_que");
    const double ks[] = {-1, NAN, INFINITY};
    for (size_t i = 0; i < sizeof ks / sizeof *ks; i++) {
        options = changed();
        options.k = ks[i];
        assert_refused(&options, "k is");
    }
    options = changed();
    options.window = 63;
    assert_refused(&options, "window is 63 positions; expected at least 64");
    options = changed();
    options.sizeof_options = 0;
    assert_refused(&options, "sizeof_options");
    options = changed();
    options.method = (enum pith_method)7;
    assert_refused(&options, "method");
}
END_TEST

START_TEST(missing_arguments_are_refused)
{
    struct pith_compress_options options = changed();
    struct pith_text nothing = {NULL, 5};
    struct pith_prompt prompt = {.instruction = nothing};
    struct pith_result *result;
    struct pith_error error;
    ck_assert_int_eq(pith_compress(session, &prompt, &options, &result, &error),
                     PITH_ERR_ARGUMENT);
    prompt = (struct pith_prompt){.n_contexts = 1};
    ck_assert_int_eq(pith_compress(session, &prompt, &options, &result, &error),
                     PITH_ERR_ARGUMENT);
    prompt.contexts = &nothing;
    ck_assert_int_eq(pith_compress(session, &prompt, &options, &result, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_int_eq(pith_compress(NULL, &prompt, &options, &result, NULL),
                     PITH_ERR_ARGUMENT);
    ck_assert_int_eq(pith_compress(session, NULL, &options, &result, NULL),
                     PITH_ERR_ARGUMENT);
    ck_assert_int_eq(pith_compress(session, &prompt, &options, NULL, NULL),
                     PITH_ERR_ARGUMENT);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("result");
    TCase *tcase = tcase_create("result");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, open_tiny, close_tiny);
    tcase_add_test(tcase, builders_copy_what_they_are_given);
    tcase_add_test(tcase, notes_are_sentences_on_one_line);
    tcase_add_test(tcase, defaults_are_those_of_the_paper_and_the_package);
    tcase_add_test(tcase, impossible_options_are_refused_by_name);
    tcase_add_test(tcase, missing_arguments_are_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
