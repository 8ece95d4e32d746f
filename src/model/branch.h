/*
 * branch.h - several texts that each follow the cache, in shared passes.
 */
#ifndef PITH_MODEL_BRANCH_H
#define PITH_MODEL_BRANCH_H

#include "session.h"

/* One of several texts that each follow the cache on their own. */
struct pith_branch {
    const int32_t *ids, *targets; /* (n) as of pith_session_forward */
    float *losses;                /* (n) */
    size_t n;
};

/* Gives each branch the losses that pith_session_forward() would give it
 * after what the cache holds, to the bit, with the tokens of several
 * branches in one pass.  The cache then holds what it held before.
 *   stage  for progress, in tokens
 * Errors: as there; each branch must fit alone. */
enum pith_status pith_session_branch(struct pith_session *session,
                                     const struct pith_precision *precision,
                                     const struct pith_branch *branches,
                                     size_t n, const char *stage,
                                     struct pith_error *error);

#endif
