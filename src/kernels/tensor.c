/*
 * tensor.c - the element types of weights: bytes to floats; quantise.c has the
 * way back.
 *
 * q8 is GGUF's Q8_0 and q4 its Q4_1, byte for byte:
 *   q8  half scale, 32 signed bytes q:       w = scale * q
 *   q4  half scale, half minimum, 16 bytes:  w = scale * q + minimum,
 *       q of weight j the low nibble of byte j, of weight j + 16 the high one
 * A half has 11 significant bits and q at most 8, so scale * q is exact and
 * each weight is rounded at most once, on every machine the same.
 */
#include "tensor.h"

#include "../base/bytes.h"
#include "../base/half.h"
#include "unpack.h"

enum { Q8_BYTES = 2 + PITH_Q_BLOCK, Q4_BYTES = 4 + PITH_Q_BLOCK / 2 };

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
