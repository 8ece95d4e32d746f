/*
 * retarget.c - see retarget.h.
 */
#include "retarget.h"

void pith_prune_retarget(struct pith_prune *p, double target)
{
    size_t n = p->parts.ids.n;
    p->target = pith_prune_target(target, n);
    p->goal = p->target;
    if (p->options->count_with != NULL && n > 0)
        p->goal = pith_prune_target(
            (double)p->target * (double)p->n_all / (double)n, p->n_all);
}
