/*
 * test_eval_methods.c - src/eval/methods.c, method_options.c: options that a
 * method of an evaluation is given with its name.
 */
#include <stdlib.h>
#include <string.h>

#include "pith_eval.h"
#include "support.h"
#include "tiny_model.h"

static struct pith_model *model;
static struct pith_session *session;

static void open_model(void)
{
    tiny_open(TINY_LLAMA_TIED, &model, &session);
}

static void close_model(void)
{
    tiny_close(model, session);
}

static const struct pith_text contexts[] = {
    {"Alpha paid 1,782.50 on May 3. Do not restart it.", 48},
    {"Beta was never there, says Carl of 14:05.", 41}};

static struct pith_text question = {"Who was there?", 14};

static struct pith_baseline_result compress(const char *method, size_t n,
                                            uint64_t seed)
{
    struct pith_prompt prompt = {.contexts = contexts, .n_contexts = 2,
                                 .question = question};
    struct pith_baseline_result result;
    struct pith_error error;
    assert_ok(pith_eval_compress(session, &prompt, method, n, seed, &result,
                                 &error), error);
    return result;
}

/* What the method keeps is what pith_compress keeps with these options. */
static void expect_as(const char *method, struct pith_compress_options *options)
{
    struct pith_prompt prompt = {.contexts = contexts, .n_contexts = 2,
                                 .question = question};
    struct pith_baseline_result got = compress(method, 40, 1);
    struct pith_result *want;
    struct pith_error error;
    options->rate = -1;
    options->target = 40;
    assert_ok(pith_compress(session, &prompt, options, &want, &error), error);
    ck_assert_msg(got.text.size == want->text.size &&
                      memcmp(got.text.bytes, want->text.bytes,
                             got.text.size) == 0,
                  "%s: \"%.*s\", not \"%.*s\"", method, (int)got.text.size,
                  got.text.bytes, (int)want->text.size, want->text.bytes);
    pith_result_free(want);
    pith_free((void *)got.text.bytes);
}

START_TEST(options_are_those_of_the_list)
{
    static const struct pith_text keep[] = {{"Carl", 4}, {"May", 3}};
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_PAPER;
    options.units = PITH_UNITS_TOKEN;
    options.segment_size = 7;
    options.use_itpc = false;
    options.tau_que = 0.5;
    expect_as("paper+units=token+segment-size=7+itpc=off+tau-que=0.5",
              &options);
    expect_as("paper-no-itpc+units=token+segment-size=7+tau-que=0.5",
              &options);
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_PAPER;
    options.keep = keep;
    options.n_keep = 2;
    options.keep_regex = "B[a-z]*";
    expect_as("paper+keep=Carl+keep=May+keep-regex=B[a-z]*", &options);
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_SPANS;
    options.protect = PITH_PROTECT_NUMBERS | PITH_PROTECT_NEGATIONS;
    expect_as("spans+protect=numbers+protect=negations", &options);
}
END_TEST

static bool holds(struct pith_text text, const char *part)
{
    size_t n = strlen(part);
    for (size_t i = 0; i + n <= text.size; i++)
        if (memcmp(text.bytes + i, part, n) == 0)
            return true;
    return false;
}

static const char *const seeing[] = {"paper+question", "paper+question-aware",
                                     "spans+question",
                                     "reference+question"};

/* Whatever the target is, one that is so close that a word has to leave too. */
START_TEST(a_question_that_is_seen_is_whole_at_every_target)
{
    for (size_t n = 0; n < 60; n++) {
        struct pith_baseline_result got = compress(seeing[_i], n, 1);
        ck_assert(!holds(got.text, "there?"));
        pith_free((void *)got.text.bytes);
    }
}
END_TEST

