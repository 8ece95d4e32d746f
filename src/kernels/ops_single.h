/*
 * ops_single.h - operations that a pass through the layers has inside of others.
 */
#ifndef PITH_KERNELS_OPS_SINGLE_H
#define PITH_KERNELS_OPS_SINGLE_H

#include "ops.h"

/* x (n) = GELU(x), the tanh form of GPT-2. */
void pith_gelu(const struct pith_compute *compute, float *x, size_t n);

/* gate (n) = SiLU(gate) * up: the product inside SwiGLU. */
void pith_silu_mul(const struct pith_compute *compute, float *gate,
                   const float *up, size_t n);

/* Causal attention of T new tokens, the last of the n_keys positions held.
 *   out, q  (T, H * D)
 *   keys, values  (n_kv_head, stride, D): position p of head h starts at
 *                 (h * stride + p) * D; n_keys <= stride, n_keys >= T
 * Query t sees positions 0 .. n_keys - T + t.  H is a multiple of n_kv_head;
 * scores are scaled by 1/sqrt(D). */
void pith_attention(const struct pith_compute *compute, float *out,
                    const float *q, const float *keys, const float *values,
                    size_t T, size_t H, size_t n_kv_head, size_t D,
                    size_t n_keys, size_t stride);

#endif
