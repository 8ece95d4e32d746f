/*
 * test_ablations.c - what is left of `paper` when a step is left out: eq. 4
 * instead of eq. 5, one rate for all, demonstrations in a random order.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "tiny_model.h"

static struct pith_model *model;
static struct pith_session *session;

static void open_model(void)
{
    tiny_open(TINY_GPT2, &model, &session);
}

static void close_model(void)
{
    tiny_close(model, session);
}

/* So many fit into the model's context together. */
enum { N_CONTEXTS = 6, IN_CONTEXT = 4 };

static const char *const contexts[N_CONTEXTS] = {
    "The first of the stones is grey, and it lies by the old river.",
    "A second stone was found there: red, round, no larger than an egg.",
    "Nobody remembers who brought the third one, or in which of the years.",
    "Stone number four is said to be warm at night; it is not.",
    "Five: a flat one, good for sitting on it and for nothing else at all.",
    "The last has a hole in it, through which the children look at the sea."};

static struct pith_result *compress(struct pith_compress_options *options,
                                    size_t n_contexts)
{
    struct pith_text texts[N_CONTEXTS];
    for (size_t i = 0; i < N_CONTEXTS; i++)
        texts[i] = view(contexts[i]);
    struct pith_prompt prompt = {
        view("Read what is said about each of the stones."), texts,
        n_contexts, view("Which of the stones is red?")};
    struct pith_result *result;
    struct pith_error error;
    options->detail = options->trace = true;
    assert_ok(pith_compress(session, &prompt, options, &result, &error), error);
    return result;
}

static struct pith_compress_options options_at(double rate)
{
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_PAPER;
    options.rate = rate;
    options.segment_size = 20;
    return options;
}

static size_t n_kept_contexts(const struct pith_result *result)
{
    size_t n = 0;
    for (size_t i = 0; i < result->n_parts; i++)
        n += result->parts[i].kind == PITH_PART_CONTEXT &&
             result->parts[i].n_kept > 0;
    return n;
}

/* --- eq. 4 ------------------------------------------------------------------ */

/* Mean loss of a unit's tokens in the prompt as it was given. */
static float plain_loss(const struct pith_unit_result *unit,
                        const float *losses)
{
    double sum = 0;
    for (size_t i = 0; i < unit->n_ids; i++)
        sum += (double)losses[unit->id + i];
    return (float)(sum / (double)unit->n_ids);
}

static size_t n_units_off(const struct pith_result *result, size_t *n_scored)
{
    const struct pith_detail *detail = &result->detail;
    float *losses = malloc(detail->n_ids * sizeof *losses);
    struct pith_error error;
    size_t n_off = 0;
    *n_scored = 0;
    assert_ok(pith_score(session, detail->ids, detail->n_ids, losses, &error),
              error);
    for (size_t i = 0; i < detail->n_units; i++) {
        const struct pith_unit_result *unit = &detail->units[i];
        if (isnan(unit->loss))
            continue;
        *n_scored += 1;
        n_off += fabsf(unit->loss - plain_loss(unit, losses)) > 1e-4f;
    }
    free(losses);
    return n_off;
}

START_TEST(without_itpc_tokens_are_scored_after_the_whole_text)
{
    struct pith_compress_options options = options_at(0.5);
    size_t n_scored;
    options.units = PITH_UNITS_TOKEN;
    options.use_budget_controller = false;
    options.use_itpc = false;
    struct pith_result *result = compress(&options, IN_CONTEXT);
    ck_assert_uint_eq(n_units_off(result, &n_scored), 0);
    ck_assert_uint_gt(n_scored, result->model_origin_tokens / 2);
    ck_assert_uint_eq(result->compressed_tokens,
                      (size_t)(0.5 * (double)result->origin_tokens + 0.5));
    pith_result_free(result);

    options.use_itpc = true;
    result = compress(&options, IN_CONTEXT);
    ck_assert_uint_gt(n_units_off(result, &n_scored), n_scored / 2);
    pith_result_free(result);
}
END_TEST

/* --- budgets ---------------------------------------------------------------- */

