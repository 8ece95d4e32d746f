/*
 * integers.c - products of integers of 8 and 16 bits with any set of kernels,
 * the specification of the faster ones; integers.h says how they are laid out.
 */
#include "integers.h"

#include <math.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/half.h"

struct format {
    size_t places;
    int32_t most_token, most_weight;
};

static const struct format INT8 = {PITH_INT8_PLACES, PITH_INT8_MOST,
                                   PITH_INT8_MOST};
static const struct format INT16 = {PITH_INT16_PLACES, PITH_INT16_MOST_TOKEN,
                                    PITH_INT16_MOST_WEIGHT};

/* --- floats to integers --------------------------------------------------- */

float pith_quantise(int32_t *q, const float *x, size_t n, int32_t most)
{
    float largest = 0;
    bool finite = true;
    for (size_t i = 0; i < n; i++) {
        finite = finite && isfinite(x[i]);
        largest = fmaxf(largest, fabsf(x[i]));
    }
    float inverse = (float)most / largest;
    memset(q, 0, PITH_BLOCK * sizeof *q);
    if (!finite)
        return NAN;
    if (!isfinite(inverse)) /* zeros, or as good as that */
        return 0;
    for (size_t i = 0; i < n; i++)
        q[i] = (int32_t)lrintf(x[i] * inverse);
    return largest / (float)most;
}

static int32_t sum_of(const int32_t *q)
{
    int32_t sum = 0;
    for (size_t i = 0; i < PITH_BLOCK; i++)
        sum += q[i];
    return sum;
}

