/*
 * integers.h - how products of integers are laid out; shared by integers.c,
 * the specification, and the faster ones.  Private to src/kernels.
 *
 * Columns go in groups.  A group of a token is integers q and a scale s,
 * x ~ s q, chosen from the largest of them, and so is a group of a row of
 * weights.  The sum of the products of a group is exact.
 *
 *   int8   Groups of 32, four integers in the place of a float.  Weights of q8
 *          and q4 files are taken as they are, w = scale q + offset; a group
 *          adds
 *              s (scale * sum of q_w q_x + offset * sum of q_x)
 *          with scale times the sum rounded and both additions fused.  Tokens
 *          are stored plus 128, as instructions want one factor unsigned.
 *   int16  Groups of 96, two integers in the place of a float, as large as
 *          they can be while the sum fits 32 bits; weights of all types become
 *          such integers, those of q8 and q4 files by a multiplication of
 *          integers, where the group's scale follows from what its blocks
 *          could hold.  A group adds
 *              s (scale * sum of q_w q_x)
 *          with scale times the sum rounded and the addition fused.
 *
 * n_packed, the number of floats that a group's integers fill, identifies the
 * format.
 */
#ifndef PITH_KERNELS_INTEGERS_H
#define PITH_KERNELS_INTEGERS_H

#include "precision.h"

enum {
    PITH_INT8_GROUP = PITH_Q_BLOCK,
    PITH_INT8_PACKED = PITH_INT8_GROUP / 4,
    PITH_INT8_MAX = 127, /* the largest integer */
    PITH_INT16_GROUP = 96,
    PITH_INT16_PACKED = PITH_INT16_GROUP / 2,
    PITH_INT16_BLOCKS = PITH_INT16_GROUP / PITH_Q_BLOCK,
    /* 96 * 5461 * 4096 < 2^31.  Tokens get the wider range: their largest is
     * farther from the others. */
    PITH_INT16_MAX_TOKEN = 5461,
    PITH_INT16_MAX_WEIGHT = 4095,
    /* q8: the integers of the largest step grow by 32, up to 4096, those of
     * others by a share of that of 15 bits after the point. */
    PITH_Q8_GROWTH = 32,
    PITH_Q8_BITS = 15,
    PITH_Q8_ONE = 1 << PITH_Q8_BITS,
    /* q4: 3 bits after the point; what (q - 8) * step and centre lose by
     * rounding still fits 16 bits. */
    PITH_Q4_BITS = 3,
    PITH_Q4_MAX = 4090 << PITH_Q4_BITS,
    PITH_MAX_GROUP = PITH_INT16_GROUP
};

/* What follows the integers of a group of weights, in floats; in int16 the
 * scale alone. */
enum {
    PITH_W_SCALE,
    PITH_W_OFFSET,
    PITH_W_SHIFT, /* bits: -128 times the sum of the integers */
};

/* What follows those of a panel, in rows of L; in int16 the scale alone. */
enum { PITH_X_SCALE, PITH_X_SUM /* of the integers */ };

static inline size_t pith_group(size_t n_packed)
{
    return n_packed == PITH_INT8_PACKED ? PITH_INT8_GROUP : PITH_INT16_GROUP;
}

/* Floats of a group of weights. */
static inline size_t pith_group_floats(size_t n_packed)
{
    return n_packed + (n_packed == PITH_INT8_PACKED ? 3 : 1);
}

/* Rows of a group of a panel. */
static inline size_t pith_group_rows(size_t n_packed)
{
    return n_packed + (n_packed == PITH_INT8_PACKED ? 2 : 1);
}

/* Where the group of column c of a panel starts: those of a stretch of
 * PITH_STEP columns are adjacent. */
static inline size_t pith_group_at(size_t n_packed, size_t c)
{
    size_t within = c % PITH_STEP;
    return c - within +
           within / pith_group(n_packed) * pith_group_rows(n_packed);
}

/* Columns of the group that starts at column c of n. */
static inline size_t pith_group_size(size_t n_packed, size_t n, size_t c)
{
    return n - c < pith_group(n_packed) ? n - c : pith_group(n_packed);
}

/* Places of that group that hold something; in int8, whose groups are short,
 * all. */
static inline size_t pith_group_packed(size_t n_packed, size_t n, size_t c)
{
    return n_packed == PITH_INT8_PACKED
               ? n_packed
               : (pith_group_size(n_packed, n, c) + 1) / 2;
}

/* What n numbers are as integers q: the largest becomes limit or -limit, halves
 * are rounded to even.  Returns their scale, NaN when one of them is not
 * finite. */
float pith_quantise(int32_t *q, const float *x, size_t n, int32_t limit);

/* How the integers q of the blocks of a group become int16, and the scale of
 * these.  q8: q * PITH_Q8_GROWTH * by, less PITH_Q8_BITS bits: the integers
 * times 32 where the step is the largest, in proportion in the others.  q4,
 * step q + minimum = step (q - 8) + centre: (q - 8) * by + from, less
 * PITH_Q4_BITS bits.  Bits are taken off with halves rounded up. */
struct pith_widening {
    int32_t by[PITH_INT16_BLOCKS], from[PITH_INT16_BLOCKS];
    float scale;
};

struct pith_widening pith_plan_q8(const uint8_t *blocks, size_t n_blocks);
struct pith_widening pith_plan_q4(const uint8_t *blocks, size_t n_blocks);

#endif
