/*
 * test_documents.c - src/paper/documents.c and what `paper` makes of it:
 * LongLLMLingua's ranking against a plain recomputation, rates worked out by
 * hand, budgets and order of any prompt.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/buffer.h"
#include "../src/base/utf8.h"
#include "../src/model/access.h"
#include "../src/model/model.h"
#include "../src/model/score.h"
#include "../src/paper/documents.h"
#include "../src/prompt/detail.h"
#include "../src/prompt/detail_units.h"
#include "../src/prompt/keep.h"
#include "../src/prompt/words.h"
#include "support.h"
#include "tiny_model.h"

/* --- rates ------------------------------------------------------------------ */

static void assert_rates(const double *lengths, size_t n, double tau,
                         double delta, const double *want)
{
    double rates[8], budget = 0, spent = 0;
    for (size_t i = 0; i < n; i++)
        budget += tau * lengths[i];
    pith_document_rates(lengths, n, tau, delta, budget, rates);
    for (size_t i = 0; i < n; i++) {
        ck_assert_double_eq_tol(rates[i], want[i], 1e-9);
        spent += rates[i] * lengths[i];
    }
    ck_assert_double_eq_tol(spent, budget, 1e-6);
}

START_TEST(rates_fall_with_rank_and_meet_the_budget)
{
    const double even[] = {100, 100}, four[] = {10, 10, 10, 10};
    const double uneven[] = {300, 100};
    /* 0.5 + 0.3 and 0.5 + 0 spend 0.15 too much for each. */
    assert_rates(even, 2, 0.5, 0.3, (double[]){0.65, 0.35});
    assert_rates(even, 2, 0.5, 0, (double[]){0.5, 0.5});
    assert_rates(four, 4, 0.5, 0.2, (double[]){0.65, 0.55, 0.45, 0.35});
    /* 0.8 x 300 + 0.5 x 100 = 290 for 200: 90 / 400 less for each. */
    assert_rates(uneven, 2, 0.5, 0.3, (double[]){0.575, 0.275});
    /* The first is full, the second takes what is left. */
    assert_rates(even, 2, 0.9, 0.3, (double[]){1, 0.8});
    assert_rates(even, 2, 1, 0.3, (double[]){1, 1});
    assert_rates(even, 2, 0.1, 0.5, (double[]){0.2, 0});
}
END_TEST

/* --- ranking ---------------------------------------------------------------- */

static struct pith_model *models[TINY_KINDS];
static struct pith_session *sessions[TINY_KINDS];

static void open_tiny(void)
{
    tiny_open_all(models, sessions);
}

static void close_tiny(void)
{
    tiny_close_all(models, sessions);
}

static const struct pith_text three[] = {
    {"rain in Spain", 13}, {"a red house", 11}, {"12 cats", 7}};
static const struct pith_prompt small = {
    .contexts = three, .n_contexts = 3, .question = {"Who has cats?", 13}};

/* The mean loss of the question and the sentence after n tokens and a blank
 * line, which does not count. */
static double plain_piece(int kind, const struct pith_parts *parts,
                          const int32_t *piece, size_t n)
{
    static const char sentence[] =
        " We can get the answer to this question in the given documents.";
    const struct pith_part *question = &parts->parts[parts->n_parts - 1];
    struct pith_ids ids = {0};
    struct pith_error error;
    float losses[512];
    double sum = 0;
    pith_ids_append_all(&ids, piece, n);
    pith_ids_append_all(&ids, parts->join.data, parts->join.n);
    n += parts->join.n;
    pith_ids_append_all(&ids, parts->ids.data + question->token,
                        question->n_tokens);
    assert_ok(pith_tokenizer_encode(
                  pith_model_tokenizer(models[kind]),
                  (struct pith_text){sentence, strlen(sentence)},
                  PITH_TOKENIZE_NO_SPECIAL, &ids, &error), error);
    ck_assert_uint_le(ids.n, 512);
    assert_ok(pith_score_text(sessions[kind], ids.data, ids.n, losses, &error),
              error);
    for (size_t j = n; j < ids.n; j++)
        sum += (double)losses[j];
    sum /= (double)(ids.n - n);
    pith_ids_free(&ids);
    return sum;
}

