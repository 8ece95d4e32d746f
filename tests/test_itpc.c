/*
 * test_itpc.c - src/paper/select.c, prefix.c and itpc.c: eq. 7 on numbers
 * worked out by hand; eq. 5 and Algorithm 2 against a plain recomputation.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/memory.h"
#include "../src/model/access.h"
#include "../src/model/score.h"
#include "../src/paper/observer.h"
#include "../src/paper/prefix.h"
#include "../src/prompt/result.h"
#include "support.h"
#include "tiny_model.h"

/* --- eq. 7 ------------------------------------------------------------------ */

enum { MAX_UNITS = 16 };

/* Tokens of each unit (0: a separator of one token) and their losses; which
 * are kept is told as a string of '+' and '-', separators as '|' or '.'. */
static void assert_chosen(const size_t *n_tokens, struct pith_choice choice,
                          const char *want, double want_gamma)
{
    struct pith_unit units[MAX_UNITS] = {{0}};
    bool keep[MAX_UNITS];
    char got[MAX_UNITS + 1] = "";
    size_t n_kept, sum = 0;
    double gamma;
    struct pith_error error;
    for (size_t i = 0; i < choice.n; i++) {
        units[i].is_separator = n_tokens[i] == 0;
        units[i].n_tokens = n_tokens[i] > 0 ? n_tokens[i] : 1;
    }
    choice.units = units;
    assert_ok(pith_select(&choice, keep, &n_kept, &gamma, &error), error);
    bool first_part = true, opened = false;
    for (size_t i = 0; i < choice.n; i++) {
        got[i] = units[i].is_separator ? (keep[i] ? '|' : '.')
                                    : (keep[i] ? '+' : '-');
        sum += keep[i] ? units[i].n_tokens : 0;
        first_part = first_part && !units[i].is_separator;
        opened = opened || (first_part && keep[i]);
    }
    sum += opened ? choice.n_separator : 0;
    ck_assert_str_eq(got, want);
    ck_assert_uint_eq(n_kept, sum);
    ck_assert_double_eq(gamma, want_gamma);
}

static void assert_selected(const size_t *n_tokens, const float *losses,
                            size_t n, size_t quota, bool exact,
                            const char *want, double want_gamma)
{
    struct pith_choice choice = {.losses = losses, .n = n, .quota = quota,
                                 .exact = exact,
                                 .max_tokens = SIZE_MAX};
    assert_chosen(n_tokens, choice, want, want_gamma);
}

START_TEST(the_highest_losses_are_kept)
{
    const size_t ones[] = {1, 1, 1, 1, 1};
    const float losses[] = {1, 5, 3, 2, 4};
    assert_selected(ones, losses, 5, 0, false, "-----", 5);
    assert_selected(ones, losses, 5, 1, false, "-+---", 4);
    assert_selected(ones, losses, 5, 3, false, "-++-+", 2);
    assert_selected(ones, losses, 5, 5, false, "+++++", (double)-INFINITY);
    assert_selected(ones, losses, 5, 9, true, "+++++", (double)-INFINITY);
    assert_selected(ones, losses, 0, 3, true, "", (double)-INFINITY);
}
END_TEST

START_TEST(ties_stay_in_the_order_of_the_text)
{
    const size_t ones[] = {1, 1, 1, 1};
    const float losses[] = {2, 2, 7, 2};
    assert_selected(ones, losses, 4, 2, false, "+-+-", 2);
    assert_selected(ones, losses, 4, 3, false, "+++-", 2);
    const float odd[] = {NAN, 2, NAN, 1};
    assert_selected(ones, odd, 4, 2, false, "-+-+", 0);
}
END_TEST

START_TEST(separator_stays_with_the_text_after_it)
{
    const size_t n_tokens[] = {1, 0, 1};
    const float losses[] = {1, 9, 2};
    assert_selected(n_tokens, losses, 3, 1, false, "-.-", 2);
    assert_selected(n_tokens, losses, 3, 2, false, "-|+", 1);
}
END_TEST

