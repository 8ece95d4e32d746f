/*
 * test_reuse.c - src/model/branch.c, batch.c, loss_cache.c: texts that are
 * scored together, or were scored before, have the losses that each has alone,
 * to the bit.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../src/model/batch.h"
#include "../src/model/branch.h"
#include "../src/model/extend.h"
#include "../src/model/kvcache.h"
#include "../src/model/loss_cache.h"
#include "../src/model/state.h"
#include "support.h"
#include "tiny_model.h"

enum { N_TOKENS = 2000, N_BRANCHES = 24, MAX_BRANCH = 219, N_BEGINNING = 37 };

/* Each kind of tiny model, in q8. */
static struct pith_model *models[TINY_ALL_KINDS];
static int32_t ids[N_TOKENS], targets[N_TOKENS];

static void load_models(void)
{
    uint64_t seed = 11;
    for (int kind = 0; kind < TINY_ALL_KINDS; kind++)
        models[kind] = tiny_model_load((enum tiny_kind)kind, PITH_Q8, NULL);
    for (size_t i = 0; i < N_TOKENS; i++) {
        ids[i] = (int32_t)random_below(&seed, 420);
        targets[i] = random_below(&seed, 3) == 0
                         ? PITH_NO_TARGET
                         : (int32_t)random_below(&seed, 420);
    }
}

static void free_models(void)
{
    for (int kind = 0; kind < TINY_ALL_KINDS; kind++)
        pith_model_free(models[kind]);
}

static struct pith_session *open_session(const struct pith_model *model,
                                         int n_threads, size_t n_ctx,
                                         const char *precision)
{
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = n_threads,
                                           .n_ctx = n_ctx,
                                           .precision = precision};
    struct pith_session *session;
    struct pith_error error;
    assert_ok(pith_session_create(model, &options, &session, &error), error);
    return session;
}

static void forward(struct pith_session *session, const int32_t *some,
                    const int32_t *wanted, float *losses, size_t n)
{
    struct pith_error error;
    assert_ok(pith_session_forward(session, NULL, some, n, wanted, losses,
                                   &error), error);
}

static void assert_same_bits(const float *got, const float *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (isnan(got[i]) && isnan(want[i]))
            continue;
        ck_assert_msg(memcmp(got + i, want + i, sizeof *got) == 0,
                      "at %zu of %zu: got %a, want %a", i, n, (double)got[i],
                      (double)want[i]);
    }
}

/* Branches of all sizes, end to end in ids.  Returns their tokens. */
static size_t make_branches(struct pith_branch *branches, float *losses)
{
    static const size_t sizes[] = {3, MAX_BRANCH, 0, 1, 180, 155, 2, 64, 0};
    uint64_t seed = 3;
    size_t at = 0;
    for (size_t i = 0; i < N_BRANCHES; i++) {
        size_t n = i < sizeof sizes / sizeof *sizes
                       ? sizes[i]
                       : random_below(&seed, 90);
        branches[i] =
            (struct pith_branch){ids + at, targets + at, losses + at, n};
        at += n;
    }
    ck_assert_uint_gt(at, 2 * 512); /* several passes */
    ck_assert_uint_le(at, N_TOKENS);
    return at;
}

static void check_branches(const struct pith_model *model, int n_threads,
                           size_t n_ctx, const char *precision, size_t n_past)
{
    static float want[N_TOKENS], got[N_TOKENS];
    struct pith_branch branches[N_BRANCHES];
    struct pith_error error;
    size_t n = make_branches(branches, want);
    struct pith_session *session = open_session(model, 1, 256, precision);
    forward(session, ids + 500, NULL, NULL, n_past);
    for (size_t i = 0; i < N_BRANCHES; i++) {
        forward(session, branches[i].ids, branches[i].targets,
                branches[i].losses, branches[i].n);
        pith_session_truncate(session, n_past);
    }
    pith_session_free(session);

    make_branches(branches, got);
    session = open_session(model, n_threads, n_ctx, precision);
    forward(session, ids + 500, NULL, NULL, n_past);
    assert_ok(pith_session_branch(session, NULL, branches, N_BRANCHES, "test",
                                  &error), error);
    assert_same_bits(got, want, n);
    ck_assert_uint_eq(session->n_past, n_past);
    /* The cache is what it was. */
    forward(session, branches[1].ids, branches[1].targets, got, MAX_BRANCH);
    assert_same_bits(got, want + 3, MAX_BRANCH);
    pith_session_free(session);
}

