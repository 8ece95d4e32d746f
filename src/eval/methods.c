/*
 * methods.c - every method of an evaluation by its name: what it is compared
 * with (baselines.c), the methods of pith.h, and these with options, such as
 * the paper's less one step (its Table 3).
 */
#include <string.h>

#include "../base/error.h"
#include "../base/memory.h"
#include "../model/session.h"
#include "method_options.h"
#include "pith_eval.h"

enum kind { KIND_FULL, KIND_ZERO_SHOT, KIND_BASELINE, KIND_OURS };

static const struct {
    const char *name;
    enum kind kind;
    int method; /* enum pith_baseline, or of ours enum pith_method */
    const char *options;
} methods[] = {
    {"full", KIND_FULL, 0, ""},
    {"zero-shot", KIND_ZERO_SHOT, 0, ""},
    {"truncation", KIND_BASELINE, PITH_BASELINE_TRUNCATION, ""},
    {"random", KIND_BASELINE, PITH_BASELINE_RANDOM, ""},
    {"sentences", KIND_BASELINE, PITH_BASELINE_SENTENCES, ""},
    {"selective", KIND_BASELINE, PITH_BASELINE_SELECTIVE_TOKENS, ""},
    {"selective-sentences", KIND_BASELINE, PITH_BASELINE_SELECTIVE_SENTENCES,
     ""},
    {"stop-words", KIND_BASELINE, PITH_BASELINE_STOP_WORDS, ""},
    {"reference", KIND_OURS, PITH_METHOD_REFERENCE, ""},
    {"paper", KIND_OURS, PITH_METHOD_PAPER, ""},
    {"paper-no-itpc", KIND_OURS, PITH_METHOD_PAPER, "itpc=off"},
    {"paper-no-controller", KIND_OURS, PITH_METHOD_PAPER,
     "budget-controller=off"},
    {"paper-no-dynamic-rates", KIND_OURS, PITH_METHOD_PAPER,
     "dynamic-rates=off"},
    {"paper-random-selection", KIND_OURS, PITH_METHOD_PAPER,
     "selection-seed=1"},
    {"spans", KIND_OURS, PITH_METHOD_SPANS, ""},
    {"spans-no-question", KIND_OURS, PITH_METHOD_SPANS, "use-question=off"},
};

enum { N_METHODS = sizeof methods / sizeof *methods };

const char *pith_eval_method(size_t index)
{
    return index < N_METHODS ? methods[index].name : NULL;
}

/* Which method a name means, before its first plus, and with what options. */
static enum pith_status read_name(const char *name, size_t *index,
                                  struct pith_method_options *options,
                                  struct pith_error *error)
{
    char words[PITH_METHOD_BYTES] = "";
    size_t n = strcspn(name, "+"), i = 0;
    while (i < N_METHODS && !(strlen(methods[i].name) == n &&
                              memcmp(methods[i].name, name, n) == 0))
        i++;
    if (i == N_METHODS)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "there is no method \"%.*s\"; pith help eval measure "
                         "lists them", n < 60 ? (int)n : 60, name);
    *index = i;
    const char *more = name[n] == '+' ? name + n + 1 : "";
    if (methods[i].kind != KIND_OURS)
        return name[n] == '\0'
                   ? PITH_OK
                   : pith_fail(error, PITH_ERR_ARGUMENT,
                               "method \"%.100s\": only paper, spans and "
                               "reference take options", name);
    if (strlen(methods[i].options) + 1 + strlen(more) >= sizeof words)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "method \"%.60s...\": its name takes more than %d "
                         "bytes", name, PITH_METHOD_BYTES - 1);
    strcpy(words, methods[i].options);
    if (*words != '\0' && *more != '\0')
        strcat(words, "+");
    strcat(words, more);
    return pith_method_options_read(options,
                                    (enum pith_method)methods[i].method,
                                    words, name, error);
}

enum pith_status pith_eval_look_up(const char *name,
                                   struct pith_eval_traits *traits,
                                   struct pith_error *error)
{
    struct pith_method_options options = {.sees_question = false};
    size_t i;
    *traits = (struct pith_eval_traits){false, false, false};
    PITH_TRY(read_name(name, &i, &options, error));
    enum kind kind = methods[i].kind;
    traits->sees_question = options.sees_question;
    traits->draws = kind == KIND_BASELINE
                        ? methods[i].method == PITH_BASELINE_RANDOM
                        : options.options.selection_seed > 0;
    traits->ignores_budget = kind == KIND_FULL || kind == KIND_ZERO_SHOT ||
                             (kind == KIND_BASELINE &&
                              methods[i].method == PITH_BASELINE_STOP_WORDS);
    return PITH_OK;
}

