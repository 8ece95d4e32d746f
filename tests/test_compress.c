/*
 * test_compress.c - the method `paper` from end to end: what must hold of any
 * prompt, on tiny models and, where they are, on the default model and real
 * prompts.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../src/base/buffer.h"
#include "../src/base/utf8.h"
#include "random_prompt.h"
#include "support.h"
#include "tiny_model.h"

/* --- what must hold --------------------------------------------------------- */

/* The joined prompt, and its tokens part by part. */
static void join(const struct pith_model *model,
                 const struct pith_prompt *prompt, struct pith_buffer *text,
                 struct pith_ids *ids)
{
    struct pith_text line = {"\n\n", 2};
    struct pith_error error;
    for (size_t i = 0; i < prompt->n_contexts + 2; i++) {
        struct pith_text pair[] = {line, prompt_part(prompt, i)};
        for (size_t j = text->size > 0 ? 0 : 1; j < 2 && pair[1].size > 0;
             j++) {
            int32_t *found;
            size_t n;
            assert_ok(pith_tokenize(model, pair[j], PITH_TOKENIZE_NO_SPECIAL,
                                    &found, &n, &error), error);
            /* SentencePiece's space before the line is not kept. */
            size_t skip = j == 0 && n > 1 &&
                          pith_token_piece(model, found[0]).bytes[0] == ' ';
            pith_ids_append_all(ids, found + skip, n - skip);
            pith_buffer_append(text, pair[j].bytes, pair[j].size);
            pith_free(found);
        }
    }
    ck_assert(!ids->failed && !text->failed);
}

static void assert_id_subsequence(const int32_t *part, size_t n_part,
                                  const int32_t *whole, size_t n_whole)
{
    size_t at = 0;
    for (size_t i = 0; i < n_part; i++, at++) {
        while (at < n_whole && whole[at] != part[i])
            at++;
        ck_assert_msg(at < n_whole, "token %zu of %zu is not of the prompt", i,
                      n_part);
    }
}

static void assert_byte_subsequence(struct pith_text part,
                                    const struct pith_buffer *whole)
{
    size_t at = 0;
    for (size_t i = 0; i < part.size; i++) {
        if (strchr(" \n", part.bytes[i]) != NULL) /* keeps pieces apart */
            continue;
        while (at < whole->size && whole->data[at] != part.bytes[i])
            at++;
        ck_assert_uint_lt(at++, whole->size);
    }
}

static double asked(const struct pith_compress_options *options,
                    size_t n_tokens)
{
    double target = options->rate > 0 ? options->rate * (double)n_tokens
                                      : options->target;
    return fmin(target, (double)n_tokens);
}

/* Counts of the parts and of the blank lines between them add up. */
static void assert_counts(const struct pith_result *result,
                          const struct pith_prompt *prompt)
{
    size_t n_kept = 0, n_tokens = 0;
    ck_assert_uint_eq(result->n_parts, prompt->n_contexts + 2);
    for (size_t i = 0; i < result->n_parts; i++) {
        const struct pith_part_result *part = &result->parts[i];
        ck_assert_uint_le(part->n_kept, part->n_tokens);
        n_kept += part->n_kept;
        n_tokens += part->n_tokens;
    }
    ck_assert_uint_le(n_kept, result->trace.n_kept_ids);
    ck_assert_uint_le(n_tokens, result->origin_tokens);
    for (size_t i = 0; i < result->trace.n_thresholds; i++) {
        double rate = result->trace.thresholds[i].rate;
        ck_assert(rate >= 0 && rate <= 1);
    }
}

