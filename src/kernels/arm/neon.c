/*
 * neon.c - kernels for the vector instructions of every 64-bit Arm: panels of
 * 8 tokens, tiles of 8 rows of weights.  16 of the 32 registers hold sums.
 */
#if defined(__GNUC__) && defined(__aarch64__) && defined(__AARCH64EL__)

#include <arm_neon.h>
#include <stdbool.h>
#include <string.h>

#include "../../base/bytes.h"
#include "../../base/half.h"
#include "../target.h"
#include "../unpack.h"

#define TARGET
#define UNROLL PITH_UNROLL_16

enum { W = 4, ROWS = 8 };
typedef float32x4_t vec;

/* --- primitives of vector.h ----------------------------------------------- */

static inline vec vec_set(float x)
{
    return vdupq_n_f32(x);
}

static inline vec vec_load(const float *p)
{
    return vld1q_f32(p);
}

static inline void vec_store(float *p, vec v)
{
    vst1q_f32(p, v);
}

static inline vec vec_load_part(const float *p, size_t n)
{
    float lanes[W] = {0};
    if (n == W)
        return vec_load(p);
    memcpy(lanes, p, n * sizeof *p);
    return vec_load(lanes);
}

static inline void vec_store_part(float *p, vec v, size_t n)
{
    float lanes[W];
    if (n == W) {
        vec_store(p, v);
        return;
    }
    vec_store(lanes, v);
    memcpy(p, lanes, n * sizeof *p);
}

static inline vec vec_add(vec a, vec b)
{
    return vaddq_f32(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return vsubq_f32(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
    return vmulq_f32(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return vdivq_f32(a, b);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return vfmaq_f32(c, a, b);
}

static inline vec vec_max(vec a, vec b)
{
    return vmaxq_f32(a, b);
}

static inline vec vec_clamp(vec x, float low, float high)
{
    return vminq_f32(vec_set(high), vmaxq_f32(vec_set(low), x));
}

static inline vec vec_zero_below(vec v, vec x, float low)
{
    uint32x4_t goes = vcltq_f32(x, vec_set(low));
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(v), goes));
}

static inline vec vec_round(vec x)
{
    return vrndnq_f32(x);
}

/* 2^n for n in [-126, 127], put together from its exponent bits. */
static inline vec power_of_2(int32x4_t n)
{
    int32x4_t biased = vaddq_s32(n, vdupq_n_s32(127));
    return vreinterpretq_f32_s32(vshlq_n_s32(biased, 23));
}

static inline vec vec_sqrt(vec x)
{
    return vsqrtq_f32(x);
}

/* In two steps, as 2^n alone can be too small or too large for a float. */
static inline vec vec_scale(vec x, vec n)
{
    int32x4_t whole = vcvtq_s32_f32(n);
    int32x4_t half = vshrq_n_s32(whole, 1);
    x = vec_mul(x, power_of_2(half));
    return vec_mul(x, power_of_2(vsubq_s32(whole, half)));
}

static inline void vec_transpose(vec v[W])
{
    float32x4x2_t a = vtrnq_f32(v[0], v[1]), b = vtrnq_f32(v[2], v[3]);
    v[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
    v[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
    v[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
    v[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}

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
    for (size_t i = 0; i < n; i += PITH_BLOCK, block += 2 + PITH_BLOCK) {
        vec step = vec_set(pith_f16_to_f32(pith_load_u16(block)));
        for (size_t j = 0; j < PITH_BLOCK; j += 16)
            unpack_16(out + i + j,
                      vreinterpretq_s8_u8(vld1q_u8(block + 2 + j)), step,
                      none);
    }
}

static void unpack_q4(float *out, const uint8_t *block, size_t n)
{
    for (size_t i = 0; i < n; i += PITH_BLOCK, block += 4 + PITH_BLOCK / 2) {
        vec step = vec_set(pith_f16_to_f32(pith_load_u16(block)));
        vec minimum = vec_set(pith_f16_to_f32(pith_load_u16(block + 2)));
        uint8x16_t q = vld1q_u8(block + 4);
        int8x16_t low = vreinterpretq_s8_u8(vandq_u8(q, vdupq_n_u8(15)));
        int8x16_t high = vreinterpretq_s8_u8(vshrq_n_u8(q, 4));
        unpack_16(out + i, low, step, minimum);
        unpack_16(out + i + 16, high, step, minimum);
    }
}

static void unpack(float *out, enum pith_type type, const uint8_t *bytes,
                   size_t n)
{
    switch (type) {
    case PITH_F32:
        memcpy(out, bytes, n * sizeof *out);
        break;
    case PITH_F16:
        unpack_f16(out, bytes, n);
        break;
    case PITH_BF16:
        unpack_bf16(out, bytes, n);
        break;
    case PITH_Q8:
        unpack_q8(out, bytes, n);
        break;
    case PITH_Q4:
        unpack_q4(out, bytes, n);
        break;
    }
}

DEFINE_SET(pith_kernels_neon, "neon");

#endif
