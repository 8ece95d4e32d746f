/*
 * f32.c - matrix products in float32, by the multiplication of the kernel set.
 */
#include <string.h>

#include "precision.h"

static bool usable(const struct pith_kernels *kernels)
{
    (void)kernels;
    return true;
}

static void pack(const struct pith_kernels *kernels, float *panel, size_t col,
                 const float *x, size_t stride, size_t n_tokens, size_t n)
{
    size_t L = kernels->lanes;
    kernels->transpose(panel + col * L, L, x, stride, n_tokens, n);
}

static void pack_products(const struct pith_kernels *kernels, float *panel,
                          size_t col, const float *products, size_t n)
{
    size_t L = kernels->lanes;
    memcpy(panel + col * L, products, n * L * sizeof *panel);
}

static void unpack(const struct pith_kernels *kernels, float *row,
                   enum pith_type type, const uint8_t *bytes, size_t n)
{
    kernels->unpack(row, type, bytes, n);
}

static void multiply(const struct pith_kernels *kernels, float *out,
                     const float *weights, const float *panel, size_t depth,
                     size_t n_lanes, bool add)
{
    kernels->multiply(out, weights, panel, depth, n_lanes, add);
}

const struct pith_precision pith_precision_f32 = {
    .name = "f32",
    .means = "",
    .usable = usable,
    .rows = 0,
    .unit = 1,
    .pack = pack,
    .pack_products = pack_products,
    .unpack = unpack,
    .multiply = multiply,
};
