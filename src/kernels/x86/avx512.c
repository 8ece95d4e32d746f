/*
 * avx512.c - kernels for AVX-512 (F, BW, DQ, VL) with FMA and F16C: panels of
 * 32 tokens, tiles of 12 rows of weights.  24 of the 32 registers hold sums.
 */
#include "../target.h"
#ifdef PITH_BUILDS_AVX512

#include <string.h>

#include "../../base/bytes.h"
#include "../../base/half.h"
#include "avx512_vector.h"
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
    for (size_t i = 0; i < n; i += PITH_Q_BLOCK, block += 2 + PITH_Q_BLOCK) {
        vec step = vec_set(pith_f16_to_f32(pith_load_u16(block)));
        for (size_t j = 0; j < PITH_Q_BLOCK; j += W) {
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
    for (size_t i = 0; i < n;
         i += PITH_Q_BLOCK, block += 4 + PITH_Q_BLOCK / 2) {
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

#include "../unpack_types.h"

DEFINE_SET(pith_kernels_avx512, "avx512");

#endif
