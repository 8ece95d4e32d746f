/*
 * vector.h - the kernels of training for every vector instruction set; a
 * template on the primitives that ../kernels/vector.h lists, included once by
 * each set's file, which ends in DEFINE_GRADIENTS.
 */
#include <math.h>

#include "../kernels/prefetch.h"
#include "../kernels/vector_math.h"
#include "set.h"

TARGET static void place(float *out, size_t out_stride, const float *in,
                         size_t in_stride, size_t n_rows, size_t n, bool add)
{
    for (size_t r = 0; r < n_rows; r++)
        for (size_t i = 0; i < n; i += W) {
            float *to = out + r * out_stride + i;
            size_t part = n - i < W ? n - i : W;
            vec v = vec_load_part(in + r * in_stride + i, part);
            if (add)
                v = vec_add(vec_load_part(to, part), v);
            vec_store_part(to, v, part);
        }
}

TARGET static void sum_rows(float *sums, const float *x, size_t stride,
                            size_t T, size_t n)
{
    for (size_t i = 0; i < n; i += W) {
        size_t part = n - i < W ? n - i : W;
        vec sum = vec_load_part(sums + i, part);
        for (size_t t = 0; t < T; t++)
            sum = vec_add(sum, vec_load_part(x + t * stride + i, part));
        vec_store_part(sums + i, sum, part);
    }
}

/* Sums over a token's g = dout gain and g y, y = (x - mean) factor. */
TARGET static void norm_sums(double *sum, double *product, const float *dout,
                             const float *x, const float *gain, size_t C,
                             struct pith_norm_stats stats)
{
    vec centre = vec_set(stats.mean), factor = vec_set(stats.factor);
    vec sums = vec_set(0), products = vec_set(0);
    for (size_t i = 0; i < C; i += W) {
        size_t n = C - i < W ? C - i : W;
        vec g = vec_mul(vec_load_part(dout + i, n),
                        vec_load_part(gain + i, n));
        vec d = vec_sub(vec_load_part(x + i, n), centre);
        sums = vec_add(sums, g);
        products = vec_fma(g, vec_mul(d, factor), products);
    }
    *sum = sum_lanes(sums);
    *product = sum_lanes(products);
}

TARGET static void norm_backward(float *dx, struct pith_norm_stats *stats,
                                 const float *dout, const float *x,
                                 const float *gain, size_t C, float eps,
                                 bool centred)
{
    double sum, product;
    stats->mean = centred ? (float)(sum_of(x, C) / (double)C) : 0;
    double variance = sum_of_squares(x, C, stats->mean) / (double)C;
    stats->factor = (float)(1 / sqrt(variance + (double)eps));
    norm_sums(&sum, &product, dout, x, gain, C, *stats);
    vec mean_g = vec_set(centred ? (float)(sum / (double)C) : 0);
    vec mean_gy = vec_set((float)(product / (double)C));
    vec centre = vec_set(stats->mean), factor = vec_set(stats->factor);
    for (size_t i = 0; i < C; i += W) {
        size_t n = C - i < W ? C - i : W;
        vec g = vec_mul(vec_load_part(dout + i, n),
                        vec_load_part(gain + i, n));
        vec y = vec_mul(vec_sub(vec_load_part(x + i, n), centre), factor);
        vec d = vec_sub(vec_sub(g, mean_g), vec_mul(y, mean_gy));
        vec_store_part(dx + i, vec_fma(d, factor, vec_load_part(dx + i, n)),
                       n);
    }
}

TARGET static void gain_backward(float *dgain, const float *dout,
                                 const float *x,
                                 const struct pith_norm_stats *stats,
                                 size_t stride, size_t T, size_t n)
{
    for (size_t i = 0; i < n; i += W) {
        size_t part = n - i < W ? n - i : W;
        vec sum = vec_load_part(dgain + i, part);
        for (size_t t = 0; t < T; t++) {
            vec d = vec_sub(vec_load_part(x + t * stride + i, part),
                            vec_set(stats[t].mean));
            sum = vec_fma(vec_load_part(dout + t * stride + i, part),
                          vec_mul(d, vec_set(stats[t].factor)), sum);
        }
        vec_store_part(dgain + i, sum, part);
    }
}

/* s + x s (1 - s) slope with s = 1 / (1 + e^-u). */
TARGET static inline vec sigmoid_slope(vec x, vec u, vec slope)
{
    vec s = vec_mul_sigmoid(vec_set(1), u);
    vec rest = vec_mul(s, vec_sub(vec_set(1), s));
    return vec_fma(vec_mul(x, rest), slope, s);
}

