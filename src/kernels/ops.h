/*
 * ops.h - the layers of a transformer as operations on (tokens, width)
 * matrices; all that the model wiring calls.
 *
 * Legend: T tokens, C width of the input, N width of the output, V
 * vocabulary, H heads, D width of a head.  All matrices are row-major float32.
 *
 * Contract of every operation: outputs and inputs do not overlap unless said;
 * no alignment is required; nothing is allocated; each element of the result
 * comes from one fixed sequence of roundings, whatever T and the number of
 * threads, so that a token's loss does not depend on what was computed beside
 * it.  Different kernel sets may round differently.
 */
#ifndef PITH_KERNELS_OPS_H
#define PITH_KERNELS_OPS_H

#include "../base/error.h"
#include "kernels.h"
#include "tensor.h"

/* What operations run with: a kernel set, threads and scratch memory sized
 * once for the largest call. */
struct pith_compute {
    const struct pith_kernels *kernels; /* borrowed */
    /* Of products with weights; f32 after init, may be replaced by one that
     * goes with the kernels. */
    const struct pith_precision *precision;
    int n_threads;
    struct pith_threads *threads; /* owned; NULL: the caller's alone */
    struct pith_scratch *scratch; /* owned; layout private to ops */
};

struct pith_compute_limits {
    size_t max_tokens;   /* T of one call */
    size_t max_width;    /* largest C or N of a linear layer, V excepted */
    size_t max_context;  /* keys of one attention call; costs no memory */
    size_t max_head_dim;
};

/* How many threads to compute with where `wanted`, 0 or more, were asked for:
 * one a processor when that is 0 or larger. */
int pith_compute_threads(int wanted);

enum pith_status pith_compute_init(struct pith_compute *compute,
                                   const struct pith_kernels *kernels,
                                   int n_threads,
                                   const struct pith_compute_limits *limits,
                                   struct pith_error *error);
void pith_compute_free(struct pith_compute *compute);

/* out (T, C) = rows of a table (R, C): ids[t], or first + t where ids is NULL;
 * added to out when accumulate. */
void pith_table_rows(const struct pith_compute *compute, float *out,
                     const struct pith_tensor *table, const int32_t *ids,
                     size_t first, size_t T, bool accumulate);

/* LayerNorm, (x - mean) / sqrt(variance + eps) * gain + shift; without a shift
 * (NULL) RMSNorm, x / sqrt(mean(x^2) + eps) * gain. */
struct pith_norm {
    const float *gain, *shift; /* (C) */
    float eps;
};

/* out (T, C) = the norm of x.  May be in place. */
void pith_normalise(const struct pith_compute *compute, float *out,
                    const float *x, const struct pith_norm *norm, size_t T,
                    size_t C);

/* out (T, N) = x (T, C) W^T + bias, added to out when accumulate.
 * weight (N, C); bias (N) or NULL. */
void pith_linear(const struct pith_compute *compute, float *out, const float *x,
                 const struct pith_tensor *weight, const float *bias, size_t T,
                 bool accumulate);

/* A linear layer with what it makes. */
struct pith_linear_output {
    float *out;                       /* (T, N) */
    const struct pith_tensor *weight; /* (N, C) */
    const float *bias;                /* (N) or NULL */
};

/* out = x (T, C) W^T + bias of each of n layers, as pith_linear() has it, after
 * the norm, if there is one (NULL). */
void pith_linear_outputs(const struct pith_compute *compute,
                         const struct pith_linear_output *layers, size_t n,
                         const float *x, const struct pith_norm *norm,
                         size_t T);

/* The feed-forward part of a layer, F its hidden width. */
struct pith_feed_forward {
    const struct pith_tensor *up;   /* (F, C) */
    const struct pith_tensor *gate; /* (F, C): SwiGLU; NULL: GELU */
    const struct pith_tensor *down; /* (C, F) */
    const float *up_bias;           /* (F) or NULL, with GELU only */
    const float *down_bias;         /* (C) or NULL */
};

/* out (T, C) += hidden W_down^T + b_down, where hidden (T, F) is
 *   SiLU(x W_gate^T) * (x W_up^T)  or  GELU(x W_up^T + b_up);
 * after the norm of x, if there is one (NULL): the same bits as one operation
 * after the other, but the hidden values never leave the order that products
 * are made and taken in.  out may be x. */
void pith_feed_forward(const struct pith_compute *compute, float *out,
                       const float *x, const struct pith_norm *norm,
                       const struct pith_feed_forward *layer, size_t T);

/* Rotary embedding in place on x (T, H * D): element i of a head is paired
 * with i + D/2.  cosines, sines (T, D/2): of each token's position. */
void pith_rope(const struct pith_compute *compute, float *x,
               const float *cosines, const float *sines, size_t T, size_t H,
               size_t D);

/* Copies the keys and values k, v (T, H D) of T tokens to where attention
 * reads them: the first T rows of each head of keys, values (H, stride, D). */
void pith_store_heads(const struct pith_compute *compute, float *keys,
                      float *values, size_t stride, const float *k,
                      const float *v, size_t T, size_t H, size_t D);

/* Tokens of one sequence among those of a call, and the keys that they see:
 * with a window at most that many, the token's own the last.
 * Positions below n_shared are in the rows of the same number, those after
 * from `row` on: sequences can have a beginning in common. */
struct pith_attention_run {
    const float *keys, *values; /* (n_kv_head, stride, D), borrowed */
    size_t stride;
    size_t T;      /* tokens, the last of the n_keys positions held */
    size_t n_keys; /* T or more */
    size_t window; /* 0: none */
    size_t n_shared, row;
};

/* The same for several sequences, whose tokens follow one another in out and
 * q; none sees another. */
void pith_attention_runs(const struct pith_compute *compute, float *out,
                         const float *q, const struct pith_attention_run *runs,
                         size_t n_runs, size_t H, size_t n_kv_head, size_t D);

/* losses (T): -log softmax(x W^T)[target] of each row of x (T, C), by a fused
 * projection and log-sum-exp that holds a tile of logits only.
 * weight (V, C); targets (T), each in [0, V). */
void pith_target_losses(const struct pith_compute *compute, float *losses,
                        const float *x, const struct pith_tensor *weight,
                        const int32_t *targets, size_t T);

#endif
