/*
 * vnni.c - products of integers with AVX-512 VNNI: panels of 32 tokens, tiles
 * of 12 rows of weights.
 */
#include "../integers.h"
#ifdef PITH_BUILDS_AVX512

#include <immintrin.h>
#include <math.h>

#include "../cpu.h"
#include "integers_x86.h"
#include "../target.h"

#define TARGET PITH_TARGET("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma")
#define UNROLL PITH_UNROLL_16
#define MEANS "AVX-512 VNNI"

enum { W = 16, ROWS = 12 };
typedef __m512 vec;
/* As __m512i, eight longs, sums would not stay in registers: gcc copies them
 * whenever the type changes. */
typedef int32_t ivec __attribute__((vector_size(64)));

TARGET static inline vec vec_set(float x)
{
    return _mm512_set1_ps(x);
}

TARGET static inline vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

TARGET static inline vec vec_read(const uint8_t *p)
{
    return _mm512_loadu_ps((const void *)p);
}

TARGET static inline void vec_store(float *p, vec v)
{
    _mm512_storeu_ps(p, v);
}

TARGET static inline vec vec_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}

TARGET static inline vec vec_div(vec a, vec b)
{
    return _mm512_div_ps(a, b);
}

TARGET static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

/* Without signs, floats are ordered as their bits are. */
TARGET static inline vec vec_larger(vec largest, vec v)
{
    return (vec)_mm512_max_epi32((__m512i)largest, (__m512i)_mm512_abs_ps(v));
}

TARGET static inline float vec_greatest(vec v)
{
    __m128i bits = _mm_cvtsi32_si128(_mm512_reduce_max_epi32((__m512i)v));
    return _mm_cvtss_f32(_mm_castsi128_ps(bits));
}

TARGET static inline vec vec_if_finite(vec v, vec x)
{
    __mmask16 below = _mm512_cmp_ps_mask(x, vec_set(INFINITY), _CMP_LT_OQ);
    return _mm512_maskz_mov_ps(below, v);
}

TARGET static inline ivec ivec_zero(void)
{
    return (ivec)_mm512_setzero_si512();
}

TARGET static inline ivec ivec_set(const float *p)
{
    return (ivec)vec_set(*p);
}

TARGET static inline ivec ivec_load(const float *p)
{
    return (ivec)_mm512_loadu_si512(p);
}

TARGET static inline void ivec_store(float *p, ivec v)
{
    _mm512_storeu_si512(p, (__m512i)v);
}

TARGET static inline void ivec_store_pairs(float *p, ivec a, ivec b)
{
    _mm256_storeu_si256((void *)p, _mm512_cvtepi32_epi16((__m512i)a));
    _mm256_storeu_si256((void *)(p + W / 2), _mm512_cvtepi32_epi16((__m512i)b));
}

TARGET static inline ivec ivec_round(vec v)
{
    return (ivec)_mm512_cvtps_epi32(v);
}

TARGET static inline vec ivec_to_vec(ivec v)
{
    return _mm512_cvtepi32_ps((__m512i)v);
}

TARGET static inline ivec ivec_add(ivec a, ivec b)
{
    return a + b;
}

TARGET static inline ivec ivec_insert(ivec a, ivec b, size_t bits, size_t at)
{
    __m512i low = _mm512_and_si512((__m512i)b,
                                   _mm512_set1_epi32((1 << bits) - 1));
    return a | (ivec)_mm512_slli_epi32(low, (unsigned)at);
}

TARGET static inline ivec ivec_flip_bytes(ivec a)
{
    return a ^ (int32_t)0x80808080;
}

TARGET static inline ivec ivec_start(const float *p, size_t n_packed)
{
    return n_packed == PITH_INT8_PACKED ? ivec_set(p) : ivec_zero();
}

TARGET static inline ivec ivec_dot(ivec sum, ivec x, ivec w, size_t n_packed)
{
    __m512i s = (__m512i)sum, a = (__m512i)x, b = (__m512i)w;
    return (ivec)(n_packed == PITH_INT8_PACKED ? _mm512_dpbusd_epi32(s, a, b)
                                             : _mm512_dpwssd_epi32(s, a, b));
}

static bool usable(const struct pith_kernels *kernels)
{
    return kernels == &pith_kernels_avx512 && pith_cpu_has_avx512_vnni();
}

#include "../integers_vector.h"

#include "integers_rows.h"

DEFINE_INTEGERS(int8, PITH_INT8_PACKED, pith_unpack_int8_x86, "int8",
                pith_precision_int8_vnni);
DEFINE_INTEGERS(int16, PITH_INT16_PACKED, unpack_int16, "int16",
                pith_precision_int16_vnni);

#endif
