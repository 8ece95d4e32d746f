/*
 * neon.c - kernels for the vector instructions of every 64-bit Arm: panels of
 * 8 tokens, tiles of 8 rows of weights.  16 of the 32 registers hold sums.
 */
#include "../target.h"
#ifdef PITH_BUILDS_NEON

#include <string.h>

#include "../../base/bytes.h"
#include "../../base/half.h"
#include "../unpack.h"
#include "neon_vector.h"
#include "../vector.h"

/* --- weights to floats ---------------------------------------------------- */

static void unpack_f16(float *out, const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    for (; i + W <= n; i += W) {
        uint16x4_t bits = vreinterpret_u16_u8(vld1_u8(bytes + 2 * i));
        vec_store(out + i, vcvt_f32_f16(vreinterpret_f16_u16(bits)));
    }
    pith_unpack_scalar(out + i, PITH_F16, bytes + 2 * i, n - i);
}

static void unpack_bf16(float *out, const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    for (; i + W <= n; i += W) {
        uint16x4_t bits = vreinterpret_u16_u8(vld1_u8(bytes + 2 * i));
        vec_store(out + i, vreinterpretq_f32_u32(vshll_n_u16(bits, 16)));
    }
    pith_unpack_scalar(out + i, PITH_BF16, bytes + 2 * i, n - i);
}

/* step * q + minimum for 16 signed bytes q. */
static inline void unpack_16(float *out, int8x16_t q, vec step, vec minimum)
{
    int16x8_t halves[2] = {vmovl_s8(vget_low_s8(q)), vmovl_s8(vget_high_s8(q))};
    for (size_t i = 0; i < 2; i++) {
        vec low = vcvtq_f32_s32(vmovl_s16(vget_low_s16(halves[i])));
        vec high = vcvtq_f32_s32(vmovl_s16(vget_high_s16(halves[i])));
        vec_store(out + 8 * i, vec_fma(step, low, minimum));
        vec_store(out + 8 * i + W, vec_fma(step, high, minimum));
    }
}

static void unpack_q8(float *out, const uint8_t *block, size_t n)
{
    vec none = vec_set(-0.0f); /* leaves a zero's sign alone */
    for (size_t i = 0; i < n; i += PITH_Q_BLOCK, block += 2 + PITH_Q_BLOCK) {
        vec step = vec_set(pith_f16_to_f32(pith_load_u16(block)));
        for (size_t j = 0; j < PITH_Q_BLOCK; j += 16)
            unpack_16(out + i + j,
                      vreinterpretq_s8_u8(vld1q_u8(block + 2 + j)), step,
                      none);
    }
}

static void unpack_q4(float *out, const uint8_t *block, size_t n)
{
    for (size_t i = 0; i < n;
         i += PITH_Q_BLOCK, block += 4 + PITH_Q_BLOCK / 2) {
        vec step = vec_set(pith_f16_to_f32(pith_load_u16(block)));
        vec minimum = vec_set(pith_f16_to_f32(pith_load_u16(block + 2)));
        uint8x16_t q = vld1q_u8(block + 4);
        int8x16_t low = vreinterpretq_s8_u8(vandq_u8(q, vdupq_n_u8(15)));
        int8x16_t high = vreinterpretq_s8_u8(vshrq_n_u8(q, 4));
        unpack_16(out + i, low, step, minimum);
        unpack_16(out + i + 16, high, step, minimum);
    }
}

#include "../unpack_types.h"

DEFINE_SET(pith_kernels_neon, "neon");

#endif
