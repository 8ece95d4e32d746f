/*
 * int8x3.c - products of pairs of bytes with any set of kernels, the
 * specification of the faster one; int8x3.h says what they are.
 */
#include "int8x3.h"

#include <math.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/half.h"
#include "integers.h"

enum { ROWS = 4, MAX_ENDS = 2 * PITH_PAIRS_GROUP / PITH_Q_BLOCK };

static bool usable(const struct pith_kernels *kernels)
{
    (void)kernels;
    return true;
}

/* --- floats to pairs of bytes --------------------------------------------- */

/* A group of n floats, and zeros after them. */
struct group {
    int8_t high[PITH_PAIRS_GROUP], low[PITH_PAIRS_GROUP];
    float scale;
};

/* Of the floats after the n-th, n_more, only the scale is told. */
static void split(struct group *group, const float *x, size_t n, size_t n_more)
{
    int32_t q[PITH_PAIRS_GROUP + MAX_ENDS] = {0};
    group->scale = pith_quantise(q, x, n + n_more, PITH_PAIR_MAX);
    memset(q + n, 0, n_more * sizeof *q);
    for (size_t i = 0; i < PITH_PAIRS_GROUP; i++) {
        /* Rounded down, which of positive numbers a division does. */
        int32_t high = (q[i] + PITH_PLANE_ONE / 2 +
                        PITH_PLANE_ONE * PITH_PLANE_ONE) / PITH_PLANE_ONE -
                       PITH_PLANE_ONE;
        group->high[i] = (int8_t)high;
        group->low[i] = (int8_t)(q[i] - high * PITH_PLANE_ONE);
    }
}

/* The units with the first n columns of a group, of a row of weights (stride
 * 1) or of a lane of a panel. */
static void store(float *out, size_t stride, const struct group *group,
                  size_t n)
{
    for (size_t i = 0; i < pith_pairs_units(n) * PITH_PLANE; i++) {
        float *unit = out + i / PITH_PLANE * PITH_UNIT_PLACES * stride;
        size_t place = i % PITH_PLANE;
        memcpy(&unit[place * stride], group->high + 4 * i, 4);
        memcpy(&unit[(PITH_PLANE + place) * stride], group->low + 4 * i, 4);
    }
}

static void pack(const struct pith_kernels *kernels, float *panel, size_t col,
                 const float *x, size_t stride, size_t n_tokens, size_t n)
{
    size_t L = kernels->lanes;
    for (size_t c = 0; c < n; c += PITH_PAIRS_GROUP)
        for (size_t t = 0; t < n_tokens; t++) {
            float *lane = panel + pith_pairs_rows(col + c) * L + t;
            size_t width = n - c < PITH_PAIRS_GROUP ? n - c : PITH_PAIRS_GROUP;
            struct group group;
            split(&group, x + t * stride + c, width, 0);
            lane[0] = group.scale;
            store(lane + L, L, &group, width);
        }
}

static void pack_products(const struct pith_kernels *kernels, float *panel,
                          size_t col, const float *products, size_t n)
{
    float x[PITH_MAX_LANES * PITH_PAIRS_GROUP]; /* (L, PITH_PAIRS_GROUP) */
    size_t L = kernels->lanes;
    for (size_t c = 0; c < n; c += PITH_PAIRS_GROUP) {
        size_t width = n - c < PITH_PAIRS_GROUP ? n - c : PITH_PAIRS_GROUP;
        kernels->transpose(x, PITH_PAIRS_GROUP, products + c * L, L, width, L);
        pack(kernels, panel, col + c, x, PITH_PAIRS_GROUP, L, width);
    }
}

/* The least and the most that each of n blocks of q4 can hold; returns their
 * number. */
static size_t range_ends(float *ends, const uint8_t *block, size_t n)
{
    size_t block_bytes = pith_row_bytes(PITH_Q4, PITH_Q_BLOCK);
    for (size_t i = 0; i < n; i++, block += block_bytes) {
        float step = pith_f16_to_f32(pith_load_u16(block));
        ends[2 * i] = pith_f16_to_f32(pith_load_u16(block + 2));
        ends[2 * i + 1] = step * 15 + ends[2 * i];
    }
    return 2 * n;
}

static void unpack(const struct pith_kernels *kernels, float *row,
                   enum pith_type type, const uint8_t *bytes, size_t n)
{
    float floats[PITH_PAIRS_GROUP + MAX_ENDS];
    struct group group;
    size_t n_ends = 0;
    kernels->unpack(floats, type, bytes, n);
    if (type == PITH_Q4)
        n_ends = range_ends(floats + n, bytes, n / PITH_Q_BLOCK);
    split(&group, floats, n, n_ends);
    store(row, 1, &group, n);
    row[PITH_PAIRS_SCALE] = group.scale * PITH_PLANE_ONE;
}

/* --- products ------------------------------------------------------------- */

static int32_t dot_quads(const float *w, const float *x)
{
    int8_t a[4], b[4];
    memcpy(a, w, sizeof a);
    memcpy(b, x, sizeof b);
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
}

/* Of lane 0 of the units with n columns. */
static int32_t sum_products(const float *w, const float *x, size_t L, size_t n)
{
    int32_t high = 0, mixed = 0;
    for (size_t i = 0; i < pith_pairs_units(n) * PITH_PLANE; i++) {
        size_t place = i + i / PITH_PLANE * PITH_PLANE;
        const float *w_high = w + place, *x_high = x + place * L;
        high += dot_quads(w_high, x_high);
        mixed += dot_quads(w_high, x_high + PITH_PLANE * L) +
                 dot_quads(w_high + PITH_PLANE, x_high);
    }
    return PITH_PLANE_ONE * high + mixed;
}

static void multiply(const struct pith_kernels *kernels, float *out,
                     const float *weights, const float *panel, size_t depth,
                     size_t n_lanes, bool add)
{
    size_t L = kernels->lanes;
    for (size_t r = 0; r < ROWS; r++)
        for (size_t t = 0; t < n_lanes; t++) {
            const float *w = weights + r * PITH_PAIRS_STRIDE;
            float *sum = &out[r * L + t];
            float part = w[PITH_PAIRS_SCALE] *
                         (float)sum_products(w, panel + L + t, L, depth);
            *sum = fmaf(panel[t], part, add ? *sum : 0);
        }
}

const struct pith_precision pith_precision_int8x3 = {
    .name = "int8x3",
    .means = "portable",
    .usable = usable,
    .rows = ROWS,
    .unit = PITH_PAIRS_GROUP,
    .row_stride = PITH_PAIRS_STRIDE,
    .panel_rows = pith_pairs_rows,
    .pack = pack,
    .pack_products = pack_products,
    .unpack = unpack,
    .multiply = multiply,
};
