/*
 * vector.h - the kernels that are the same for every vector instruction set,
 * written on a few primitives; a template, included once by each set's file.
 *
 * The file that includes it has defined before:
 *
 *   TARGET               attribute of a function that uses the instructions
 *   vec, W               a vector of W floats; L = 2 W lanes make a panel
 *   ROWS                 of a tile of multiply(), at most 16: 2 ROWS + 3
 *                        vectors should fit the registers
 *   vec_set(x)           x in every lane
 *   vec_load(p), vec_store(p, v)
 *   vec_load_part(p, n), vec_store_part(p, v, n)
 *                        the first n <= W floats; the rest load as 0
 *   vec_add, vec_sub, vec_mul, vec_div (a, b)
 *   vec_fma(a, b, c)     a * b + c, rounded once
 *   vec_max, vec_min (a, b)  b where either is NaN, or NaN
 *   vec_zero_below(v, x, low)  0 in the lanes with x < low, else v
 *   vec_sqrt(x)          rounded correctly
 *   vec_scale(x, n)      x * 2^n, n integers in [-126, 129]
 *   vec_transpose(v)     transposes v[W] in place
 *   UNROLL               before a loop of at most 16 steps: unroll it
 *
 * (the set's *_vector.h has these) and, after it, defines unpack() and ends in DEFINE_SET.
 */
#include <math.h>
#include <stddef.h>

#include "prefetch.h"
#include "set.h"
#include "vector_math.h"

enum { AHEAD = 64 /* columns that transpose() and emit() ask for */ };

/* --- the micro-kernel ----------------------------------------------------- */

/* All sums of a tile stay in registers; each step loads two vectors of tokens
 * and broadcasts ROWS weights. */
TARGET static void multiply_both(float *out, const float *weights,
                                 const float *in, size_t depth, bool add)
{
    vec low[ROWS], high[ROWS];
    UNROLL
    for (size_t r = 0; r < ROWS; r++) {
        low[r] = add ? vec_load(out + r * L) : vec_set(0);
        high[r] = add ? vec_load(out + r * L + W) : vec_set(0);
    }
    for (size_t k = 0; k < depth; k++) {
        vec x_low = vec_load(in + k * L), x_high = vec_load(in + k * L + W);
        UNROLL
        for (size_t r = 0; r < ROWS; r++) {
            vec w = vec_set(weights[r * PITH_ROW_STRIDE + k]);
            low[r] = vec_fma(w, x_low, low[r]);
            high[r] = vec_fma(w, x_high, high[r]);
        }
    }
    UNROLL
    for (size_t r = 0; r < ROWS; r++) {
        vec_store(out + r * L, low[r]);
        vec_store(out + r * L + W, high[r]);
    }
}

/* The same for a panel whose second half holds no token. */
TARGET static void multiply_half(float *out, const float *weights,
                                 const float *in, size_t depth, bool add)
{
    vec sums[ROWS];
    UNROLL
    for (size_t r = 0; r < ROWS; r++)
        sums[r] = add ? vec_load(out + r * L) : vec_set(0);
    for (size_t k = 0; k < depth; k++) {
        vec x = vec_load(in + k * L);
        UNROLL
        for (size_t r = 0; r < ROWS; r++)
            sums[r] = vec_fma(vec_set(weights[r * PITH_ROW_STRIDE + k]), x,
                              sums[r]);
    }
    UNROLL
    for (size_t r = 0; r < ROWS; r++)
        vec_store(out + r * L, sums[r]);
}

static void multiply(float *out, const float *weights, const float *in,
                     size_t depth, size_t n_lanes, bool add)
{
    if (n_lanes > W)
        multiply_both(out, weights, in, depth, add);
    else
        multiply_half(out, weights, in, depth, add);
}

/* --- panels --------------------------------------------------------------- */

