/*
 * test_reference_parts.c - the parts of `reference` that need no model:
 * budget arithmetic, coarse filter, rates, thresholds, orders, text.
 * Expected values are what the Python package gives for the same input.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../src/reference/reference.h"
#include "../src/text/vocab.h"
#include "support.h"

static double budget(const char *arithmetic, double target)
{
    struct pith_error error;
    double changed = -1;
    assert_ok(pith_reference_budget(arithmetic, target, &changed, &error),
              error);
    return changed;
}

START_TEST(budget_follows_the_usual_precedence)
{
    ck_assert_double_eq(budget("", 7), 7);
    ck_assert_double_eq(budget("+100", 200), 300);
    ck_assert_double_eq(budget("-50.5", 200), 149.5);
    ck_assert_double_eq(budget("*1.5", 200), 300);
    ck_assert_double_eq(budget("/8", 200), 25);
    ck_assert_double_eq(budget("*2+100", 200), 500);
    ck_assert_double_eq(budget("+100*2", 200), 400);
    ck_assert_double_eq(budget("*2-10/4*3", 200), 392.5);
    ck_assert_double_eq(budget(" * -2 + .5 - 1e1 ", 200), -409.5);
    ck_assert_double_eq(budget("+-3", 200), 197);
}
END_TEST

START_TEST(budget_refuses_what_is_no_arithmetic)
{
    static const char *const bad[] = {"100",  "+",     "*inf",  "+nan", "+0x10",
                                      "+1+",  "**2",   "//2",   "+(1)", "+1e",
                                      "%5",   "+a",    "*2;x",  "/0",   "+.",
                                      "*1e300*1e300"};
    struct pith_error error;
    double changed;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(pith_reference_budget(bad[i], 200, &changed, &error) ==
                          PITH_ERR_ARGUMENT,
                      "\"%s\" was taken", bad[i]);
        ck_assert_ptr_nonnull(strstr(error.detail, bad[i]));
    }
}
END_TEST

/* Six contexts, ranked 3 0 5 1 4 2. */
static const struct pith_rank ranks[6] = {{3, 9}, {0, 8}, {5, 7},
                                          {1, 6}, {4, 5}, {2, 4}};
static const size_t lengths[6] = {100, 200, 300, 150, 50, 80};

static void check_selection(double target, struct pith_compress_options options,
                            const size_t *want, size_t n_want)
{
    struct pith_selection selection;
    struct pith_error error;
    assert_ok(pith_reference_select(ranks, lengths, 6, target, &options,
                                    &selection, &error),
              error);
    ck_assert_uint_eq(selection.n, n_want);
    for (size_t i = 0; i < n_want; i++)
        ck_assert_uint_eq(selection.used[i], want[i]);
    pith_selection_free(&selection);
}

START_TEST(coarse_filter_overdraws_its_budget_by_one_context)
{
    struct pith_compress_options options = {.context_budget = "+50"};
    /* 150 + 100 = 250 is not below 0 yet; context 5 brings it there. */
    check_selection(200, options, (size_t[]){0, 3, 5}, 3);
    check_selection(199, options, (size_t[]){0, 3}, 2);
    /* A negative target counts as 100. */
    check_selection(-30, options, (size_t[]){0, 3}, 2);
    check_selection(1e9, options, (size_t[]){0, 1, 2, 3, 4, 5}, 6);
    options.context_budget = NULL; /* "+100" */
    check_selection(150, options, (size_t[]){0, 3, 5}, 3);
}
END_TEST

static bool needs_ranks(double target, struct pith_compress_options options)
{
    struct pith_error error;
    bool needs;
    assert_ok(pith_reference_needs_ranks(lengths, 6, target, &options, &needs,
                                         &error),
              error);
    return needs;
}

/* 880 tokens in all, 50 in the shortest: with a budget of 830 each order takes
 * the last one, too.  A token is left for rounding. */
START_TEST(ranks_are_needed_where_they_decide)
{
    struct pith_compress_options options = {.context_budget = "+31"};
    ck_assert(!needs_ranks(800, options));
    ck_assert(needs_ranks(799, options));
    ck_assert(needs_ranks(-30, options));
    check_selection(800, options, (size_t[]){0, 1, 2, 3, 4, 5}, 6);
    options.reorder_context = PITH_REORDER_SORT;
    ck_assert(needs_ranks(800, options));
    options.reorder_context = PITH_REORDER_ORIGINAL;
    options.dynamic_context_compression_ratio = 0.1;
    ck_assert(needs_ranks(800, options));
}
END_TEST

