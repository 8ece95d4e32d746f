/*
 * integers.c - products of integers of 8 and 16 bits with any set of kernels,
 * the specification of the faster ones; integers.h says how they are laid out.
 */
#include "integers.h"

#include <math.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/half.h"

/* --- floats to integers --------------------------------------------------- */

float pith_quantise(int32_t *q, const float *x, size_t n, int32_t limit)
{
    float largest = 0;
    bool finite = true;
    for (size_t i = 0; i < n; i++) {
        finite = finite && isfinite(x[i]);
        largest = fmaxf(largest, fabsf(x[i]));
    }
    float inverse = (float)limit / largest;
    memset(q, 0, n * sizeof *q);
    if (!finite)
        return NAN;
    if (!isfinite(inverse)) /* zeros, or nearly */
        return 0;
    for (size_t i = 0; i < n; i++)
        q[i] = (int32_t)lrintf(x[i] * inverse);
    return largest / (float)limit;
}

static int32_t sum_of(const int32_t *q, size_t n)
{
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += q[i];
    return sum;
}

/* The same for a group; zeros after the n numbers. */
static float quantise_group(size_t n_packed, int32_t *q, const float *x,
                            size_t n, int32_t limit)
{
    for (size_t i = n; i < pith_group(n_packed); i++)
        q[i] = 0;
    return pith_quantise(q, x, n, limit);
}

/* --- tokens --------------------------------------------------------------- */

/* Lane t of a group. */
static void pack_group(size_t n_packed, float *group, size_t L, size_t t,
                       const float *x, size_t n)
{
    int32_t q[PITH_MAX_GROUP];
    bool bytes = n_packed == PITH_INT8_PACKED;
    group[(n_packed + PITH_X_SCALE) * L + t] = quantise_group(
        n_packed, q, x, n, bytes ? PITH_INT8_MAX : PITH_INT16_MAX_TOKEN);
    if (bytes)
        group[(n_packed + PITH_X_SUM) * L + t] = (float)sum_of(q, PITH_Q_BLOCK);
    for (size_t i = 0; i < n_packed; i++) {
        uint8_t quad[4];
        int16_t pair[] = {(int16_t)q[2 * i], (int16_t)q[2 * i + 1]};
        for (size_t j = 0; j < 4 && bytes; j++)
            quad[j] = (uint8_t)(q[4 * i + j] + 128);
        memcpy(&group[i * L + t], bytes ? (void *)quad : (void *)pair, 4);
    }
}

static void pack(size_t n_packed, size_t L, float *panel, size_t col,
                 const float *x, size_t stride, size_t n_tokens, size_t n)
{
    for (size_t c = 0; c < n; c += pith_group(n_packed))
        for (size_t t = 0; t < n_tokens; t++)
            pack_group(n_packed, panel + pith_group_at(n_packed, col + c) * L,
                       L, t, x + t * stride + c,
                       pith_group_size(n_packed, n, c));
}

static void pack_products(size_t n_packed, const struct pith_kernels *kernels,
                          float *panel, size_t col, const float *products,
                          size_t n)
{
    float x[PITH_MAX_LANES * PITH_MAX_GROUP]; /* (L, PITH_MAX_GROUP) */
    size_t L = kernels->lanes;
    for (size_t c = 0; c < n; c += pith_group(n_packed)) {
        size_t width = pith_group_size(n_packed, n, c);
        kernels->transpose(x, PITH_MAX_GROUP, products + c * L, L, width, L);
        pack(n_packed, L, panel, col + c, x, PITH_MAX_GROUP, L, width);
    }
}

/* --- weights -------------------------------------------------------------- */

/* tensor.c has the formats of the blocks. */
static float read_q8(int32_t *q, const uint8_t *block)
{
    for (size_t i = 0; i < PITH_Q_BLOCK; i++)
        q[i] = block[2 + i] < 128 ? block[2 + i] : block[2 + i] - 256;
    return pith_f16_to_f32(pith_load_u16(block));
}

