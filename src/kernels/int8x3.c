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

enum { ROWS = 4, MAX_ENDS = 2 * PITH_STEP / PITH_Q_BLOCK };

static bool usable(const struct pith_kernels *kernels)
{
    (void)kernels;
    return true;
}

/* --- floats to pairs of bytes --------------------------------------------- */

/* A group of n floats, and zeros after them. */
struct group {
    int8_t high[PITH_STEP], low[PITH_STEP];
    float scale;
};

/* Of the floats after the n-th, n_more, only the scale is told. */
static void split(struct group *group, const float *x, size_t n, size_t n_more)
{
    int32_t q[PITH_STEP + MAX_ENDS] = {0};
    group->scale = pith_quantise(q, x, n + n_more, PITH_PAIR_MAX);
    memset(q + n, 0, n_more * sizeof *q);
    for (size_t i = 0; i < PITH_STEP; i++) {
        /* Rounded down, which of positive numbers a division does. */
        int32_t high = (q[i] + PITH_PLANE_ONE / 2 +
                        PITH_PLANE_ONE * PITH_PLANE_ONE) / PITH_PLANE_ONE -
                       PITH_PLANE_ONE;
        group->high[i] = (int8_t)high;
        group->low[i] = (int8_t)(q[i] - high * PITH_PLANE_ONE);
    }
}

/* A group of a row of weights (stride 1), or of a lane of a panel. */
static void store(float *out, size_t stride, const struct group *group)
{
    for (size_t i = 0; i < PITH_PLANE; i++) {
        memcpy(&out[i * stride], group->high + 4 * i, 4);
        memcpy(&out[(PITH_PLANE + i) * stride], group->low + 4 * i, 4);
    }
    out[PITH_PLANES * stride] = group->scale;
}

static void pack(const struct pith_kernels *kernels, float *panel, size_t col,
                 const float *x, size_t stride, size_t n_tokens, size_t n)
{
    size_t L = kernels->lanes;
    for (size_t c = 0; c < n; c += PITH_STEP)
        for (size_t t = 0; t < n_tokens; t++) {
            struct group group;
            split(&group, x + t * stride + c,
                  n - c < PITH_STEP ? n - c : PITH_STEP, 0);
            store(panel + (col + c) * L + t, L, &group);
        }
}

static void pack_products(const struct pith_kernels *kernels, float *panel,
                          size_t col, const float *products, size_t n)
{
    float x[PITH_MAX_LANES * PITH_STEP]; /* (L, PITH_STEP) */
    size_t L = kernels->lanes;
    for (size_t c = 0; c < n; c += PITH_STEP) {
        size_t width = n - c < PITH_STEP ? n - c : PITH_STEP;
        kernels->transpose(x, PITH_STEP, products + c * L, L, width, L);
        pack(kernels, panel, col + c, x, PITH_STEP, L, width);
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
    float floats[PITH_STEP + MAX_ENDS];
    struct group group;
    size_t n_ends = 0;
    kernels->unpack(floats, type, bytes, n);
    if (type == PITH_Q4)
        n_ends = range_ends(floats + n, bytes, n / PITH_Q_BLOCK);
    split(&group, floats, n, n_ends);
    group.scale *= PITH_PLANE_ONE;
    store(row, 1, &group);
}

/* --- products ------------------------------------------------------------- */

static int32_t dot_quads(const float *w, const float *x)
{
    int8_t a[4], b[4];
    memcpy(a, w, sizeof a);
    memcpy(b, x, sizeof b);
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
}

/* Of lane 0 of a group, n columns of which are in use. */
static int32_t sum_products(const float *w, const float *x, size_t L, size_t n)
{
    const float *w_low = w + PITH_PLANE, *x_low = x + PITH_PLANE * L;
    int32_t high = 0, mixed = 0;
    for (size_t i = 0; 4 * i < n; i++) {
        high += dot_quads(&w[i], &x[i * L]);
        mixed += dot_quads(&w[i], &x_low[i * L]) +
                 dot_quads(&w_low[i], &x[i * L]);
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
            float part = w[PITH_PLANES] *
                         (float)sum_products(w, panel + t, L, depth);
            *sum = fmaf(panel[PITH_PLANES * L + t], part, add ? *sum : 0);
        }
}

const struct pith_precision pith_precision_int8x3 = {
    .name = "int8x3",
    .means = "portable",
    .usable = usable,
    .rows = ROWS,
    .unit = PITH_STEP,
    .row_stride = PITH_PAIRS_STRIDE,
    .pack = pack,
    .pack_products = pack_products,
    .unpack = unpack,
    .multiply = multiply,
};