START_TEST(coarse_filter_orders)
{
    struct pith_compress_options options = {.context_budget = "*1"};
    options.reorder_context = PITH_REORDER_SORT;
    check_selection(400, options, (size_t[]){3, 0, 5, 1}, 4);
    options.reorder_context = PITH_REORDER_TWO_STAGE;
    check_selection(400, options, (size_t[]){3, 5, 1, 0}, 4);
    check_selection(560, options, (size_t[]){3, 5, 4, 1, 0}, 5);
}
END_TEST

/* Forced contexts precede the ranked ones, cost the budget only when
 * their rank comes up, and may be repeated or out of range. */
/* One context at least is chosen, whatever the budget and whatever is forced:
 * the stages after rely on it. */
START_TEST(coarse_filter_never_chooses_nothing)
{
    size_t forced[] = {7};
    struct pith_compress_options options = {.context_budget = "*0-1000"};
    check_selection(200, options, (size_t[]){3}, 1);
    options.force_context_ids = forced;
    options.n_force_context_ids = 1;
    check_selection(200, options, (size_t[]){3, 7}, 2);
    forced[0] = 3;
    check_selection(200, options, (size_t[]){3}, 1);
}
END_TEST

START_TEST(coarse_filter_forces_contexts)
{
    size_t forced[] = {4, 0, 9};
    struct pith_compress_options options = {.context_budget = "",
                                             .force_context_ids = forced,
                                             .n_force_context_ids = 3,
                                             .reorder_context =
                                                 PITH_REORDER_SORT};
    check_selection(200, options, (size_t[]){4, 0, 9, 3}, 4);
    options.reorder_context = PITH_REORDER_ORIGINAL;
    check_selection(200, options, (size_t[]){0, 3, 4, 9}, 4);
    options.force_context_number = 1; /* no effect, as in the Python */
    check_selection(200, options, (size_t[]){0, 3, 4, 9}, 4);
}
END_TEST

/* dynamic_context_compression_ratio 0.3: from +0.3 for the best rank down to
 * -0.3, whatever the order; a single context gets 0. */
static void check_offsets(double target, enum pith_reorder order,
                          const size_t *forced, size_t n_forced,
                          const double *want, size_t n_want)
{
    struct pith_selection selection;
    struct pith_error error;
    struct pith_compress_options options = {
        .context_budget = "*1",
        .force_context_ids = forced,
        .n_force_context_ids = n_forced,
        .reorder_context = order,
        .dynamic_context_compression_ratio = 0.3};
    assert_ok(pith_reference_select(ranks, lengths, 6, target, &options,
                                    &selection, &error),
              error);
    ck_assert_uint_eq(selection.n, n_want);
    for (size_t i = 0; i < n_want; i++)
        ck_assert_double_eq_tol(selection.offsets[i], want[i], 1e-15);
    pith_selection_free(&selection);
}

START_TEST(offsets_follow_the_ranks)
{
    static const size_t forced[] = {4, 0};
    check_offsets(400, PITH_REORDER_ORIGINAL, NULL, 0,
                  (double[]){.1, -.3, .3, -.1}, 4);
    check_offsets(400, PITH_REORDER_SORT, NULL, 0,
                  (double[]){.3, .1, -.1, -.3}, 4);
    check_offsets(400, PITH_REORDER_TWO_STAGE, NULL, 0,
                  (double[]){.3, -.1, -.3, .1}, 4);
    check_offsets(400, PITH_REORDER_ORIGINAL, forced, 2,
                  (double[]){.15, -.3, 0, .3, -.15}, 5);
    check_offsets(400, PITH_REORDER_TWO_STAGE, forced, 2,
                  (double[]){.3, 0, -.3, -.15, .15}, 5);
    check_offsets(10, PITH_REORDER_SORT, NULL, 0, (double[]){0}, 1);
}
END_TEST

static void check_plan(const struct pith_rate_plan *plan,
                       const struct pith_rate_piece *want, size_t n_want)
{
    ck_assert_uint_eq(plan->n, n_want);
    for (size_t i = 0; i < n_want; i++) {
        ck_assert_uint_eq(plan->pieces[i].n_tokens, want[i].n_tokens);
        ck_assert_double_eq(plan->pieces[i].rate, want[i].rate);
        ck_assert_int_eq(plan->pieces[i].closes, want[i].closes);
    }
}

struct rates_case {
    size_t lengths[3], n, window;
    double target, offsets[3];
    struct pith_rate_piece want[12];
    size_t n_want;
};

