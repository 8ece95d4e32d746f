/*
 * test_baselines.c - src/eval/baselines.c, stop_words.c: what each simpler
 * method keeps, and how much.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/utf8.h"
#include "pith_eval.h"
#include "support.h"
#include "tiny_model.h"

static struct pith_model *model;
static struct pith_session *session;

static void open_model(void)
{
    struct pith_error error;
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = 1};
    model = tiny_model_load(TINY_LLAMA_TIED, PITH_F32, NULL);
    assert_ok(pith_session_create(model, &options, &session, &error), error);
}

static void close_model(void)
{
    pith_session_free(session);
    pith_model_free(model);
}

static struct pith_text text_of(const char *string)
{
    return (struct pith_text){string, strlen(string)};
}

static const char text[] =
    "The quick brown fox jumps over the lazy dog. Nobody saw it, but 17 "
    "people heard it.\nWasn't that a sight? Caf\303\251s closed early; the "
    "\344\270\255\346\226\207 sign stayed. In the end all was well.";

static struct pith_baseline_result compress(enum pith_baseline baseline,
                                            size_t n_tokens, uint64_t seed)
{
    struct pith_text context = text_of(text);
    struct pith_prompt prompt = {.contexts = &context, .n_contexts = 1};
    struct pith_baseline_result result;
    struct pith_error error;
    assert_ok(pith_baseline_compress(session, &prompt, baseline, n_tokens,
                                     seed, &result, &error), error);
    return result;
}

static void free_result(struct pith_baseline_result *result)
{
    pith_free((void *)result->text.bytes);
}

static void assert_subsequence(struct pith_text part, struct pith_text of)
{
    size_t at = 0;
    for (size_t i = 0; i < of.size && at < part.size; i++)
        at += part.bytes[at] == of.bytes[i];
    ck_assert_uint_eq(at, part.size);
}

static const size_t targets[] = {0, 1, 7, 30, 60, 100000};

START_TEST(targets_are_met)
{
    enum pith_baseline baseline = (enum pith_baseline)_i;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct pith_baseline_result r = compress(baseline, targets[i], 3);
        size_t most = targets[i] < r.origin_tokens ? targets[i]
                                                   : r.origin_tokens;
        ck_assert_uint_le(r.compressed_tokens, most);
        /* A unit that has no room has at most three bytes here. */
        ck_assert_uint_gt(r.compressed_tokens + 3, most);
        ck_assert(pith_utf8_is_valid(r.text.bytes, r.text.size));
        assert_subsequence(r.text, text_of(text));
        free_result(&r);
    }
}
END_TEST

START_TEST(truncation_keeps_the_start)
{
    struct pith_baseline_result r = compress(PITH_BASELINE_TRUNCATION, 40, 0);
    ck_assert_uint_gt(r.text.size, 10);
    ck_assert_mem_eq(r.text.bytes, text, r.text.size);
    free_result(&r);
}
END_TEST

START_TEST(random_goes_by_its_seed)
{
    struct pith_baseline_result one = compress(PITH_BASELINE_RANDOM, 40, 1);
    struct pith_baseline_result same = compress(PITH_BASELINE_RANDOM, 40, 1);
    struct pith_baseline_result two = compress(PITH_BASELINE_RANDOM, 40, 2);
    ck_assert_uint_eq(one.text.size, same.text.size);
    ck_assert_mem_eq(one.text.bytes, same.text.bytes, one.text.size);
    ck_assert(one.text.size != two.text.size ||
              memcmp(one.text.bytes, two.text.bytes, one.text.size) != 0);
    free_result(&one);
    free_result(&same);
    free_result(&two);
}
END_TEST

