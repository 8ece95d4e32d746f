/*
 * integers.h - how products of integers are laid out; shared by integers.c,
 * the specification, and the faster ones.  Private to src/kernels.
 *
 * Columns go in groups of 32.  A group of a token is 32 integers q and a scale
 * s, x ~ s q, chosen from the largest of the 32; a group of a row of weights
 * has an offset besides, w ~ scale q + offset.  Weights of q8 and q4 files
 * are taken as they are.  A group adds to a sum
 *
 *     s (scale * sum of q_w q_x + offset * sum of q_x)
 *
 * with the sum of products exact, scale times it rounded, and the two
 * additions fused.
 *
 *   int8   four integers lie in the place of a float; those of tokens are
 *          stored plus 128, because instructions want one factor unsigned
 *   int16  two; a sum of 32 products never leaves 32 bits
 */
#ifndef PITH_KERNELS_INTEGERS_H
#define PITH_KERNELS_INTEGERS_H

#include "precision.h"

enum {
    /* Places that the integers of a group take. */
    PITH_INT8_PLACES = PITH_BLOCK / 4,
    PITH_INT16_PLACES = PITH_BLOCK / 2,
    PITH_INT8_MOST = 127, /* the largest integer */
    /* 32 times their product is below 2^31; q8 and q4 have smaller weights. */
    PITH_INT16_MOST_TOKEN = 16383,
    PITH_INT16_MOST_WEIGHT = 4095
};

/* What follows the integers of a group of weights, in floats. */
enum {
    PITH_W_SCALE,
    PITH_W_OFFSET,
    PITH_W_SHIFT, /* bits: -128 times the sum of the integers; 0 in int16 */
    PITH_W_MORE
};

/* What follows those of a panel, in rows of L. */
enum { PITH_X_SCALE, PITH_X_SUM /* of the integers */, PITH_X_MORE };

/* Where the group of column c of a panel starts: those of a stretch of
 * PITH_STEP columns lie side by side. */
static inline size_t pith_integer_row(size_t places, size_t c)
{
    size_t within = c % PITH_STEP;
    return c - within + within / PITH_BLOCK * (places + PITH_X_MORE);
}

/* Columns of the group that starts at column c of n. */
static inline size_t pith_group_size(size_t n, size_t c)
{
    return n - c < PITH_BLOCK ? n - c : PITH_BLOCK;
}

/* q (PITH_BLOCK) and their scale, of n <= PITH_BLOCK numbers and zeros behind
 * them: the largest becomes most or -most, halves are rounded to even.  NaN
 * when one of them is not finite. */
float pith_quantise(int32_t *q, const float *x, size_t n, int32_t most);

#endif
