/*
 * tensor.c - the element types of weights: bytes to floats and back.
 *
 * q8 is GGUF's Q8_0 and q4 its Q4_1, byte for byte:
 *   q8  half scale, 32 signed bytes q:       w = scale * q
 *   q4  half scale, half minimum, 16 bytes:  w = scale * q + minimum,
 *       q of weight j the low nibble of byte j, of weight j + 16 the high one
 * A half has 11 significant bits and q at most 8, so scale * q is exact and
 * each weight is rounded at most once, on every machine the same.
 */
#include "tensor.h"

#include <math.h>

#include "../base/bytes.h"
#include "../base/half.h"
#include "unpack.h"

enum { Q8_BYTES = 2 + PITH_Q_BLOCK, Q4_BYTES = 4 + PITH_Q_BLOCK / 2 };

static const float MAX_HALF = 65504.0f;

size_t pith_row_bytes(enum pith_type type, size_t cols)
{
    size_t blocks = cols % PITH_Q_BLOCK == 0 ? cols / PITH_Q_BLOCK : 0;
    switch (type) {
    case PITH_F32:
        return cols * 4;
    case PITH_F16:
    case PITH_BF16:
        return cols * 2;
    case PITH_Q8:
        return blocks * Q8_BYTES;
    case PITH_Q4:
        return blocks * Q4_BYTES;
    }
    return 0;
}

const char *pith_type_name(enum pith_type type)
{
    switch (type) {
    case PITH_F32:
        return "f32";
    case PITH_F16:
        return "f16";
    case PITH_BF16:
        return "bf16";
    case PITH_Q8:
        return "q8";
    case PITH_Q4:
        return "q4";
    }
    return "unknown";
}

/* --- to floats ------------------------------------------------------------ */

static void q8_to_floats(float *out, const uint8_t *block)
{
    float scale = pith_f16_to_f32(pith_load_u16(block));
    for (size_t j = 0; j < PITH_Q_BLOCK; j++) {
        int q = block[2 + j] < 128 ? block[2 + j] : block[2 + j] - 256;
        out[j] = scale * (float)q;
    }
}

static void q4_to_floats(float *out, const uint8_t *block)
{
    float scale = pith_f16_to_f32(pith_load_u16(block));
    float minimum = pith_f16_to_f32(pith_load_u16(block + 2));
    for (size_t j = 0; j < PITH_Q_BLOCK / 2; j++) {
        out[j] = scale * (float)(block[4 + j] & 15) + minimum;
        out[j + PITH_Q_BLOCK / 2] =
            scale * (float)(block[4 + j] >> 4) + minimum;
    }
}

void pith_unpack_scalar(float *out, enum pith_type type, const uint8_t *bytes,
                        size_t n)
{
    switch (type) {
    case PITH_F32:
        for (size_t i = 0; i < n; i++)
            out[i] = pith_load_f32(bytes + 4 * i);
        break;
    case PITH_F16:
        for (size_t i = 0; i < n; i++)
            out[i] = pith_f16_to_f32(pith_load_u16(bytes + 2 * i));
        break;
    case PITH_BF16:
        for (size_t i = 0; i < n; i++)
            out[i] = pith_bf16_to_f32(pith_load_u16(bytes + 2 * i));
        break;
    case PITH_Q8:
        for (size_t i = 0; i < n; i += PITH_Q_BLOCK)
            q8_to_floats(out + i, bytes + i / PITH_Q_BLOCK * Q8_BYTES);
        break;
    case PITH_Q4:
        for (size_t i = 0; i < n; i += PITH_Q_BLOCK)
            q4_to_floats(out + i, bytes + i / PITH_Q_BLOCK * Q4_BYTES);
        break;
    }
}

void pith_row_to_floats(float *out, const struct pith_tensor *tensor,
                        size_t row)
{
    size_t row_bytes = pith_row_bytes(tensor->type, tensor->cols);
    pith_unpack_scalar(out, tensor->type, tensor->data + row * row_bytes,
                       tensor->cols);
}

/* --- from floats ---------------------------------------------------------- */

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
