/*
 * context_filter.c - the coarse filter: contexts are ranked and the best ones
 * chosen.  See run.h; docs/ALGORITHM.md, "coarse filter";
 * rank.c ranks, context_budget.c chooses.
 *
 * It answers to the context part of compress_prompt() of the Python package.
 */
#include <math.h>

#include "../base/memory.h"
#include "../prompt/trace.h"
#include "run.h"

static bool must_stay(const struct pith_reference_context *context)
{
    for (size_t i = 0; i < context->n_segments; i++)
        if (!context->segments[i].compress)
            return true;
    return false;
}

/* The user's ids, and contexts with a segment that must not be compressed.
 * An id given twice would put its context into the output twice. */
static enum pith_status list_forced(struct pith_reference_run *run,
                                    struct pith_error *error)
{
    const struct pith_compress_options *o = run->options;
    size_t n = run->contexts.n, limit = n + o->n_force_context_ids;
    enum pith_status status = PITH_OK;
    bool *listed = pith_array_zero(n, sizeof *listed);
    run->forced = pith_array(limit, sizeof *run->forced);
    if (listed == NULL || run->forced == NULL)
        PITH_TRY_DONE(pith_no_memory(error, limit, sizeof *run->forced));
    for (size_t i = 0; i < o->n_force_context_ids; i++) {
        size_t id = o->force_context_ids[i];
        if (id < n && listed[id])
            PITH_TRY_DONE(pith_fail(error, PITH_ERR_ARGUMENT,
                                    "force_context_ids: found %zu twice, "
                                    "expected each context once", id));
        if (id < n)
            listed[id] = true;
        run->forced[run->n_forced++] = id;
    }
    for (size_t c = 0; c < n && o->strict_preserve_uncompressed; c++)
        if (!listed[c] && must_stay(&run->contexts.items[c]))
            run->forced[run->n_forced++] = c;
done:
    pith_free(listed);
    return status;
}

/* All contexts in their order, no offsets. */
static enum pith_status select_all(struct pith_reference_run *run,
                                   struct pith_error *error)
{
    size_t n = run->contexts.n;
    run->selection.used = pith_array(n, sizeof(size_t));
    run->selection.offsets = pith_array_zero(n, sizeof(double));
    if (!run->selection.used || !run->selection.offsets)
        return pith_no_memory(error, n, sizeof(double));
    for (size_t i = 0; i < n; i++)
        run->selection.used[i] = i;
    run->selection.n = n;
    return PITH_OK;
}

/* The result's perplexities and trace of a ranking. */
static enum pith_status note_ranking(struct pith_reference_run *run,
                                     const struct pith_rank *ranks,
                                     struct pith_error *error)
{
    size_t n = run->contexts.n;
    for (size_t i = 0; i < n; i++)
        if (!isnan(ranks[i].score) && run->query.method != PITH_RANK_BM25)
            run->perplexities[ranks[i].index] = exp(ranks[i].score);
    return run->options->trace
               ? pith_result_add_ranking(run->result, ranks, n, error)
               : PITH_OK;
}

/* The ranking, or the contexts as they are where no order changes the
 * selection and nobody asks for perplexities. */
static enum pith_status rank(struct pith_reference_run *run,
                             const struct pith_text *texts,
                             struct pith_rank *ranks, struct pith_error *error)
{
    size_t n = run->contexts.n;
    bool needed = true;
    if (!run->options->trace && !run->options->detail)
        PITH_TRY(pith_reference_needs_ranks(run->lengths, n, run->target,
                                            run->options, &needed,
                                            error));
    for (size_t i = 0; i < n && !needed; i++)
        ranks[i] = (struct pith_rank){i, 0};
    if (!needed)
        return PITH_OK;
    PITH_TRY(pith_reference_rank(run->session, texts, n, &run->query, ranks,
                                 error));
    return note_ranking(run, ranks, error);
}

static enum pith_status select_by_rank(struct pith_reference_run *run,
                                       struct pith_error *error)
{
    size_t n = run->contexts.n;
    struct pith_compress_options options = *run->options;
    struct pith_rank *ranks = pith_array(n, sizeof *ranks);
    struct pith_text *texts = pith_array(n, sizeof *texts);
    enum pith_status status = PITH_OK;
    if (ranks == NULL || texts == NULL)
        PITH_TRY_DONE(pith_no_memory(error, n, sizeof *texts));
    for (size_t i = 0; i < n; i++)
        texts[i] = run->contexts.items[i].text;
    PITH_TRY_DONE(list_forced(run, error));
    options.force_context_ids = run->forced;
    options.n_force_context_ids = run->n_forced;
    PITH_TRY_DONE(rank(run, texts, ranks, error));
    status = pith_reference_select(ranks, run->lengths, n, run->target,
                                   &options, &run->selection, error);
done:
    pith_free(ranks);
    pith_free(texts);
    return status;
}

/* Forced ids that name no context leave nothing, but one context is chosen in
 * any case. */
enum pith_status pith_reference_choose_contexts(struct pith_reference_run *run,
                                                struct pith_error *error)
{
    const struct pith_selection *selection = &run->selection;
    if (run->contexts.n > 1 && run->options->use_context_level_filter)
        PITH_TRY(select_by_rank(run, error));
    else
        PITH_TRY(select_all(run, error));
    PITH_TRY(pith_reference_contexts_make(&run->chosen, selection->n, error));
    size_t n = 0;
    for (size_t i = 0; i < selection->n; i++)
        if (selection->used[i] < run->contexts.n)
            PITH_TRY(pith_reference_context_copy(
                &run->contexts.items[selection->used[i]],
                &run->chosen.items[n++], error));
    run->chosen.n = n;
    return PITH_OK;
}