/* --- the question ----------------------------------------------------------- */

static enum pith_status count_tokens(struct pith_session *session,
                                     struct pith_text text, size_t *n,
                                     struct pith_error *error)
{
    int32_t *ids;
    PITH_TRY(pith_tokenize(pith_session_model(session), text, 0, &ids, n,
                           error));
    pith_free(ids);
    return PITH_OK;
}

/* The bytes of a text before the question that it ends with. */
static bool find_question(struct pith_text text, struct pith_text question,
                          size_t *n)
{
    if (text.size < question.size ||
        memcmp(text.bytes + text.size - question.size, question.bytes,
               question.size) != 0)
        return false;
    *n = text.size - question.size;
    while (*n > 0 && text.bytes[*n - 1] == '\n')
        --*n;
    return true;
}

/* Takes the question, which has done its work, off what is left. */
static enum pith_status cut_question(struct pith_session *session,
                                     struct pith_text question,
                                     struct pith_baseline_result *result,
                                     struct pith_error *error)
{
    if (!find_question(result->text, question, &result->text.size))
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "the question is not complete at the end of what "
                         "is left; expected valid UTF-8 and options that keep "
                         "it");
    return count_tokens(session, result->text, &result->compressed_tokens,
                        error);
}

/* --- compressing ------------------------------------------------------------ */

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
    struct pith_compress_options *options, size_t n_tokens,
    struct pith_baseline_result *best, struct pith_error *error)
{
    enum { TRIES = 4 };
    double target = n_tokens > 0 ? (double)n_tokens : 1;
    for (int i = 0; i < TRIES; i++) {
        struct pith_baseline_result next;
        options->target = target;
        PITH_TRY(compress(session, prompt, options, &next, error));
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
static enum pith_status compress_exactly(
    struct pith_session *session, const struct pith_prompt *prompt,
    struct pith_compress_options *options, bool sees_question, size_t n_tokens,
    struct pith_baseline_result *result, struct pith_error *error)
{
    size_t n_question = 0;
    if (sees_question)
        PITH_TRY(count_tokens(session, prompt->question, &n_question, error));
    n_tokens += n_question;
    options->target = n_tokens > 0 ? (double)n_tokens : 1;
    PITH_TRY(compress(session, prompt, options, result, error));
    return sees_question
               ? cut_question(session, prompt->question, result, error)
               : PITH_OK;
}

/* The seed of the table is added to that of the options, if there is one. */
static void set_seed(struct pith_compress_options *options, uint64_t seed)
{
    if (options->selection_seed > 0)
        options->selection_seed =
            1 + (size_t)((options->selection_seed - 1 + seed) % (SIZE_MAX - 1));
}

/* A question that is seen stays whole, or stays out. */
static enum pith_status keep_question(struct pith_method_options *method,
                                      struct pith_text question,
                                      struct pith_error *error)
{
    struct pith_compress_options *options = &method->options;
    options->concate_question = false;
    if (options->method != PITH_METHOD_PAPER || question.size == 0)
        return PITH_OK;
    options->tau_que = 1;
    if (options->n_keep == PITH_METHOD_ITEMS)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "a method that sees the question takes at most %d "
                         "texts to keep", PITH_METHOD_ITEMS - 1);
    method->texts[options->n_keep++] = question;
    options->keep = method->texts;
    return PITH_OK;
}

static enum pith_status compress_ours(struct pith_session *session,
                                      const struct pith_prompt *prompt,
                                      struct pith_method_options *method,
                                      size_t n_tokens, uint64_t seed,
                                      struct pith_baseline_result *result,
                                      struct pith_error *error)
{
    struct pith_compress_options *options = &method->options;
    options->rate = -1;
    set_seed(options, seed);
    if (method->sees_question)
        PITH_TRY(keep_question(method, prompt->question, error));
    return options->method == PITH_METHOD_REFERENCE
               ? compress_reference(session, prompt, options, n_tokens, result,
                                    error)
               : compress_exactly(session, prompt, options,
                                  method->sees_question, n_tokens, result,
                                  error);
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
    struct pith_method_options options = {.sees_question = false};
    size_t i;
    *result = (struct pith_baseline_result){0};
    PITH_TRY(read_name(method, &i, &options, error));
    enum kind kind = methods[i].kind;
    if (kind == KIND_OURS)
        return compress_ours(session, prompt, &options, n_tokens, seed, result,
                             error);
    return kind == KIND_BASELINE
               ? pith_baseline_compress(session, prompt,
                                        (enum pith_baseline)methods[i].method,
                                        n_tokens, seed, result, error)
               : take_all(session, prompt, kind == KIND_FULL, result, error);
}