TARGET static void gelu_backward(float *dx, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += W) {
        size_t part = n - i < W ? n - i : W;
        vec v = vec_load_part(x + i, part), square = vec_mul(v, v);
        vec u = vec_mul(v, vec_set(1.5957691216f));
        u = vec_mul(u, vec_fma(square, vec_set(0.044715f), vec_set(1)));
        vec slope = vec_fma(square, vec_set(0.134145f), vec_set(1));
        slope = vec_mul(slope, vec_set(1.5957691216f));
        vec d = vec_mul(vec_load_part(dx + i, part),
                        sigmoid_slope(v, u, slope));
        vec_store_part(dx + i, d, part);
    }
}

TARGET static void silu_mul_backward(float *dgate, float *dup,
                                     const float *dout, const float *gate,
                                     const float *up, size_t n)
{
    for (size_t i = 0; i < n; i += W) {
        size_t part = n - i < W ? n - i : W;
        vec x = vec_load_part(gate + i, part);
        vec d = vec_load_part(dout + i, part);
        vec by_gate = vec_mul(vec_mul(d, vec_load_part(up + i, part)),
                              sigmoid_slope(x, x, vec_set(1)));
        vec_store_part(dup + i, vec_mul(d, vec_mul_sigmoid(x, x)), part);
        vec_store_part(dgate + i, by_gate, part);
    }
}

TARGET static void softmax_backward(float *dscores, const float *p,
                                    const float *delta, float factor,
                                    size_t n)
{
    vec by = vec_set(factor);
    for (size_t t = 0; t < L; t += W) {
        vec shift = vec_load(delta + t);
        for (size_t i = 0; i < n; i++) {
            float *place_of = dscores + i * L + t;
            vec d = vec_sub(vec_load(place_of), shift);
            d = vec_mul(vec_mul(vec_load(p + i * L + t), d), by);
            vec_store(place_of, d);
        }
    }
}

TARGET static void probabilities(float *logits, size_t n, float log_sum,
                                 float factor)
{
    for (size_t i = 0; i < n; i += W) {
        size_t part = n - i < W ? n - i : W;
        vec x = vec_sub(vec_load_part(logits + i, part), vec_set(log_sum));
        vec_store_part(logits + i, vec_mul(vec_exp(x), vec_set(factor)), part);
    }
}

TARGET static void adamw(float *w, float *m, float *v, const float *g,
                         size_t n, const struct pith_adamw_factors *f)
{
    const size_t ahead = 256; /* floats that are on their way */
    for (size_t i = 0; i < n; i += W) {
        size_t part = n - i < W ? n - i : W;
        if (ahead < n - i) {
            pith_prefetch(w + i + ahead);
            pith_prefetch(m + i + ahead);
            pith_prefetch(v + i + ahead);
            pith_prefetch(g + i + ahead);
        }
        vec scaled = vec_mul(vec_load_part(g + i, part), vec_set(f->scale));
        vec first = vec_mul(scaled, vec_set(f->rest1));
        vec second = vec_mul(vec_mul(scaled, scaled), vec_set(f->rest2));
        first = vec_fma(vec_load_part(m + i, part), vec_set(f->beta1), first);
        second = vec_fma(vec_load_part(v + i, part), vec_set(f->beta2),
                         second);
        vec below = vec_fma(vec_sqrt(second), vec_set(f->root),
                            vec_set(f->eps));
        vec change = vec_div(vec_mul(first, vec_set(f->rate)), below);
        vec kept = vec_mul(vec_load_part(w + i, part), vec_set(f->keep));
        vec_store_part(m + i, first, part);
        vec_store_part(v + i, second, part);
        vec_store_part(w + i, vec_sub(kept, change), part);
    }
}

static double plain_sum_of_squares(const float *x, size_t n)
{
    return sum_of_squares(x, n, 0);
}

#define DEFINE_GRADIENTS(variable)                                             \
    const struct pith_gradient_kernels variable = {                            \
        .place = place,                                                        \
        .sum_rows = sum_rows,                                                  \
        .norm_backward = norm_backward,                                        \
        .gain_backward = gain_backward,                                        \
        .gelu_backward = gelu_backward,                                        \
        .silu_mul_backward = silu_mul_backward,                                \
        .softmax_backward = softmax_backward,                                  \
        .probabilities = probabilities,                                        \
        .adamw = adamw,                                                        \
        .sum_of_squares = plain_sum_of_squares,                                \
    }
