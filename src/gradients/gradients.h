/*
 * gradients.h - the operations of ops.h backwards, and AdamW; all that
 * training calls.
 *
 * Legend: T tokens, C width of the input, N width of the output, V
 * vocabulary, H heads, D width of a head.  dout is the gradient of an
 * operation's output, dx, dweight and so on those of its inputs.
 *
 * The contract is that of ops.h: nothing is allocated, and the number of
 * threads does not change a bit.  "+=" adds to what is there, "=" overwrites
 * it.
 */
#ifndef PITH_GRADIENTS_GRADIENTS_H
#define PITH_GRADIENTS_GRADIENTS_H

#include "set.h"
#include "../kernels/ops.h"

/* What backward operations run with: a compute and more scratch memory. */
struct pith_backward {
    struct pith_compute *compute; /* borrowed; products with weights and of
                                     gradients are in its precision */
    struct pith_backward_scratch *scratch;  /* owned; private to gradients */
};

/* limits: those of the compute, with max_context the longest T of one
 * record of pith_attention_backward. */
enum pith_status pith_backward_init(struct pith_backward *backward,
                                    struct pith_compute *compute,
                                    const struct pith_compute_limits *limits,
                                    struct pith_error *error);
void pith_backward_free(struct pith_backward *backward);

/* dx (T, C) = dout (T, N) W, added to dx when accumulate.  weight (N, C) of
 * any type. */
void pith_linear_backward_input(struct pith_backward *backward, float *dx,
                                const float *dout,
                                const struct pith_tensor *weight, size_t T,
                                bool accumulate);

/* dweight (N, C) = dout (T, N)^T x (T, C), added to dweight when
 * accumulate. */
void pith_linear_backward_weight(struct pith_backward *backward,
                                 float *dweight, const float *dout,
                                 const float *x, size_t T, size_t N, size_t C,
                                 bool accumulate);

/* dbias (N) += the rows of dout (T, N). */
void pith_linear_backward_bias(struct pith_backward *backward, float *dbias,
                               const float *dout, size_t T, size_t N);

/* dx (T, C) +=, dgain, dshift (C) +=; dgain may be NULL, and dshift with
 * it. */
void pith_layer_norm_backward(struct pith_backward *backward, float *dx,
                              float *dgain, float *dshift, const float *dout,
                              const float *x, const float *gain, size_t T,
                              size_t C, float eps);

/* dx (T, C) +=, dgain (C) +=; dgain may be NULL. */
void pith_rms_norm_backward(struct pith_backward *backward, float *dx,
                            float *dgain, const float *dout, const float *x,
                            const float *gain, size_t T, size_t C, float eps);

/* dx (n) = dx * GELU'(x), in place. */
void pith_gelu_backward(struct pith_backward *backward, float *dx,
                        const float *x, size_t n);

/* dgate, dup (n) from dout (n), the gradient of SiLU(gate) * up.  dgate may
 * be dout. */
void pith_silu_mul_backward(struct pith_backward *backward, float *dgate,
                            float *dup, const float *dout, const float *gate,
                            const float *up, size_t n);

/* Causal attention within each of n_records records that are end to end, each
 * token seeing no more than the last `window` keys (0: all):
 *   dq (T, H D), dk, dv (T, n_kv_head D) are overwritten
 *   out, dout, q (T, H D); k, v (T, n_kv_head D)
 *   lengths (n_records), their sum T, each at most limits.max_context */
void pith_attention_backward(struct pith_backward *backward, float *dq,
                             float *dk, float *dv, const float *dout,
                             const float *out, const float *q, const float *k,
                             const float *v, const size_t *lengths,
                             size_t n_records, size_t window, size_t H,
                             size_t n_kv_head, size_t D);

/* losses (T) as pith_target_losses(), and with them
 *   dx (T, C)       = factor * d(sum of losses)/dx
 *   dweight (V, C) = factor * d(sum of losses)/dW, added to dweight when
 *                   accumulate; may be NULL
 * Holds the logits of a stripe of the vocabulary only.  T > 0. */
void pith_target_losses_backward(struct pith_backward *backward, float *dx,
                                 float *dweight, float *losses, const float *x,
                                 const struct pith_tensor *weight,
                                 const int32_t *targets, size_t T,
                                 float factor, bool accumulate);

/* dtable[rows[t]] (C) += dx[t] (C) for each of T tokens. */
void pith_embed_backward(struct pith_backward *backward, float *dtable,
                         const float *dx, const int32_t *rows, size_t T,
                         size_t C);

/* x (n) *= factor. */
void pith_scale(struct pith_backward *backward, float *x, size_t n,
                float factor);

/* --- of weights ----------------------------------------------------------- */

/* w, m, v (n) after one step with the gradient g (n); see struct
 * pith_adamw_factors. */
void pith_adamw(struct pith_compute *compute, float *w, float *m, float *v,
                const float *g, size_t n,
                const struct pith_adamw_factors *factors);

/* The sum of the squares of x (n), in an order that depends on n alone. */
double pith_sum_of_squares(struct pith_backward *backward, const float *x,
                           size_t n);

/* x (n) = 0. */
void pith_clear(struct pith_compute *compute, float *x, size_t n);

#endif
