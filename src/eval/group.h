/*
 * group.h - the cases that are after one prompt, and that prompt
 * compressed once for all of them.
 */
#ifndef PITH_EVAL_GROUP_H
#define PITH_EVAL_GROUP_H

#include "cases.h"

struct pith_group {
    const struct pith_case *first;
    struct pith_prompt prompt;   /* that of all its cases */
    size_t n, n_picked;          /* cases; those that are asked */
    struct pith_buffer original; /* instruction and contexts */
};

/* index: of a case, from which on those of its group are taken.  max_cases:
 * picked, evenly spread; 0: all.  Release with pith_group_free whatever is
 * returned.  Errors: ARGUMENT (no such case), MEMORY. */
enum pith_status pith_group_open(struct pith_group *group,
                                 const struct pith_cases *cases, size_t index,
                                 size_t max_cases, struct pith_error *error);
void pith_group_free(struct pith_group *group);

const struct pith_case *pith_group_pick(const struct pith_group *group,
                                        size_t i);

/* The question of a case as a model is asked it, after the prompt. */
void pith_case_write_question(struct pith_buffer *out,
                              const struct pith_case *at);

/* How much is to stay. */
struct pith_budget {
    double ratio; /* tokens before / after, at least 1; 0: by shots */
    double shots; /* as much as that many contexts of average length */
};

/* Compresses instruction and contexts, not the question.  result: as of
 * pith_eval_compress. */
enum pith_status pith_group_compress(const struct pith_group *group,
                                     struct pith_session *session,
                                     const char *method,
                                     struct pith_budget budget, uint64_t seed,
                                     struct pith_baseline_result *result,
                                     struct pith_error *error);

#endif
