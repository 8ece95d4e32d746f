/*
 * quantise.c - floats to the element types of weights; tensor.c says what
 * their bytes mean.
 */
#include <math.h>

#include "../base/narrow.h"
#include "../base/store.h"
#include "tensor.h"

enum { Q8_BYTES = 2 + PITH_Q_BLOCK, Q4_BYTES = 4 + PITH_Q_BLOCK / 2 };

static const float MAX_HALF = 65504.0f;

/* Rounds to a half, staying finite, and says what was stored. */
static float store_half(uint8_t *out, float value)
{
    if (value > MAX_HALF)
        value = MAX_HALF;
    if (value < -MAX_HALF)
        value = -MAX_HALF;
    uint16_t half = pith_f32_to_f16(value);
    pith_store_u16(out, half);
    return pith_f16_to_f32(half);
}

/* The integer in [low, high] nearest to value / scale. */
static int quantise(float value, float scale, int low, int high)
{
    float q = scale > 0 ? roundf(value / scale) : 0;
    if (!(q > (float)low)) /* NaN too */
        return low;
    return q < (float)high ? (int)q : high;
}

static void q8_from_floats(uint8_t *block, const float *in)
{
    float largest = 0;
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        largest = fmaxf(largest, fabsf(in[j]));
    float scale = store_half(block, largest / 127.0f);
    for (size_t j = 0; j < PITH_Q_BLOCK; j++)
        block[2 + j] = (uint8_t)quantise(in[j], scale, -127, 127);
}

static void q4_from_floats(uint8_t *block, const float *in)
{
    float smallest = in[0], largest = in[0];
    for (size_t j = 1; j < PITH_Q_BLOCK; j++) {
        smallest = fminf(smallest, in[j]);
        largest = fmaxf(largest, in[j]);
    }
    float scale = store_half(block, (largest - smallest) / 15.0f);
    float minimum = store_half(block + 2, smallest);
    for (size_t j = 0; j < PITH_Q_BLOCK / 2; j++) {
        int low = quantise(in[j] - minimum, scale, 0, 15);
        int high = quantise(in[j + PITH_Q_BLOCK / 2] - minimum, scale, 0, 15);
        block[4 + j] = (uint8_t)(low | high << 4);
    }
}

void pith_row_from_floats(uint8_t *out, enum pith_type type, const float *in,
                          size_t n)
{
    switch (type) {
    case PITH_F32:
        for (size_t i = 0; i < n; i++)
            pith_store_f32(out + 4 * i, in[i]);
        break;
    case PITH_F16:
        for (size_t i = 0; i < n; i++)
            pith_store_u16(out + 2 * i, pith_f32_to_f16(in[i]));
        break;
    case PITH_BF16:
        for (size_t i = 0; i < n; i++)
            pith_store_u16(out + 2 * i, pith_f32_to_bf16(in[i]));
        break;
    case PITH_Q8:
        for (size_t i = 0; i + PITH_Q_BLOCK <= n; i += PITH_Q_BLOCK)
            q8_from_floats(out + i / PITH_Q_BLOCK * Q8_BYTES, in + i);
        break;
    case PITH_Q4:
        for (size_t i = 0; i + PITH_Q_BLOCK <= n; i += PITH_Q_BLOCK)
            q4_from_floats(out + i / PITH_Q_BLOCK * Q4_BYTES, in + i);
        break;
    }
}
