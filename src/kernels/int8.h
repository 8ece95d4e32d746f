/*
 * int8.h - how int8 products are laid out; shared by int8.c, the
 * specification, and the faster ones.  Private to src/kernels.
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
 */
#ifndef PITH_KERNELS_INT8_H
#define PITH_KERNELS_INT8_H

#include "precision.h"

enum {
    PITH_INT8_QUADS = PITH_BLOCK / 4, /* four integers fill a float's place */
    /* A group of a row of weights, in floats: quads, scale, offset, and -128
     * times the sum of its integers. */
    PITH_INT8_W_SCALE = PITH_INT8_QUADS,
    PITH_INT8_W_OFFSET,
    PITH_INT8_W_SHIFT,
    PITH_INT8_W_GROUP,
    /* A group of a panel, in rows of L: quads, integers stored plus 128, then
     * scales, then sums of integers. */
    PITH_INT8_X_SCALE = PITH_INT8_QUADS,
    PITH_INT8_X_SUM,
    PITH_INT8_X_GROUP
};

/* Where the group of column c of a panel starts: those of a stretch of
 * PITH_STEP columns lie side by side. */
static inline size_t pith_int8_panel_row(size_t c)
{
    size_t within = c % PITH_STEP;
    return c - within + within / PITH_BLOCK * PITH_INT8_X_GROUP;
}

/* q (PITH_BLOCK) and their scale, of n <= PITH_BLOCK numbers and zeros behind
 * them: the largest becomes 127 or -127, halves are rounded to even.  NaN
 * when one of them is not finite. */
float pith_int8_quantise(int8_t *q, const float *x, size_t n);

/* See struct pith_precision. */
void pith_int8_pack(const struct pith_kernels *kernels, float *panel,
                    size_t col, const float *x, size_t stride, size_t n_tokens,
                    size_t n);
void pith_int8_unpack(const struct pith_kernels *kernels, float *row,
                      enum pith_type type, const uint8_t *bytes, size_t n);

#endif
