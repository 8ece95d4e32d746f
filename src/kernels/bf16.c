/*
 * bf16.c - bf16 products with any set of kernels, the specification of the
 * faster ones: numbers are rounded to bf16, or to the sum of two bf16, and
 * stay floats.  The product of two bf16 is exact in a float.
 */
#include "../base/narrow.h"
#include "precision.h"

static bool usable(const struct pith_kernels *kernels)
{
    (void)kernels;
    return true;
}

static float round_once(float x)
{
    return pith_bf16_to_f32(pith_f32_to_bf16(x));
}

static void round_all(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = round_once(x[i]);
}

static void round_all_to_pairs(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float high = round_once(x[i]);
        x[i] = high + round_once(x[i] - high);
    }
}

static void pack(const struct pith_kernels *kernels, float *panel, size_t col,
                 const float *x, size_t stride, size_t n_tokens, size_t n)
{
    pith_precision_f32.pack(kernels, panel, col, x, stride, n_tokens, n);
    round_all(panel + col * kernels->lanes, n * kernels->lanes);
}

static void pack_products(const struct pith_kernels *kernels, float *panel,
                          size_t col, const float *products, size_t n)
{
    pith_precision_f32.pack_products(kernels, panel, col, products, n);
    round_all(panel + col * kernels->lanes, n * kernels->lanes);
}

static void pack_pairs(const struct pith_kernels *kernels, float *panel,
                       size_t col, const float *x, size_t stride,
                       size_t n_tokens, size_t n)
{
    pith_precision_f32.pack(kernels, panel, col, x, stride, n_tokens, n);
    round_all_to_pairs(panel + col * kernels->lanes, n * kernels->lanes);
}

static void pack_product_pairs(const struct pith_kernels *kernels,
                               float *panel, size_t col, const float *products,
                               size_t n)
{
    pith_precision_f32.pack_products(kernels, panel, col, products, n);
    round_all_to_pairs(panel + col * kernels->lanes, n * kernels->lanes);
}

static void unpack(const struct pith_kernels *kernels, float *row,
                   enum pith_type type, const uint8_t *bytes, size_t n)
{
    kernels->unpack(row, type, bytes, n);
    round_all(row, n);
}

static void unpack_pairs(const struct pith_kernels *kernels, float *row,
                         enum pith_type type, const uint8_t *bytes, size_t n)
{
    kernels->unpack(row, type, bytes, n);
    round_all_to_pairs(row, n);
}

static void multiply(const struct pith_kernels *kernels, float *out,
                     const float *weights, const float *panel, size_t depth,
                     size_t n_lanes, bool add)
{
    kernels->multiply(out, weights, panel, depth, n_lanes, add);
}

const struct pith_precision pith_precision_bf16 = {
    .name = "bf16",
    .means = "emulated",
    .usable = usable,
    .unit = 1,
    .pack = pack,
    .pack_products = pack_products,
    .unpack = unpack,
    .multiply = multiply,
};

const struct pith_precision pith_precision_bf16x3 = {
    .name = "bf16x3",
    .means = "emulated",
    .usable = usable,
    .unit = 1,
    .pack = pack_pairs,
    .pack_products = pack_product_pairs,
    .unpack = unpack_pairs,
    .multiply = multiply,
};
