/*
 * options.c - what is asked for: options in range, and how the
 * question conditions the ranking.  See run.h.
 *
 * It answers to the beginning of compress_prompt() of the Python package.
 */
#include <math.h>

#include "run.h"

enum pith_status
pith_reference_check_options(const struct pith_compress_options *o,
                             struct pith_error *error)
{
    const size_t longest = 1000000000;
    if (o->iterative_size == 0 || o->iterative_size > longest)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "iterative_size is %zu; it is the window in tokens, "
                         "1 to %zu",
                         o->iterative_size, longest);
    if (o->n_force_context_ids > 0 && o->force_context_ids == NULL)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "force_context_ids is NULL and n_force_context_ids "
                         "is %zu",
                         o->n_force_context_ids);
    if (o->reorder_context > PITH_REORDER_TWO_STAGE)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "reorder_context is %d; expected original, sort or "
                         "two_stage",
                         (int)o->reorder_context);
    if (o->rank_method > PITH_RANK_BM25)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "rank_method is %d; expected llmlingua, "
                         "longllmlingua or bm25",
                         (int)o->rank_method);
    if (o->condition_in_question > PITH_CONDITION_AFTER_PREFIX)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "condition_in_question is %d; expected none, before "
                         "or after, with or without prefix",
                         (int)o->condition_in_question);
    if (isnan(o->dynamic_context_compression_ratio) ||
        isnan(o->high_priority_bonus) || isnan(o->token_budget_ratio))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "dynamic_context_compression_ratio (%g), "
                         "high_priority_bonus (%g) and token_budget_ratio "
                         "(%g) must be numbers",
                         o->dynamic_context_compression_ratio,
                         o->high_priority_bonus, o->token_budget_ratio);
    return PITH_OK;
}

enum pith_status pith_reference_set_query(struct pith_reference_run *run,
                                          struct pith_error *error)
{
    const struct pith_compress_options *o = run->options;
    bool prefix = o->condition_in_question >= PITH_CONDITION_NONE_PREFIX;
    enum pith_condition place =
        o->condition_in_question - (prefix ? PITH_CONDITION_NONE_PREFIX : 0);
    run->query = (struct pith_reference_query){o->rank_method, place,
                                               run->prompt->question};
    run->has_prefix = prefix || o->condition_compare;
    switch (o->rank_method) {
    case PITH_RANK_LLMLINGUA:
        run->query.condition = PITH_CONDITION_NONE;
        break;
    case PITH_RANK_LONGLLMLINGUA:
        if (run->prompt->question.size == 0)
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "rank_method longllmlingua needs a question");
        if (place == PITH_CONDITION_NONE && !run->has_prefix)
            run->query.condition = PITH_CONDITION_AFTER;
        break;
    case PITH_RANK_BM25: break;
    }
    return PITH_OK;
}