static double lowest_rate(const struct pith_result *result)
{
    double rate = 1;
    for (size_t i = 0; i < result->trace.n_thresholds; i++)
        rate = fmin(rate, result->trace.thresholds[i].rate);
    return rate;
}

static double highest_rate(const struct pith_result *result)
{
    double rate = 0;
    for (size_t i = 0; i < result->trace.n_thresholds; i++)
        rate = fmax(rate, result->trace.thresholds[i].rate);
    return rate;
}

START_TEST(without_the_controller_everything_has_the_rate_of_the_prompt)
{
    struct pith_compress_options options = options_at(0.3);
    struct pith_result *result = compress(&options, N_CONTEXTS);
    ck_assert_uint_lt(n_kept_contexts(result), N_CONTEXTS);
    ck_assert_double_gt(highest_rate(result) - lowest_rate(result), 0.2);
    pith_result_free(result);

    options.use_budget_controller = false;
    result = compress(&options, N_CONTEXTS);
    ck_assert_uint_eq(n_kept_contexts(result), N_CONTEXTS);
    ck_assert_uint_eq(result->trace.n_rankings, 0);
    ck_assert_double_gt(lowest_rate(result), 0.25);
    ck_assert_double_lt(highest_rate(result), 0.35);
    ck_assert_uint_eq(result->compressed_tokens,
                      (size_t)(0.3 * (double)result->origin_tokens + 0.5));
    pith_result_free(result);
}
END_TEST

START_TEST(without_dynamic_rates_all_that_is_selected_has_one)
{
    struct pith_compress_options options = options_at(0.3);
    options.use_dynamic_rates = false;
    struct pith_result *result = compress(&options, N_CONTEXTS);
    ck_assert_uint_lt(n_kept_contexts(result), N_CONTEXTS);
    ck_assert_uint_eq(result->trace.n_rankings, 1);
    ck_assert_double_gt(lowest_rate(result), 0.3);
    ck_assert_double_lt(highest_rate(result) - lowest_rate(result), 0.1);
    ck_assert_uint_eq(result->compressed_tokens,
                      (size_t)(0.3 * (double)result->origin_tokens + 0.5));
    pith_result_free(result);
}
END_TEST

/* --- selection -------------------------------------------------------------- */

static void get_order(size_t seed, size_t *order)
{
    struct pith_compress_options options = options_at(0.3);
    options.selection_seed = seed;
    struct pith_result *result = compress(&options, N_CONTEXTS);
    ck_assert_uint_eq(result->trace.n_rankings, 1);
    ck_assert_uint_eq(result->trace.n_ranks[0], N_CONTEXTS);
    for (size_t i = 0; i < N_CONTEXTS; i++)
        order[i] = result->trace.rankings[0][i].index;
    pith_result_free(result);
}

START_TEST(seeds_give_random_orders)
{
    size_t firsts[N_CONTEXTS] = {0};
    for (size_t seed = 1; seed <= 60; seed++) {
        size_t order[N_CONTEXTS], again[N_CONTEXTS];
        bool seen[N_CONTEXTS] = {false};
        get_order(seed, order);
        get_order(seed, again);
        ck_assert_mem_eq(order, again, sizeof order);
        for (size_t i = 0; i < N_CONTEXTS; i++)
            seen[order[i]] = true;
        for (size_t i = 0; i < N_CONTEXTS; i++)
            ck_assert(seen[i]);
        firsts[order[0]]++;
    }
    for (size_t i = 0; i < N_CONTEXTS; i++)
        ck_assert_uint_ge(firsts[i], 3);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("ablations");
    TCase *tcase = tcase_create("ablations");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, open_model, close_model);
    tcase_add_test(tcase,
                   without_itpc_tokens_are_scored_after_the_whole_text);
    tcase_add_test(tcase,
                   without_the_controller_everything_has_the_rate_of_the_prompt);
    tcase_add_test(tcase,
                   without_dynamic_rates_all_that_is_selected_has_one);
    tcase_add_test(tcase, seeds_give_random_orders);
    suite_add_tcase(suite, tcase);
    return suite;
}
