/*
 * test_session.c - src/model/session.c, forward.c, kvcache.c, score.c: the
 * cache and the order of work change no bit of a loss.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/threads.h"
#include "../src/model/extend.h"
#include "../src/model/forward.h"
#include "../src/model/kvcache.h"
#include "../src/model/score.h"
#include "../src/model/state.h"
#include "support.h"
#include "tiny_model.h"

enum { N_TOKENS = 90 };

/* Each kind of tiny model, in f32. */
static struct pith_model *models[TINY_ALL_KINDS];
static int32_t ids[N_TOKENS];
static int32_t targets[N_TOKENS];

static void load_models(void)
{
    uint64_t seed = 5;
    for (int kind = 0; kind < TINY_ALL_KINDS; kind++)
        models[kind] = tiny_model_load((enum tiny_kind)kind, PITH_F32, NULL);
    for (size_t i = 0; i < N_TOKENS; i++)
        ids[i] = (int32_t)random_below(&seed, 420);
    for (size_t i = 0; i < N_TOKENS; i++)
        targets[i] = i + 1 < N_TOKENS ? ids[i + 1] : PITH_NO_TARGET;
}

static void free_models(void)
{
    for (int kind = 0; kind < TINY_ALL_KINDS; kind++)
        pith_model_free(models[kind]);
}

static struct pith_session *open_session(const struct pith_model *model,
                                         int n_threads, size_t n_ctx,
                                         const struct pith_progress *progress)
{
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = n_threads,
                                           .n_ctx = n_ctx,
                                           .progress = progress,
                                           .precision = "f32"};
    struct pith_session *session;
    struct pith_error error;
    assert_ok(pith_session_create(model, &options, &session, &error), error);
    return session;
}

static void forward(struct pith_session *session, size_t from, size_t to,
                    float *losses)
{
    struct pith_error error;
    assert_ok(pith_session_forward(session, NULL, ids + from, to - from,
                                   losses ? targets + from : NULL,
                                   losses ? losses + from : NULL, &error),
              error);
}

static void assert_same_bits(const float *got, const float *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(memcmp(got + i, want + i, sizeof *got) == 0,
                      "at %zu of %zu: got %a, want %a", i, n, (double)got[i],
                      (double)want[i]);
}

/* Losses of all tokens in one call and one thread. */
static void score_at_once(const struct pith_model *model, float *losses)
{
    struct pith_session *session = open_session(model, 1, 0, NULL);
    forward(session, 0, N_TOKENS, losses);
    pith_session_free(session);
}

/* Sessions have no more threads than there are processors; this one shall. */
static void give_threads(struct pith_session *session, int n_threads)
{
    struct pith_compute_limits limits = {PITH_FORWARD_TOKENS, 1024,
                                         session->n_ctx, 128};
    struct pith_compute compute;
    struct pith_error error;
    assert_ok(pith_compute_init(&compute, session->compute.kernels, n_threads,
                                &limits, &error), error);
    compute.precision = session->compute.precision;
    pith_compute_free(&session->compute);
    session->compute = compute;
}

START_TEST(splits_and_threads_change_no_bit)
{
    static const size_t steps[] = {1, 7, 32, 89};
    float want[N_TOKENS], got[N_TOKENS];
    score_at_once(models[_i], want);
    ck_assert(isnan(want[N_TOKENS - 1]));
    for (int n_threads = 1; n_threads <= 4; n_threads++) {
        struct pith_session *session = open_session(models[_i], 1, 0, NULL);
        give_threads(session, n_threads);
        for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
            pith_session_truncate(session, 0);
            for (size_t at = 0; at < N_TOKENS; at += steps[s])
                forward(session, at,
                        at + steps[s] < N_TOKENS ? at + steps[s] : N_TOKENS,
                        got);
            assert_same_bits(got, want, N_TOKENS - 1);
        }
        pith_session_free(session);
    }
}
END_TEST

