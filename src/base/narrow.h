/*
 * narrow.h - floats to half precision and bfloat16, rounded to nearest even;
 * NaN stays NaN.  In integer operations, so with the same bits everywhere.
 */
#ifndef PITH_BASE_NARROW_H
#define PITH_BASE_NARROW_H

#include "half.h"

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

static inline uint16_t pith_f32_to_bf16(float value)
{
    uint32_t bits = pith_float_bits(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) /* NaN: keep it one */
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

#endif
