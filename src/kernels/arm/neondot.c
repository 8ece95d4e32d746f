/*
 * neondot.c - products of bytes with the dot products of Arm v8.2: panels of 8
 * tokens, tiles of 12 rows.
 *
 * Both factors of the instruction are signed, so the 128 that tokens are
 * stored with is taken off again, and sums start from 0.
 */
#include "../integers.h"
#ifdef PITH_BUILDS_NEON_DOT

#include <arm_neon.h>
#include <math.h>

#include "../cpu.h"
#include "../target.h"

#if defined(__clang__)
#define TARGET PITH_TARGET("dotprod")
#else
#define TARGET PITH_TARGET("arch=armv8.2-a+dotprod")
#endif
#define UNROLL PITH_UNROLL_16
#define MEANS "NEON dot product"

enum { W = 4, ROWS = 12 };
typedef float32x4_t vec;
typedef int32x4_t ivec;

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

/* Without signs, floats are ordered as their bits are. */
static inline vec vec_larger(vec largest, vec v)
{
    ivec size = vreinterpretq_s32_f32(vabsq_f32(v));
    return vreinterpretq_f32_s32(
        vmaxq_s32(vreinterpretq_s32_f32(largest), size));
}

static inline vec vec_if_finite(vec v, vec x)
{
    uint32x4_t below = vcltq_f32(x, vec_set(INFINITY));
    return vreinterpretq_f32_u32(
        vandq_u32(below, vreinterpretq_u32_f32(v)));
}

static inline ivec ivec_zero(void)
{
    return vdupq_n_s32(0);
}

static inline ivec ivec_set(const float *p)
{
    return vreinterpretq_s32_f32(vec_set(*p));
}

static inline ivec ivec_load(const float *p)
{
    return vreinterpretq_s32_f32(vec_load(p));
}

static inline void ivec_store(float *p, ivec v)
{
    vec_store(p, vreinterpretq_f32_s32(v));
}

static inline ivec ivec_round(vec v)
{
    return vcvtnq_s32_f32(v);
}

static inline vec ivec_to_vec(ivec v)
{
    return vcvtq_f32_s32(v);
}

static inline ivec ivec_add(ivec a, ivec b)
{
    return vaddq_s32(a, b);
}

static inline ivec ivec_insert(ivec a, ivec b, size_t bits, size_t at)
{
    ivec low = vandq_s32(b, vdupq_n_s32((1 << bits) - 1));
    return vorrq_s32(a, vshlq_s32(low, vdupq_n_s32((int32_t)at)));
}

static inline ivec ivec_flip_bytes(ivec a)
{
    return veorq_s32(a, vdupq_n_s32((int32_t)0x80808080));
}

static inline ivec ivec_start(const float *p, size_t n_packed)
{
    (void)p;
    (void)n_packed;
    return ivec_zero();
}

TARGET static inline ivec ivec_dot(ivec sum, ivec x, ivec w, size_t n_packed)
{
    (void)n_packed;
    return vdotq_s32(sum, vreinterpretq_s8_s32(ivec_flip_bytes(x)),
                     vreinterpretq_s8_s32(w));
}

static bool usable(const struct pith_kernels *kernels)
{
    return kernels == &pith_kernels_neon && pith_cpu_has_neon_dot();
}

static void unpack(const struct pith_kernels *kernels, float *row,
                   enum pith_type type, const uint8_t *bytes, size_t n)
{
    pith_precision_int8.unpack(kernels, row, type, bytes, n);
}

#include "../integers_vector.h"

DEFINE_INTEGERS(int8, PITH_INT8_PACKED, unpack, "int8",
                pith_precision_int8_neon);

#endif
