/*
 * decisions.c - see decisions.h.
 */
#include "decisions.h"

#include <math.h>

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
