/*
 * set.h - what a set of kernels supplies for training; private to
 * src/gradients.
 *
 * The products of a backward pass are made by multiply() of the set; these are
 * the rest.  The contract is that of ../kernels/set.h.  scalar.c is the
 * specification, vector.h the template of the vector sets.
 */
#ifndef PITH_GRADIENTS_SET_H
#define PITH_GRADIENTS_SET_H

#include <stdbool.h>
#include <stddef.h>

/* What AdamW does to each element, g being the gradient times `scale`:
 *   m = beta1 m + rest1 g,  v = beta2 v + rest2 g^2,
 *   w = keep w - rate m / (sqrt(v) root + eps) */
struct pith_adamw_factors {
    float scale, beta1, rest1, beta2, rest2;
    float keep; /* 1 - lr weight_decay */
    float rate; /* lr / (1 - beta1^t) */
    float root; /* 1 / sqrt(1 - beta2^t) */
    float eps;
};

/* Mean (0 in an RMS norm) and the factor that x - mean is multiplied by. */
struct pith_norm_stats {
    float mean, factor;
};

struct pith_gradient_kernels {
    /* out (n_rows, n) = in (n_rows, n), added to out when add. */
    void (*place)(float *out, size_t out_stride, const float *in,
                  size_t in_stride, size_t n_rows, size_t n, bool add);

    /* sums (n) += the rows of x (T, n), stride apart. */
    void (*sum_rows)(float *sums, const float *x, size_t stride, size_t T,
                     size_t n);

    /* One token through a norm, centred (LayerNorm) or not (RMS norm):
     * dx (C) += gradient of the input.  stats is set for gain_backward. */
    void (*norm_backward)(float *dx, struct pith_norm_stats *stats,
                          const float *dout, const float *x,
                          const float *gain, size_t C, float eps,
                          bool centred);

    /* dgain (n) += sum over T tokens of dout (x - mean) factor; dout and x
     * (T, n), rows stride apart. */
    void (*gain_backward)(float *dgain, const float *dout, const float *x,
                          const struct pith_norm_stats *stats, size_t stride,
                          size_t T, size_t n);

    /* dx (n) *= GELU'(x), the tanh form. */
    void (*gelu_backward)(float *dx, const float *x, size_t n);

    /* Of SiLU(gate) * up: dgate, dup (n) = dout times the derivatives.  dout
     * may be dgate or dup. */
    void (*silu_mul_backward)(float *dgate, float *dup, const float *dout,
                              const float *gate, const float *up, size_t n);

    /* dscores (n, L) = p * (dscores - delta) * factor, p (n, L) the
     * probabilities, delta (L) of each lane. */
    void (*softmax_backward)(float *dscores, const float *p,
                             const float *delta, float factor, size_t n);

    /* logits (n) = exp(logit - log_sum) * factor. */
    void (*probabilities)(float *logits, size_t n, float log_sum,
                          float factor);

    void (*adamw)(float *w, float *m, float *v, const float *g, size_t n,
                  const struct pith_adamw_factors *factors);

    double (*sum_of_squares)(const float *x, size_t n);
};

/* Those that go with a set of kernels. */
struct pith_kernels;
const struct pith_gradient_kernels *
pith_gradient_kernels(const struct pith_kernels *kernels);

extern const struct pith_gradient_kernels pith_gradient_kernels_scalar;
extern const struct pith_gradient_kernels pith_gradient_kernels_avx2;
extern const struct pith_gradient_kernels pith_gradient_kernels_avx512;
extern const struct pith_gradient_kernels pith_gradient_kernels_neon;

#endif