static double plain_rank(int kind, const struct pith_parts *parts, size_t i)
{
    const struct pith_part *document = &parts->parts[i];
    return plain_piece(kind, parts, parts->ids.data + document->token,
                       document->n_tokens);
}

START_TEST(documents_rank_by_the_question_after_them)
{
    for (int kind = 0; kind < TINY_KINDS; kind++) {
        struct pith_parts parts;
        struct pith_rank ranks[3];
        struct pith_error error;
        assert_ok(pith_parts_make(&parts, pith_model_tokenizer(models[kind]),
                                  &small, NULL, &error), error);
        assert_ok(pith_rank_documents(sessions[kind], &parts, ranks, 3,
                                      &error), error);
        for (size_t i = 0; i < 3; i++) {
            ck_assert_uint_eq(ranks[i].index, i + 1);
            ck_assert_double_eq_tol(ranks[i].score,
                                    plain_rank(kind, &parts, i + 1), 1e-4);
        }
        pith_parts_free(&parts);
    }
}
END_TEST

/* One longer than half of the context by the best of its pieces. */
START_TEST(long_documents_rank_by_their_best_piece)
{
    char text[1200];
    uint64_t random = 5;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "abcdefgh ,"[random_below(&random, 10)];
    struct pith_text context = {text, sizeof text};
    struct pith_prompt prompt = {
        .contexts = &context, .n_contexts = 1, .question = small.question};
    for (int kind = 0; kind < TINY_KINDS; kind++) {
        struct pith_parts parts;
        struct pith_rank rank;
        struct pith_error error;
        size_t most = pith_session_window(sessions[kind]) / 2 - 1;
        assert_ok(pith_parts_make(&parts, pith_model_tokenizer(models[kind]),
                                  &prompt, NULL, &error), error);
        const struct pith_part *document = &parts.parts[1];
        ck_assert_uint_gt(document->n_tokens, 2 * most);
        double best = INFINITY, worst = 0;
        for (size_t at = 0; at < document->n_tokens; at += most) {
            size_t left = document->n_tokens - at;
            double score = plain_piece(kind, &parts,
                                       parts.ids.data + document->token + at,
                                       left < most ? left : most);
            best = fmin(best, score);
            worst = fmax(worst, score);
        }
        ck_assert_double_gt(worst, best + 1e-3);
        assert_ok(pith_rank_documents(sessions[kind], &parts, &rank, 1,
                                      &error), error);
        ck_assert_double_eq_tol(rank.score, best, 1e-4);
        pith_parts_free(&parts);
    }
}
END_TEST

/* --- whole compressions ------------------------------------------------------ */

static struct pith_compress_options aware(double target)
{
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_PAPER;
    options.rate = -1;
    options.target = target;
    options.trace = true;
    options.question_aware = true;
    return options;
}

static struct pith_result *compress(int kind, const struct pith_prompt *prompt,
                                    const struct pith_compress_options *options)
{
    struct pith_result *result;
    struct pith_error error;
    assert_ok(pith_compress(sessions[kind], prompt, options, &result, &error),
              error);
    return result;
}

START_TEST(sort_puts_the_most_relevant_first)
{
    static const struct pith_text marks[] = {{"x1x", 3}, {"y2y", 3}, {"z3z", 3}};
    static const struct pith_text marked[] = {
        {"x1x rain in Spain", 17}, {"y2y a red house", 15}, {"z3z cats", 8}};
    struct pith_prompt prompt = {.contexts = marked, .n_contexts = 3,
                                 .question = {"Who?", 4}};
    for (int kind = 0; kind < TINY_KINDS; kind++) {
        struct pith_compress_options options = aware(-1);
        options.rate = 0.8;
        options.k = 100;
        options.keep = marks;
        options.n_keep = 3;
        struct pith_result *result = compress(kind, &prompt, &options);
        ck_assert_uint_eq(result->trace.n_rankings, 1);
        const struct pith_rank *ranks = result->trace.rankings[0];
        const char *at = result->text.bytes;
        for (size_t i = 0; i < 3; i++) {
            ck_assert(i == 0 || ranks[i - 1].score <= ranks[i].score);
            at = strstr(at, marks[ranks[i].index].bytes);
            ck_assert_ptr_nonnull(at);
            ck_assert(i == 0 || memcmp(at - 2, "\n\n", 2) == 0);
        }
        pith_result_free(result);
    }
}
END_TEST