static void check_rates(const struct rates_case *c)
{
    struct pith_rate_plan plan;
    struct pith_error error;
    assert_ok(pith_reference_rates(c->lengths, c->offsets, c->n, c->target,
                                   c->window, &plan, &error),
              error);
    check_plan(&plan, c->want, c->n_want);
    pith_rate_plan_free(&plan);
}

START_TEST(rates_are_laid_over_windows)
{
    const double a = 12.4 / 35, b = 5 / 16.0, c = 25 / 52.0, d = 5 / 18.0;
    struct rates_case cases[] = {
        {{5, 20, 3}, 3, 10, 12.4, {0, 0, 0},
         {{7, a, 0}, {2, a, 1}, {10, a, 1}, {10, a, 1}, {5, a, 1}}, 5},
        {{7, 4}, 2, 10, 5, {.2, -.2}, {{9, b + .2, 1}, {6, b - .2, 1}}, 2},
        /* A context that ends with a window gives the next an empty piece. */
        {{17, 30}, 2, 10, 25, {0, 0},
         {{9, c, 1}, {10, c, 0}, {0, c, 1}, {10, c, 1}, {10, c, 1}, {10, c, 1},
          {2, c, 1}}, 7},
        {{8, 5}, 2, 10, 5, {0, .9}, {{9, d, 1}, {1, d, 0}, {7, 1, 1}}, 3},
        {{7, 10, 8}, 3, 10, 20, {0, 0, 0},
         {{9, .625, 1}, {10, .625, 1}, {2, .625, 0}, {8, .625, 1},
          {2, .625, 1}}, 5},
        {{3, 1}, 2, 1, 4, {0, 0},
         {{0, 4 / 9., 1}, {1, 4 / 9., 1}, {1, 4 / 9., 1}, {1, 4 / 9., 1},
          {1, 4 / 9., 1}, {1, 4 / 9., 1}, {1, 4 / 9., 1}, {1, 4 / 9., 1},
          {1, 4 / 9., 1}}, 9},
        {{4}, 1, 200, -5, {0}, {{6, 0, 1}}, 1},
        {{17}, 1, 10, 5, {0}, {{9, .25, 1}, {10, .25, 1}}, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_rates(&cases[i]);
}
END_TEST

/* The threshold is entry int(n rate) - 1 of the descending losses, brought
 * into [0, n); 10000 marks what has no loss. */
START_TEST(threshold_is_an_order_statistic)
{
    uint64_t seed = 3;
    float losses[101], scratch[101], sorted[101];
    for (size_t n = 1; n <= 100; n++) {
        for (size_t i = 0; i < n; i++)
            losses[i] = sorted[i] = (float)random_below(&seed, 40);
        losses[n] = 10000;
        for (size_t i = 0; i < n; i++)
            for (size_t j = i + 1; j < n; j++)
                if (sorted[j] > sorted[i]) {
                    float swap = sorted[i];
                    sorted[i] = sorted[j], sorted[j] = swap;
                }
        for (double rate = 0; rate < 1; rate += 0.07) {
            int at = (int)((double)n * rate) - 1;
            float want = sorted[at < 0 ? 0 : at];
            ck_assert_float_eq(
                pith_reference_threshold(losses, n + 1, rate, scratch), want);
        }
        ck_assert(isinf(pith_reference_threshold(losses, n, 1, scratch)));
    }
}
END_TEST

START_TEST(sort_is_stable_and_places_nan_as_python_does)
{
    const double x = (double)NAN;
    struct { double keys[6]; size_t n, want[6]; } cases[] = {
        {{3, 1, x, 2, 0}, 5, {4, 1, 3, 0, 2}},
        {{x, 1, 2}, 3, {0, 1, 2}},
        {{1, x, 0}, 3, {0, 1, 2}},
        {{5, 4, x, 3, 9, 1}, 6, {5, 3, 1, 0, 2, 4}},
        {{2, 1, 1, 0}, 4, {3, 1, 2, 0}},
        {{x, x, -1, -2, 4}, 5, {0, 1, 3, 2, 4}},
        {{7}, 1, {0}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct pith_rank sorted[6];
        for (size_t i = 0; i < cases[c].n; i++)
            sorted[i] = (struct pith_rank){i, 0};
        pith_reference_sort(sorted, cases[c].keys, cases[c].n);
        for (size_t i = 0; i < cases[c].n; i++)
            ck_assert_uint_eq(sorted[i].index, cases[c].want[i]);
    }
}
END_TEST

static void check_strip(const char *text, const char *want)
{
    struct pith_text stripped =
        pith_reference_strip((struct pith_text){text, strlen(text)});
    ck_assert_uint_eq(stripped.size, strlen(want));
    ck_assert(memcmp(stripped.bytes, want, stripped.size) == 0);
}

START_TEST(strip_takes_unicode_spaces)
{
    check_strip("", "");
    check_strip(" \n\t", "");
    check_strip("\xE3\x80\x80 a b\xC2\xA0\x1F", "a b");
    check_strip("\xE2\x80\x8B", "\xE2\x80\x8B"); /* zero width: no space */
}
END_TEST

/* A vocabulary of the 256 bytes and "<s>". */
static struct pith_tokenizer *byte_tokenizer(uint32_t flags,
                                             struct pith_buffer *section)
{
    static char bytes[256];
    static struct pith_piece pieces[257];
    struct pith_tokenizer *tokenizer;
    struct pith_error error;
    for (int i = 0; i < 256; i++) {
        bytes[i] = (char)i;
        pieces[i].bytes = (struct pith_text){&bytes[i], 1};
    }
    pieces[256] = (struct pith_piece){.bytes = {"<s>", 3},
                                      .kind = PITH_PIECE_SPECIAL};
    struct pith_vocab vocab = {.kind = PITH_TOKENIZER_BYTE_BPE,
                               .pre_tokenizer = PITH_PRE_GPT2,
                               .flags = flags,
                               .bos_id = 256,
                               .eos_id = 256,
                               .unk_id = -1,
                               .pad_id = -1,
                               .pieces = pieces,
                               .n_pieces = 257};
    assert_ok(pith_vocab_serialize(&vocab, section, &error), error);
    assert_ok(pith_tokenizer_create((const uint8_t *)section->data,
                                    section->size, "test", &tokenizer, &error),
              error);
    return tokenizer;
}

static void check_decode(uint32_t flags, const char *text, const char *want)
{
    struct pith_buffer section = {0}, out = {0};
    struct pith_tokenizer *tokenizer = byte_tokenizer(flags, &section);
    struct pith_error error;
    int32_t ids[64];
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        ids[i] = (unsigned char)text[i];
    assert_ok(pith_reference_decode(tokenizer, ids, n, &out, &error), error);
    ck_assert_msg(out.size == strlen(want) &&
                      memcmp(out.data ? out.data : "", want, out.size) == 0,
                  "\"%s\" became \"%.*s\"", text, (int)out.size, out.data);
    pith_buffer_free(&out);
    pith_tokenizer_free(tokenizer);
    pith_buffer_free(&section);
}

#define BROKEN "\xEF\xBF\xBD"

START_TEST(decoding_replaces_what_is_broken)
{
    check_decode(0, "", "");
    check_decode(0, "na\xC3\xAFve .", "na\xC3\xAFve .");
    check_decode(0, "a\xC3", "a" BROKEN);
    check_decode(0, "\xE4\xBD" "b", BROKEN "b"); /* one for a cut character */
    check_decode(0, "\xF0\x9F\x98\xF0\x9F", BROKEN BROKEN);
    check_decode(0, "\xA0\xA1", BROKEN BROKEN);
    check_decode(0, "\xED\xA0\x80", BROKEN BROKEN BROKEN); /* a surrogate */
    check_decode(0, "\xE0\x80", BROKEN BROKEN);            /* overlong */
    check_decode(0, "\xC1\xF5\xFF", BROKEN BROKEN BROKEN);
    check_decode(0, "\xF4\x90", BROKEN BROKEN);
}
END_TEST

START_TEST(decoding_cleans_spaces_up_where_asked)
{
    check_decode(0, "do n't , he 's  .", "do n't , he 's  .");
    check_decode(PITH_VOCAB_CLEAN_UP_SPACES, "do n't , he 's  .",
                 "don't, he's .");
    check_decode(PITH_VOCAB_CLEAN_UP_SPACES, "a ' b ? ! 've 're 'm",
                 "a'b?!'ve're'm");
}
END_TEST

struct segment_case {
    const char *texts[2];
    struct pith_segment segments[2][3];
    size_t n_segments[2], n, window;
    struct pith_rate_piece want[8];
    size_t n_want;
};

static void check_segments(const struct segment_case *c)
{
    struct pith_buffer section = {0}, joined = {0};
    struct pith_tokenizer *tokenizer = byte_tokenizer(0, &section);
    struct pith_reference_contexts contexts;
    struct pith_rate_plan plan;
    struct pith_error error;
    int32_t ids[64];
    assert_ok(pith_reference_contexts_make(&contexts, c->n, &error), error);
    for (size_t i = 0; i < c->n; i++) {
        struct pith_reference_context *context = &contexts.items[i];
        size_t size = sizeof *context->segments * c->n_segments[i];
        context->text = (struct pith_text){c->texts[i], strlen(c->texts[i])};
        context->n_segments = c->n_segments[i];
        context->segments = malloc(size + 1);
        ck_assert_ptr_nonnull(context->segments);
        memcpy(context->segments, c->segments[i], size);
        pith_reference_join(&joined, context->text, i == 0);
    }
    for (size_t i = 0; i < joined.size; i++)
        ids[i] = (unsigned char)joined.data[i];
    assert_ok(pith_reference_segment_rates(tokenizer, &contexts, ids,
                                           joined.size, c->window, &plan,
                                           &error),
              error);
    check_plan(&plan, c->want, c->n_want);
    pith_rate_plan_free(&plan);
    pith_reference_contexts_free(&contexts);
    pith_buffer_free(&joined);
    pith_tokenizer_free(tokenizer);
    pith_buffer_free(&section);
}

#define SEGMENT(n, rate, compress) {0, 0, n, rate, compress, false}

/* Tokens are bytes: of a character of two, the second adds none; of a
 * character of three, the third adds none, too. */
START_TEST(segments_give_their_tokens_rates)
{
    static const struct segment_case cases[] = {
        {{"abcdefghijkl"},
         {{SEGMENT(4, .5, 1), SEGMENT(3, .2, 1), SEGMENT(5, .7, 0)}},
         {3}, 1, 5,
         {{4, .5, 0}, {1, .2, 1}, {2, .2, 0}, {3, 1, 1}, {2, 1, 1}}, 5},
        {{"abcdef", "ghi"},
         {{SEGMENT(6, .5, 1)}, {SEGMENT(1, .3, 1), SEGMENT(2, 1, 1)}},
         {1, 2}, 2, 4,
         {{4, .5, 1}, {4, .5, 1}, {1, .3, 0}, {2, 1, 1}}, 4},
        {{"a\xC3\xA9" "b\xC3\xA9" "cd"},
         {{SEGMENT(3, .5, 1), SEGMENT(2, .4, 0), SEGMENT(1, .1, 1)}},
         {3}, 1, 3,
         {{3, .5, 1}, {1, .5, 0}, {2, 1, 1}, {1, 1, 0}, {1, .1, 1}}, 5},
        {{"\xE6\x97\xA5\xE6\x9C\xACx\xE8\xAA\x9Ey"},
         {{SEGMENT(1, .5, 1), SEGMENT(2, .4, 1), SEGMENT(2, .1, 1)}},
         {3}, 1, 7,
         {{1, .5, 0}, {6, .4, 1}, {4, .1, 1}}, 3},
        {{"abc", "def"},
         {{SEGMENT(3, .5, 1)}, {SEGMENT(3, .5, 0)}},
         {1, 1}, 2, 10,
         {{5, .5, 0}, {3, 1, 1}}, 2},
        /* Ours: the blank line of a context without segments stays. */
        {{"", "def"}, {{{0}}, {SEGMENT(3, .5, 1)}}, {0, 1}, 2, 10,
         {{2, 1, 0}, {3, .5, 1}}, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_segments(&cases[i]);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("reference parts");
    TCase *tcase = tcase_create("parts");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, budget_follows_the_usual_precedence);
    tcase_add_test(tcase, budget_refuses_what_is_no_arithmetic);
    tcase_add_test(tcase, coarse_filter_overdraws_its_budget_by_one_context);
    tcase_add_test(tcase, ranks_are_needed_where_they_decide);
    tcase_add_test(tcase, coarse_filter_orders);
    tcase_add_test(tcase, coarse_filter_never_chooses_nothing);
    tcase_add_test(tcase, coarse_filter_forces_contexts);
    tcase_add_test(tcase, offsets_follow_the_ranks);
    tcase_add_test(tcase, rates_are_laid_over_windows);
    tcase_add_test(tcase, segments_give_their_tokens_rates);
    tcase_add_test(tcase, threshold_is_an_order_statistic);
    tcase_add_test(tcase, sort_is_stable_and_places_nan_as_python_does);
    tcase_add_test(tcase, strip_takes_unicode_spaces);
    tcase_add_test(tcase, decoding_replaces_what_is_broken);
    tcase_add_test(tcase, decoding_cleans_spaces_up_where_asked);
    suite_add_tcase(suite, tcase);
    return suite;
}
