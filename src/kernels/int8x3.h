/*
 * int8x3.h - factors as two bytes, shared by int8x3.c, the specification, and
 * the faster one.  Private to src/kernels.
 *
 * PITH_STEP columns are a group.  A group of a token, or of a row of weights
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
 * A plane of high bytes and one of low ones follow each other, four columns in
 * the place of a float, and after them is the scale.  All start where the group
 * does, whether it is full or not.
 */
#ifndef PITH_KERNELS_INT8X3_H
#define PITH_KERNELS_INT8X3_H

#include "precision.h"

enum {
    PITH_PLANE = PITH_STEP / 4,   /* places of a float in a plane */
    PITH_PLANES = 2 * PITH_PLANE, /* and those before the scale */
    PITH_PAIRS_STRIDE = PITH_PLANES + 16, /* of rows: the next cache line */
    PITH_PLANE_BITS = 8,
    PITH_PLANE_ONE = 1 << PITH_PLANE_BITS,
    PITH_PAIR_MAX = 127 * PITH_PLANE_ONE /* the largest integer */
};

#endif