START_TEST(a_question_that_is_seen_does_not_stay)
{
    struct pith_baseline_result got = compress(seeing[_i], 40, 1);
    ck_assert(!holds(got.text, "there?"));
    if (strncmp(seeing[_i], "reference", 9) != 0)
        ck_assert_msg(got.compressed_tokens + 8 > 40 &&
                          got.compressed_tokens <= 40,
                      "%s: %zu", seeing[_i], got.compressed_tokens);
    int32_t *ids;
    size_t n;
    struct pith_error error;
    assert_ok(pith_tokenize(model, got.text, 0, &ids, &n, &error), error);
    ck_assert_uint_eq(n, got.compressed_tokens);
    pith_free(ids);
    pith_free((void *)got.text.bytes);
}
END_TEST

static struct pith_eval_traits traits_of(const char *method)
{
    struct pith_eval_traits traits;
    struct pith_error error;
    assert_ok(pith_eval_look_up(method, &traits, &error), error);
    return traits;
}

START_TEST(methods_say_what_they_are_like)
{
    ck_assert(!traits_of("paper").sees_question);
    ck_assert(traits_of("spans+question").sees_question);
    ck_assert(traits_of("paper+question-aware").sees_question);
    ck_assert(!traits_of("paper").draws);
    ck_assert(traits_of("random").draws);
    ck_assert(traits_of("paper-random-selection").draws);
    ck_assert(traits_of("paper+selection-seed=4").draws);
    ck_assert(traits_of("full").ignores_budget);
    ck_assert(traits_of("zero-shot").ignores_budget);
    ck_assert(traits_of("stop-words").ignores_budget);
    ck_assert(!traits_of("truncation").ignores_budget);
    for (size_t i = 0; pith_eval_method(i) != NULL; i++)
        traits_of(pith_eval_method(i));
}
END_TEST

static const struct {
    const char *method, *said;
} bad[] = {
    {"papers", "there is no method \"papers\""},
    {"", "no method"},
    {"random+units=word", "only paper, spans and reference take options"},
    {"paper+unit=word", "there is no option \"unit\""},
    {"paper+units=words", "found \"words\", expected word|token"},
    {"paper+units", "found no value"},
    {"paper+segment-size=0", "expected a whole number in its range"},
    {"paper+segment-size=1.5", "expected a whole number"},
    {"paper+segment-size=", "expected a whole number"},
    {"paper+tau-que=1.5", "expected a number in its range"},
    {"paper+tau-que=nan", "expected a number in its range"},
    {"paper+itpc=yes", "expected on or off"},
    {"paper+rate=0.5", "rate cannot be part of a method"},
    {"paper+method=spans", "method cannot be part of a method"},
    {"spans+segment-size=5", "segment-size is not an option of spans"},
    {"paper+protect=number", "number"},
    {"paper+keep=", "expected a text"},
    {"paper+keep=1+keep=1+keep=1+keep=1+keep=1+keep=1+keep=1+keep=1+keep=1+"
     "keep=1+keep=1+keep=1+keep=1+keep=1+keep=1+keep=1+keep=1",
     "at most 16"},
    {"paper+keep=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "takes more than 255 bytes"},
};

enum { N_BAD = sizeof bad / sizeof *bad };

START_TEST(bad_methods_are_refused)
{
    struct pith_eval_traits traits;
    struct pith_error error;
    ck_assert_int_eq(pith_eval_look_up(bad[_i].method, &traits, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_msg(strstr(error.detail, bad[_i].said) != NULL, "%s",
                  error.detail);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("eval_methods");
    TCase *tcase = tcase_create("eval_methods");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, open_model, close_model);
    tcase_add_test(tcase, options_are_those_of_the_list);
    tcase_add_loop_test(tcase, a_question_that_is_seen_does_not_stay, 0, 4);
    tcase_add_loop_test(tcase, a_question_that_is_seen_is_whole_at_every_target,
                        0, 4);
    tcase_add_test(tcase, methods_say_what_they_are_like);
    tcase_add_loop_test(tcase, bad_methods_are_refused, 0, N_BAD);
    suite_add_tcase(suite, tcase);
    return suite;
}