static void assert_sound(const struct pith_model *model,
                         const struct pith_prompt *prompt,
                         const struct pith_compress_options *options,
                         const struct pith_result *result)
{
    struct pith_buffer text = {0};
    struct pith_ids ids = {0};
    join(model, prompt, &text, &ids);
    ck_assert_uint_eq(result->origin_tokens, ids.n);
    double off = (double)result->compressed_tokens - asked(options, ids.n);
    ck_assert_msg(fabs(off) < 1 || result->note != NULL,
                  "%zu tokens of %zu, asked for %g",
                  result->compressed_tokens, ids.n, asked(options, ids.n));
    ck_assert(pith_utf8_is_valid(result->text.bytes, result->text.size));
    ck_assert_int_eq(result->text.bytes[result->text.size], '\0');
    assert_id_subsequence(result->trace.kept_ids, result->trace.n_kept_ids,
                          ids.data, ids.n);
    assert_byte_subsequence(result->text, &text);
    assert_counts(result, prompt);
    if (asked(options, ids.n) >= (double)ids.n) {
        ck_assert_uint_eq(result->text.size, text.size);
        ck_assert(text.size == 0 ||
                  memcmp(result->text.bytes, text.data, text.size) == 0);
    }
    pith_buffer_free(&text);
    pith_ids_free(&ids);
}

static struct pith_compress_options traced(double rate, double target)
{
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_PAPER;
    options.rate = rate;
    options.target = target;
    options.trace = true;
    return options;
}

static struct pith_result *compress(struct pith_session *session,
                                    const struct pith_prompt *prompt,
                                    const struct pith_compress_options *options)
{
    struct pith_result *result;
    struct pith_error error;
    assert_ok(pith_compress(session, prompt, options, &result, &error), error);
    return result;
}

static struct pith_session *open_session(const struct pith_model *model,
                                         int n_threads)
{
    struct pith_session *session;
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = n_threads};
    struct pith_error error;
    assert_ok(pith_session_create(model, &options, &session, &error), error);
    return session;
}

static void assert_same(const struct pith_result *a,
                        const struct pith_result *b)
{
    ck_assert_uint_eq(a->text.size, b->text.size);
    ck_assert_mem_eq(a->text.bytes, b->text.bytes, a->text.size);
    ck_assert_uint_eq(a->trace.n_thresholds, b->trace.n_thresholds);
    for (size_t i = 0; i < a->trace.n_thresholds; i++)
        ck_assert_double_eq(a->trace.thresholds[i].gamma,
                            b->trace.thresholds[i].gamma);
}

/* --- tests on tiny models --------------------------------------------------- */

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

static struct pith_compress_options random_options(uint64_t *random)
{
    struct pith_compress_options options = traced(-1, -1);
    if (random_below(random, 2) == 0)
        options.rate = 1 - random_uniform(random);
    else
        options.target = (double)(1 + random_below(random, 400));
    if (random_below(random, 2) == 0)
        return options;
    options.tau_ins = random_uniform(random);
    options.tau_que = random_uniform(random);
    options.k = 0.2 + 3 * random_uniform(random);
    options.segment_size = 1 + random_below(random, 128);
    return options;
}

/* The tiny models have 256 positions; about every second prompt has more
 * tokens. */
START_TEST(any_prompt_meets_its_target)
{
    uint64_t random = (uint64_t)_i;
    for (int i = 0; i < 25; i++) {
        struct random_prompt made;
        random_prompt_make(&made, &random, i % 2 == 0 ? 12 : 60);
        struct pith_compress_options options = random_options(&random);
        for (int kind = 0; kind < TINY_KINDS; kind++) {
            struct pith_result *result =
                compress(sessions[kind], &made.prompt, &options);
            assert_sound(models[kind], &made.prompt, &options, result);
            pith_result_free(result);
        }
        random_prompt_free(&made);
    }
}
END_TEST

START_TEST(rate_1_returns_the_prompt)
{
    uint64_t random = 99;
    for (int i = 0; i < 20; i++) {
        struct random_prompt made;
        random_prompt_make(&made, &random, 30);
        struct pith_compress_options options = traced(1, -1);
        struct pith_result *result =
            compress(sessions[i % TINY_KINDS], &made.prompt, &options);
        assert_sound(models[i % TINY_KINDS], &made.prompt, &options, result);
        ck_assert_ptr_null(result->note);
        pith_result_free(result);
        random_prompt_free(&made);
    }
}
END_TEST