/* The token of the largest loss; it spells whole characters here. */
static struct pith_text most_surprising(void)
{
    int32_t *ids;
    size_t n, best = 0;
    struct pith_error error;
    assert_ok(pith_tokenize(model, text_of(text), 0, &ids, &n, &error), error);
    float *losses = malloc(n * sizeof *losses);
    assert_ok(pith_score(session, ids, n, losses, &error), error);
    for (size_t i = 0; i < n; i++)
        best = losses[i] > losses[best] ? i : best;
    struct pith_text piece = pith_token_piece(model, ids[best]);
    free(losses);
    pith_free(ids);
    ck_assert(pith_utf8_is_valid(piece.bytes, piece.size));
    return piece;
}

START_TEST(selective_context_keeps_what_informs)
{
    struct pith_text piece = most_surprising();
    struct pith_baseline_result one =
        compress(PITH_BASELINE_SELECTIVE_TOKENS, 1, 0);
    struct pith_baseline_result more =
        compress(PITH_BASELINE_SELECTIVE_TOKENS, 20, 0);
    ck_assert_uint_eq(one.text.size, piece.size);
    ck_assert_mem_eq(one.text.bytes, piece.bytes, piece.size);
    assert_subsequence(one.text, more.text);
    ck_assert_uint_gt(more.compressed_tokens, 17);
    free_result(&one);
    free_result(&more);
}
END_TEST

static size_t n_whole(struct pith_text kept, const char *const *sentences,
                      size_t n)
{
    size_t whole = 0;
    char *copy = calloc(kept.size + 1, 1);
    memcpy(copy, kept.bytes, kept.size);
    for (size_t i = 0; i < n; i++)
        whole += strstr(copy, sentences[i]) != NULL;
    free(copy);
    return whole;
}

START_TEST(sentences_stay_whole)
{
    static const char *const sentences[] = {
        "The quick brown fox jumps over the lazy dog.",
        "Nobody saw it, but 17 people heard it.", "Wasn't that a sight?",
        "Caf\303\251s closed early; the \344\270\255\346\226\207 sign stayed.",
        "In the end all was well."};
    struct pith_baseline_result r =
        compress((enum pith_baseline)_i, 120, 0);
    size_t whole = n_whole(r.text, sentences, 5);
    size_t n_bytes = 0;
    ck_assert_uint_ge(whole, 1);
    ck_assert_uint_lt(whole, 5);
    for (size_t i = 0; i < 5; i++)
        n_bytes += strlen(sentences[i]);
    ck_assert_uint_lt(r.text.size, n_bytes);
    free_result(&r);
}
END_TEST

START_TEST(stop_words_go)
{
    struct pith_baseline_result r = compress(PITH_BASELINE_STOP_WORDS, 0, 0);
    static const char *const gone[] = {"The", "over", "Nobody", "but",
                                       "Wasn't", "that", " the", " it", "all",
                                       "was "};
    static const char *const here[] = {"quick", "dog.", "17", "people",
                                       "sight?", "Caf\303\251s", "sign"};
    ck_assert_uint_eq(n_whole(r.text, gone, 10), 0);
    ck_assert_uint_eq(n_whole(r.text, here, 7), 7);
    ck_assert_uint_lt(r.compressed_tokens, r.origin_tokens);
    free_result(&r);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("baselines");
    TCase *tcase = tcase_create("baselines");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, open_model, close_model);
    tcase_add_loop_test(tcase, targets_are_met, 0, PITH_BASELINE_STOP_WORDS);
    tcase_add_test(tcase, truncation_keeps_the_start);
    tcase_add_test(tcase, random_goes_by_its_seed);
    tcase_add_test(tcase, selective_context_keeps_what_informs);
    tcase_add_loop_test(tcase, sentences_stay_whole, PITH_BASELINE_SENTENCES,
                        PITH_BASELINE_SENTENCES + 1);
    tcase_add_loop_test(tcase, sentences_stay_whole,
                        PITH_BASELINE_SELECTIVE_SENTENCES,
                        PITH_BASELINE_SELECTIVE_SENTENCES + 1);
    tcase_add_test(tcase, stop_words_go);
    suite_add_tcase(suite, tcase);
    return suite;
}
