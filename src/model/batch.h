/*
 * batch.h - texts collected to be scored together, each alone in an empty
 * cache.
 *
 * They share passes (pith_session_branch), a beginning that all have in
 * common is run once, and what the session remembers (loss_cache.h) not at all.
 * {0} is an empty batch.
 */
#ifndef PITH_MODEL_BATCH_H
#define PITH_MODEL_BATCH_H

#include "../base/buffer.h"
#include "session.h"

struct pith_batch {
    const struct pith_precision *precision; /* NULL: the session's */
    struct pith_ids ids, targets; /* of all texts, end to end */
    float *losses;                /* (ids.n) once scored */
    size_t *ends;                 /* (n_texts) in ids */
    size_t n_texts, capacity;
};

/* A token of the text being collected, and what is asked after it: an id or
 * PITH_NO_TARGET. */
void pith_batch_add(struct pith_batch *batch, int32_t id, int32_t target);

/* The text is complete, the next one begins. */
enum pith_status pith_batch_end(struct pith_batch *batch,
                                struct pith_error *error);

/* Fills losses.  Every text must fit the session's context; the cache is
 * used up.
 *   stage  for progress */
enum pith_status pith_batch_score(struct pith_batch *batch,
                                  struct pith_session *session,
                                  const char *stage, struct pith_error *error);

void pith_batch_free(struct pith_batch *batch);

#endif