static void assert_same_text(const struct pith_compress_options *options,
                             double k, bool same)
{
    struct pith_compress_options other = *options;
    other.k = k;
    struct pith_result *a = compress(TINY_GPT2, &small, options);
    struct pith_result *b = compress(TINY_GPT2, &small, &other);
    ck_assert_int_eq(strcmp(a->text.bytes, b->text.bytes) == 0, same);
    pith_result_free(a);
    pith_result_free(b);
}

START_TEST(k_is_that_of_the_method_unless_given)
{
    struct pith_compress_options options = aware(24);
    options.units = PITH_UNITS_TOKEN;
    assert_same_text(&options, 1.3, true);
    assert_same_text(&options, 2, false);
    options.question_aware = false;
    assert_same_text(&options, 2, true);
    assert_same_text(&options, 1.3, false);
}
END_TEST

/* LongLLMLingua has segments of 200 tokens, LLMLingua of 100. */
START_TEST(segment_size_is_that_of_the_method_unless_given)
{
    char words[1200] = "";
    uint64_t random = 5;
    for (size_t n = 0; n + 8 < sizeof words; n += strlen(words + n))
        sprintf(words + n, "%c%c%u ", 'a' + (int)random_below(&random, 26),
                'a' + (int)random_below(&random, 26),
                (unsigned)random_below(&random, 90) + 10);
    struct pith_text text = {words, strlen(words)};
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1,
                                 .question = {"Who?", 4}};
    for (int awareness = 0; awareness < 2; awareness++) {
        struct pith_compress_options options = aware(-1);
        options.rate = 0.5;
        options.question_aware = awareness == 1;
        struct pith_result *own = compress(TINY_LLAMA, &prompt, &options);
        size_t n_own = own->trace.n_thresholds;
        pith_result_free(own);
        for (size_t size = 100; size <= 200; size += 100) {
            options.segment_size = size;
            struct pith_result *r = compress(TINY_LLAMA, &prompt, &options);
            ck_assert_int_eq(r->trace.n_thresholds == n_own,
                             (size == 200) == (awareness == 1));
            pith_result_free(r);
        }
    }
}
END_TEST

/* Spans of a kind of part that end within a word. */
static size_t count_cut(const struct pith_result *result,
                        const struct pith_prompt *prompt,
                        enum pith_part_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < result->detail.n_spans; i++) {
        const struct pith_span *span = &result->detail.spans[i];
        const struct pith_part_result *part = &result->parts[span->part];
        struct pith_text text = pith_given_text(prompt, kind, part->index);
        n += part->kind == kind && span->end < text.size &&
             !pith_is_word_boundary(text, span->end);
    }
    return n;
}

/* Words of documents come out whole unless asked otherwise. */
START_TEST(documents_are_cut_between_words)
{
    struct pith_prompt prompt = {
        view("unbelievable circumstances notwithstanding"), three, 3,
        view("Who has cats?")};
    for (int words = 0; words < 2; words++) {
        size_t n_contexts = 0;
        for (int target = 30; target < 80; target += 7) {
            struct pith_compress_options options = aware(target);
            options.detail = true;
            options.k = 100;
            options.tau_ins = 0.3;
            options.units = words == 1 ? PITH_UNITS_WORD : PITH_UNITS_TOKEN;
            struct pith_result *result =
                compress(TINY_GPT2, &prompt, &options);
            n_contexts += count_cut(result, &prompt, PITH_PART_CONTEXT);
            pith_result_free(result);
        }
        ck_assert_int_eq(n_contexts == 0, words == 1);
    }
}
END_TEST

