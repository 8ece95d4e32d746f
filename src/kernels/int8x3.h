/*
 * int8x3.h - factors as two bytes, shared by int8x3.c, the specification, and
 * the faster one.  Private to src/kernels.
 *
 * PITH_PAIRS_GROUP columns are a group.  A group of a token, or of a row of weights
 * of any type, is integers q and a scale, chosen from the largest of them (of
 * q4 weights from the largest that the blocks could hold), and
 *
 *     q = 256 high + low,  -127 <= high <= 127,  -128 <= low < 128:
 *
 * 16 bits.  As in bf16x3, a group adds three products of four,
 *
 *     s_x (s_w * (256 * sum of w_high x_high
 *                 + sum of (w_high x_low + w_low x_high))),
 *
 * whose sum of integers is exact; s_w, which takes in the other 256, times
 * that sum is rounded and the addition fused.
 *
 * Four columns are in the place of a float.  PITH_PAIRS_UNIT columns are a
 * unit, which an instruction multiplies: their high bytes, then their low ones.
 * A row of weights is units and, after the places of a whole group, the scale;
 * in a panel the scales are before the units, and a group that is not full takes
 * no more room than its units.
 */
#ifndef PITH_KERNELS_INT8X3_H
#define PITH_KERNELS_INT8X3_H

#include "precision.h"

enum {
    PITH_PAIRS_GROUP = 2 * PITH_STEP,
    PITH_PAIRS_UNIT = 64,
    PITH_PLANE = PITH_PAIRS_UNIT / 4,      /* places of a unit's high bytes */
    PITH_UNIT_PLACES = 2 * PITH_PLANE,
    PITH_PAIRS_SCALE = PITH_PAIRS_GROUP / 2, /* its place in a row */
    PITH_PAIRS_STRIDE = PITH_PAIRS_SCALE + 16, /* the next cache line */
    PITH_PLANE_BITS = 8,
    PITH_PLANE_ONE = 1 << PITH_PLANE_BITS,
    PITH_PAIR_MAX = 127 * PITH_PLANE_ONE /* the largest integer */
};

/* Units of n columns, the last of which may not be full. */
static inline size_t pith_pairs_units(size_t n)
{
    return n / PITH_PAIRS_UNIT + (n % PITH_PAIRS_UNIT != 0);
}

/* Rows of a panel of n columns; n in whole groups: where the next one is. */
static inline size_t pith_pairs_rows(size_t n)
{
    return pith_pairs_units(n) * PITH_UNIT_PLACES +
           n / PITH_PAIRS_GROUP + (n % PITH_PAIRS_GROUP != 0);
}

#endif