/* Units of several tokens stay whole; the count comes as near to the quota
 * as the next unit allows, or exactly where smaller ones can fill it. */
START_TEST(units_stay_whole)
{
    const size_t n_tokens[] = {3, 1, 3, 1};
    const float losses[] = {8, 5, 7, 1};
    assert_selected(n_tokens, losses, 4, 4, false, "+---", 7); /* 3, not 6 */
    assert_selected(n_tokens, losses, 4, 5, false, "+-+-", 5); /* 6, not 3 */
    assert_selected(n_tokens, losses, 4, 4, true, "++--", 7);
    assert_selected(n_tokens, losses, 4, 5, true, "++-+", 7);
    assert_selected(n_tokens, losses, 4, 2, true, "-+-+", 8);
    /* Half a unit away on both sides: leave it out. */
    const size_t two[] = {2, 1};
    assert_selected(two, losses, 2, 1, false, "--", 8);
}
END_TEST

/* x y | z | w with a blank line waiting in front: each part that keeps a
 * token pays for one. */
START_TEST(a_quota_pays_for_blank_lines)
{
    const size_t n_tokens[] = {1, 1, 0, 1, 0, 1};
    const float losses[] = {3, 2, 9, 4, 9, 1};
    struct pith_choice choice = {.losses = losses, .n = 6, .exact = true,
                                 .n_separator = 1,
                                 .max_tokens = SIZE_MAX};
    const char *const want[] = {"--.-.-", "--.-.-", "--|+.-", "--|+.-",
                                "+-|+.-", "++|+.-", "++|+.-", "++|+|+"};
    double gamma[] = {4, 4, 3, 3, 2, 1, 1, (double)-INFINITY};
    for (choice.quota = 0; choice.quota < 8; choice.quota++)
        assert_chosen(n_tokens, choice, want[choice.quota],
                      gamma[choice.quota]);
    choice.n_separator = 0;
    choice.quota = 1;
    assert_chosen(n_tokens, choice, "+-.-.-", 4);
}
END_TEST

/* --- eq. 5 ------------------------------------------------------------------ */

static struct pith_model *model;
static struct pith_session *session;

static void open_tiny(void)
{
    struct pith_error error;
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = 1, .n_ctx = 64};
    model = tiny_model_load(TINY_LLAMA_TIED, PITH_F32, NULL);
    assert_ok(pith_session_create(model, &options, &session, &error), error);
}

static void close_tiny(void)
{
    pith_session_free(session);
    pith_model_free(model);
}

static void random_ids(uint64_t *random, int32_t *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ids[i] = (int32_t)random_below(random, 256);
}

/* A prefix grows and shrinks at random; what follows is scored as if it had
 * been put into an empty cache after the start id and the prefix, or the
 * prefix's end once it has slid. */
START_TEST(segments_are_scored_after_the_prefix)
{
    enum { LONGEST = 20 };
    uint64_t random = 7;
    struct pith_prefix prefix;
    struct pith_error error;
    assert_ok(pith_prefix_init(&prefix, session, &error), error);
    for (int round = 0; round < 60; round++) {
        int32_t ids[LONGEST], whole[100];
        float got[LONGEST], want[100];
        size_t n = 1 + random_below(&random, LONGEST);
        size_t from = prefix.from;
        random_ids(&random, ids, n);
        assert_ok(pith_prefix_score(&prefix, ids, n, got, &error), error);
        if (prefix.from != from) /* slid: an eighth of 64 is left */
            ck_assert_uint_eq(prefix.ids.n - prefix.from, 8);

        size_t n_whole = prefix.ids.n - prefix.from;
        ck_assert_uint_le(1 + n_whole + n - 1, 64);
        memcpy(whole, prefix.ids.data + prefix.from,
               n_whole * sizeof *whole);
        memcpy(whole + n_whole, ids, n * sizeof *ids);
        struct pith_session *fresh;
        assert_ok(pith_session_create(model, NULL, &fresh, &error), error);
        assert_ok(pith_score_text(fresh, whole, n_whole + n, want, &error),
                  error);
        pith_session_free(fresh);
        assert_close("losses", got, want + n_whole, n, 0, 1e-4);

        size_t n_more = random_below(&random, n + 1), before = prefix.ids.n;
        pith_ids_append_all(&prefix.ids, ids + n - n_more, n_more);
        if (random_below(&random, 4) == 0 && n_more > 0) {
            assert_ok(pith_prefix_score(&prefix, ids, n, got, &error), error);
            pith_prefix_cut(&prefix, before);
        }
    }
    ck_assert_uint_gt(prefix.from, 1); /* it has slid */
    pith_prefix_free(&prefix);
}
END_TEST