START_TEST(a_question_is_needed)
{
    struct pith_compress_options options = aware(5);
    struct pith_prompt prompt = {.contexts = three, .n_contexts = 3};
    struct pith_result *result;
    struct pith_error error;
    ck_assert_int_eq(pith_compress(sessions[0], &prompt, &options, &result,
                                   &error), PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "question"));
    options.delta_tau = 2;
    ck_assert_int_eq(pith_compress(sessions[0], &small, &options, &result,
                                   &error), PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "delta_tau"));
}
END_TEST

static const char *const vocabulary[] = {
    "the", "rain", "in", "Spain", "7", "\n", "na\xC3\xAFve",
    "\xE6\xBC\xA2\xE5\xAD\x97", "\xF0\x9F\x98\x80", "house"};

enum { MAX_DOCUMENTS = 5 };

START_TEST(any_prompt_meets_its_target)
{
    uint64_t random = (uint64_t)_i + 40;
    for (int round = 0; round < 12; round++) {
        struct pith_buffer texts[MAX_DOCUMENTS + 2] = {{0}};
        struct pith_text parts[MAX_DOCUMENTS + 2];
        size_t n = random_below(&random, MAX_DOCUMENTS + 1);
        for (size_t i = 0; i < n + 2; i++) {
            size_t n_words = random_below(&random, i == 0 ? 8 : 60);
            for (size_t j = 0; j < n_words + (i == n + 1); j++) {
                pith_buffer_byte(&texts[i], ' ');
                pith_buffer_string(&texts[i],
                                   vocabulary[random_below(&random, 10)]);
            }
            parts[i] = (struct pith_text){texts[i].data, texts[i].size};
        }
        struct pith_prompt prompt = {parts[0], parts + 1, n, parts[n + 1]};
        struct pith_compress_options options =
            aware((double)(1 + random_below(&random, 250)));
        options.reorder = (enum pith_reorder)random_below(&random, 2);
        options.protect =
            random_below(&random, 3) == 0 ? PITH_PROTECT_NUMBERS : 0;
        options.segment_size = 1 + random_below(&random, 120);
        for (int kind = 0; kind < TINY_KINDS; kind++) {
            struct pith_result *a = compress(kind, &prompt, &options);
            struct pith_result *b = compress(kind, &prompt, &options);
            double off = (double)a->compressed_tokens -
                         fmin(options.target, (double)a->origin_tokens);
            bool excess = a->note && strstr(a->note, "What must stay");
            ck_assert_msg(off == 0 || (a->note != NULL && off < 0) || excess,
                          "%zu for %g", a->compressed_tokens, options.target);
            ck_assert(pith_utf8_is_valid(a->text.bytes, a->text.size));
            ck_assert_str_eq(a->text.bytes, b->text.bytes);
            pith_result_free(a);
            pith_result_free(b);
        }
        for (size_t i = 0; i < n + 2; i++)
            pith_buffer_free(&texts[i]);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("documents");
    TCase *rates = tcase_create("rates");
    tcase_add_test(rates, rates_fall_with_rank_and_meet_the_budget);
    suite_add_tcase(suite, rates);
    TCase *tiny = tcase_create("tiny models");
    tcase_set_timeout(tiny, 120);
    tcase_add_unchecked_fixture(tiny, open_tiny, close_tiny);
    tcase_add_test(tiny, documents_rank_by_the_question_after_them);
    tcase_add_test(tiny, long_documents_rank_by_their_best_piece);
    tcase_add_test(tiny, sort_puts_the_most_relevant_first);
    tcase_add_test(tiny, k_is_that_of_the_method_unless_given);
    tcase_add_test(tiny, segment_size_is_that_of_the_method_unless_given);
    tcase_add_test(tiny, documents_are_cut_between_words);
    tcase_add_test(tiny, a_question_is_needed);
    tcase_add_loop_test(tiny, any_prompt_meets_its_target, 0, 3);
    suite_add_tcase(suite, tiny);
    return suite;
}
