/*
 * integers_avx2.h - what integers_vector.h needs, with AVX2: 8 lanes, tiles of
 * 6 rows.  The file that includes it defines TARGET and ivec_dot().
 */
#include <immintrin.h>
#include <math.h>

#include "../target.h"

#define UNROLL PITH_UNROLL_16

enum { W = 8, ROWS = 6 };
typedef __m256 vec;
/* Not __m256i, four longs: see vnni.c. */
typedef int32_t ivec __attribute__((vector_size(32)));

TARGET static inline vec vec_set(float x)
{
    return _mm256_set1_ps(x);
}

TARGET static inline vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

TARGET static inline vec vec_read(const uint8_t *p)
{
    return (vec)_mm256_loadu_si256((const void *)p);
}

TARGET static inline void vec_store(float *p, vec v)
{
    _mm256_storeu_ps(p, v);
}

TARGET static inline vec vec_mul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}

TARGET static inline vec vec_div(vec a, vec b)
{
    return _mm256_div_ps(a, b);
}

TARGET static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/* Without signs, floats are ordered as their bits are. */
TARGET static inline vec vec_larger(vec largest, vec v)
{
    vec size = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v);
    return (vec)_mm256_max_epi32((__m256i)largest, (__m256i)size);
}

TARGET static inline float vec_greatest(vec v)
{
    vec other = _mm256_permute2f128_ps(v, v, 1);
    v = vec_larger(v, other);
    v = vec_larger(v, _mm256_permute_ps(v, 0x4E));
    v = vec_larger(v, _mm256_permute_ps(v, 0xB1));
    return _mm256_cvtss_f32(v);
}

TARGET static inline vec vec_if_finite(vec v, vec x)
{
    vec below = _mm256_cmp_ps(x, vec_set(INFINITY), _CMP_LT_OQ);
    return _mm256_and_ps(below, v);
}

TARGET static inline ivec ivec_zero(void)
{
    return (ivec)_mm256_setzero_si256();
}

TARGET static inline ivec ivec_set(const float *p)
{
    return (ivec)vec_set(*p);
}

TARGET static inline ivec ivec_load(const float *p)
{
    return (ivec)_mm256_loadu_si256((const void *)p);
}

TARGET static inline void ivec_store(float *p, ivec v)
{
    _mm256_storeu_si256((void *)p, (__m256i)v);
}

/* Packing works on the halves of a register apart. */
TARGET static inline void ivec_store_pairs(float *p, ivec a, ivec b)
{
    __m256i pairs = _mm256_packs_epi32((__m256i)a, (__m256i)b);
    ivec_store(p, (ivec)_mm256_permute4x64_epi64(pairs, 0xD8));
}

TARGET static inline ivec ivec_round(vec v)
{
    return (ivec)_mm256_cvtps_epi32(v);
}

TARGET static inline vec ivec_to_vec(ivec v)
{
    return _mm256_cvtepi32_ps((__m256i)v);
}

TARGET static inline ivec ivec_add(ivec a, ivec b)
{
    return a + b;
}

TARGET static inline ivec ivec_insert(ivec a, ivec b, size_t bits, size_t at)
{
    __m256i low = _mm256_and_si256((__m256i)b,
                                   _mm256_set1_epi32((1 << bits) - 1));
    return a | (ivec)_mm256_slli_epi32(low, (int)at);
}

TARGET static inline ivec ivec_flip_bytes(ivec a)
{
    return a ^ (int32_t)0x80808080;
}

TARGET static inline ivec ivec_start(const float *p, size_t n_packed)
{
    return n_packed == PITH_INT8_PACKED ? ivec_set(p) : ivec_zero();
}