/* --- Algorithm 2 ------------------------------------------------------------ */

struct plain {
    int32_t ids[512]; /* kept */
    size_t n;
};

/* Algorithm 2 on one part of single-token units, as plainly as it can be
 * said: every segment is scored in a fresh cache, and that many of its tokens
 * stay that the count is the rate's share of what has been seen, rounded. */
static void compress_plainly(struct plain *plain, const int32_t *ids, size_t n,
                             size_t segment_size, size_t target)
{
    struct pith_session *fresh;
    struct pith_error error;
    assert_ok(pith_session_create(model, NULL, &fresh, &error), error);
    plain->n = 0;
    for (size_t at = 0; at < n; at += segment_size) {
        size_t size = n - at < segment_size ? n - at : segment_size;
        float losses[64];
        int32_t after[512];
        after[0] = pith_model_start_id(model);
        memcpy(after + 1, plain->ids, plain->n * sizeof *after);
        assert_ok(pith_score_after(fresh, after, plain->n + 1, ids + at, size,
                                   losses, &error), error);
        size_t seen = (size_t)floor((double)target * (double)(at + size) /
                                        (double)n + 0.5);
        size_t quota = seen - plain->n;
        for (size_t i = 0; i < size; i++) {
            size_t n_above = 0;
            for (size_t j = 0; j < size; j++)
                n_above += losses[j] > losses[i];
            if (n_above < quota)
                plain->ids[plain->n++] = ids[at + i];
        }
    }
    pith_session_free(fresh);
}

/* Characters that never read as one: brackets and quotes. */
static void make_letters(uint64_t *random, char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        text[i] = "()[]{}\",;?"[random_below(random, 10)];
}

/* Tokens of a part's units that are marked as kept. */
static size_t count_kept(const struct pith_parts *parts,
                         const struct pith_decisions *decisions, size_t part)
{
    size_t n = 0;
    const struct pith_part *it = &parts->parts[part];
    for (size_t i = it->unit; i < it->unit + it->n_units; i++)
        if (!parts->units[i].is_separator &&
            decisions->by_token[parts->units[i].token].kept)
            n += parts->units[i].n_tokens;
    return n;
}

/* Text without characters of several tokens, in one part, within the window:
 * the same tokens as the plain recomputation. */
START_TEST(one_part_is_compressed_as_algorithm_2_says)
{
    uint64_t random = (uint64_t)_i + 100;
    char text[120];
    struct pith_error error;
    struct plain plain;
    size_t n_text = 60 + random_below(&random, 60);
    make_letters(&random, text, n_text);
    struct pith_prompt prompt = {.question = {text, n_text}};
    struct pith_parts parts;
    assert_ok(pith_parts_make(&parts, pith_model_tokenizer(model), &prompt,
                              NULL, &error), error);
    size_t n = parts.ids.n, target = n / 8 + random_below(&random, n / 4);
    struct pith_decisions decisions;
    assert_ok(pith_decisions_make(&decisions, n, &error), error);
    struct pith_observer observer = {.decisions = &decisions};
    struct pith_itpc itpc = {.parts = &parts, .observe = pith_observe_segment,
                             .user = &observer,
                             .segment_size = 1 + random_below(&random, 32)};
    struct pith_stage stages[3] = {
        {0}, {0},
        {parts.units, parts.n_units, (double)target, pith_score_segment}};
    assert_ok(pith_itpc_run(&itpc, session, stages, 3, &error), error);

    compress_plainly(&plain, parts.ids.data, n, itpc.segment_size, target);
    ck_assert_uint_eq(itpc.output.ids.n, target);
    if (itpc.segment_size > 1) {
        ck_assert_uint_eq(plain.n, target);
        ck_assert_mem_eq(itpc.output.ids.data, plain.ids,
                         target * sizeof(int32_t));
    }
    ck_assert_uint_eq(count_kept(&parts, &decisions, 1), target);
    pith_itpc_free(&itpc);
    pith_decisions_free(&decisions);
    pith_parts_free(&parts);
}
END_TEST

