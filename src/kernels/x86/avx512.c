/*
 * avx512.c - kernels for AVX-512 (F, BW, DQ, VL) with FMA and F16C: panels of
 * 32 tokens, tiles of 12 rows of weights.  24 of the 32 registers hold sums.
 */
#if defined(__GNUC__) && defined(__x86_64__)

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "../../base/bytes.h"
#include "../../base/half.h"
#include "../target.h"

#define TARGET PITH_TARGET("avx512f,avx512bw,avx512dq,avx512vl,fma,f16c")
#define UNROLL PITH_UNROLL_16

enum { W = 16, ROWS = 12 };
typedef __m512 vec;

/* --- primitives of vector.h ----------------------------------------------- */

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

/* Minimum and maximum give their second operand where one is NaN. */
TARGET static inline vec vec_clamp(vec x, float low, float high)
{
    return _mm512_min_ps(vec_set(high), _mm512_max_ps(vec_set(low), x));
}

TARGET static inline vec vec_zero_below(vec v, vec x, float low)
{
    __mmask16 stays = _mm512_cmp_ps_mask(x, vec_set(low), _CMP_NLT_UQ);
    return _mm512_maskz_mov_ps(stays, v);
}

TARGET static inline vec vec_round(vec x)
{
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT |
                                       _MM_FROUND_NO_EXC);
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
TARGET static inline void vec_transpose(vec v[W])
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

#include "../vector.h"

/* --- weights to floats ---------------------------------------------------- */

TARGET static void unpack_f16(float *out, const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    for (; i + W <= n; i += W)
        vec_store(out + i, _mm512_cvtph_ps(_mm256_loadu_si256(
                               (const void *)(bytes + 2 * i))));
    if (i < n)
        vec_store_part(out + i,
                       _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(
                           first(n - i), bytes + 2 * i)),
                       n - i);
}

TARGET static void unpack_bf16(float *out, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i += W) {
        size_t part = n - i < W ? n - i : W;
        __m256i halves = _mm256_maskz_loadu_epi16(first(part), bytes + 2 * i);
        __m512i bits = _mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16);
        vec_store_part(out + i, _mm512_castsi512_ps(bits), part);
    }
}

TARGET static void unpack_q8(float *out, const uint8_t *block, size_t n)
{
    for (size_t i = 0; i < n; i += PITH_BLOCK, block += 2 + PITH_BLOCK) {
        vec step = vec_set(pith_f16_to_f32(pith_load_u16(block)));
        for (size_t j = 0; j < PITH_BLOCK; j += W) {
            __m128i q = _mm_loadu_si128((const void *)(block + 2 + j));
            vec_store(out + i + j,
                      vec_mul(step, _mm512_cvtepi32_ps(
                                         _mm512_cvtepi8_epi32(q))));
        }
    }
}

TARGET static void unpack_q4(float *out, const uint8_t *block, size_t n)
{
    __m128i nibble = _mm_set1_epi8(15);
    for (size_t i = 0; i < n; i += PITH_BLOCK, block += 4 + PITH_BLOCK / 2) {
        vec step = vec_set(pith_f16_to_f32(pith_load_u16(block)));
        vec minimum = vec_set(pith_f16_to_f32(pith_load_u16(block + 2)));
        __m128i q = _mm_loadu_si128((const void *)(block + 4));
        __m128i q_low = _mm_and_si128(q, nibble);
        __m128i q_high = _mm_and_si128(_mm_srli_epi16(q, 4), nibble);
        vec low = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(q_low));
        vec high = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(q_high));
        vec_store(out + i, vec_fma(step, low, minimum));
        vec_store(out + i + W, vec_fma(step, high, minimum));
    }
}

TARGET static void unpack(float *out, enum pith_type type,
                          const uint8_t *bytes, size_t n)
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

DEFINE_SET(pith_kernels_avx512, "avx512");

#endif
