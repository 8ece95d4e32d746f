/*
 * decisions.c - see decisions.h.
 */
#include "decisions.h"

#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"

enum pith_status pith_decisions_make(struct pith_decisions *decisions, size_t n,
                                     struct pith_error *error)
{
    *decisions = (struct pith_decisions){0};
    decisions->by_token = pith_array(n, sizeof *decisions->by_token);
    decisions->ranked = pith_array(n, sizeof *decisions->ranked);
    if (decisions->by_token == NULL || decisions->ranked == NULL)
        return pith_no_memory(error, n, sizeof *decisions->by_token);
    for (size_t i = 0; i < n; i++) {
        decisions->by_token[i] = (struct pith_decision){
            .loss = (float)NAN, .margin = -INFINITY,
            .segment = PITH_NO_SEGMENT};
        decisions->ranked[i] = (float)NAN;
    }
    decisions->n = n;
    return PITH_OK;
}

void pith_decisions_free(struct pith_decisions *decisions)
{
    pith_free(decisions->by_token);
    pith_free(decisions->ranked);
    *decisions = (struct pith_decisions){0};
}

struct ranked {
    float loss;
    size_t index;
};

/* An order without equals: the highest loss first, then by position; what is
 * no number last. */
static int by_loss(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    float left = isnan(x->loss) ? -INFINITY : x->loss;
    float right = isnan(y->loss) ? -INFINITY : y->loss;
    if (left != right)
        return left > right ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

enum pith_status pith_decisions_add(struct pith_decisions *decisions,
                                    const size_t *at, const float *losses,
                                    size_t n, struct pith_error *error)
{
    size_t segment = decisions->n_segments++;
    for (size_t i = 0; i < n; i++)
        decisions->by_token[at[i]].segment = segment;
    if (losses == NULL)
        return PITH_OK;
    struct ranked *ranked = pith_array(n, sizeof *ranked);
    if (ranked == NULL)
        return pith_no_memory(error, n, sizeof *ranked);
    for (size_t i = 0; i < n; i++)
        ranked[i] = (struct ranked){losses[i], i};
    qsort(ranked, n, sizeof *ranked, by_loss);
    for (size_t i = 0; i < n; i++) {
        struct pith_decision *decision =
            &decisions->by_token[at[ranked[i].index]];
        decision->loss = ranked[i].loss;
        decision->rank = i + 1;
    }
    pith_free(ranked);
    return PITH_OK;
}
