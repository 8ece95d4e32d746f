/*
 * avx2_vector.h - AVX2 as the primitives that ../vector.h lists.
 */
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "../target.h"

#define TARGET PITH_TARGET("avx2,fma,f16c")
#define UNROLL PITH_UNROLL_16

enum { W = 8, ROWS = 6 };
typedef __m256 vec;

TARGET static inline vec vec_set(float x)
{
    return _mm256_set1_ps(x);
}

TARGET static inline vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

TARGET static inline void vec_store(float *p, vec v)
{
    _mm256_storeu_ps(p, v);
}

/* All bits of the first n lanes. */
TARGET static inline __m256i first(size_t n)
{
    __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lanes);
}

TARGET static inline vec vec_load_part(const float *p, size_t n)
{
    return n == W ? vec_load(p) : _mm256_maskload_ps(p, first(n));
}

TARGET static inline void vec_store_part(float *p, vec v, size_t n)
{
    if (n == W)
        vec_store(p, v);
    else
        _mm256_maskstore_ps(p, first(n), v);
}

TARGET static inline vec vec_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

TARGET static inline vec vec_sub(vec a, vec b)
{
    return _mm256_sub_ps(a, b);
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

TARGET static inline vec vec_max(vec a, vec b)
{
    return _mm256_max_ps(a, b);
}

TARGET static inline vec vec_min(vec a, vec b)
{
    return _mm256_min_ps(a, b);
}

TARGET static inline vec vec_zero_below(vec v, vec x, float low)
{
    return _mm256_and_ps(v, _mm256_cmp_ps(x, vec_set(low), _CMP_NLT_UQ));
}

/* 2^n for n in [-126, 127], put together from its exponent bits. */
TARGET static inline vec power_of_2(__m256i n)
{
    __m256i biased = _mm256_add_epi32(n, _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
}

TARGET static inline vec vec_sqrt(vec x)
{
    return _mm256_sqrt_ps(x);
}

/* In two steps, as 2^n alone can be too small or too large for a float. */
TARGET static inline vec vec_scale(vec x, vec n)
{
    __m256i whole = _mm256_cvtps_epi32(n);
    __m256i half = _mm256_srai_epi32(whole, 1);
    x = vec_mul(x, power_of_2(half));
    return vec_mul(x, power_of_2(_mm256_sub_epi32(whole, half)));
}

/* Each step doubles the size of the squares that are transposed. */
TARGET static inline void vec_transpose(vec v[W])
{
    vec a[W], b[W];
    UNROLL
    for (size_t i = 0; i < W; i += 2) {
        a[i] = _mm256_unpacklo_ps(v[i], v[i + 1]);
        a[i + 1] = _mm256_unpackhi_ps(v[i], v[i + 1]);
    }
    UNROLL
    for (size_t i = 0; i < W; i += 4) {
        b[i] = _mm256_shuffle_ps(a[i], a[i + 2], 0x44);
        b[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], 0xEE);
        b[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0x44);
        b[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0xEE);
    }
    UNROLL
    for (size_t i = 0; i < 4; i++) {
        v[i] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x20);
        v[i + 4] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x31);
    }
}