START_TEST(branches_have_the_losses_that_each_has_alone)
{
    static const char *const precisions[] = {"f32", "bf16x3", "bf16", "int16",
                                             "int8", "int8x3"};
    for (size_t i = 0; i < sizeof precisions / sizeof *precisions; i++) {
        const char *precision = precisions[i];
        check_branches(models[_i], 2, 256, precision, 0);
        check_branches(models[_i], 1, 256, precision, N_BEGINNING);
        check_branches(models[_i], 2, MAX_BRANCH + N_BEGINNING, precision,
                       N_BEGINNING);
    }
    check_branches(models[_i], 3, MAX_BRANCH, "f32", 0);
    if (_i != TINY_GPT2) /* room for passes of any mixture */
        check_branches(models[_i], 2, 2048, "f32", N_BEGINNING);
}
END_TEST

/* Keys and values of all layers in one place: the losses are the same, and so
 * is what comes after. */
START_TEST(layers_may_share_their_room)
{
    struct pith_session *session = open_session(models[_i], 2, 256, NULL);
    float want[200], got[200];
    forward(session, ids, targets, want, 200);
    pith_session_share_layers(session, 200);
    ck_assert_uint_eq(session->n_past, 0);
    ck_assert_ptr_eq(pith_kv_keys(session, 1), session->keys);
    forward(session, ids, targets, got, 200);
    assert_same_bits(got, want, 200);
    pith_session_share_layers(session, 0);
    ck_assert_uint_eq(session->n_past, 0);
    forward(session, ids, targets, got, 50);
    forward(session, ids + 50, targets + 50, got + 50, 150);
    assert_same_bits(got, want, 200);
    pith_session_share_layers(session, 1025); /* more than a pass */
    ck_assert_ptr_ne(pith_kv_keys(session, 1), session->keys);
    pith_session_free(session);
}
END_TEST

START_TEST(bad_branches_change_nothing)
{
    static const int32_t bad[] = {1, 420}, none[] = {1, PITH_NO_TARGET};
    struct pith_session *session = open_session(models[_i], 1, 50, NULL);
    struct pith_error error;
    float want[50], got[50];
    struct pith_branch branches[] = {{ids, targets, got, 9},
                                     {bad, none, got, 2}};
    forward(session, ids, NULL, NULL, 40);
    ck_assert_int_eq(pith_session_branch(session, NULL, branches, 2, "t",
                                         &error),
                     PITH_ERR_ARGUMENT);
    branches[1] = (struct pith_branch){none, none, got, 2};
    ck_assert_int_eq(pith_session_branch(session, NULL, branches, 2, "t",
                                         &error),
                     PITH_ERR_ARGUMENT);
    branches[1] = (struct pith_branch){none, bad, got, 2};
    ck_assert_int_eq(pith_session_branch(session, NULL, branches, 2, "t",
                                         &error),
                     PITH_ERR_ARGUMENT);
    branches[1] = (struct pith_branch){ids, targets, got, 11};
    ck_assert_int_eq(pith_session_branch(session, NULL, branches, 2, "t",
                                         &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "11 tokens"));
    assert_ok(pith_session_branch(session, NULL, branches, 0, "t", &error),
              error);
    forward(session, ids + 40, targets + 40, got, 10);
    pith_session_truncate(session, 0);
    forward(session, ids, targets, want, 50);
    assert_same_bits(got, want + 40, 10);
    pith_session_free(session);
}
END_TEST

/* Texts of any size that begin with the same n_common tokens, after which
 * something is asked from token `asked` on. */
static void check_batch(struct pith_session *session, size_t n_texts,
                        size_t n_common, size_t asked)
{
    static float want[256];
    struct pith_batch batch = {0};
    struct pith_error error;
    uint64_t seed = n_common;
    for (size_t i = 0; i < n_texts; i++) {
        size_t n = n_common + random_below(&seed, 80);
        for (size_t t = 0; t < n; t++)
            pith_batch_add(&batch, ids[t < n_common ? t : 300 + 61 * i + t],
                           t < asked ? PITH_NO_TARGET : ids[t + 1]);
        assert_ok(pith_batch_end(&batch, &error), error);
    }
    assert_ok(pith_batch_score(&batch, session, "test", &error), error);
    for (size_t i = 0, start = 0; i < n_texts; start = batch.ends[i++]) {
        size_t n = batch.ends[i] - start;
        pith_session_truncate(session, 0);
        forward(session, batch.ids.data + start, batch.targets.data + start,
                want, n);
        assert_same_bits(batch.losses + start, want, n);
    }
    pith_batch_free(&batch);
}

