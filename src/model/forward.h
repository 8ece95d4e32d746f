/*
 * forward.h - one block of tokens through the layers, and the buffers that
 * it flows through.
 *
 * Legend: T tokens of the block, C width, H heads, Hkv key and value heads,
 * D width of a head, F hidden width of the feed-forward part, V vocabulary.
 */
#ifndef PITH_MODEL_FORWARD_H
#define PITH_MODEL_FORWARD_H

#include "session.h"

enum { PITH_FORWARD_TOKENS = 512 }; /* most tokens of one pass */

struct pith_activations {
    size_t max_tokens;       /* rows of the buffers below */
    float *x;                /* (T, C) the residual stream */
    float *norm;             /* (T, C) */
    float *q;                /* (T, H D) */
    float *k, *v;            /* (T, Hkv D) */
    float *attn;             /* (T, H D) */
    float *hidden;           /* (T, F) */
    float *gate;             /* (T, F); LLaMA */
    float *last;             /* (C) x of the latest token */
    bool has_last;
    int32_t *targets;        /* (T) those of a block that are wanted */
    float *losses;           /* (T) theirs */
    float *cosines, *sines;  /* (n_ctx, D/2) rotary angles; LLaMA */
};

enum pith_status pith_activations_create(struct pith_activations **activations,
                                         const struct pith_config *config,
                                         size_t n_ctx,
                                         struct pith_error *error);
void pith_activations_free(struct pith_activations *activations);

/* Rotary tables for positions 0 .. n_ctx - 1, in place of those there are.
 * Nothing changes on failure.  Does nothing for GPT-2. */
enum pith_status pith_activations_rotate(struct pith_activations *activations,
                                         const struct pith_config *config,
                                         size_t n_ctx,
                                         struct pith_error *error);

/* Run T tokens at positions n_past .. n_past + T - 1 through all layers:
 * their keys and values go into the cache, the stream into x (T, C).
 * n_past stays what it was. */
void pith_gpt2_forward(struct pith_session *session, const int32_t *ids,
                       size_t T);
void pith_llama_forward(struct pith_session *session, const int32_t *ids,
                        size_t T);

/* out (T, C) = the last norm of x (T, C); may be in place. */
void pith_output_norm(struct pith_session *session, float *out, const float *x,
                      size_t T);

/* x (T, C) = rows of the token embedding. */
void pith_embed(const struct pith_model *model, float *x, const int32_t *ids,
                size_t T);

/* x (T, C) += rows first .. first + T - 1 of the position embedding; row (C)
 * is scratch. */
void pith_add_positions(const struct pith_model *model, float *x, float *row,
                        size_t first, size_t T);

#endif
