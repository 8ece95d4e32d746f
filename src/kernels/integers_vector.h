/*
 * integers_vector.h - products of integers, the same for every vector
 * instruction set; a template, included once by each set's file.  A lane is a
 * token (set.h); the bits are those of integers.c.
 *
 * The file that includes it has defined before:
 *
 *   TARGET               attribute of a function that uses the instructions
 *   vec, ivec, W         vectors of W floats and of W 32-bit integers; L = 2 W
 *   ROWS                 of a tile: 2 ROWS + 3 vectors should fit the
 *                        registers
 *   vec_set, vec_load, vec_store, vec_mul, vec_div, vec_fma
 *                        as in vector.h
 *   vec_larger(largest, v)       the larger of largest and |v|, NaN being
 *                        larger than infinity
 *   vec_if_finite(v, x)  v where x is below infinity, else 0
 *   ivec_zero(), ivec_set(p), ivec_load(p), ivec_store(p, i)
 *                        of the bits that are in floats; set: in every lane
 *   ivec_round(v)        the nearest integers, halves to even
 *   ivec_to_vec(i)       rounded
 *   ivec_add(a, b)
 *   ivec_insert(a, b, bits, at)  a with the low bits of b put above its `at`
 *                        low ones, where a is 0
 *   ivec_flip_bytes(a)   the upper bit of each byte turned
 *   ivec_start(p, n_packed)
 *                        what the sum of a group starts from; p points to its
 *                        shift
 *   ivec_dot(sum, x, w, n_packed)
 *                        sum plus the products of the integers packed in x and
 *                        w
 *   UNROLL               before a loop of at most 16 steps: unroll it
 *
 * `n_packed` is PITH_INT8_PACKED or PITH_INT16_PACKED: a constant, once all is
 * inlined.
 */
#include <stddef.h>

#include "integers.h"

enum { L = 2 * W };

#define INLINE TARGET __attribute__((always_inline)) static inline

/* --- tokens --------------------------------------------------------------- */

INLINE ivec quantise(const float *x, vec factor)
{
    return ivec_round(vec_mul(vec_load(x), factor));
}

/* W lanes of a group, from x (n, L). */
INLINE void pack_lanes(float *group, const float *x, size_t n, size_t n_packed)
{
    const size_t per_float = pith_group(n_packed) / n_packed;
    const size_t bits = 32 / per_float;
    vec largest = vec_set(0);
    for (size_t i = 0; i < n; i++)
        largest = vec_larger(largest, vec_load(x + i * L));
    vec limit =
        vec_set(n_packed == PITH_INT8_PACKED ? (float)PITH_INT8_MAX
                                             : (float)PITH_INT16_MAX_TOKEN);
    vec inverse = vec_div(limit, largest);
    vec factor = vec_if_finite(inverse, inverse);
    vec scale = vec_if_finite(vec_div(largest, limit), inverse);
    ivec sum = ivec_zero();
    for (size_t i = 0; i < n_packed; i++) {
        ivec place = ivec_zero();
        UNROLL
        for (size_t j = 0; j < per_float; j++) {
            size_t at = i * per_float + j;
            ivec q = at < n ? quantise(x + at * L, factor) : ivec_zero();
            sum = ivec_add(sum, q);
            place = ivec_insert(place, q, bits, j * bits);
        }
        if (n_packed == PITH_INT8_PACKED)
            place = ivec_flip_bytes(place);
        ivec_store(group + i * L, place);
    }
    vec_store(group + (n_packed + PITH_X_SCALE) * L,
              vec_fma(largest, vec_set(0), scale)); /* NaN: not finite */
    if (n_packed == PITH_INT8_PACKED)
        vec_store(group + (n_packed + PITH_X_SUM) * L, ivec_to_vec(sum));
}

/* See struct pith_precision. */
INLINE void pack_rows(float *panel, size_t col, const float *products,
                      size_t n, size_t n_packed)
{
    for (size_t c = 0; c < n; c += pith_group(n_packed)) {
        float *group = panel + pith_group_at(n_packed, col + c) * L;
        for (size_t t = 0; t < L; t += W)
            pack_lanes(group + t, products + c * L + t,
                       pith_group_size(n_packed, n, c), n_packed);
    }
}

INLINE void pack_tokens(const struct pith_kernels *kernels, float *panel,
                        size_t col, const float *x, size_t stride,
                        size_t n_tokens, size_t n, size_t n_packed)
{
    float rows[PITH_MAX_GROUP * L] = {0};
    for (size_t c = 0; c < n; c += pith_group(n_packed)) {
        size_t size = pith_group_size(n_packed, n, c);
        kernels->transpose(rows, L, x + c, stride, n_tokens, size);
        pack_rows(panel, col + c, rows, size, n_packed);
    }
}