static float read_q4(int32_t *q, float *offset, const uint8_t *block)
{
    for (size_t i = 0; i < PITH_Q_BLOCK / 2; i++) {
        q[i] = block[4 + i] & 15;
        q[i + PITH_Q_BLOCK / 2] = block[4 + i] >> 4;
    }
    *offset = pith_f16_to_f32(pith_load_u16(block + 2));
    return pith_f16_to_f32(pith_load_u16(block));
}

static void store_int8(float *group, const int32_t *q, float scale,
                       float offset)
{
    int32_t shift = -128 * sum_of(q, PITH_INT8_GROUP);
    for (size_t i = 0; i < PITH_INT8_PACKED; i++) {
        int8_t quad[4];
        for (size_t j = 0; j < 4; j++)
            quad[j] = (int8_t)q[4 * i + j];
        memcpy(&group[i], quad, sizeof quad);
    }
    group[PITH_INT8_PACKED + PITH_W_SCALE] = scale;
    group[PITH_INT8_PACKED + PITH_W_OFFSET] = offset;
    memcpy(&group[PITH_INT8_PACKED + PITH_W_SHIFT], &shift, sizeof shift);
}

static void unpack_int8(const struct pith_kernels *kernels, float *row,
                        enum pith_type type, const uint8_t *bytes, size_t n)
{
    float floats[PITH_DEPTH];
    size_t block_bytes = pith_row_bytes(type, PITH_Q_BLOCK);
    if (type != PITH_Q8 && type != PITH_Q4)
        kernels->unpack(floats, type, bytes, n);
    for (size_t c = 0; c < n; c += PITH_Q_BLOCK) {
        int32_t q[PITH_Q_BLOCK];
        float scale, offset = 0;
        if (type == PITH_Q8)
            scale = read_q8(q, bytes);
        else if (type == PITH_Q4)
            scale = read_q4(q, &offset, bytes);
        else
            scale = quantise_group(
                PITH_INT8_PACKED, q, floats + c,
                pith_group_size(PITH_INT8_PACKED, n, c), PITH_INT8_MAX);
        bytes += block_bytes;
        store_int8(row, q, scale, offset);
        row += pith_group_floats(PITH_INT8_PACKED);
    }
}

/* The largest of |a| and |b|, NaN when one is not finite. */
static float larger(float a, float b)
{
    return isfinite(a) && isfinite(b) ? fmaxf(fabsf(a), fabsf(b)) : NAN;
}

/* x / 2^bits, halves rounded up; |x| < 2^30. */
static int32_t shift_down(int32_t x, int bits)
{
    int32_t positive = x + (1 << (bits - 1)) + (1 << 30);
    return (positive >> bits) - (1 << (30 - bits));
}

struct pith_widening pith_plan_q8(const uint8_t *blocks, size_t n_blocks)
{
    size_t size = pith_row_bytes(PITH_Q8, PITH_Q_BLOCK);
    struct pith_widening plan = {{0}, {0}, 0};
    float steps[PITH_INT16_BLOCKS], largest = 0;
    for (size_t i = 0; i < n_blocks; i++) {
        steps[i] = pith_f16_to_f32(pith_load_u16(blocks + i * size));
        largest = larger(largest, steps[i]);
    }
    float inverse = PITH_Q8_ONE / largest;
    for (size_t i = 0; i < n_blocks; i++) {
        float share = isfinite(inverse) ? steps[i] * inverse : 0;
        plan.by[i] = (int32_t)fminf(rintf(share), PITH_Q8_ONE - 1);
    }
    plan.scale = largest / PITH_Q8_GROWTH;
    return plan;
}

