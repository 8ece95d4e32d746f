/*
 * session.h - a KV cache and the forward pass that fills it.
 *
 * The cache holds n positions.  pith_session_forward() appends tokens and can
 * give the losses of what follows each; truncate and drop take positions out
 * again.  Nothing is allocated after pith_session_create(), save by
 * pith_session_reserve() and for the memo.
 */
#ifndef PITH_MODEL_SESSION_H
#define PITH_MODEL_SESSION_H

#include "../kernels/ops.h"
#include "memo.h"
#include "model.h"

enum { PITH_NO_TARGET = -1 };

struct pith_session {
    const struct pith_model *model; /* borrowed */
    struct pith_compute compute;
    struct pith_progress progress;  /* report NULL: none */
    /* What "auto" stands for, NULL when it was not asked for: see use_exact. */
    const struct pith_precision *automatic;
    size_t n_ctx;                   /* positions that the cache can hold */
    size_t n_past;                  /* positions that it holds */
    size_t n_window;                /* n_ctx at creation: sliding contexts keep
                                       to it, so that results do not depend on
                                       what an earlier call reserved */
    float *keys, *values;           /* (n_layer, n_kv_head, n_ctx, D) */
    struct pith_activations *activations; /* scratch of one block of tokens */
    struct pith_memo memo; /* of batches and prefixes, from call to call */
};

/* Appends n tokens at positions n_past .. n_past + n - 1.
 *   ids      (n), each in [0, n_vocab)
 *   targets  (n) or NULL; losses (n) or NULL with it:
 *            losses[i] = -log p(targets[i] | cache, ids[0..i]); NAN where
 *            targets[i] is PITH_NO_TARGET
 * Errors: ARGUMENT when an id is out of range or the positions run out (the
 * cache is unchanged then), CANCELLED (the same).  Progress is reported, as
 * "forward", by calls of more than one block only. */
enum pith_status pith_session_forward(struct pith_session *session,
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
                                     const struct pith_branch *branches,
                                     size_t n, const char *stage,
                                     struct pith_error *error);

/* With precision "auto": float32 from now on, or the fastest again. */
void pith_session_use_exact(struct pith_session *session, bool exact);

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