/* Rows and columns beyond the first n_rows, n_cols <= W read as 0. */
TARGET static inline void load_square(vec v[W], const float *in, size_t stride,
                                      size_t n_rows, size_t n_cols)
{
    UNROLL
    for (size_t r = 0; r < W; r++)
        v[r] = r < n_rows ? vec_load_part(in + r * stride, n_cols) : vec_set(0);
}

TARGET static void transpose(float *out, size_t out_stride, const float *in,
                             size_t in_stride, size_t rows, size_t cols)
{
    for (size_t c = 0; c < cols; c += W)
        for (size_t r = 0; r < rows; r += W) {
            size_t n_rows = rows - r < W ? rows - r : W;
            size_t n_cols = cols - c < W ? cols - c : W;
            vec v[W];
            for (size_t i = 0; i < n_rows && c + AHEAD < cols; i++)
                pith_prefetch(in + (r + i) * in_stride + c + AHEAD);
            load_square(v, in + r * in_stride + c, in_stride, n_rows, n_cols);
            vec_transpose(v);
            UNROLL
            for (size_t i = 0; i < W; i++)
                if (i < n_cols)
                    vec_store_part(out + (c + i) * out_stride + r, v[i],
                                   n_rows);
        }
}

TARGET static void emit(float *out, size_t out_stride, const float *panel,
                        size_t n, size_t n_lanes, const float *bias, bool add)
{
    for (size_t t = 0; t < n_lanes; t += W)
        for (size_t i = 0; i < n; i += W) {
            size_t n_rows = n - i < W ? n - i : W;
            size_t n_cols = n_lanes - t < W ? n_lanes - t : W;
            vec shift = bias != NULL ? vec_load_part(bias + i, n_rows)
                                     : vec_set(0);
            vec v[W];
            for (size_t j = 0; j < n_cols && i + AHEAD < n; j++)
                pith_prefetch(out + (t + j) * out_stride + i + AHEAD);
            load_square(v, panel + i * L + t, L, n_rows, n_cols);
            vec_transpose(v);
            UNROLL
            for (size_t j = 0; j < W; j++) {
                float *place = out + (t + j) * out_stride + i;
                if (j >= n_cols)
                    continue;
                vec value = vec_add(v[j], shift);
                if (add)
                    value = vec_add(vec_load_part(place, n_rows), value);
                vec_store_part(place, value, n_rows);
            }
        }
}

/* What e^(x - max) adds up to, which takes the place of x. */
TARGET static inline vec take_exp(float *place, vec max, vec sum)
{
    vec e = vec_exp_to_89(vec_sub(vec_load(place), max));
    vec_store(place, e);
    return vec_add(sum, e);
}

TARGET static inline void update_state(struct pith_softmax *state, size_t t,
                                       vec max, vec sum)
{
    vec shrink = vec_exp_to_89(vec_sub(vec_load(state->max + t), max));
    vec_store(state->scale + t, shrink);
    vec_store(state->sum + t, vec_fma(vec_load(state->sum + t), shrink, sum));
    vec_store(state->max + t, max);
}

TARGET static void softmax(float *panel, size_t n, struct pith_softmax *state)
{
    vec low = vec_load(state->max), high = vec_load(state->max + W);
    vec low_sum = vec_set(0), high_sum = vec_set(0);
    for (size_t i = 0; i < n; i++) {
        low = vec_max(vec_load(panel + i * L), low);
        high = vec_max(vec_load(panel + i * L + W), high);
    }
    for (size_t i = 0; i < n; i++) {
        low_sum = take_exp(panel + i * L, low, low_sum);
        high_sum = take_exp(panel + i * L + W, high, high_sum);
    }
    update_state(state, 0, low, low_sum);
    update_state(state, W, high, high_sum);
}

TARGET static void scale(float *panel, size_t n, const float *factors)
{
    vec low = vec_load(factors), high = vec_load(factors + W);
    for (size_t i = 0; i < n; i++) {
        float *row = panel + i * L;
        vec_store(row, vec_mul(vec_load(row), low));
        vec_store(row + W, vec_mul(vec_load(row + W), high));
    }
}