struct pith_widening pith_plan_q4(const uint8_t *blocks, size_t n_blocks)
{
    size_t size = pith_row_bytes(PITH_Q4, PITH_Q_BLOCK);
    struct pith_widening plan = {{0}, {0}, 0};
    float steps[PITH_INT16_BLOCKS], minima[PITH_INT16_BLOCKS], largest = 0;
    for (size_t i = 0; i < n_blocks; i++) {
        steps[i] = pith_f16_to_f32(pith_load_u16(blocks + i * size));
        minima[i] = pith_f16_to_f32(pith_load_u16(blocks + i * size + 2));
        float end = minima[i] + steps[i] * 15;
        largest = larger(largest, larger(minima[i], end));
    }
    float inverse = PITH_Q4_MAX / largest;
    for (size_t i = 0; i < n_blocks && isfinite(inverse); i++) {
        plan.by[i] = (int32_t)rintf(steps[i] * inverse);
        plan.from[i] = (int32_t)rintf((minima[i] + steps[i] * 8) * inverse);
    }
    plan.scale = largest / (PITH_Q4_MAX >> PITH_Q4_BITS);
    return plan;
}

/* The integers of n_blocks blocks as the plan has them; returns the scale. */
static float widen_q8(int32_t *q, const uint8_t *blocks, size_t n_blocks)
{
    struct pith_widening plan = pith_plan_q8(blocks, n_blocks);
    size_t size = pith_row_bytes(PITH_Q8, PITH_Q_BLOCK);
    for (size_t i = 0; i < n_blocks; i++, q += PITH_Q_BLOCK) {
        read_q8(q, blocks + i * size);
        for (size_t j = 0; j < PITH_Q_BLOCK; j++)
            q[j] = shift_down(q[j] * PITH_Q8_GROWTH * plan.by[i], PITH_Q8_BITS);
    }
    return plan.scale;
}

static float widen_q4(int32_t *q, const uint8_t *blocks, size_t n_blocks)
{
    struct pith_widening plan = pith_plan_q4(blocks, n_blocks);
    size_t size = pith_row_bytes(PITH_Q4, PITH_Q_BLOCK);
    for (size_t i = 0; i < n_blocks; i++, q += PITH_Q_BLOCK) {
        float offset;
        read_q4(q, &offset, blocks + i * size);
        for (size_t j = 0; j < PITH_Q_BLOCK; j++)
            q[j] = shift_down((q[j] - 8) * plan.by[i] + plan.from[i],
                              PITH_Q4_BITS);
    }
    return plan.scale;
}

/* Up to a group of n weights as int16; returns their scale. */
static float read_int16(const struct pith_kernels *kernels, int32_t *q,
                        enum pith_type type, const uint8_t *bytes, size_t n)
{
    float floats[PITH_INT16_GROUP];
    memset(q, 0, PITH_INT16_GROUP * sizeof *q);
    if (type == PITH_Q8)
        return widen_q8(q, bytes, n / PITH_Q_BLOCK);
    if (type == PITH_Q4)
        return widen_q4(q, bytes, n / PITH_Q_BLOCK);
    kernels->unpack(floats, type, bytes, n);
    return pith_quantise(q, floats, n, PITH_INT16_MAX_WEIGHT);
}

static void unpack_int16(const struct pith_kernels *kernels, float *row,
                         enum pith_type type, const uint8_t *bytes, size_t n)
{
    size_t group_bytes = pith_row_bytes(type, PITH_INT16_GROUP);
    for (size_t c = 0; c < n; c += PITH_INT16_GROUP, bytes += group_bytes) {
        int32_t q[PITH_INT16_GROUP];
        row[PITH_INT16_PACKED] =
            read_int16(kernels, q, type, bytes,
                       pith_group_size(PITH_INT16_PACKED, n, c));
        for (size_t i = 0; i < PITH_INT16_PACKED; i++) {
            int16_t pair[] = {(int16_t)q[2 * i], (int16_t)q[2 * i + 1]};
            memcpy(&row[i], pair, sizeof pair);
        }
        row += pith_group_floats(PITH_INT16_PACKED);
    }
}

/* --- products ------------------------------------------------------------- */

static int32_t dot_quads(const float *w, const float *x)
{
    int8_t a[4];
    uint8_t b[4];
    int32_t sum = 0;
    memcpy(a, w, sizeof a);
    memcpy(b, x, sizeof b);
    for (size_t i = 0; i < 4; i++)
        sum += a[i] * b[i];
    return sum;
}

