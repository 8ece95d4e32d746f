/*
 * methods.c - every method of an evaluation by its name: what it is compared
 * with (baselines.c), the methods of pith.h, and the paper's less one step
 * (its Table 3) or `spans` without the question.
 */
#include <string.h>

#include "../base/error.h"
#include "../base/memory.h"
#include "pith_eval.h"

enum kind { KIND_FULL, KIND_ZERO_SHOT, KIND_BASELINE, KIND_REFERENCE,
            KIND_PAPER, KIND_SPANS };

enum step { STEP_NONE, STEP_ITPC, STEP_CONTROLLER, STEP_RATES, STEP_SELECTION,
            STEP_QUESTION };

static const struct {
    const char *name;
    enum kind kind;
    enum pith_baseline baseline;
    enum step without;
} methods[] = {
    {"full", KIND_FULL, 0, STEP_NONE},
    {"zero-shot", KIND_ZERO_SHOT, 0, STEP_NONE},
    {"truncation", KIND_BASELINE, PITH_BASELINE_TRUNCATION, STEP_NONE},
    {"random", KIND_BASELINE, PITH_BASELINE_RANDOM, STEP_NONE},
    {"sentences", KIND_BASELINE, PITH_BASELINE_SENTENCES, STEP_NONE},
    {"selective", KIND_BASELINE, PITH_BASELINE_SELECTIVE_TOKENS, STEP_NONE},
    {"selective-sentences", KIND_BASELINE, PITH_BASELINE_SELECTIVE_SENTENCES,
     STEP_NONE},
    {"stop-words", KIND_BASELINE, PITH_BASELINE_STOP_WORDS, STEP_NONE},
    {"reference", KIND_REFERENCE, 0, STEP_NONE},
    {"paper", KIND_PAPER, 0, STEP_NONE},
    {"paper-no-itpc", KIND_PAPER, 0, STEP_ITPC},
    {"paper-no-controller", KIND_PAPER, 0, STEP_CONTROLLER},
    {"paper-no-dynamic-rates", KIND_PAPER, 0, STEP_RATES},
    {"paper-random-selection", KIND_PAPER, 0, STEP_SELECTION},
    {"spans", KIND_SPANS, 0, STEP_NONE},
    {"spans-no-question", KIND_SPANS, 0, STEP_QUESTION},
};

enum { N_METHODS = sizeof methods / sizeof *methods };

const char *pith_eval_method(size_t index)
{
    return index < N_METHODS ? methods[index].name : NULL;
}

static void set_step(struct pith_compress_options *options, enum step without,
                     uint64_t seed)
{
    options->use_itpc = without != STEP_ITPC;
    options->use_budget_controller = without != STEP_CONTROLLER;
    options->use_dynamic_rates = without != STEP_RATES;
    options->use_question = without != STEP_QUESTION;
    if (without == STEP_SELECTION)
        options->selection_seed = (size_t)(seed % SIZE_MAX) + 1;
}

static enum pith_status compress(struct pith_session *session,
                                 const struct pith_prompt *prompt,
                                 const struct pith_compress_options *options,
                                 struct pith_baseline_result *out,
                                 struct pith_error *error)
{
    struct pith_result *result;
    PITH_TRY(pith_compress(session, prompt, options, &result, error));
    char *copy = pith_array(result->text.size + 1, 1);
    if (copy != NULL && result->text.size > 0)
        memcpy(copy, result->text.bytes, result->text.size);
    *out = (struct pith_baseline_result){{copy, result->text.size},
                                         result->model_origin_tokens,
                                         result->model_compressed_tokens};
    pith_result_free(result);
    return copy != NULL ? PITH_OK : pith_no_memory(error, out->text.size, 1);
}

static size_t distance(size_t a, size_t b)
{
    return a > b ? a - b : b - a;
}

/* The reference treats its target as a wish.  Asks again, a few times, for as
 * much more or less as it missed, and keeps what came closest. */
static enum pith_status compress_reference(
    struct pith_session *session, const struct pith_prompt *prompt,
    size_t n_tokens, struct pith_baseline_result *best,
    struct pith_error *error)
{
    enum { TRIES = 4 };
    struct pith_compress_options options;
    double target = (double)n_tokens;
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_REFERENCE;
    options.rate = -1;
    for (int i = 0; i < TRIES; i++) {
        struct pith_baseline_result next;
        options.target = target;
        PITH_TRY(compress(session, prompt, &options, &next, error));
        size_t miss = distance(next.compressed_tokens, n_tokens);
        target += (double)n_tokens - (double)next.compressed_tokens;
        if (best->text.bytes == NULL ||
            miss < distance(best->compressed_tokens, n_tokens)) {
            struct pith_baseline_result worse = *best;
            *best = next;
            next = worse;
        }
        pith_free((void *)next.text.bytes);
        if (miss == 0 || target < 1)
            break;
    }
    return PITH_OK;
}

/* `paper` and `spans`, which meet their budgets. */
static enum pith_status compress_ours(struct pith_session *session,
                                      const struct pith_prompt *prompt,
                                      enum pith_method method,
                                      enum step without, size_t n_tokens,
                                      uint64_t seed,
                                      struct pith_baseline_result *result,
                                      struct pith_error *error)
{
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.method = method;
    options.rate = -1;
    options.target = n_tokens > 0 ? (double)n_tokens : 1;
    set_step(&options, without, seed);
    return compress(session, prompt, &options, result, error);
}

/* What stays of a prompt that is kept or dropped as a whole. */
static enum pith_status take_all(struct pith_session *session,
                                 const struct pith_prompt *prompt, bool all,
                                 struct pith_baseline_result *result,
                                 struct pith_error *error)
{
    return pith_baseline_compress(session, prompt, PITH_BASELINE_TRUNCATION,
                                  all ? SIZE_MAX : 0, 0, result, error);
}

enum pith_status pith_eval_compress(struct pith_session *session,
                                    const struct pith_prompt *prompt,
                                    const char *method, size_t n_tokens,
                                    uint64_t seed,
                                    struct pith_baseline_result *result,
                                    struct pith_error *error)
{
    size_t i = 0;
    *result = (struct pith_baseline_result){0};
    while (i < N_METHODS && strcmp(methods[i].name, method) != 0)
        i++;
    if (i == N_METHODS)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "no method is called \"%s\"; pith help eval measure "
                         "lists them", method);
    switch (methods[i].kind) {
    case KIND_FULL:
    case KIND_ZERO_SHOT:
        return take_all(session, prompt, methods[i].kind == KIND_FULL, result,
                        error);
    case KIND_REFERENCE:
        return compress_reference(session, prompt, n_tokens, result, error);
    case KIND_PAPER:
        return compress_ours(session, prompt, PITH_METHOD_PAPER,
                             methods[i].without, n_tokens, seed, result,
                             error);
    case KIND_SPANS:
        return compress_ours(session, prompt, PITH_METHOD_SPANS,
                             methods[i].without, n_tokens, seed, result,
                             error);
    case KIND_BASELINE:
        break;
    }
    return pith_baseline_compress(session, prompt, methods[i].baseline,
                                  n_tokens, seed, result, error);
}
