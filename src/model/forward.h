/*
 * forward.h - one block of tokens through the layers, and the buffers that
 * it flows through.
 *
 * Legend: T tokens of the block, C width, H heads, Hkv key and value heads,
 * D width of a head, F hidden width of the feed-forward part, V vocabulary.
 */
#ifndef PITH_MODEL_FORWARD_H
#define PITH_MODEL_FORWARD_H

#include "state.h"

enum { PITH_FORWARD_TOKENS = 1024 }; /* most tokens of one pass */

struct pith_activations {
    size_t max_tokens;       /* rows of the buffers below */
    float *x;                /* (T, C) the residual stream */
    float *norm;             /* (T, C) */
    float *q;                /* (T, H D) */
    float *k, *v;            /* (T, Hkv D) */
    float *attn;             /* (T, H D) */
    float *low;              /* (T, rank); these with an adapter only */
    float *hidden, *gate;    /* (T, F) */
    struct pith_run *runs;   /* (T) of a pass over branches */
    struct pith_attention_run *sights; /* (T) what each run sees */
    int32_t *targets;        /* (T) those of a block that are wanted */
    float *losses;           /* (T) theirs */
    float *cosines, *sines;  /* (n_ctx, D/2) rotary angles; LLaMA */
};

enum pith_status pith_activations_create(struct pith_activations **activations,
                                         const struct pith_model *model,
                                         size_t n_ctx,
                                         struct pith_error *error);
void pith_activations_free(struct pith_activations *activations);

/* Of pith_session_create(), which extend.c needs again: refuses more positions
 * than the model has; threads and scratch memory for so many. */
enum pith_status pith_session_check_context(const struct pith_model *model,
                                            size_t n_ctx,
                                            struct pith_error *error);
enum pith_status
pith_session_open_compute(struct pith_compute *compute,
                          const struct pith_model *model,
                          const struct pith_precision *precision, int n_threads,
                          size_t n_ctx, struct pith_error *error);

/* Rotary tables for positions 0 .. n_ctx - 1, in place of those there are.
 * Nothing changes on failure.  Does nothing for GPT-2. */
enum pith_status pith_activations_rotate(struct pith_activations *activations,
                                         const struct pith_model *model,
                                         size_t n_ctx,
                                         struct pith_error *error);

/* cosines, sines (n_ctx, D/2): rotary angles of positions 0 .. n_ctx - 1. */
void pith_fill_rotary(float *cosines, float *sines,
                      const struct pith_model *model, size_t n_ctx);

/* Tokens of one sequence, side by side, that a pass takes along. */
struct pith_run {
    struct pith_session *session; /* whose cache they go into */
    size_t T;
    size_t position; /* of the first of them */
    size_t row;      /* of the cache, that it goes into */
    /* What it sees: the first n_shared rows of the cache are positions of the
     * same number, those from there to `position` end right before `row`. */
    size_t n_shared;
};

/* What goes through the layers at once: the tokens of all runs, end to end.
 * No run sees another. */
struct pith_pass {
    struct pith_session *session; /* whose buffers it flows through */
    struct pith_compute compute;  /* the session's, in the pass's precision */
    const struct pith_run *runs;  /* borrowed */
    size_t n_runs;
    size_t T; /* tokens of all runs, at most max_tokens */
};

/* precision: NULL: the session's. */
struct pith_pass pith_pass_make(struct pith_session *session,
                                const struct pith_precision *precision,
                                const struct pith_run *runs, size_t n_runs,
                                size_t T);

/* Runs the tokens of a pass through all layers: their keys and values go into
 * the caches, the stream into x (T, C).  n_past stays what it was. */
void pith_run_layers(const struct pith_pass *pass, const int32_t *ids);

/* The same, then losses (T) of its targets (T). */
void pith_forward_pass(const struct pith_pass *pass, const int32_t *ids,
                       const int32_t *targets, float *losses);

/* out (T, C) = the last norm of the first T rows of x (T, C). */
void pith_output_norm(const struct pith_pass *pass, float *out, size_t T);

/* Refuses an id that the model does not have. */
enum pith_status pith_check_ids(const struct pith_session *session,
                                const int32_t *ids, size_t n,
                                bool no_target_allowed,
                                struct pith_error *error);

/* What a model is opened with besides its bytes: the checksum of its weights,
 * an adapter; and what it lets go of in the end. */
enum pith_status pith_model_take_extras(struct pith_model *model,
                                        const struct pith_load_options *options,
                                        struct pith_error *error);
void pith_model_drop_extras(struct pith_model *model);

/* out (T, N) += scale B A x, x (T, C), where the model has an adapter for this
 * linear layer; in float32 whatever the precision. */
void pith_adapt(const struct pith_pass *pass, float *out, const float *x,
                size_t layer, enum pith_linear_index linear);

/* Where one of its linear layers is adapted, the feed-forward part of a layer
 * in full: x (T, C) += its output for norm (T, C).  False where none is, with
 * nothing done. */
bool pith_adapted_feed_forward(const struct pith_pass *pass,
                               const struct pith_feed_forward *parts,
                               size_t layer);

#endif
