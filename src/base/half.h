/*
 * half.h - IEEE 754 half precision and bfloat16, as bit patterns, to floats:
 * exact, with the same bits everywhere.
 */
#ifndef PITH_BASE_HALF_H
#define PITH_BASE_HALF_H

#include <stdint.h>
#include <string.h>

static inline uint32_t pith_float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float pith_bits_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline float pith_f16_to_f32(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = half >> 10 & 0x1F;
    uint32_t fraction = half & 0x3FF;
    if (exponent == 0x1F) /* infinity, NaN */
        return pith_bits_float(sign | 0x7F800000 | fraction << 13);
    if (exponent == 0) { /* zero, subnormal: fraction * 2^-24 */
        float magnitude = (float)fraction * 0x1p-24f;
        return pith_bits_float(sign | pith_float_bits(magnitude));
    }
    return pith_bits_float(sign | (exponent + 112) << 23 | fraction << 13);
}

static inline float pith_bf16_to_f32(uint16_t brain)
{
    return pith_bits_float((uint32_t)brain << 16);
}

#endif
