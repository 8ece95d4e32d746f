/*
 * integers_x86.c - rows of weights as int8, with AVX2: the bits of integers.c.
 */
#include "integers_x86.h"
#ifdef PITH_BUILDS_AVX512

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/half.h"
#include "integers.h"
#include "target.h"

#define TARGET PITH_TARGET("avx2,fma,f16c")

enum { W = 8 };

TARGET static inline float half_at(const uint8_t *bytes)
{
    return _cvtsh_ss(pith_load_u16(bytes));
}

/* --- floats to integers --------------------------------------------------- */

TARGET static inline float largest_lane(__m256 v)
{
    float lanes[W], largest = 0;
    _mm256_storeu_ps(lanes, v);
    for (size_t i = 0; i < W; i++)
        largest = lanes[i] > largest ? lanes[i] : largest;
    return largest;
}

/* q (4, W) of x (PITH_BLOCK), and their scale: pith_quantise(). */
TARGET static float quantise(__m256i q[4], const float *x, float most)
{
    __m256 sign = _mm256_set1_ps(-0.0f), zero = _mm256_setzero_ps();
    __m256 largest = zero, probe = zero;
    for (size_t i = 0; i < 4; i++) {
        __m256 v = _mm256_loadu_ps(x + i * W);
        largest = _mm256_max_ps(largest, _mm256_andnot_ps(sign, v));
        probe = _mm256_fmadd_ps(v, zero, probe);
        q[i] = _mm256_setzero_si256();
    }
    if (_mm256_movemask_ps(_mm256_cmp_ps(probe, probe, _CMP_UNORD_Q)) != 0)
        return NAN;
    float greatest = largest_lane(largest), inverse = most / greatest;
    if (!(inverse < INFINITY))
        return 0;
    for (size_t i = 0; i < 4; i++)
        q[i] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i * W),
                                                _mm256_set1_ps(inverse)));
    return greatest / most;
}

/* Packing works on the halves of a register apart. */
TARGET static inline __m256i to_halves(__m256i a, __m256i b)
{
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xD8);
}

TARGET static inline __m256i to_bytes(__m256i a, __m256i b)
{
    return _mm256_permute4x64_epi64(_mm256_packs_epi16(a, b), 0xD8);
}

/* --- a group -------------------------------------------------------------- */

/* Scale, offset and shift behind the integers of a group. */
TARGET static inline void store_rest(float *rest, float scale, float offset,
                                     int32_t shift)
{
    rest[PITH_W_SCALE] = scale;
    rest[PITH_W_OFFSET] = offset;
    memcpy(&rest[PITH_W_SHIFT], &shift, sizeof shift);
}

TARGET static inline int32_t sum_of_bytes(__m256i bytes)
{
    __m256i ones = _mm256_set1_epi16(1);
    __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), bytes);
    int32_t lanes[W], sum = 0;
    _mm256_storeu_si256((void *)lanes, _mm256_madd_epi16(pairs, ones));
    for (size_t i = 0; i < W; i++)
        sum += lanes[i];
    return sum;
}

/* The 32 nibbles of a q4 block. */
TARGET static inline __m256i read_nibbles(const uint8_t *bytes)
{
    __m128i q = _mm_loadu_si128((const void *)bytes);
    __m256i both = _mm256_set_m128i(_mm_srli_epi16(q, 4), q);
    return _mm256_and_si256(both, _mm256_set1_epi8(15));
}

/* Integers of a q8 or q4 block, with their scale and offset. */
TARGET static inline __m256i read_block(enum pith_type type,
                                        const uint8_t *block, float *scale,
                                        float *offset)
{
    *scale = half_at(block);
    *offset = type == PITH_Q4 ? half_at(block + 2) : 0;
    return type == PITH_Q4 ? read_nibbles(block + 4)
                           : _mm256_loadu_si256((const void *)(block + 2));
}

TARGET static inline void store_bytes(float *group, __m256i bytes, float scale,
                                      float offset)
{
    _mm256_storeu_si256((void *)group, bytes);
    store_rest(group + PITH_INT8_PLACES, scale, offset,
               -128 * sum_of_bytes(bytes));
}

/* --- a row ---------------------------------------------------------------- */

static bool is_quantised(enum pith_type type)
{
    return type == PITH_Q8 || type == PITH_Q4;
}

/* n weights as floats and zeros up to the next whole group. */
static void unpack_floats(const struct pith_kernels *kernels, float *floats,
                          enum pith_type type, const uint8_t *bytes, size_t n)
{
    kernels->unpack(floats, type, bytes, n);
    for (; n % PITH_BLOCK != 0; n++)
        floats[n] = 0;
}

TARGET void pith_unpack_int8_x86(const struct pith_kernels *kernels,
                                 float *row, enum pith_type type,
                                 const uint8_t *bytes, size_t n)
{
    float floats[PITH_DEPTH], scale, offset = 0;
    size_t block_bytes = pith_row_bytes(type, PITH_BLOCK);
    if (!is_quantised(type))
        unpack_floats(kernels, floats, type, bytes, n);
    for (size_t c = 0; c < n; c += PITH_BLOCK) {
        __m256i q[4], integers;
        if (is_quantised(type)) {
            integers = read_block(type, bytes, &scale, &offset);
            bytes += block_bytes;
        } else {
            scale = quantise(q, floats + c, PITH_INT8_MOST);
            integers = to_bytes(to_halves(q[0], q[1]), to_halves(q[2], q[3]));
        }
        store_bytes(row, integers, scale, offset);
        row += pith_group_floats(PITH_INT8_PLACES);
    }
}

#endif
