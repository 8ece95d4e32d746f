/*
 * select.c - eq. 7: which units of a segment are above its threshold.
 */
#include "itpc.h"

#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"

/* A unit of text.  Its separator is the blank line before it: the unit
 * before `separator_end`, or that of the output where that is 0. */
struct candidate {
    float loss;
    size_t index, separator_end;
};

/* An order without equals: by loss, then by position. */
static int higher_loss_first(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->loss != y->loss)
        return x->loss > y->loss ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Units that need not stay.  A loss that is not a number counts as none. */
static size_t sort_candidates(struct candidate *candidates,
                              const struct pith_choice *choice)
{
    size_t n = 0, separator_end = 0;
    for (size_t i = 0; i < choice->n; i++) {
        float loss = isnan(choice->losses[i]) ? 0 : choice->losses[i];
        if (choice->units[i].is_separator)
            separator_end = i + 1;
        else if (!choice->units[i].forced)
            candidates[n++] = (struct candidate){loss, i, separator_end};
    }
    qsort(candidates, n, sizeof *candidates, higher_loss_first);
    return n;
}

/* The state of a choice: what it has spent, and whether the output's separator
 * is paid for (keep says so of the others). */
struct choice_state {
    const struct pith_choice *choice;
    bool *keep;
    bool separator_kept;
    size_t n_spent;
};

static bool has_separator(const struct choice_state *state,
                          size_t separator_end)
{
    return separator_end > 0 ? state->keep[separator_end - 1]
                             : state->separator_kept;
}

/* Tokens that the output grows by when the unit stays. */
static size_t cost(const struct choice_state *state,
                   const struct candidate *candidate)
{
    const struct pith_choice *choice = state->choice;
    size_t n_tokens = choice->units[candidate->index].n_tokens;
    if (has_separator(state, candidate->separator_end))
        return n_tokens;
    return n_tokens +
           (candidate->separator_end > 0
                ? choice->units[candidate->separator_end - 1].n_tokens
                : choice->n_separator);
}

/* Whether a unit stays.  One that passes the quota does when that comes
 * nearer to it than leaving it out. */
static bool stays(const struct choice_state *state,
                  const struct candidate *candidate)
{
    const struct pith_choice *choice = state->choice;
    if (state->n_spent >= choice->quota)
        return false;
    size_t missing = choice->quota - state->n_spent;
    size_t n = cost(state, candidate);
    return n <= missing || (!choice->exact && n - missing < missing &&
                            state->n_spent + n <= choice->max_tokens);
}

static void keep_unit(struct choice_state *state,
                      const struct candidate *candidate)
{
    state->n_spent += cost(state, candidate);
    state->keep[candidate->index] = true;
    if (candidate->separator_end > 0)
        state->keep[candidate->separator_end - 1] = true;
    else
        state->separator_kept = true;
}

static void keep_forced(struct choice_state *state)
{
    const struct pith_choice *choice = state->choice;
    size_t separator_end = 0;
    for (size_t i = 0; i < choice->n; i++) {
        if (choice->units[i].is_separator)
            separator_end = i + 1;
        else if (choice->units[i].forced)
            keep_unit(state, &(struct candidate){0, i, separator_end});
    }
}

enum pith_status pith_select(const struct pith_choice *choice, bool *keep,
                             size_t *n_kept, double *gamma,
                             struct pith_error *error)
{
    struct choice_state state = {.choice = choice, .keep = keep};
    struct candidate *candidates = pith_array(choice->n, sizeof *candidates);
    if (candidates == NULL)
        return pith_no_memory(error, choice->n, sizeof *candidates);
    size_t n = sort_candidates(candidates, choice);
    bool above = true;
    *gamma = (double)-INFINITY;
    for (size_t i = 0; i < choice->n; i++)
        keep[i] = false;
    keep_forced(&state);
    /* Eq. 7: keep s_j,i when its perplexity is above gamma_j.
     * gamma_j is the loss of the first unit, from the highest down, that does
     * not stay; units of equal loss stay in the order of the text. */
    for (size_t i = 0; i < n; i++) {
        if ((above || choice->exact) && stays(&state, &candidates[i])) {
            keep_unit(&state, &candidates[i]);
        } else if (above) {
            above = false;
            *gamma = (double)candidates[i].loss;
        }
    }
    *n_kept = state.n_spent;
    pith_free(candidates);
    return PITH_OK;
}
