/*
 * extend.c - see extend.h.
 */
#include "extend.h"

#include "../base/random.h"
#include "../prompt/pieces.h"

/* Shows what ranking demonstrations by perplexity is worth. */
static enum pith_status rank_at_random(struct pith_paper *p,
                                       struct pith_rank *ranks, size_t n,
                                       struct pith_error *error)
{
    (void)error;
    uint64_t state = p->options->selection_seed;
    for (size_t i = 0; i < n; i++)
        ranks[i] = (struct pith_rank){p->order[i],
                                      pith_random_uniform(&state)};
    return PITH_OK;
}

enum pith_status pith_paper_extend(struct pith_paper *p,
                                   struct pith_error *error)
{
    const struct pith_compress_options *options = p->options;
    if (options->question_aware && options->structured)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "question_aware and structured cannot be combined: "
                         "both set the rates of the contexts");
    if (options->question_aware)
        p->plan = &pith_plan_documents;
    if (options->structured) {
        p->plan = &pith_plan_pieces;
        p->prune.append = pith_pieces_append;
    }
    if (options->selection_seed != 0)
        p->rank = rank_at_random;
    if (options->trace || options->detail)
        pith_paper_record(p);
    return PITH_OK;
}