TARGET static void shift(float *panel, size_t n, const float *shifts)
{
    for (size_t i = 0; i < n; i++) {
        float *row = panel + i * L;
        vec by = vec_set(shifts[i]);
        vec_store(row, vec_add(vec_load(row), by));
        vec_store(row + W, vec_add(vec_load(row + W), by));
    }
}

/* --- norms ---------------------------------------------------------------- */

TARGET static void layer_norm(float *out, const float *x, const float *gain,
                              const float *shift, size_t C, float eps)
{
    float mean = (float)(sum_of(x, C) / (double)C);
    double variance = sum_of_squares(x, C, mean) / (double)C;
    vec factor = vec_set((float)(1 / sqrt(variance + (double)eps)));
    for (size_t i = 0; i < C; i += W) {
        size_t n = C - i < W ? C - i : W;
        vec d = vec_sub(vec_load_part(x + i, n), vec_set(mean));
        vec_store_part(out + i,
                       vec_fma(vec_mul(d, factor), vec_load_part(gain + i, n),
                               vec_load_part(shift + i, n)),
                       n);
    }
}

TARGET static void rms_norm(float *out, const float *x, const float *gain,
                            size_t C, float eps)
{
    double squares = sum_of_squares(x, C, 0) / (double)C;
    vec factor = vec_set((float)(1 / sqrt(squares + (double)eps)));
    for (size_t i = 0; i < C; i += W) {
        size_t n = C - i < W ? C - i : W;
        vec v = vec_mul(vec_load_part(x + i, n), factor);
        vec_store_part(out + i, vec_mul(v, vec_load_part(gain + i, n)), n);
    }
}

/* --- element by element --------------------------------------------------- */

/* x / (1 + e^-2u), as in scalar.c. */
TARGET static void gelu(float *x, size_t n)
{
    for (size_t i = 0; i < n; i += W) {
        size_t part = n - i < W ? n - i : W;
        vec v = vec_load_part(x + i, part);
        vec cube = vec_mul(vec_mul(v, v), v);
        vec u = vec_fma(cube, vec_set(0.044715f), v);
        u = vec_mul(u, vec_set(2 * 0.7978845608f));
        vec_store_part(x + i, vec_mul_sigmoid(v, u), part);
    }
}

TARGET static void silu_mul(float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i += W) {
        size_t part = n - i < W ? n - i : W;
        vec v = vec_load_part(gate + i, part);
        v = vec_mul(vec_mul_sigmoid(v, v), vec_load_part(up + i, part));
        vec_store_part(gate + i, v, part);
    }
}

TARGET static void rotate(float *x, const float *cosines, const float *sines,
                          size_t half)
{
    for (size_t i = 0; i < half; i += W) {
        size_t n = half - i < W ? half - i : W;
        vec a = vec_load_part(x + i, n), b = vec_load_part(x + half + i, n);
        vec c = vec_load_part(cosines + i, n), s = vec_load_part(sines + i, n);
        vec bs = vec_sub(vec_set(0), vec_mul(b, s));
        vec_store_part(x + i, vec_fma(a, c, bs), n);
        vec_store_part(x + half + i, vec_fma(b, c, vec_mul(a, s)), n);
    }
}

/* --- the table ------------------------------------------------------------ */

#define DEFINE_SET(variable, set_name)                                         \
    const struct pith_kernels variable = {                                     \
        .name = set_name,                                                      \
        .rows = ROWS,                                                          \
        .lanes = L,                                                            \
        .multiply = multiply,                                                  \
        .unpack = unpack,                                                      \
        .transpose = transpose,                                                \
        .emit = emit,                                                          \
        .softmax = softmax,                                                    \
        .scale = scale,                                                        \
        .shift = shift,                                                        \
        .layer_norm = layer_norm,                                              \
        .rms_norm = rms_norm,                                                  \
        .gelu = gelu,                                                          \
        .silu_mul = silu_mul,                                                  \
        .rotate = rotate,                                                      \
    }
