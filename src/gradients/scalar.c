/*
 * scalar.c - the kernels of training in plain C: the specification
 * of the vector ones; see set.h.
 */
#include "set.h"

#include <math.h>

#include "../kernels/set.h"

static void place(float *out, size_t out_stride, const float *in,
                  size_t in_stride, size_t n_rows, size_t n, bool add)
{
    for (size_t r = 0; r < n_rows; r++)
        for (size_t i = 0; i < n; i++) {
            float *to = out + r * out_stride + i;
            *to = add ? *to + in[r * in_stride + i] : in[r * in_stride + i];
        }
}

static void sum_rows(float *sums, const float *x, size_t stride, size_t T,
                     size_t n)
{
    for (size_t t = 0; t < T; t++)
        for (size_t i = 0; i < n; i++)
            sums[i] += x[t * stride + i];
}

/* With y = (x - mean) factor and g = dout gain,
 *   dx = factor (g - mean(g) - y mean(g y)),
 * without mean(g) where the norm takes off no mean. */
static void norm_backward(float *dx, struct pith_norm_stats *stats,
                          const float *dout, const float *x, const float *gain,
                          size_t C, float eps, bool centred)
{
    double mean = 0, variance = 0, sum = 0, product = 0;
    for (size_t i = 0; i < C && centred; i++)
        mean += (double)x[i] / (double)C;
    for (size_t i = 0; i < C; i++)
        variance += ((double)x[i] - mean) * ((double)x[i] - mean);
    double factor = 1 / sqrt(variance / (double)C + (double)eps);
    for (size_t i = 0; i < C; i++) {
        double g = (double)dout[i] * (double)gain[i];
        sum += g;
        product += g * ((double)x[i] - mean) * factor;
    }
    sum = centred ? sum / (double)C : 0;
    product /= (double)C;
    for (size_t i = 0; i < C; i++) {
        double g = (double)dout[i] * (double)gain[i];
        double y = ((double)x[i] - mean) * factor;
        dx[i] += (float)(factor * (g - sum - y * product));
    }
    stats->mean = (float)mean;
    stats->factor = (float)factor;
}

static void gain_backward(float *dgain, const float *dout, const float *x,
                          const struct pith_norm_stats *stats, size_t stride,
                          size_t T, size_t n)
{
    for (size_t t = 0; t < T; t++)
        for (size_t i = 0; i < n; i++)
            dgain[i] += dout[t * stride + i] *
                        ((x[t * stride + i] - stats[t].mean) *
                         stats[t].factor);
}

/* GELU(x) = x s with s = 1 / (1 + exp(-u)), u = 2 sqrt(2/pi) (x + 0.044715
 * x^3), so GELU'(x) = s + x s (1 - s) u'. */
static void gelu_backward(float *dx, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float square = x[i] * x[i];
        float u = 1.5957691216f * x[i] * (1 + 0.044715f * square);
        float slope = 1.5957691216f * (1 + 0.134145f * square);
        float s = 1 / (1 + expf(-u));
        dx[i] *= s + x[i] * s * (1 - s) * slope;
    }
}

/* SiLU(x) = x s with s = 1 / (1 + exp(-x)), SiLU'(x) = s + x s (1 - s). */
static void silu_mul_backward(float *dgate, float *dup, const float *dout,
                              const float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float d = dout[i], x = gate[i], s = 1 / (1 + expf(-x));
        dgate[i] = d * up[i] * (s + x * s * (1 - s));
        dup[i] = d * x * s;
    }
}

static void softmax_backward(float *dscores, const float *p,
                             const float *delta, float factor, size_t n)
{
    size_t L = pith_kernels_scalar.lanes;
    for (size_t i = 0; i < n; i++)
        for (size_t t = 0; t < L; t++)
            dscores[i * L + t] = p[i * L + t] *
                                 (dscores[i * L + t] - delta[t]) * factor;
}

static void probabilities(float *logits, size_t n, float log_sum, float factor)
{
    for (size_t i = 0; i < n; i++)
        logits[i] = expf(logits[i] - log_sum) * factor;
}

static void adamw(float *w, float *m, float *v, const float *g, size_t n,
                  const struct pith_adamw_factors *f)
{
    for (size_t i = 0; i < n; i++) {
        float scaled = g[i] * f->scale;
        m[i] = f->beta1 * m[i] + f->rest1 * scaled;
        v[i] = f->beta2 * v[i] + f->rest2 * scaled * scaled;
        w[i] = f->keep * w[i] -
               f->rate * m[i] / (sqrtf(v[i]) * f->root + f->eps);
    }
}

static double sum_of_squares(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

const struct pith_gradient_kernels pith_gradient_kernels_scalar = {
    .place = place,
    .sum_rows = sum_rows,
    .norm_backward = norm_backward,
    .gain_backward = gain_backward,
    .gelu_backward = gelu_backward,
    .silu_mul_backward = silu_mul_backward,
    .softmax_backward = softmax_backward,
    .probabilities = probabilities,
    .adamw = adamw,
    .sum_of_squares = sum_of_squares,
};