START_TEST(rows_without_target_are_left_out)
{
    struct pith_session *session = open_session(models[_i], 2, 0, NULL);
    struct pith_error error;
    float want[N_TOKENS], got[N_TOKENS];
    int32_t some[N_TOKENS];

    score_at_once(models[_i], want);
    for (size_t i = 0; i < N_TOKENS; i++)
        some[i] = i % 3 == 1 ? targets[i] : PITH_NO_TARGET;
    assert_ok(pith_session_forward(session, NULL, ids, N_TOKENS, some, got,
                                   &error), error);
    for (size_t i = 0; i < N_TOKENS; i++) {
        if (some[i] == PITH_NO_TARGET)
            ck_assert(isnan(got[i]));
        else
            assert_same_bits(got + i, want + i, 1);
    }
    pith_session_free(session);
}
END_TEST

START_TEST(truncated_caches_continue_as_fresh_ones)
{
    struct pith_session *session = open_session(models[_i], 2, 0, NULL);
    float want[N_TOKENS], got[N_TOKENS];
    score_at_once(models[_i], want);
    forward(session, 0, 60, NULL);
    pith_session_truncate(session, 25);
    forward(session, 40, 80, NULL); /* other tokens in between */
    pith_session_truncate(session, 25);
    pith_session_truncate(session, 1000); /* no more than it holds */
    ck_assert_uint_eq(session->n_past, 25);
    forward(session, 25, N_TOKENS, got);
    assert_same_bits(got + 25, want + 25, N_TOKENS - 26);
    pith_session_free(session);
}
END_TEST

/* Keys and values after the gap are those that were there. */
START_TEST(drop_keeps_the_keys_of_the_rest)
{
    enum { FROM = 10, TO = 25, BEFORE = 40 };
    const size_t HEAD = models[_i]->format.config.head_dim;
    struct pith_session *session = open_session(models[_i], 1, 64, NULL);
    size_t n_rows = (size_t)2 * models[_i]->format.config.n_kv_head;
    size_t n = n_rows * 64 * HEAD;
    float *keys = malloc(n * sizeof *keys), *values = malloc(n * sizeof *keys);
    size_t left = BEFORE - (TO - FROM);

    forward(session, 0, BEFORE, NULL);
    memcpy(keys, session->keys, n * sizeof *keys);
    memcpy(values, session->values, n * sizeof *keys);
    pith_session_drop(session, 7, 7);
    pith_session_drop(session, FROM, TO);
    ck_assert_uint_eq(session->n_past, left);
    for (size_t row = 0; row < n_rows; row++) {
        for (size_t p = 0; p < left; p++) {
            size_t now = (row * 64 + p) * HEAD;
            size_t then = now + (p < FROM ? 0 : (TO - FROM) * HEAD);
            assert_same_bits(session->keys + now, keys + then, HEAD);
            assert_same_bits(session->values + now, values + then, HEAD);
        }
    }
    pith_session_drop(session, 20, 1000); /* to the end */
    ck_assert_uint_eq(session->n_past, 20);
    pith_session_free(session);
    free(keys);
    free(values);
}
END_TEST

START_TEST(bad_calls_change_nothing)
{
    struct pith_session *session = open_session(models[_i], 1, 64, NULL);
    int32_t bad[4] = {1, 2, 420, 3};
    float losses[N_TOKENS];
    struct pith_error error;

    forward(session, 0, 30, NULL);
    ck_assert_int_eq(pith_session_forward(session, NULL, bad, 4, NULL, NULL,
                                          &error), PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "420"));
    bad[2] = -1; /* may be a target, is not a token */
    ck_assert_int_eq(pith_session_forward(session, NULL, bad, 4, NULL, NULL,
                                          &error), PITH_ERR_ARGUMENT);
    bad[2] = -2;
    ck_assert_int_eq(pith_session_forward(session, NULL, ids, 4, bad, losses,
                                          &error), PITH_ERR_ARGUMENT);
    ck_assert_int_eq(pith_session_forward(session, NULL, ids, 35, NULL, NULL,
                                          &error), PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "35 tokens do not fit"));
    ck_assert_uint_eq(session->n_past, 30);
    assert_ok(pith_session_forward(session, NULL, ids, 0, NULL, NULL, &error),
                                   error);
    assert_ok(pith_session_forward(session, NULL, ids, 34, NULL, NULL, &error),
              error);
    ck_assert_uint_eq(session->n_past, 64);
    pith_session_free(session);
}
END_TEST

