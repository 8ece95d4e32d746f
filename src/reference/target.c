/*
 * target.c - lengths of the parts and the tokens that contexts may
 * keep.  See run.h; docs/ALGORITHM.md, "tags, lengths, target".
 *
 * It answers to target_token in compress_prompt() and to get_token_length()
 * of the Python package.
 */
#include "run.h"

enum pith_status
pith_reference_count_default(const struct pith_reference_run *run,
                             struct pith_text text, size_t *n,
                             struct pith_error *error)
{
    return pith_reference_count(run->tokenizer, text,
                                PITH_TOKENIZE_DEFAULT_BOS, n, error);
}

enum pith_status pith_reference_count_parts(struct pith_reference_run *run,
                                            size_t *n_instruction,
                                            size_t *n_question,
                                            size_t *n_contexts,
                                            struct pith_error *error)
{
    PITH_TRY(pith_reference_count_default(run, run->prompt->instruction,
                                          n_instruction, error));
    PITH_TRY(pith_reference_count_default(run, run->prompt->question,
                                          n_question, error));
    *n_contexts = 0;
    for (size_t i = 0; i < run->contexts.n; i++) {
        PITH_TRY(pith_reference_count_default(run, run->contexts.items[i].text,
                                              &run->lengths[i], error));
        *n_contexts += run->lengths[i];
    }
    return PITH_OK;
}

/* The whole prompt's tokens times the rate, less what is passed through. */
enum pith_status pith_reference_set_target(struct pith_reference_run *run,
                                           struct pith_error *error)
{
    size_t n_instruction, n_question, n_contexts;
    PITH_TRY(pith_reference_count_parts(run, &n_instruction, &n_question,
                                        &n_contexts, error));
    if (run->options->target >= 0 || run->options->structured)
        return PITH_OK;
    run->target = (double)(n_instruction + n_question + n_contexts) * run->rate;
    run->target -= (double)n_instruction;
    if (run->options->concate_question)
        run->target -= (double)n_question;
    return PITH_OK;
}