/* A part of which nothing stays does not leave its blank line behind, and the
 * tokens that it would have cost go to the text. */
START_TEST(blank_lines_stay_only_in_front_of_text)
{
    struct pith_error error;
    struct pith_text contexts[40];
    char texts[40][8];
    for (size_t i = 0; i < 40; i++) {
        snprintf(texts[i], sizeof texts[i], "k%zuz", i);
        contexts[i] = (struct pith_text){texts[i], strlen(texts[i])};
    }
    struct pith_prompt prompt = {.contexts = contexts, .n_contexts = 40};
    struct pith_parts parts;
    assert_ok(pith_parts_make(&parts, pith_model_tokenizer(model), &prompt,
                              NULL, &error), error);
    for (size_t target = 1; target < parts.ids.n; target += 7) {
        struct pith_decisions decisions;
        assert_ok(pith_decisions_make(&decisions, parts.ids.n, &error), error);
        struct pith_observer observer = {.decisions = &decisions};
        struct pith_itpc itpc = {.parts = &parts,
                                 .observe = pith_observe_segment,
                                 .user = &observer,
                                 .segment_size = 10};
        struct pith_stage stages[3] = {
            {0},
            {parts.units, parts.n_units, (double)target, pith_score_segment},
            {0}};
        assert_ok(pith_itpc_run(&itpc, session, stages, 3, &error), error);
        size_t n_kept_parts = 0, n_text = 0, n_lines = 0, n_early = 0;
        for (size_t i = 0; i < parts.n_parts; i++) {
            size_t n = count_kept(&parts, &decisions, i);
            n_text += n;
            n_early += i < parts.n_parts / 2 ? n : 0;
            n_kept_parts += n > 0;
        }
        for (size_t i = 0; i + 1 < itpc.output.text.size; i++)
            n_lines += memcmp(itpc.output.text.data + i, "\n\n", 2) == 0;
        ck_assert_uint_gt(n_kept_parts, 0);
        ck_assert_uint_eq(n_lines, n_kept_parts - 1);
        /* What is above are the spaces between pieces: "k7z" less "7". */
        ck_assert_uint_ge(itpc.output.ids.n, n_text + n_lines * parts.join.n);
        ck_assert_uint_le(2 * n_early, n_text + 10); /* spread evenly */
        ck_assert_uint_ge(2 * n_early + 10, n_text);
        ck_assert_uint_ge(itpc.output.ids.n + 1, target);
        ck_assert_uint_le(itpc.output.ids.n, target + 1);
        pith_itpc_free(&itpc);
        pith_decisions_free(&decisions);
    }
    pith_parts_free(&parts);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("itpc");
    TCase *tcase = tcase_create("itpc");
    tcase_set_timeout(tcase, 120);
    tcase_add_unchecked_fixture(tcase, open_tiny, close_tiny);
    tcase_add_test(tcase, the_highest_losses_are_kept);
    tcase_add_test(tcase, ties_stay_in_the_order_of_the_text);
    tcase_add_test(tcase, separator_stays_with_the_text_after_it);
    tcase_add_test(tcase, units_stay_whole);
    tcase_add_test(tcase, a_quota_pays_for_blank_lines);
    tcase_add_test(tcase, segments_are_scored_after_the_prefix);
    tcase_add_loop_test(tcase, one_part_is_compressed_as_algorithm_2_says, 0,
                        20);
    tcase_add_test(tcase, blank_lines_stay_only_in_front_of_text);
    suite_add_tcase(suite, tcase);
    return suite;
}