START_TEST(sessions_refuse_impossible_options)
{
    struct pith_session_options options = {.sizeof_options = sizeof options};
    struct pith_session *session;
    struct pith_error error;

    options.n_threads = -1;
    ck_assert_int_eq(pith_session_create(models[_i], &options, &session,
                                         &error), PITH_ERR_ARGUMENT);
    ck_assert_ptr_null(session);
    options.n_threads = 0;
    options.n_ctx = (size_t)1 << 30;
    ck_assert_int_eq(pith_session_create(models[_i], &options, &session,
                                         &error), PITH_ERR_ARGUMENT);
    options.sizeof_options = 0;
    ck_assert_int_eq(pith_session_create(models[_i], &options, &session,
                                         &error), PITH_ERR_ARGUMENT);
    assert_ok(pith_session_create(models[_i], NULL, &session, &error), error);
    ck_assert_uint_eq(session->n_ctx, 256);
    ck_assert_int_eq(session->compute.n_threads, pith_processors());
    pith_session_free(session);
    pith_session_free(NULL);
}
END_TEST

/* Stops at the call-th report. */
struct stopper {
    int call, stop_at;
};

static int stop(void *user, const char *stage, size_t done, size_t total)
{
    struct stopper *stopper = user;
    ck_assert(stage != NULL && done <= total);
    return ++stopper->call == stopper->stop_at;
}

START_TEST(cancelling_leaves_the_cache_as_it_was)
{
    enum { N = 2 * PITH_FORWARD_TOKENS + 1 }; /* three blocks */
    struct stopper stopper = {0, 3};
    struct pith_progress progress = {stop, &stopper};
    struct pith_session *session =
        open_session(models[TINY_LLAMA], 1, 50 + N, &progress);
    struct pith_error error;
    static int32_t many[N];
    float want[N_TOKENS], got[N_TOKENS];

    for (size_t i = 0; i < N; i++)
        many[i] = ids[i % N_TOKENS];
    score_at_once(models[TINY_LLAMA], want);
    forward(session, 0, 50, NULL);
    ck_assert_int_eq(pith_session_forward(session, NULL, many, N, NULL, NULL,
                                          &error), PITH_ERR_CANCELLED);
    ck_assert_int_eq(stopper.call, 3);
    ck_assert_uint_eq(session->n_past, 50);
    forward(session, 50, N_TOKENS, got);
    assert_same_bits(got + 50, want + 50, N_TOKENS - 51);
    stopper = (struct stopper){0, 1};
    ck_assert_int_eq(pith_score(session, ids, 10, got, &error),
                     PITH_ERR_CANCELLED);
    pith_session_free(session);
}
END_TEST

START_TEST(reserve_keeps_what_the_cache_holds)
{
    struct pith_session *session = open_session(models[_i], 2, 50, NULL);
    struct pith_error error;
    float want[N_TOKENS], got[N_TOKENS];

    score_at_once(models[_i], want);
    forward(session, 0, 45, got);
    assert_ok(pith_session_reserve(session, 10, &error), error);
    ck_assert_uint_eq(session->n_ctx, 50);
    assert_ok(pith_session_reserve(session, N_TOKENS, &error), error);
    ck_assert_uint_eq(session->n_ctx, N_TOKENS);
    forward(session, 45, N_TOKENS, got);
    assert_same_bits(got, want, N_TOKENS - 1);
    ck_assert_int_eq(pith_session_reserve(session, SIZE_MAX, &error),
                     PITH_ERR_ARGUMENT);
    if (_i == TINY_GPT2) {
        ck_assert_int_eq(pith_session_reserve(session, 257, &error),
                         PITH_ERR_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(error.detail, "learned only 256"));
    } else { /* rotary angles have no end */
        assert_ok(pith_session_reserve(session, 1000, &error), error);
    }
    ck_assert_uint_eq(session->n_past, N_TOKENS);
    pith_session_free(session);
}
END_TEST

/* The sliding context, written once more the slow way: window by window from
 * an empty cache, every window after the prefix. */