/* Threads, what a session did before, and a second run change nothing. */
START_TEST(the_same_bytes_come_out)
{
    uint64_t random = 5;
    struct random_prompt made[4];
    for (size_t i = 0; i < 4; i++)
        random_prompt_make(&made[i], &random, 60);
    for (int kind = 0; kind < TINY_KINDS; kind++) {
        struct pith_compress_options options = traced(0.4, -1);
        struct pith_result *want[4];
        for (size_t i = 0; i < 4; i++)
            want[i] = compress(sessions[kind], &made[i].prompt, &options);
        for (int n_threads = 1; n_threads <= 3; n_threads++) {
            struct pith_session *session =
                open_session(models[kind], n_threads);
            for (size_t i = 4; i-- > 0;) {
                struct pith_result *got =
                    compress(session, &made[i].prompt, &options);
                assert_same(got, want[i]);
                pith_result_free(got);
            }
            pith_session_free(session);
        }
        for (size_t i = 0; i < 4; i++)
            pith_result_free(want[i]);
    }
    for (size_t i = 0; i < 4; i++)
        random_prompt_free(&made[i]);
}
END_TEST

START_TEST(every_kernel_set_gives_a_sound_result)
{
    uint64_t random = 11;
    struct random_prompt made;
    random_prompt_make(&made, &random, 60);
    struct pith_compress_options options = traced(0.3, -1);
    for (size_t i = 0; pith_kernels_name(i) != NULL; i++) {
        struct pith_model *model =
            tiny_model_load(TINY_LLAMA, PITH_Q8, pith_kernels_name(i));
        struct pith_session *session = open_session(model, 2);
        struct pith_result *result = compress(session, &made.prompt, &options);
        assert_sound(model, &made.prompt, &options, result);
        pith_result_free(result);
        pith_session_free(session);
        pith_model_free(model);
    }
    random_prompt_free(&made);
}
END_TEST

START_TEST(a_prompt_far_longer_than_the_context_is_sound)
{
    uint64_t random = 21;
    struct random_prompt made = {0};
    random_words(&made.texts[0], &random, 8000);
    made.contexts[0] = (struct pith_text){made.texts[0].data,
                                          made.texts[0].size};
    made.prompt = (struct pith_prompt){.contexts = made.contexts,
                                       .n_contexts = 1,
                                       .question = made.contexts[0]};
    made.prompt.question.size = 100;
    while ((made.prompt.question.bytes[made.prompt.question.size] & 0xC0) ==
           0x80)
        made.prompt.question.size++;
    struct pith_compress_options options = traced(0.1, -1);
    struct pith_result *result = compress(sessions[0], &made.prompt, &options);
    assert_sound(models[0], &made.prompt, &options, result);
    pith_result_free(result);
    random_prompt_free(&made);
}
END_TEST

START_TEST(empty_and_tiny_prompts_are_sound)
{
    const char *const texts[] = {"", "a", "\n", " ", "\n\n", "the",
                                 "\xF0\x9F\x98\x80"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pith_text context = view(texts[i]);
        struct pith_prompt prompts[] = {
            {.instruction = context},
            {.contexts = &context, .n_contexts = 1},
            {.question = context},
            {.contexts = &context, .n_contexts = 1, .question = context}};
        for (size_t j = 0; j < 4; j++) {
            struct pith_compress_options options = traced(1, -1);
            for (int kind = 0; kind < TINY_KINDS; kind++) {
                struct pith_result *result =
                    compress(sessions[kind], &prompts[j], &options);
                assert_sound(models[kind], &prompts[j], &options, result);
                pith_result_free(result);
                options.rate = 0.5;
                result = compress(sessions[kind], &prompts[j], &options);
                ck_assert(pith_utf8_is_valid(result->text.bytes,
                                             result->text.size));
                pith_result_free(result);
                options.rate = 1;
            }
        }
    }
}
END_TEST

