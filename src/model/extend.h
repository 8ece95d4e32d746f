/*
 * extend.h - more of a session than its making: a second one, a longer cache,
 * positions taken out.
 */
#ifndef PITH_MODEL_EXTEND_H
#define PITH_MODEL_EXTEND_H

#include "session.h"

/* Positions that the model was trained on. */
size_t pith_session_positions(const struct pith_session *session);

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

/* Makes room for n_ctx positions in all, keeping what the cache holds; does
 * nothing when there is room already.  GPT-2 has no positions past its own
 * n_ctx (ARGUMENT); rotary embedding may go past it. */
enum pith_status pith_session_reserve(struct pith_session *session,
                                      size_t n_ctx, struct pith_error *error);

/* Empties the cache and, if n tokens are one pass, has all layers keep keys
 * and values where the first one does, so that the pass touches a fraction of
 * the memory; nothing can follow it but the same call with 0, which ends
 * that. */
void pith_session_share_layers(struct pith_session *session, size_t n);

/* Takes out positions [from, to); later ones move down with the keys they
 * have, so rotary angles stay what they were. */
void pith_session_drop(struct pith_session *session, size_t from, size_t to);

/* Moves the rows from .. from + n - 1 of every layer down to row `to`. */
void pith_kv_move(struct pith_session *session, size_t to, size_t from,
                  size_t n);

#endif
