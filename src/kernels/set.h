/*
 * set.h - what a set of kernels has to supply; private to src/kernels.
 *
 * One idea carries all of it: a vector lane is a token.  Activations are
 * repacked into panels of L tokens,
 *
 *     panel (n, L): row i holds element i of each of the L tokens,
 *
 * and a panel is multiplied by weights as they are in the file, row by row:
 * one weight is broadcast and meets L tokens at once.  A token's value thus
 * is computed in its own lane by a sequence of operations that depends on the
 * sizes of the layer only: no sum ever runs across lanes, and neither the
 * other tokens, nor their number, nor the threads can change a bit of it.
 * Logits and attention scores come out as panels as well, so softmax goes
 * down the rows in the same way.
 *
 * Contract of every function: pointers to floats need the alignment of a
 * float; outputs and inputs do not overlap unless said; memory outside of the
 * sizes given is neither read nor written.  scalar.c is the specification;
 * the other sets may round differently, within a few units in the last place.
 */
#ifndef PITH_KERNELS_SET_H
#define PITH_KERNELS_SET_H

#include "kernels.h"
#include "tensor.h"

enum {
    PITH_MAX_LANES = 32,
    /* Most columns of weights multiplied at a time, a multiple of
     * PITH_Q_BLOCK. */
    PITH_DEPTH = 256,
    /* Floats from one unpacked row of weights to the next: a constant, so
     * that a tile needs one pointer, and no multiple of a page, so that its
     * rows fall into different cache sets. */
    PITH_ROW_STRIDE = PITH_DEPTH + 16,
    /* Rows of weights unpacked at a time. */
    PITH_BLOCK_ROWS = 96
};

/* A score that counts as none beside any other, and is finite. */
#define PITH_MASKED_SCORE (-1e30f)

/* Softmax of a panel's columns in progress, over rows seen so far. */
struct pith_softmax {
    float max[PITH_MAX_LANES];
    float sum[PITH_MAX_LANES];   /* of exp(row - max) */
    float scale[PITH_MAX_LANES]; /* exp(max before - max now) */
};

struct pith_kernels {
    const char *name;
    size_t rows;  /* of a tile: R, a divisor of PITH_BLOCK_ROWS */
    size_t lanes; /* of a panel: L, a divisor of PITH_MAX_LANES */

    /* out (R, L) = weights (R, depth) in (depth, L), added to out when add.
     * The rows of weights are PITH_ROW_STRIDE apart.  Only the first n_lanes
     * columns of out are promised. */
    void (*multiply)(float *out, const float *weights, const float *in,
                     size_t depth, size_t n_lanes, bool add);

    /* n weights of a row as floats, the same bits as pith_row_to_floats();
     * n is a multiple of PITH_Q_BLOCK where the type is made of blocks. */
    void (*unpack)(float *out, enum pith_type type, const uint8_t *bytes,
                   size_t n);

    /* out (cols, rows) = transpose of in (rows, cols). */
    void (*transpose)(float *out, size_t out_stride, const float *in,
                      size_t in_stride, size_t rows, size_t cols);

    /* out (n_lanes, n) = transpose of panel (n, L), plus bias (n) unless
     * NULL; added to out when add. */
    void (*emit)(float *out, size_t out_stride, const float *panel, size_t n,
                 size_t n_lanes, const float *bias, bool add);

    /* Takes n more rows into the softmax of each lane and replaces them by
     * exp(row - max), or by 0 where that is denormal.  A lane whose rows so
     * far are all -INFINITY is NaN. */
    void (*softmax)(float *panel, size_t n, struct pith_softmax *state);

    /* panel (n, L) *= factors (L) in every row. */
    void (*scale)(float *panel, size_t n, const float *factors);

    /* panel (n, L) += shifts (n) in every lane. */
    void (*shift)(float *panel, size_t n, const float *shifts);

    /* One token each, width C; see ops.h.  May be in place. */
    void (*layer_norm)(float *out, const float *x, const float *gain,
                       const float *shift, size_t C, float eps);
    void (*rms_norm)(float *out, const float *x, const float *gain, size_t C,
                     float eps);

    /* Element by element; see ops.h. */
    void (*gelu)(float *x, size_t n);
    void (*silu_mul)(float *gate, const float *up, size_t n);

    /* Turns the pairs (x[i], x[i + half]) of one head. */
    void (*rotate)(float *x, const float *cosines, const float *sines,
                   size_t half);
};

extern const struct pith_kernels pith_kernels_scalar;
extern const struct pith_kernels pith_kernels_avx2;
extern const struct pith_kernels pith_kernels_avx512;
extern const struct pith_kernels pith_kernels_neon;
extern const struct pith_kernels pith_kernels_simd128;

#endif
