/*
 * counter.h - counts in tokens of the target model: of results, and for
 * budgets (settle.h).
 */
#ifndef PITH_PROMPT_COUNTER_H
#define PITH_PROMPT_COUNTER_H

#include "../base/error.h"

/* The head of every kind of counter, so that the methods need not know which
 * there are. */
struct pith_counter {
    enum pith_status (*count)(const struct pith_counter *counter,
                              struct pith_text text, size_t *n,
                              struct pith_error *error);
    void (*free)(struct pith_counter *counter);
};

/* With a counter (NULL: none), *n becomes the target model's count of text.
 *   n        in: the scoring model's count
 *   n_model  filled by the call with that count */
enum pith_status pith_counter_replace(const struct pith_counter *counter,
                                      struct pith_text text, size_t *n,
                                      size_t *n_model,
                                      struct pith_error *error);

#endif