/* --- the micro-kernel ----------------------------------------------------- */

/* Takes the sums of a group into those of W tokens, out. */
INLINE void take_group(float *out, ivec integers, const float *w,
                       const float *x, size_t n_packed)
{
    vec part = vec_mul(vec_set(w[PITH_W_SCALE]), ivec_to_vec(integers));
    if (n_packed == PITH_INT8_PACKED)
        part = vec_fma(vec_set(w[PITH_W_OFFSET]),
                       vec_load(x + PITH_X_SUM * L), part);
    vec_store(out, vec_fma(vec_load(x + PITH_X_SCALE * L), part,
                           vec_load(out)));
}

/* All integer sums of a group stay in registers: each step loads two vectors
 * of tokens, or one when the second half of the panel holds none, and
 * broadcasts the weights of ROWS rows.  n floats are in use. */
INLINE void multiply_group(float *out, const float *weights,
                           const float *panel, size_t n, bool both,
                           size_t n_packed)
{
    ivec low[ROWS], high[ROWS];
    UNROLL
    for (size_t r = 0; r < ROWS; r++)
        low[r] = high[r] = ivec_start(
            weights + r * PITH_ROW_STRIDE + n_packed + PITH_W_SHIFT, n_packed);
    for (size_t i = 0; i < n; i++) {
        ivec x_low = ivec_load(panel + i * L);
        ivec x_high = both ? ivec_load(panel + i * L + W) : x_low;
        UNROLL
        for (size_t r = 0; r < ROWS; r++) {
            ivec w = ivec_set(weights + r * PITH_ROW_STRIDE + i);
            low[r] = ivec_dot(low[r], x_low, w, n_packed);
            if (both)
                high[r] = ivec_dot(high[r], x_high, w, n_packed);
        }
    }
    weights += n_packed;
    panel += n_packed * L;
    UNROLL
    for (size_t r = 0; r < ROWS; r++) {
        const float *w = weights + r * PITH_ROW_STRIDE;
        take_group(out + r * L, low[r], w, panel, n_packed);
        if (both)
            take_group(out + r * L + W, high[r], w, panel + W, n_packed);
    }
}

INLINE void multiply_tile(float *out, const float *weights,
                          const float *panel, size_t depth, size_t n_lanes,
                          bool add, size_t n_packed)
{
    for (size_t i = 0; i < ROWS * L && !add; i += W)
        vec_store(out + i, vec_set(0));
    for (size_t c = 0; c < depth; c += pith_group(n_packed)) {
        size_t n = pith_group_packed(n_packed, depth, c);
        if (n_lanes > W)
            multiply_group(out, weights, panel, n, true, n_packed);
        else
            multiply_group(out, weights, panel, n, false, n_packed);
        weights += pith_group_floats(n_packed);
        panel += pith_group_rows(n_packed) * L;
    }
}

/* --- the tables ----------------------------------------------------------- */

#define DEFINE_INTEGERS(format, n_packed, unpack_row, format_name, variable)   \
    TARGET static void pack_##format(const struct pith_kernels *kernels,       \
                                     float *panel, size_t col, const float *x, \
                                     size_t stride, size_t n_tokens, size_t n) \
    {                                                                          \
        pack_tokens(kernels, panel, col, x, stride, n_tokens, n, n_packed);    \
    }                                                                          \
    TARGET static void pack_products_##format(                                 \
        const struct pith_kernels *kernels, float *panel, size_t col,          \
        const float *products, size_t n)                                       \
    {                                                                          \
        (void)kernels;                                                         \
        pack_rows(panel, col, products, n, n_packed);                          \
    }                                                                          \
    TARGET static void multiply_##format(                                      \
        const struct pith_kernels *kernels, float *out, const float *weights,  \
        const float *panel, size_t depth, size_t n_lanes, bool add)            \
    {                                                                          \
        (void)kernels;                                                         \
        multiply_tile(out, weights, panel, depth, n_lanes, add, n_packed);     \
    }                                                                          \
    const struct pith_precision variable = {                                   \
        .name = format_name,                                                   \
        .means = MEANS,                                                        \
        .usable = usable,                                                      \
        .rows = ROWS,                                                          \
        .unit =                                                                \
            n_packed == PITH_INT8_PACKED ? PITH_INT8_GROUP : PITH_INT16_GROUP, \
        .pack = pack_##format,                                                 \
        .pack_products = pack_products_##format,                               \
        .unpack = unpack_row,                                                  \
        .multiply = multiply_##format,                                         \
    }
