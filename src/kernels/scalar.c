/*
 * scalar.c - the kernels in plain C: the specification of the other sets, and
 * the fallback where there is no better one.
 */
#include <math.h>

#include "set.h"
#include "unpack.h"

enum { ROWS = 4, LANES = 8 };

static void multiply(float *out, const float *weights, const float *in,
                     size_t depth, size_t n_lanes, bool add)
{
    (void)n_lanes;
    for (size_t r = 0; r < ROWS; r++) {
        const float *row = weights + r * PITH_ROW_STRIDE;
        float sums[LANES];
        for (size_t t = 0; t < LANES; t++)
            sums[t] = add ? out[r * LANES + t] : 0;
        for (size_t k = 0; k < depth; k++)
            for (size_t t = 0; t < LANES; t++)
                sums[t] += row[k] * in[k * LANES + t];
        for (size_t t = 0; t < LANES; t++)
            out[r * LANES + t] = sums[t];
    }
}

static void transpose(float *out, size_t out_stride, const float *in,
                      size_t in_stride, size_t rows, size_t cols)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++)
            out[c * out_stride + r] = in[r * in_stride + c];
}

static void emit(float *out, size_t out_stride, const float *panel, size_t n,
                 size_t n_lanes, const float *bias, bool add)
{
    for (size_t t = 0; t < n_lanes; t++)
        for (size_t i = 0; i < n; i++) {
            float value = panel[i * LANES + t] + (bias != NULL ? bias[i] : 0);
            float *place = out + t * out_stride + i;
            *place = add ? *place + value : value;
        }
}

static void softmax(float *panel, size_t n, struct pith_softmax *state)
{
    for (size_t t = 0; t < LANES; t++) {
        float max = state->max[t];
        for (size_t i = 0; i < n; i++)
            max = fmaxf(max, panel[i * LANES + t]);
        float sum = 0;
        for (size_t i = 0; i < n; i++) {
            float *place = panel + i * LANES + t;
            *place = expf(*place - max);
            sum += *place;
        }
        state->scale[t] = expf(state->max[t] - max);
        state->sum[t] = state->sum[t] * state->scale[t] + sum;
        state->max[t] = max;
    }
}

static void scale(float *panel, size_t n, const float *factors)
{
    for (size_t i = 0; i < n; i++)
        for (size_t t = 0; t < LANES; t++)
            panel[i * LANES + t] *= factors[t];
}

static void shift(float *panel, size_t n, const float *shifts)
{
    for (size_t i = 0; i < n; i++)
        for (size_t t = 0; t < LANES; t++)
            panel[i * LANES + t] += shifts[i];
}

static void layer_norm(float *out, const float *x, const float *gain,
                       const float *shift, size_t C, float eps)
{
    double mean = 0, variance = 0;
    for (size_t i = 0; i < C; i++)
        mean += (double)x[i];
    mean /= (double)C;
    for (size_t i = 0; i < C; i++)
        variance += ((double)x[i] - mean) * ((double)x[i] - mean);
    variance /= (double)C;
    double factor = 1 / sqrt(variance + (double)eps);
    for (size_t i = 0; i < C; i++)
        out[i] = (float)(((double)x[i] - mean) * factor) * gain[i] + shift[i];
}

static void rms_norm(float *out, const float *x, const float *gain, size_t C,
                     float eps)
{
    double squares = 0;
    for (size_t i = 0; i < C; i++)
        squares += (double)x[i] * (double)x[i];
    float factor = (float)(1 / sqrt(squares / (double)C + (double)eps));
    for (size_t i = 0; i < C; i++)
        out[i] = x[i] * factor * gain[i];
}

/* 0.5 x (1 + tanh(u)) = x / (1 + exp(-2 u)), u = sqrt(2/pi) (x + 0.044715
 * x^3): the second form loses no digits where tanh(u) is near -1. */
static void gelu(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float cube = x[i] * x[i] * x[i];
        float u = 0.7978845608f * (x[i] + 0.044715f * cube);
        x[i] = x[i] / (1 + expf(-2 * u));
    }
}

static void silu_mul(float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i++)
        gate[i] = gate[i] / (1 + expf(-gate[i])) * up[i];
}

static void rotate(float *x, const float *cosines, const float *sines,
                   size_t half)
{
    for (size_t i = 0; i < half; i++) {
        float a = x[i], b = x[i + half];
        x[i] = a * cosines[i] - b * sines[i];
        x[i + half] = b * cosines[i] + a * sines[i];
    }
}

const struct pith_kernels pith_kernels_scalar = {
    .name = "scalar",
    .rows = ROWS,
    .lanes = LANES,
    .multiply = multiply,
    .unpack = pith_unpack_scalar,
    .transpose = transpose,
    .emit = emit,
    .softmax = softmax,
    .scale = scale,
    .shift = shift,
    .layer_norm = layer_norm,
    .rms_norm = rms_norm,
    .gelu = gelu,
    .silu_mul = silu_mul,
    .rotate = rotate,
};
