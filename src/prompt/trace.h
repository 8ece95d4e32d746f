/*
 * trace.h - what a result's trace and detail have of the decisions.
 */
#ifndef PITH_PROMPT_TRACE_H
#define PITH_PROMPT_TRACE_H

#include "prune.h"
#include "result.h"

/* Makes room for one more element after the n of the array that
 * *array_pointer is.  Capacities are powers of two, so they need not be
 * stored: an array is full when n is one. */
enum pith_status pith_result_grow(void *array_pointer, size_t n, size_t size,
                                  struct pith_error *error);

/* Each copies what it is given. */
enum pith_status pith_result_add_part(struct pith_result *result,
                                      const struct pith_part_result *part,
                                      struct pith_error *error);
enum pith_status pith_result_add_threshold(struct pith_result *result,
                                           struct pith_threshold threshold,
                                           struct pith_error *error);
enum pith_status pith_result_add_ranking(struct pith_result *result,
                                         const struct pith_rank *ranks,
                                         size_t n_ranks,
                                         struct pith_error *error);
enum pith_status pith_result_set_kept_ids(struct pith_result *result,
                                          const int32_t *ids, size_t n,
                                          struct pith_error *error);

/* Notes the decision about the next segment.
 *   at      (n) the tokens that it was about
 *   losses  (n) what it went by; NULL: nothing was scored */
enum pith_status pith_decisions_add(struct pith_decisions *decisions,
                                    const size_t *at, const float *losses,
                                    size_t n, struct pith_error *error);

/* A ranking of parts as the caller knows the contexts, by their index, where
 * the options ask for a trace; changes ranks (n). */
enum pith_status pith_trace_ranking(struct pith_prune *prune,
                                    struct pith_rank *ranks, size_t n,
                                    struct pith_error *error);

/* For prune->record: what was kept of the prompt, its tokens in the order of
 * the prompt; the detail. */
enum pith_status pith_trace_result(struct pith_prune *prune,
                                   const struct pith_prompt *prompt,
                                   struct pith_error *error);

#endif
