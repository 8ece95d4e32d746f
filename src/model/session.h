/*
 * session.h - a KV cache and the forward pass that fills it.
 *
 * The cache holds n positions.  pith_session_forward() appends tokens and can
 * give the losses of what follows each; truncate and drop take positions out
 * again.  Nothing is allocated after pith_session_create(), save by
 * pith_session_reserve() and for the cache of losses.
 */
#ifndef PITH_MODEL_SESSION_H
#define PITH_MODEL_SESSION_H

#include "model.h"

enum { PITH_NO_TARGET = -1 };

/* What it was made for, borrowed. */
const struct pith_model *pith_session_model(const struct pith_session *session);
const struct pith_tokenizer *
pith_session_tokenizer(const struct pith_session *session);

/* Positions that sliding contexts keep to: those that the cache had at first,
 * so that results do not depend on what an earlier call reserved. */
size_t pith_session_window(const struct pith_session *session);

/* Positions that the cache holds. */
size_t pith_session_past(const struct pith_session *session);

/* Appends n tokens at positions n_past .. n_past + n - 1.
 *   precision  of the products with weights; NULL: the session's
 *   ids      (n), each in [0, n_vocab)
 *   targets  (n) or NULL; losses (n) or NULL with it:
 *            losses[i] = -log p(targets[i] | cache, ids[0..i]); NAN where
 *            targets[i] is PITH_NO_TARGET
 * Errors: ARGUMENT when an id is out of range or the positions run out (the
 * cache is unchanged then), CANCELLED (the same).  Progress is reported, as
 * "forward", by calls of more than one block only. */
enum pith_status pith_session_forward(struct pith_session *session,
                                      const struct pith_precision *precision,
                                      const int32_t *ids, size_t n,
                                      const int32_t *targets, float *losses,
                                      struct pith_error *error);

/* The same from an empty cache, from what the session remembers of texts that
 * were scored so (loss_cache.h), if it does, in its own precision; the cache may
 * then stay empty. */
enum pith_status pith_session_forward_known(struct pith_session *session,
                                            const int32_t *ids, size_t n,
                                            const int32_t *targets,
                                            float *losses,
                                            struct pith_error *error);
void pith_session_forget(struct pith_session *session);

/* Keeps the first n_keep positions. */
void pith_session_truncate(struct pith_session *session, size_t n_keep);

/* Reports progress; CANCELLED when the callback asks for it. */
enum pith_status pith_session_report(struct pith_session *session,
                                     const char *stage, size_t done,
                                     size_t total, struct pith_error *error);

#endif
