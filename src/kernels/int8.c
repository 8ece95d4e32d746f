/*
 * int8.c - products of 8-bit integers with any set of kernels, the
 * specification of the faster ones; int8.h says how they are laid out.
 */
#include "int8.h"

#include <math.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/half.h"

/* --- floats to integers --------------------------------------------------- */

float pith_int8_quantise(int8_t *q, const float *x, size_t n)
{
    float largest = 0;
    bool finite = true;
    for (size_t i = 0; i < n; i++) {
        finite = finite && isfinite(x[i]);
        largest = fmaxf(largest, fabsf(x[i]));
    }
    float inverse = 127 / largest;
    memset(q, 0, PITH_BLOCK);
    if (!finite)
        return NAN;
    if (!isfinite(inverse)) /* zeros, or as good as that */
        return 0;
    for (size_t i = 0; i < n; i++)
        q[i] = (int8_t)lrintf(x[i] * inverse);
    return largest / 127;
}

static int32_t sum_of(const int8_t *q)
{
    int32_t sum = 0;
    for (size_t i = 0; i < PITH_BLOCK; i++)
        sum += q[i];
    return sum;
}

/* --- tokens --------------------------------------------------------------- */

/* Lane t of a group (PITH_INT8_X_GROUP, L). */
static void pack_group(float *group, size_t L, size_t t, const float *x,
                       size_t n)
{
    int8_t q[PITH_BLOCK];
    uint8_t shifted[PITH_BLOCK];
    group[PITH_INT8_X_SCALE * L + t] = pith_int8_quantise(q, x, n);
    group[PITH_INT8_X_SUM * L + t] = (float)sum_of(q);
    for (size_t i = 0; i < PITH_BLOCK; i++)
        shifted[i] = (uint8_t)(q[i] + 128);
    for (size_t i = 0; i < PITH_INT8_QUADS; i++)
        memcpy(&group[i * L + t], shifted + 4 * i, 4);
}

void pith_int8_pack(const struct pith_kernels *kernels, float *panel,
                    size_t col, const float *x, size_t stride, size_t n_tokens,
                    size_t n)
{
    size_t L = kernels->lanes;
    for (size_t c = 0; c < n; c += PITH_BLOCK)
        for (size_t t = 0; t < n_tokens; t++)
            pack_group(panel + pith_int8_panel_row(col + c) * L, L, t,
                       x + t * stride + c,
                       n - c < PITH_BLOCK ? n - c : PITH_BLOCK);
}

static void pack_products(const struct pith_kernels *kernels, float *panel,
                          size_t col, const float *products, size_t n)
{
    float x[PITH_MAX_LANES * PITH_BLOCK]; /* (L, PITH_BLOCK) */
    size_t L = kernels->lanes;
    for (size_t c = 0; c < n; c += PITH_BLOCK) {
        size_t width = n - c < PITH_BLOCK ? n - c : PITH_BLOCK;
        kernels->transpose(x, PITH_BLOCK, products + c * L, L, width, L);
        pith_int8_pack(kernels, panel, col + c, x, PITH_BLOCK, L, width);
    }
}

/* --- weights -------------------------------------------------------------- */

static void store_group(float *group, const int8_t *q, float scale,
                        float offset)
{
    int32_t shift = -128 * sum_of(q);
    memcpy(group, q, PITH_BLOCK);
    group[PITH_INT8_W_SCALE] = scale;
    group[PITH_INT8_W_OFFSET] = offset;
    memcpy(&group[PITH_INT8_W_SHIFT], &shift, sizeof shift);
}

/* tensor.c has the formats of the blocks. */
static void store_q8(float *group, const uint8_t *block)
{
    int8_t q[PITH_BLOCK];
    memcpy(q, block + 2, sizeof q);
    store_group(group, q, pith_f16_to_f32(pith_load_u16(block)), 0);
}

static void store_q4(float *group, const uint8_t *block)
{
    int8_t q[PITH_BLOCK];
    for (size_t i = 0; i < PITH_BLOCK / 2; i++) {
        q[i] = (int8_t)(block[4 + i] & 15);
        q[i + PITH_BLOCK / 2] = (int8_t)(block[4 + i] >> 4);
    }
    store_group(group, q, pith_f16_to_f32(pith_load_u16(block)),
                pith_f16_to_f32(pith_load_u16(block + 2)));
}

static void store_floats(float *group, const float *x, size_t n)
{
    int8_t q[PITH_BLOCK];
    float scale = pith_int8_quantise(q, x, n);
    store_group(group, q, scale, 0);
}

void pith_int8_unpack(const struct pith_kernels *kernels, float *row,
                      enum pith_type type, const uint8_t *bytes, size_t n)
{
    float floats[PITH_DEPTH];
    bool quantised = type == PITH_Q8 || type == PITH_Q4;
    size_t block_bytes = pith_row_bytes(type, PITH_BLOCK);
    if (!quantised)
        kernels->unpack(floats, type, bytes, n);
    for (size_t c = 0; c < n; c += PITH_BLOCK, row += PITH_INT8_W_GROUP) {
        const uint8_t *block = bytes + c / PITH_BLOCK * block_bytes;
        if (type == PITH_Q8)
            store_q8(row, block);
        else if (type == PITH_Q4)
            store_q4(row, block);
        else
            store_floats(row, floats + c,
                         n - c < PITH_BLOCK ? n - c : PITH_BLOCK);
    }
}

/* --- products ------------------------------------------------------------- */

/* Of lane t. */
static int32_t integer_product(const float *w, const float *x, size_t L,
                               size_t t)
{
    int32_t sum;
    memcpy(&sum, &w[PITH_INT8_W_SHIFT], sizeof sum);
    for (size_t i = 0; i < PITH_INT8_QUADS; i++) {
        int8_t a[4];
        uint8_t b[4];
        memcpy(a, &w[i], 4);
        memcpy(b, &x[i * L + t], 4);
        for (size_t j = 0; j < 4; j++)
            sum += a[j] * b[j];
    }
    return sum;
}

static float product(const float *w, const float *x, size_t L, size_t t,
                     size_t depth, float sum)
{
    for (size_t c = 0; c < depth; c += PITH_BLOCK) {
        float part =
            w[PITH_INT8_W_SCALE] * (float)integer_product(w, x, L, t);
        part = fmaf(w[PITH_INT8_W_OFFSET], x[PITH_INT8_X_SUM * L + t], part);
        sum = fmaf(x[PITH_INT8_X_SCALE * L + t], part, sum);
        w += PITH_INT8_W_GROUP;
        x += PITH_INT8_X_GROUP * L;
    }
    return sum;
}

enum { ROWS = 4 };

static void multiply(const struct pith_kernels *kernels, float *out,
                     const float *weights, const float *panel, size_t depth,
                     size_t n_lanes, bool add)
{
    size_t L = kernels->lanes;
    for (size_t r = 0; r < ROWS; r++)
        for (size_t t = 0; t < n_lanes; t++)
            out[r * L + t] = product(weights + r * PITH_ROW_STRIDE, panel, L,
                                     t, depth, add ? out[r * L + t] : 0);
}

static bool usable(const struct pith_kernels *kernels)
{
    (void)kernels;
    return true;
}

const struct pith_precision pith_precision_int8 = {
    .name = "int8",
    .means = "portable",
    .usable = usable,
    .rows = ROWS,
    .unit = PITH_BLOCK,
    .pack = pith_int8_pack,
    .pack_products = pack_products,
    .unpack = pith_int8_unpack,
    .multiply = multiply,
};
