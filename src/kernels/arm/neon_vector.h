/*
 * neon_vector.h - Arm as the primitives that ../vector.h lists.
 */
#include <arm_neon.h>
#include <stdbool.h>
#include <string.h>

#include "../target.h"

#define TARGET
#define UNROLL PITH_UNROLL_16

enum { W = 4, ROWS = 8 };
typedef float32x4_t vec;

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

#include "../vector_part.h"

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

static inline vec vec_min(vec a, vec b)
{
    return vminq_f32(a, b);
}

static inline vec vec_zero_below(vec v, vec x, float low)
{
    uint32x4_t goes = vcltq_f32(x, vec_set(low));
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(v), goes));
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