/* Integers of weights, or of tokens, into the place of a float. */
static void store_place(const struct format *format, float *place,
                        const int32_t *q, bool token)
{
    if (format->places == PITH_INT16_PLACES) {
        int16_t pair[] = {(int16_t)q[0], (int16_t)q[1]};
        memcpy(place, pair, sizeof pair);
        return;
    }
    uint8_t bytes[4];
    for (size_t i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(token ? q[i] + 128 : q[i]);
    memcpy(place, bytes, sizeof bytes);
}

/* --- tokens --------------------------------------------------------------- */

/* Lane t of a group. */
static void pack_group(const struct format *format, float *group, size_t L,
                       size_t t, const float *x, size_t n)
{
    int32_t q[PITH_BLOCK];
    size_t places = format->places;
    float scale = pith_quantise(q, x, n, format->most_token);
    for (size_t i = 0; i < places; i++)
        store_place(format, &group[i * L + t], q + i * (PITH_BLOCK / places),
                    true);
    group[(places + PITH_X_SCALE) * L + t] = scale;
    group[(places + PITH_X_SUM) * L + t] = (float)sum_of(q);
}

static void pack(const struct format *format, size_t L, float *panel,
                 size_t col, const float *x, size_t stride, size_t n_tokens,
                 size_t n)
{
    for (size_t c = 0; c < n; c += PITH_BLOCK)
        for (size_t t = 0; t < n_tokens; t++)
            pack_group(format,
                       panel + pith_integer_row(format->places, col + c) * L,
                       L, t, x + t * stride + c, pith_group_size(n, c));
}

static void pack_products(const struct format *format,
                          const struct pith_kernels *kernels, float *panel,
                          size_t col, const float *products, size_t n)
{
    float x[PITH_MAX_LANES * PITH_BLOCK]; /* (L, PITH_BLOCK) */
    size_t L = kernels->lanes;
    for (size_t c = 0; c < n; c += PITH_BLOCK) {
        size_t width = pith_group_size(n, c);
        kernels->transpose(x, PITH_BLOCK, products + c * L, L, width, L);
        pack(format, L, panel, col + c, x, PITH_BLOCK, L, width);
    }
}

/* --- weights -------------------------------------------------------------- */

/* tensor.c has the formats of the blocks. */
static float read_q8(int32_t *q, const uint8_t *block)
{
    for (size_t i = 0; i < PITH_BLOCK; i++)
        q[i] = block[2 + i] < 128 ? block[2 + i] : block[2 + i] - 256;
    return pith_f16_to_f32(pith_load_u16(block));
}

static float read_q4(int32_t *q, float *offset, const uint8_t *block)
{
    for (size_t i = 0; i < PITH_BLOCK / 2; i++) {
        q[i] = block[4 + i] & 15;
        q[i + PITH_BLOCK / 2] = block[4 + i] >> 4;
    }
    *offset = pith_f16_to_f32(pith_load_u16(block + 2));
    return pith_f16_to_f32(pith_load_u16(block));
}

static void store_group(const struct format *format, float *group,
                        const int32_t *q, float scale, float offset)
{
    size_t places = format->places;
    int32_t shift = format == &INT8 ? -128 * sum_of(q) : 0;
    for (size_t i = 0; i < places; i++)
        store_place(format, &group[i], q + i * (PITH_BLOCK / places), false);
    group[places + PITH_W_SCALE] = scale;
    group[places + PITH_W_OFFSET] = offset;
    memcpy(&group[places + PITH_W_SHIFT], &shift, sizeof shift);
}

static void unpack(const struct format *format,
                   const struct pith_kernels *kernels, float *row,
                   enum pith_type type, const uint8_t *bytes, size_t n)
{
    float floats[PITH_DEPTH];
    size_t block_bytes = pith_row_bytes(type, PITH_BLOCK);
    if (type != PITH_Q8 && type != PITH_Q4)
        kernels->unpack(floats, type, bytes, n);
    for (size_t c = 0; c < n; c += PITH_BLOCK) {
        const uint8_t *block = bytes + c / PITH_BLOCK * block_bytes;
        int32_t q[PITH_BLOCK];
        float scale, offset = 0;
        if (type == PITH_Q8)
            scale = read_q8(q, block);
        else if (type == PITH_Q4)
            scale = read_q4(q, &offset, block);
        else
            scale = pith_quantise(q, floats + c, pith_group_size(n, c),
                                  format->most_weight);
        store_group(format, row, q, scale, offset);
        row += format->places + PITH_W_MORE;
    }
}

/* --- products ------------------------------------------------------------- */

static int32_t place_product(const struct format *format, const float *w,
                             const float *x)
{
    int32_t sum = 0;
    if (format->places == PITH_INT16_PLACES) {
        int16_t a[2], b[2];
        memcpy(a, w, sizeof a);
        memcpy(b, x, sizeof b);
        return a[0] * b[0] + a[1] * b[1];
    }
    int8_t a[4];
    uint8_t b[4];
    memcpy(a, w, sizeof a);
    memcpy(b, x, sizeof b);
    for (size_t i = 0; i < 4; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Of lane t. */
static int32_t group_product(const struct format *format, const float *w,
                             const float *x, size_t L, size_t t)
{
    int32_t sum;
    memcpy(&sum, &w[format->places + PITH_W_SHIFT], sizeof sum);
    for (size_t i = 0; i < format->places; i++)
        sum += place_product(format, &w[i], &x[i * L + t]);
    return sum;
}

static float product(const struct format *format, const float *w,
                     const float *x, size_t L, size_t t, size_t depth,
                     float sum)
{
    size_t places = format->places;
    for (size_t c = 0; c < depth; c += PITH_BLOCK) {
        float part = w[places + PITH_W_SCALE] *
                     (float)group_product(format, w, x, L, t);
        part = fmaf(w[places + PITH_W_OFFSET],
                    x[(places + PITH_X_SUM) * L + t], part);
        sum = fmaf(x[(places + PITH_X_SCALE) * L + t], part, sum);
        w += places + PITH_W_MORE;
        x += (places + PITH_X_MORE) * L;
    }
    return sum;
}

enum { ROWS = 4 };

static void multiply(const struct format *format, size_t L, float *out,
                     const float *weights, const float *panel, size_t depth,
                     size_t n_lanes, bool add)
{
    for (size_t r = 0; r < ROWS; r++)
        for (size_t t = 0; t < n_lanes; t++)
            out[r * L + t] =
                product(format, weights + r * PITH_ROW_STRIDE, panel, L, t,
                        depth, add ? out[r * L + t] : 0);
}

/* --- the two formats ------------------------------------------------------ */

static bool usable(const struct pith_kernels *kernels)
{
    (void)kernels;
    return true;
}

#define DEFINE_PRECISION(format, precision_name, variable)                     \
    static void pack_##format(const struct pith_kernels *kernels,              \
                              float *panel, size_t col, const float *x,        \
                              size_t stride, size_t n_tokens, size_t n)        \
    {                                                                          \
        pack(&format, kernels->lanes, panel, col, x, stride, n_tokens, n);     \
    }                                                                          \
    static void pack_products_##format(const struct pith_kernels *kernels,     \
                                       float *panel, size_t col,               \
                                       const float *products, size_t n)        \
    {                                                                          \
        pack_products(&format, kernels, panel, col, products, n);              \
    }                                                                          \
    static void unpack_##format(const struct pith_kernels *kernels,            \
                                float *row, enum pith_type type,               \
                                const uint8_t *bytes, size_t n)                \
    {                                                                          \
        unpack(&format, kernels, row, type, bytes, n);                         \
    }                                                                          \
    static void multiply_##format(const struct pith_kernels *kernels,          \
                                  float *out, const float *weights,            \
                                  const float *panel, size_t depth,            \
                                  size_t n_lanes, bool add)                    \
    {                                                                          \
        multiply(&format, kernels->lanes, out, weights, panel, depth, n_lanes, \
                 add);                                                         \
    }                                                                          \
    const struct pith_precision variable = {                                   \
        .name = precision_name,                                                \
        .usable = usable,                                                      \
        .rows = ROWS,                                                          \
        .unit = PITH_BLOCK,                                                    \
        .means = "portable",                                                   \
        .pack = pack_##format,                                                 \
        .pack_products = pack_products_##format,                               \
        .unpack = unpack_##format,                                             \
        .multiply = multiply_##format,                                         \
    }

DEFINE_PRECISION(INT8, "int8", pith_precision_int8);
DEFINE_PRECISION(INT16, "int16", pith_precision_int16);
