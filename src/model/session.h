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

/* Positions that the model was trained on. */
size_t pith_session_positions(const struct pith_session *session);

/* Positions that sliding contexts keep to: those that the cache had at first,
 * so that results do not depend on what an earlier call reserved. */
size_t pith_session_window(const struct pith_session *session);

/* Positions that the cache holds. */
size_t pith_session_past(const struct pith_session *session);

/* A second session of the same kind, which reports no progress.
 *   n_ctx  as in struct pith_session_options
 *   twin   handed over; free with pith_session_free
 * Errors: as pith_session_create. */
enum pith_status pith_session_twin(const struct pith_session *session,
                                   size_t n_ctx, struct pith_session **twin,
                                   struct pith_error *error);

/* The precision in which losses can be compared with those of others: the
 * session's own, or of a session with "auto" float32. */
const struct pith_precision *
pith_session_exact(const struct pith_session *session);

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

/* What the session remembers of texts that were scored from an empty cache, as
 * loss_cache.h says.  precision: NULL: the session's. */
bool pith_session_recall(struct pith_session *session,
                         const struct pith_precision *precision,
                         const int32_t *ids, const int32_t *targets,
                         float *losses, size_t n);
void pith_session_remember(struct pith_session *session,
                           const struct pith_precision *precision,
                           const int32_t *ids, const int32_t *targets,
                           const float *losses, size_t n);
void pith_session_forget(struct pith_session *session);

/* Keeps the first n_keep positions. */
void pith_session_truncate(struct pith_session *session, size_t n_keep);

/* Makes room for n_ctx positions in all, keeping what the cache holds; does
 * nothing when there is room already.  GPT-2 has no positions past its own
 * n_ctx (ARGUMENT); rotary embedding may go past it. */
enum pith_status pith_session_reserve(struct pith_session *session,
                                      size_t n_ctx, struct pith_error *error);

/* Takes out positions [from, to); later ones move down with the keys they
 * have, so rotary angles stay what they were. */
void pith_session_drop(struct pith_session *session, size_t from, size_t to);

/* Reports progress; CANCELLED when the callback asks for it. */
enum pith_status pith_session_report(struct pith_session *session,
                                     const char *stage, size_t done,
                                     size_t total, struct pith_error *error);

#endif
