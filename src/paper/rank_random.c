/*
 * rank_random.c - demonstrations in a random order, which shows what ranking
 * them by perplexity is worth.
 */
#include "../base/random.h"
#include "paper.h"

/* Scores that put the demonstrations into a random order. */
enum pith_status pith_rank_at_random(struct pith_paper *p,
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