static int32_t dot_pairs(const float *w, const float *x)
{
    int16_t a[2], b[2];
    memcpy(a, w, sizeof a);
    memcpy(b, x, sizeof b);
    return a[0] * b[0] + a[1] * b[1];
}

/* Takes a group into the sum of lane t. */
static float add_group(size_t n_packed, const float *w, const float *x,
                       size_t L, size_t t, float sum)
{
    bool bytes = n_packed == PITH_INT8_PACKED;
    int32_t integers = 0;
    if (bytes)
        memcpy(&integers, &w[n_packed + PITH_W_SHIFT], sizeof integers);
    for (size_t i = 0; i < n_packed; i++)
        integers += bytes ? dot_quads(&w[i], &x[i * L + t])
                          : dot_pairs(&w[i], &x[i * L + t]);
    float part = w[n_packed + PITH_W_SCALE] * (float)integers;
    if (bytes)
        part = fmaf(w[n_packed + PITH_W_OFFSET],
                    x[(n_packed + PITH_X_SUM) * L + t], part);
    return fmaf(x[(n_packed + PITH_X_SCALE) * L + t], part, sum);
}

static float product(size_t n_packed, const float *w, const float *x, size_t L,
                     size_t t, size_t depth, float sum)
{
    for (size_t c = 0; c < depth; c += pith_group(n_packed)) {
        sum = add_group(n_packed, w, x, L, t, sum);
        w += pith_group_floats(n_packed);
        x += pith_group_rows(n_packed) * L;
    }
    return sum;
}

enum { ROWS = 4 };

static void multiply(size_t n_packed, size_t L, float *out,
                     const float *weights, const float *panel, size_t depth,
                     size_t n_lanes, bool add)
{
    for (size_t r = 0; r < ROWS; r++)
        for (size_t t = 0; t < n_lanes; t++)
            out[r * L + t] =
                product(n_packed, weights + r * PITH_ROW_STRIDE, panel, L, t,
                        depth, add ? out[r * L + t] : 0);
}

/* --- the two formats ------------------------------------------------------ */

static bool usable(const struct pith_kernels *kernels)
{
    (void)kernels;
    return true;
}

#define DEFINE_INTEGERS(format, n_packed, format_name, variable)               \
    static void pack_##format(const struct pith_kernels *kernels,              \
                              float *panel, size_t col, const float *x,        \
                              size_t stride, size_t n_tokens, size_t n)        \
    {                                                                          \
        pack(n_packed, kernels->lanes, panel, col, x, stride, n_tokens, n);    \
    }                                                                          \
    static void pack_products_##format(const struct pith_kernels *kernels,     \
                                       float *panel, size_t col,               \
                                       const float *products, size_t n)        \
    {                                                                          \
        pack_products(n_packed, kernels, panel, col, products, n);             \
    }                                                                          \
    static void multiply_##format(                                             \
        const struct pith_kernels *kernels, float *out, const float *weights,  \
        const float *panel, size_t depth, size_t n_lanes, bool add)            \
    {                                                                          \
        multiply(n_packed, kernels->lanes, out, weights, panel, depth,         \
                 n_lanes, add);                                                \
    }                                                                          \
    const struct pith_precision variable = {                                   \
        .name = format_name,                                                   \
        .means = "portable",                                                   \
        .usable = usable,                                                      \
        .rows = ROWS,                                                          \
        .unit =                                                                \
            n_packed == PITH_INT8_PACKED ? PITH_INT8_GROUP : PITH_INT16_GROUP, \
        .pack = pack_##format,                                                 \
        .pack_products = pack_products_##format,                               \
        .unpack = unpack_##format,                                             \
        .multiply = multiply_##format,                                         \
    }

DEFINE_INTEGERS(int8, PITH_INT8_PACKED, "int8", pith_precision_int8);
DEFINE_INTEGERS(int16, PITH_INT16_PACKED, "int16", pith_precision_int16);
