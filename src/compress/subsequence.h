/*
 * subsequence.h - where the original has the tokens of a run in their order,
 * by the two rules of recover.h.
 */
#ifndef PITH_COMPRESS_SUBSEQUENCE_H
#define PITH_COMPRESS_SUBSEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"

/* A range of token positions. */
struct pith_token_range {
    size_t first, end;
};

/* Where each token id occurs. */
struct pith_occurrences {
    const int32_t *ids;         /* (n_ids) borrowed */
    size_t n_ids;
    struct pith_occurrence *at; /* (n_ids) by id, then by position */
    uint64_t n_steps_left;      /* of all searches together: some seconds */
};

enum pith_status pith_occurrences_create(struct pith_occurrences *original,
                                         const int32_t *ids, size_t n_ids,
                                         struct pith_error *error);
void pith_occurrences_free(struct pith_occurrences *original);

/* The reference: the range of the original that a run of tokens stands for;
 * not found when its first token does not occur.  n > 0.
 * Errors: ARGUMENT, when no steps are left. */
enum pith_status pith_recover_greedily(struct pith_occurrences *original,
                                       const int32_t *run, size_t n,
                                       struct pith_token_range *range,
                                       bool *found, struct pith_error *error);

/* `paper`: the best range so far; {0}: none. */
struct pith_shortest {
    struct pith_token_range range;
    bool found;
    bool is_whole; /* it begins and ends with words */
};

/* Puts the shortest range with all tokens of the run in order in its place, if
 * that is better: shorter, or as long and whole.  n > 0.
 *   edges  (n_ids + 1) whether a word may begin or end before a token;
 *          NULL: everywhere
 *   limit  tokens of a range
 * Errors: MEMORY; ARGUMENT, when no steps are left. */
enum pith_status pith_recover_shortest(struct pith_occurrences *original,
                                       const bool *edges, const int32_t *run,
                                       size_t n, size_t limit,
                                       struct pith_shortest *best,
                                       struct pith_error *error);

#endif
