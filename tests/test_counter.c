/*
 * test_counter.c - budgets and counts of the target model (the counts
 * themselves: test_tiktoken.c; of `reference`: test_reference.c), and prompts
 * that come back because nothing would be saved.
 */
#include <stdio.h>
#include <string.h>

#include "support.h"
#include "tiny_model.h"

static struct pith_model *model;
static struct pith_session *session;
static enum pith_method method;

static void open_tiny(void)
{
    tiny_open(TINY_LLAMA_TIED, &model, &session);
}

static void close_tiny(void)
{
    tiny_close(model, session);
}

/* Every byte is a token, and so is what `more` lists. */
static struct pith_counter *open_counter(const char *more)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                 "stuvwxyz0123456789+/";
    struct pith_counter *counter;
    struct pith_error error;
    const char *path = temporary_path("counter");
    FILE *stream = fopen(path, "wb");
    ck_assert_ptr_nonnull(stream);
    for (int byte = 0; byte < 256; byte++)
        fprintf(stream, "%c%c== %d\n", digits[byte >> 2],
                digits[(byte & 3) << 4], byte);
    fputs(more, stream);
    fclose(stream);
    assert_ok(pith_counter_load(path, &counter, &error), error);
    remove(path);
    return counter;
}

/* An amount below 1 is a rate. */
static struct pith_result *compress(const char *text,
                                    const struct pith_counter *counter,
                                    double amount)
{
    struct pith_compress_options options;
    struct pith_result *result;
    struct pith_error error;
    struct pith_text context = {text, strlen(text)};
    struct pith_prompt prompt = {.contexts = &context, .n_contexts = 1};
    pith_compress_options_init(&options);
    options.rate = amount < 1 ? amount : -1;
    options.target = amount < 1 ? -1 : amount;
    options.method = method;
    options.count_with = counter;
    options.trace = true;
    options.detail = true;
    assert_ok(pith_compress(session, &prompt, &options, &result, &error),
              error);
    return result;
}

START_TEST(the_target_is_met_in_tokens_of_the_target_model)
{
    static const char text[] = "the rain in Spain stays mainly in the plain of "
                               "a land where 12 men may sit by a fire";
    struct pith_counter *counter = open_counter("");
    struct pith_result *plain = compress(text, NULL, 9);
    ck_assert_uint_eq(plain->compressed_tokens, 9);
    ck_assert_uint_eq(plain->model_compressed_tokens, 9);
    ck_assert_uint_eq(plain->model_origin_tokens, plain->origin_tokens);
    for (int i = 0; i < 2; i++) {
        method = i == 0 ? PITH_METHOD_PAPER : PITH_METHOD_SPANS;
        for (size_t n = 20; n < strlen(text); n++) {
            struct pith_result *counted = compress(text, counter, (double)n);
            ck_assert_uint_eq(counted->origin_tokens, strlen(text));
            ck_assert_uint_eq(counted->compressed_tokens, counted->text.size);
            ck_assert(counted->text.size == n || counted->note != NULL);
            ck_assert(counted->text.size <= n && counted->text.size + 8 > n);
            ck_assert_uint_eq(counted->model_origin_tokens,
                              plain->origin_tokens);
            ck_assert_uint_lt(counted->model_compressed_tokens,
                              plain->origin_tokens);
            pith_result_free(counted);
        }
    }
    method = PITH_METHOD_PAPER;
    struct pith_result *half = compress(text, counter, 0.5);
    ck_assert_uint_eq(half->text.size, (strlen(text) + 1) / 2);
    pith_result_free(half);
    pith_result_free(plain);
    pith_counter_free(counter);
}
END_TEST

/* "aaaa" is one token of the target model, "aaa" is three. */
START_TEST(a_prompt_that_cannot_be_shortened_comes_back)
{
    struct pith_counter *counter = open_counter("YWE= 256\nYWFhYQ== 257\n");
    struct pith_result *all = compress("aaaa", NULL, 1e6);
    ck_assert_uint_gt(all->origin_tokens, 1);
    struct pith_result *result = compress("aaaa", counter, 0.5);
    ck_assert_str_eq(result->text.bytes, "aaaa");
    ck_assert_uint_eq(result->compressed_tokens, result->origin_tokens);
    ck_assert_uint_eq(result->model_compressed_tokens, all->origin_tokens);
    ck_assert_uint_eq(result->trace.n_kept_ids, all->origin_tokens);
    ck_assert_uint_eq(result->parts[1].n_kept, all->origin_tokens);
    ck_assert_uint_eq(result->detail.n_spans, 1);
    ck_assert_uint_eq(result->detail.spans[0].end, 4);
    ck_assert_ptr_nonnull(result->note);
    ck_assert_ptr_nonnull(strstr(result->note, "Nothing would be saved"));
    pith_result_free(result);
    result = compress("a", NULL, 0.999 + 0.001);
    ck_assert_ptr_null(result->note);
    pith_result_free(result);
    pith_result_free(all);
    pith_counter_free(counter);
}
END_TEST

START_TEST(what_is_no_counter_is_refused)
{
    struct pith_counter *counter;
    struct pith_error error;
    size_t n;
    ck_assert_int_eq(pith_counter_load("/nowhere/x.tiktoken", &counter, &error),
                     PITH_ERR_IO);
    ck_assert_ptr_null(counter);
    ck_assert_int_eq(pith_counter_load(NULL, &counter, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_int_eq(pith_counter_count(NULL, (struct pith_text){"a", 1}, &n,
                                        &error), PITH_ERR_ARGUMENT);
    pith_counter_free(NULL);
    counter = open_counter("");
    assert_ok(pith_counter_count(counter, (struct pith_text){"abc", 3}, &n,
                                 &error), error);
    ck_assert_uint_eq(n, 3);
    pith_counter_free(counter);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("counter");
    TCase *tcase = tcase_create("counter");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, open_tiny, close_tiny);
    tcase_add_test(tcase, the_target_is_met_in_tokens_of_the_target_model);
    tcase_add_test(tcase, a_prompt_that_cannot_be_shortened_comes_back);
    tcase_add_test(tcase, what_is_no_counter_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
