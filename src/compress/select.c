/*
 * select.c - eq. 7: which units of a segment are above its threshold.
 */
#include "itpc.h"

#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"

struct candidate {
    float loss;
    size_t index;
};

/* An order without equals: by loss, then by position. */
static int higher_loss_first(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->loss != y->loss)
        return x->loss > y->loss ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* A loss that is no number counts as none. */
static size_t sort_candidates(struct candidate *candidates,
                              const struct pith_unit *units,
                              const float *losses, size_t n)
{
    size_t n_candidates = 0;
    for (size_t i = 0; i < n; i++)
        if (!units[i].structure)
            candidates[n_candidates++] = (struct candidate){
                isnan(losses[i]) ? 0 : losses[i], i};
    qsort(candidates, n_candidates, sizeof *candidates, higher_loss_first);
    return n_candidates;
}

/* Whether a unit stays when n_kept tokens stay already.  One that passes the
 * quota does when that comes nearer to it than leaving it out. */
static bool stays(size_t n_kept, size_t n_tokens, size_t quota, bool exact)
{
    if (n_kept >= quota)
        return false;
    size_t missing = quota - n_kept;
    return n_tokens <= missing || (!exact && n_tokens - missing < missing);
}

enum pith_status pith_select(const struct pith_unit *units,
                             const float *losses, size_t n, size_t quota,
                             bool exact, bool *keep, size_t *n_kept,
                             double *gamma, struct pith_error *error)
{
    struct candidate *candidates = pith_array(n, sizeof *candidates);
    if (candidates == NULL)
        return pith_no_memory(error, n, sizeof *candidates);
    size_t n_candidates = sort_candidates(candidates, units, losses, n);
    bool above = true;
    *gamma = (double)-INFINITY;
    *n_kept = 0;
    for (size_t i = 0; i < n; i++)
        keep[i] = false;
    /* Eq. 7: keep s_j,i when its perplexity is above gamma_j.
     * gamma_j is the loss of the first unit, from the highest down, that does
     * not stay; units of equal loss stay in the order of the text. */
    for (size_t i = 0; i < n_candidates; i++) {
        size_t n_tokens = units[candidates[i].index].n_tokens;
        if ((above || exact) && stays(*n_kept, n_tokens, quota, exact)) {
            keep[candidates[i].index] = true;
            *n_kept += n_tokens;
        } else if (above) {
            above = false;
            *gamma = (double)candidates[i].loss;
        }
    }
    free(candidates);
    return PITH_OK;
}