START_TEST(notes_say_what_the_caller_should_know)
{
    struct pith_text contexts[] = {view("one two three four five six"),
                                   view("seven eight nine ten")};
    struct pith_prompt prompt = {view("Do what is said below, please."),
                                 contexts, 2, view("What is it?")};
    struct pith_compress_options options = traced(-1, 10);
    struct pith_result *result = compress(sessions[0], &prompt, &options);
    ck_assert_ptr_nonnull(strstr(result->note, "tau_ins"));
    ck_assert_uint_eq(result->parts[1].n_kept + result->parts[2].n_kept, 0);
    ck_assert_uint_gt(result->parts[3].n_kept, 0);
    pith_result_free(result);

    options.target = 10000;
    result = compress(sessions[0], &prompt, &options);
    ck_assert_ptr_nonnull(strstr(result->note, "unchanged"));
    pith_result_free(result);

    contexts[0] = view("a\xFF");
    options = traced(1, -1);
    result = compress(sessions[0], &prompt, &options);
    ck_assert_ptr_nonnull(strstr(result->note, "1 byte of the prompt was"));
    ck_assert_ptr_nonnull(strstr(result->text.bytes, "a\xEF\xBF\xBD\n\n"));
    pith_result_free(result);
}
END_TEST

/* The question keeps tau_que and what coarse selection leaves over; the
 * contexts with the highest perplexity stay, in the order of the prompt. */
/* A segment has at most half of the positions; more is noted, not refused. */
/* Each method with what reads more of the prompt at once. */
static void compress_in_short_context(struct pith_session *session, int method,
                                      bool asked)
{
    static const struct pith_text contexts[] = {
        {"The ferry leaves at 9:30.", 25}, {"", 0}, {"A red house", 11}};
    struct pith_prompt prompt = {.instruction = {"Answer.", 7},
                                 .contexts = contexts, .n_contexts = 3};
    struct pith_compress_options options = traced(0.5, -1);
    struct pith_result *result;
    struct pith_error error;
    if (asked)
        prompt.question = (struct pith_text){"When does it leave?", 19};
    options.method = (enum pith_method)method;
    options.question_aware = asked && method == PITH_METHOD_PAPER;
    if (method == PITH_METHOD_REFERENCE && asked)
        options.rank_method = PITH_RANK_LONGLLMLINGUA;
    if (method == PITH_METHOD_SPANS)
        options.protect = PITH_PROTECT_NUMBERS;
    if (pith_compress(session, &prompt, &options, &result, &error) != PITH_OK) {
        ck_assert_msg(strstr(error.detail, "larger context") != NULL,
                      "method %d: %s", method, error.detail);
        return;
    }
    ck_assert(pith_utf8_is_valid(result->text.bytes, result->text.size));
    pith_result_free(result);
}

START_TEST(a_context_of_few_positions_is_enough_or_refused)
{
    for (size_t n_ctx = 1; n_ctx <= 12; n_ctx++) {
        struct pith_session_options open = {.sizeof_options = sizeof open,
                                            .n_threads = 1, .n_ctx = n_ctx};
        struct pith_session *session;
        struct pith_error error;
        assert_ok(pith_session_create(models[_i], &open, &session, &error),
                  error);
        for (int method = 0; method < 3; method++)
            for (int asked = 0; asked < 2; asked++)
                compress_in_short_context(session, method, asked);
        pith_session_free(session);
    }
}
END_TEST

START_TEST(segments_are_bounded_by_the_positions)
{
    struct pith_text text = view("the rain in Spain stays mainly in the plain");
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
    struct pith_compress_options options;
    struct pith_result *result;
    struct pith_error error;
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_PAPER;
    for (int i = 0; i < 2; i++) {
        options.segment_size = i == 0 ? 100000 : 128; /* of 256 positions */
        assert_ok(pith_compress(sessions[0], &prompt, &options, &result,
                                &error), error);
        ck_assert_int_eq(result->note != NULL &&
                             strstr(result->note, "Segments have") != NULL,
                         i == 0);
        pith_result_free(result);
    }
}
END_TEST

/* What a token is worth depends on as many tokens before it as the window
 * holds: nothing changes once it holds them all. */
