/*
 * avx512_vector.h - AVX-512 as the primitives that ../vector.h lists.
 */
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "../target.h"

#define TARGET PITH_TARGET("avx512f,avx512bw,avx512dq,avx512vl,fma,f16c")
#define UNROLL PITH_UNROLL_16

enum { W = 16, ROWS = 12 };
typedef __m512 vec;

TARGET static inline __mmask16 first(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

TARGET static inline vec vec_set(float x)
{
    return _mm512_set1_ps(x);
}

TARGET static inline vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

TARGET static inline void vec_store(float *p, vec v)
{
    _mm512_storeu_ps(p, v);
}

TARGET static inline vec vec_load_part(const float *p, size_t n)
{
    return _mm512_maskz_loadu_ps(first(n), p);
}

TARGET static inline void vec_store_part(float *p, vec v, size_t n)
{
    _mm512_mask_storeu_ps(p, first(n), v);
}

TARGET static inline vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

TARGET static inline vec vec_sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
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

TARGET static inline vec vec_max(vec a, vec b)
{
    return _mm512_max_ps(a, b);
}

TARGET static inline vec vec_min(vec a, vec b)
{
    return _mm512_min_ps(a, b);
}

TARGET static inline vec vec_zero_below(vec v, vec x, float low)
{
    __mmask16 stays = _mm512_cmp_ps_mask(x, vec_set(low), _CMP_NLT_UQ);
    return _mm512_maskz_mov_ps(stays, v);
}

TARGET static inline vec vec_sqrt(vec x)
{
    return _mm512_sqrt_ps(x);
}

TARGET static inline vec vec_scale(vec x, vec n)
{
    return _mm512_scalef_ps(x, n);
}

/* Each step doubles the size of the squares that are transposed: pairs and
 * fours inside the 128-bit quarters, then the quarters themselves. */
TARGET __attribute__((always_inline)) static inline void
vec_transpose(vec v[W])
{
    vec a[W], b[W];
    UNROLL
    for (size_t i = 0; i < W; i += 2) {
        a[i] = _mm512_unpacklo_ps(v[i], v[i + 1]);
        a[i + 1] = _mm512_unpackhi_ps(v[i], v[i + 1]);
    }
    UNROLL
    for (size_t i = 0; i < W; i += 4) {
        b[i] = _mm512_shuffle_ps(a[i], a[i + 2], 0x44);
        b[i + 1] = _mm512_shuffle_ps(a[i], a[i + 2], 0xEE);
        b[i + 2] = _mm512_shuffle_ps(a[i + 1], a[i + 3], 0x44);
        b[i + 3] = _mm512_shuffle_ps(a[i + 1], a[i + 3], 0xEE);
    }
    UNROLL
    for (size_t i = 0; i < 4; i++) {
        a[i] = _mm512_shuffle_f32x4(b[i], b[i + 4], 0x88);
        a[i + 4] = _mm512_shuffle_f32x4(b[i], b[i + 4], 0xDD);
        a[i + 8] = _mm512_shuffle_f32x4(b[i + 8], b[i + 12], 0x88);
        a[i + 12] = _mm512_shuffle_f32x4(b[i + 8], b[i + 12], 0xDD);
    }
    UNROLL
    for (size_t i = 0; i < 4; i++) {
        v[i] = _mm512_shuffle_f32x4(a[i], a[i + 8], 0x88);
        v[i + 4] = _mm512_shuffle_f32x4(a[i + 4], a[i + 12], 0x88);
        v[i + 8] = _mm512_shuffle_f32x4(a[i], a[i + 8], 0xDD);
        v[i + 12] = _mm512_shuffle_f32x4(a[i + 4], a[i + 12], 0xDD);
    }
}
