/*
 * avx2.c - kernels for AVX2 with FMA and F16C: panels of 16 tokens, tiles of 6
 * rows of weights.  12 of the 16 registers hold sums.
 */
#include "../target.h"
#ifdef PITH_BUILDS_AVX2

#include <string.h>

#include "../../base/bytes.h"
#include "../../base/half.h"
#include "../unpack.h"
#include "avx2_vector.h"
#include "../vector.h"

/* --- weights to floats ---------------------------------------------------- */

TARGET static inline __m128i load_16_bytes(const uint8_t *bytes)
{
    return _mm_loadu_si128((const void *)bytes);
}

TARGET static void unpack_f16(float *out, const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    for (; i + W <= n; i += W)
        vec_store(out + i, _mm256_cvtph_ps(load_16_bytes(bytes + 2 * i)));
    pith_unpack_scalar(out + i, PITH_F16, bytes + 2 * i, n - i);
}

TARGET static void unpack_bf16(float *out, const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    for (; i + W <= n; i += W) {
        __m256i bits = _mm256_cvtepu16_epi32(load_16_bytes(bytes + 2 * i));
        vec_store(out + i, _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16)));
    }
    pith_unpack_scalar(out + i, PITH_BF16, bytes + 2 * i, n - i);
}

/* step * q + minimum for 16 signed bytes q. */
TARGET static inline void unpack_16(float *out, __m128i q, vec step,
                                    vec minimum)
{
    vec low = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(q));
    vec high = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(q, 8)));
    vec_store(out, vec_fma(step, low, minimum));
    vec_store(out + W, vec_fma(step, high, minimum));
}

TARGET static void unpack_q8(float *out, const uint8_t *block, size_t n)
{
    vec none = vec_set(-0.0f); /* leaves a zero's sign alone */
    for (size_t i = 0; i < n; i += PITH_Q_BLOCK, block += 2 + PITH_Q_BLOCK) {
        vec step = vec_set(pith_f16_to_f32(pith_load_u16(block)));
        unpack_16(out + i, load_16_bytes(block + 2), step, none);
        unpack_16(out + i + 16, load_16_bytes(block + 18), step, none);
    }
}

TARGET static void unpack_q4(float *out, const uint8_t *block, size_t n)
{
    __m128i nibble = _mm_set1_epi8(15);
    for (size_t i = 0; i < n;
         i += PITH_Q_BLOCK, block += 4 + PITH_Q_BLOCK / 2) {
        vec step = vec_set(pith_f16_to_f32(pith_load_u16(block)));
        vec minimum = vec_set(pith_f16_to_f32(pith_load_u16(block + 2)));
        __m128i q = load_16_bytes(block + 4);
        unpack_16(out + i, _mm_and_si128(q, nibble), step, minimum);
        q = _mm_and_si128(_mm_srli_epi16(q, 4), nibble);
        unpack_16(out + i + 16, q, step, minimum);
    }
}

#include "../unpack_types.h"

DEFINE_SET(pith_kernels_avx2, "avx2");

#endif