START_TEST(a_window_bounds_what_is_seen)
{
    static const enum pith_method methods[] = {PITH_METHOD_PAPER,
                                               PITH_METHOD_SPANS};
    struct pith_buffer words = {0};
    uint64_t random = 11;
    random_words(&words, &random, 400);
    struct pith_text text = {words.data, words.size};
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
    struct pith_compress_options options;
    struct pith_error error;
    pith_compress_options_init(&options);
    options.detail = true;
    for (size_t m = 0; m < 2; m++) {
        struct pith_result *results[3]; /* of 64 positions, 256 and all */
        static const size_t windows[] = {64, 256, 100000};
        options.method = methods[m];
        options.segment_size = methods[m] == PITH_METHOD_PAPER ? 32 : 0;
        for (size_t i = 0; i < 3; i++) {
            options.window = windows[i];
            assert_ok(pith_compress(sessions[0], &prompt, &options,
                                    &results[i], &error), error);
        }
        ck_assert_str_ne(results[0]->text.bytes, results[1]->text.bytes);
        ck_assert_str_eq(results[1]->text.bytes, results[2]->text.bytes);
        for (size_t i = 0; i < 3; i++)
            pith_result_free(results[i]);
    }
    pith_buffer_free(&words);
}
END_TEST

START_TEST(coarse_selection_follows_the_ranking)
{
    uint64_t random = 3;
    struct random_prompt made = {0};
    for (size_t i = 0; i < RANDOM_CONTEXTS; i++) {
        random_words(&made.texts[i], &random, 30);
        made.contexts[i] = (struct pith_text){made.texts[i].data,
                                              made.texts[i].size};
    }
    made.prompt = (struct pith_prompt){.contexts = made.contexts,
                                       .n_contexts = RANDOM_CONTEXTS,
                                       .question = view("Is it so?")};
    struct pith_compress_options options = traced(0.2, -1);
    struct pith_result *result = compress(sessions[0], &made.prompt, &options);
    assert_sound(models[0], &made.prompt, &options, result);
    ck_assert_uint_eq(result->trace.n_rankings, 1);
    ck_assert_uint_eq(result->trace.n_ranks[0], RANDOM_CONTEXTS);
    bool dropped = false;
    for (size_t i = 0; i < RANDOM_CONTEXTS; i++) {
        const struct pith_rank *rank = &result->trace.rankings[0][i];
        const struct pith_part_result *part = &result->parts[1 + rank->index];
        ck_assert_uint_eq(part->index, rank->index);
        ck_assert_double_eq(part->perplexity, exp(rank->score));
        if (i > 0)
            ck_assert_double_le(rank->score,
                                result->trace.rankings[0][i - 1].score);
        ck_assert(!dropped || part->n_kept == 0);
        dropped = dropped || part->n_kept == 0;
    }
    ck_assert(dropped && result->parts[1 + result->trace.rankings[0][0].index]
                                 .n_kept > 0);
    pith_result_free(result);
    random_prompt_free(&made);
}
END_TEST

struct stopper {
    size_t n_calls, stop_at;
};

static int stop(void *user, const char *stage, size_t done, size_t total)
{
    struct stopper *stopper = user;
    ck_assert(stage != NULL && done <= total);
    return ++stopper->n_calls == stopper->stop_at;
}

START_TEST(a_progress_callback_can_stop_it)
{
    uint64_t random = 8;
    struct random_prompt made;
    struct stopper stopper = {0, 0};
    struct pith_progress progress = {stop, &stopper};
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .progress = &progress};
    struct pith_compress_options halve = traced(0.3, -1);
    struct pith_session *session;
    struct pith_result *result;
    struct pith_error error;
    size_t n_calls = 3; /* known once the first run is through */
    random_prompt_make(&made, &random, 60);
    for (stopper.stop_at = 0; stopper.stop_at <= n_calls; stopper.stop_at++) {
        /* A new one each time: sessions remember what they have scored. */
        assert_ok(pith_session_create(models[0], &options, &session, &error),
                  error);
        stopper.n_calls = 0;
        ck_assert_int_eq(
            pith_compress(session, &made.prompt, &halve, &result, &error),
            stopper.stop_at == 0 ? PITH_OK : PITH_ERR_CANCELLED);
        ck_assert((result == NULL) == (stopper.stop_at > 0));
        if (stopper.stop_at == 0)
            n_calls = stopper.n_calls;
        pith_result_free(result);
        pith_session_free(session);
    }
    ck_assert_uint_gt(n_calls, 2);
    random_prompt_free(&made);
}
END_TEST