static void score_by_hand(const struct pith_model *model, size_t n_ctx,
                          const int32_t *prefix, size_t n_prefix, float *losses)
{
    size_t room = n_ctx - n_prefix, scored = 0;
    while (scored < N_TOKENS) {
        int32_t window[N_TOKENS + 16], wanted[N_TOKENS + 16];
        float got[N_TOKENS + 16];
        size_t first = scored > room / 2 ? scored - room / 2 : 0, n = 0;
        struct pith_session *session = open_session(model, 1, n_ctx, NULL);
        struct pith_error error;
        for (size_t i = 0; i < n_prefix; i++)
            window[n++] = prefix[i];
        for (size_t i = first; i + 1 < N_TOKENS && i < first + room; i++)
            window[n++] = ids[i];
        for (size_t i = 0; i < n; i++)
            wanted[i] = i + 1 < n_prefix ? PITH_NO_TARGET
                                         : ids[first + i + 1 - n_prefix];
        assert_ok(pith_session_forward(session, NULL, window, n, wanted, got,
                                       &error), error);
        for (size_t i = n_prefix - 1; i < n; i++)
            if (first + i + 1 - n_prefix == scored)
                losses[scored++] = got[i];
        pith_session_free(session);
    }
}

START_TEST(long_texts_slide)
{
    static const size_t contexts[] = {1, 2, 3, 16, 17, 64, 90, 91, 256};
    struct pith_error error;
    float want[N_TOKENS], got[N_TOKENS];
    int32_t start = pith_model_start_id(models[_i]);
    for (size_t c = 0; c < sizeof contexts / sizeof *contexts; c++) {
        struct pith_session *session =
            open_session(models[_i], 2, contexts[c], NULL);
        score_by_hand(models[_i], contexts[c], &start, 1, want);
        assert_ok(pith_score(session, ids, N_TOKENS, got, &error), error);
        assert_same_bits(got, want, N_TOKENS);
        pith_session_free(session);
    }
}
END_TEST

START_TEST(texts_are_scored_after_a_prefix)
{
    static const int32_t prefix[] = {7, 300, 12, 9, 41};
    static const size_t contexts[] = {5, 6, 12, 40, 94, 95, 200};
    struct pith_error error;
    float want[N_TOKENS], got[N_TOKENS];
    for (size_t c = 0; c < sizeof contexts / sizeof *contexts; c++) {
        struct pith_session *session =
            open_session(models[_i], 2, contexts[c], NULL);
        score_by_hand(models[_i], contexts[c], prefix, 5, want);
        assert_ok(pith_score_after(session, prefix, 5, ids, N_TOKENS, got,
                                   &error), error);
        assert_same_bits(got, want, N_TOKENS);
        ck_assert_int_eq(pith_score_after(session, ids, contexts[c] + 1, ids,
                                          3, got, &error),
                         PITH_ERR_ARGUMENT); /* the prefix is too long */
        pith_session_free(session);
    }
}
END_TEST

START_TEST(scores_without_bos_start_at_the_second_token)
{
    struct pith_session *session = open_session(models[_i], 2, 0, NULL);
    struct pith_error error;
    float want[N_TOKENS], got[N_TOKENS];
    score_at_once(models[_i], want);
    assert_ok(pith_score_without_bos(session, ids, N_TOKENS, got, &error),
              error);
    ck_assert(isnan(got[0]));
    assert_same_bits(got + 1, want, N_TOKENS - 1);
    assert_ok(pith_score(session, ids, 0, got, &error), error);
    assert_ok(pith_score_without_bos(session, ids, 0, got, &error), error);
    assert_ok(pith_score_without_bos(session, ids, 1, got, &error), error);
    const int32_t bad[] = {1, -7};
    ck_assert_int_eq(pith_score(session, bad, 2, got, &error),
                     PITH_ERR_ARGUMENT);
    pith_session_free(session);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("session");
    TCase *tcase = tcase_create("session");
    tcase_set_timeout(tcase, 300);
    tcase_add_unchecked_fixture(tcase, load_models, free_models);
    tcase_add_loop_test(tcase, splits_and_threads_change_no_bit, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, rows_without_target_are_left_out, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, truncated_caches_continue_as_fresh_ones, 0,
                        TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, drop_keeps_the_keys_of_the_rest, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, bad_calls_change_nothing, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, sessions_refuse_impossible_options, 0,
                        TINY_ALL_KINDS);
    tcase_add_test(tcase, cancelling_leaves_the_cache_as_it_was);
    tcase_add_loop_test(tcase, reserve_keeps_what_the_cache_holds, 0,
                        TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, long_texts_slide, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, texts_are_scored_after_a_prefix, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, scores_without_bos_start_at_the_second_token, 0,
                        TINY_ALL_KINDS);
    suite_add_tcase(suite, tcase);
    return suite;
}