START_TEST(batches_share_a_beginning)
{
    struct pith_session *session = open_session(models[_i], 2, 256, NULL);
    struct pith_batch empty = {0};
    struct pith_error error;
    check_batch(session, 9, 100, 100); /* all of it */
    check_batch(session, 9, 100, 70);  /* what is asked in it is not shared */
    check_batch(session, 9, 100, 0);
    check_batch(session, 2, 20, 19); /* too little to be worth it */
    check_batch(session, 1, 20, 5);
    check_batch(session, 3, 0, 0);
    assert_ok(pith_batch_score(&empty, session, "test", &error), error);
    pith_batch_free(&empty);
    pith_session_free(session);
}
END_TEST

/* What a batch asks again is answered without a pass, and alike. */
START_TEST(sessions_remember_texts)
{
    struct pith_session *session = open_session(models[_i], 1, 256, NULL);
    const void *precision = session->compute.precision;
    float want[60], got[60];
    check_batch(session, 5, 10, 0);
    struct pith_loss_cache *cache = session->loss_cache;
    ck_assert_uint_eq(cache->n, 5);
    size_t n_tokens = cache->n_tokens;
    check_batch(session, 5, 10, 0); /* compares with a pass of each */
    ck_assert_uint_eq(cache->n, 5);
    ck_assert_uint_eq(cache->n_tokens, n_tokens);

    pith_session_truncate(session, 0);
    forward(session, ids, targets, want, 60);
    pith_loss_cache_add(cache, precision, ids, targets, want, 60);
    ck_assert(pith_loss_cache_find(cache, precision, ids, targets, got, 60));
    assert_same_bits(got, want, 60);
    ck_assert(pith_loss_cache_find(cache, precision, ids, targets, got, 40));
    ck_assert(!pith_loss_cache_find(cache, precision, ids, targets, got, 61));
    ck_assert(!pith_loss_cache_find(cache, cache, ids, targets, got, 60));
    ck_assert(!pith_loss_cache_find(cache, precision, ids + 1, targets + 1, got,
                                    9));
    int32_t other[60];
    memcpy(other, targets, sizeof other);
    other[59] = targets[59] == 7 ? 8 : 7; /* asked for something else */
    ck_assert(!pith_loss_cache_find(cache, precision, ids, other, got, 60));
    other[59] = PITH_NO_TARGET; /* for less */
    ck_assert(pith_loss_cache_find(cache, precision, ids, other, got, 60));
    ck_assert(isnan(got[59]));
    pith_session_free(session);
}
END_TEST

START_TEST(the_memo_is_bounded)
{
    enum { N = 5000 };
    struct pith_loss_cache *cache = calloc(1, sizeof *cache);
    static int32_t text[N];
    static float losses[N];
    int precision = 0;
    for (int32_t i = 0; i < 2000; i++) {
        size_t n = i < 1000 ? 3 : N;
        text[0] = i;
        pith_loss_cache_add(cache, &precision, text, text, losses, n);
        ck_assert_uint_le(cache->n, PITH_LOSS_CACHE_TEXTS);
        ck_assert_uint_le(cache->n_tokens, PITH_LOSS_CACHE_TOKENS);
        ck_assert(pith_loss_cache_find(cache, &precision, text, text, losses,
                                       n));
        text[0] = 1; /* used all the time, so it stays */
        if (i > 0 && i < 1000)
            ck_assert(pith_loss_cache_find(cache, &precision, text, text,
                                           losses, 3));
        text[0] = 2;
        if (i == 999)
            ck_assert(!pith_loss_cache_find(cache, &precision, text, text,
                                            losses, 3));
    }
    pith_loss_cache_add(cache, &precision, text, text, losses,
                        PITH_LOSS_CACHE_TOKENS + 1);
    pith_loss_cache_free(cache);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("reuse");
    TCase *tcase = tcase_create("reuse");
    tcase_set_timeout(tcase, 300);
    tcase_add_unchecked_fixture(tcase, load_models, free_models);
    tcase_add_loop_test(tcase, branches_have_the_losses_that_each_has_alone, 0,
                        TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, layers_may_share_their_room, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, bad_branches_change_nothing, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, batches_share_a_beginning, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tcase, sessions_remember_texts, 0, TINY_ALL_KINDS);
    tcase_add_test(tcase, the_memo_is_bounded);
    suite_add_tcase(suite, tcase);
    return suite;
}
