/*
 * divergence.h - what a model expects next after one context, against what it
 * expects after another: eq. 1 of the paper.  precision: of products with
 * weights; NULL: the session's.
 */
#ifndef PITH_MODEL_DIVERGENCE_H
#define PITH_MODEL_DIVERGENCE_H

#include "session.h"

/* Appends n tokens to the cache as pith_session_forward() does.
 *   states  (n, width of the model) filled with the vectors that the output
 *           projection makes the logits of each next token from
 * Errors: as there; the cache is then unchanged. */
enum pith_status pith_session_states(struct pith_session *session,
                                     const struct pith_precision *precision,
                                     const int32_t *ids, size_t n,
                                     float *states, struct pith_error *error);

/* Floats of one vector. */
size_t pith_session_state_size(const struct pith_session *session);

/* divergences (n): of each row of two matrices of states (n, width) that the
 * same model has made, KL(P || Q) in nats over its whole vocabulary, P what is
 * expected by p's row.  A block of the vocabulary is held at a time.
 * Errors: MEMORY. */
enum pith_status pith_state_divergences(struct pith_session *session,
                                        const struct pith_precision *precision,
                                        const float *p, const float *q,
                                        size_t n, double *divergences,
                                        struct pith_error *error);

/* losses (n): -log of the probability that each row expects its target with.
 * Errors: ARGUMENT (an id that the model does not have). */
enum pith_status pith_state_losses(struct pith_session *session,
                                   const struct pith_precision *precision,
                                   const float *states, const int32_t *targets,
                                   size_t n, float *losses,
                                   struct pith_error *error);

#endif