/* --- the default model and real prompts ------------------------------------- */

static struct pith_model *default_model;
static struct pith_session *default_session;

static void open_default(void)
{
    struct pith_error error;
    if (access("weights/default.pith", R_OK) != 0) {
        fprintf(stderr, "SKIPPED (loudly): weights/default.pith is not there; "
                        "run from the project's root\n");
        return;
    }
    assert_ok(pith_model_load("weights/default.pith", NULL, &default_model,
                              &error), error);
    default_session = open_session(default_model, 0);
}

static void close_default(void)
{
    pith_session_free(default_session);
    pith_model_free(default_model);
}

/* Contexts are the paragraphs of the text, RANDOM_CONTEXTS at most. */
static size_t split(const char *text, size_t size, struct pith_text *contexts)
{
    size_t n = 0, from = 0;
    for (size_t i = 0; i + 1 < size && n + 1 < RANDOM_CONTEXTS; i++)
        if (memcmp(text + i, "\n\n", 2) == 0 && i > from) {
            contexts[n++] = (struct pith_text){text + from, i - from};
            from = i + 2;
        }
    contexts[n++] = (struct pith_text){text + from, size - from};
    return n;
}

static const char *const real_prompts[] = {
    "data/gsm8k_cot/prompt_hardest.txt",
    "data/bbh/cot-prompts/snarks.txt", "data/long/wiki_demo.txt"};

enum { REAL_BYTES = 12000, QUICK_BYTES = 3000 };

START_TEST(real_prompts_meet_their_targets)
{
    const char *path = shared_path(real_prompts[_i]);
    if (default_session == NULL || path == NULL)
        return;
    size_t size, targets[] = {50, 446, 2000};
    size_t most = getenv("PITH_QUICK") ? QUICK_BYTES : REAL_BYTES;
    char *text = read_whole_file(path, &size);
    if (size > most)
        for (size = most; (text[size] & 0xC0) == 0x80;)
            size--;
    struct pith_text contexts[RANDOM_CONTEXTS];
    size_t n = split(text, size, contexts);
    struct pith_prompt prompt = {
        view("Answer the question as in the examples."), contexts, n,
        view("Question: How many eggs are left?")};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct pith_compress_options options = traced(-1, (double)targets[i]);
        struct pith_result *result =
            compress(default_session, &prompt, &options);
        assert_sound(default_model, &prompt, &options, result);
        pith_result_free(result);
    }
    free(text);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("compress");
    TCase *tiny = tcase_create("tiny models");
    tcase_set_timeout(tiny, 300);
    tcase_add_unchecked_fixture(tiny, open_tiny, close_tiny);
    tcase_add_loop_test(tiny, any_prompt_meets_its_target, 0, 8);
    tcase_add_test(tiny, rate_1_returns_the_prompt);
    tcase_add_test(tiny, the_same_bytes_come_out);
    tcase_add_test(tiny, every_kernel_set_gives_a_sound_result);
    tcase_add_test(tiny, a_prompt_far_longer_than_the_context_is_sound);
    tcase_add_test(tiny, empty_and_tiny_prompts_are_sound);
    tcase_add_test(tiny, notes_say_what_the_caller_should_know);
    tcase_add_loop_test(tiny, a_context_of_few_positions_is_enough_or_refused, 0,
                        TINY_KINDS);
    tcase_add_test(tiny, segments_are_bounded_by_the_positions);
    tcase_add_test(tiny, a_window_bounds_what_is_seen);
    tcase_add_test(tiny, coarse_selection_follows_the_ranking);
    tcase_add_test(tiny, a_progress_callback_can_stop_it);
    suite_add_tcase(suite, tiny);
    TCase *real = tcase_create("default model");
    tcase_set_timeout(real, 600);
    tcase_add_unchecked_fixture(real, open_default, close_default);
    tcase_add_loop_test(real, real_prompts_meet_their_targets, 0, 3);
    suite_add_tcase(suite, real);
    return suite;
}
