/*
 * half.h - IEEE 754 half precision and bfloat16, as bit patterns.
 *
 * All four conversions are exact or round to nearest even, NaN stays NaN.
 * They use integer operations only, so they give the same bits everywhere.
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

static inline uint16_t pith_f32_to_f16(float value)
{
    uint32_t bits = pith_float_bits(value);
    uint32_t sign = bits >> 16 & 0x8000;
    uint32_t magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) /* NaN */
        return (uint16_t)(sign | 0x7E00);
    if (magnitude >= 0x477FF000) /* rounds to 2^16 or more: infinity */
        return (uint16_t)(sign | 0x7C00);
    if (magnitude < 0x38800000) { /* below 2^-14: subnormal or zero */
        if (magnitude < 0x33000000) /* below 2^-25: zero */
            return (uint16_t)sign;
        uint32_t shift = 126 - (magnitude >> 23);
        uint32_t fraction = (magnitude & 0x7FFFFF) | 0x800000;
        uint32_t rounded = fraction >> shift;
        uint32_t rest = fraction & ((1u << shift) - 1);
        uint32_t half = 1u << (shift - 1);
        rounded += rest > half || (rest == half && (rounded & 1));
        return (uint16_t)(sign | rounded);
    }
    /* Round the 13 dropped bits to nearest even; a carry goes into the
     * exponent, which is what it should do. */
    uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);
    return (uint16_t)(sign | ((rounded - 0x38000000) >> 13));
}

static inline float pith_bf16_to_f32(uint16_t brain)
{
    return pith_bits_float((uint32_t)brain << 16);
}

static inline uint16_t pith_f32_to_bf16(float value)
{
    uint32_t bits = pith_float_bits(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) /* NaN: keep it one */
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

#endif
