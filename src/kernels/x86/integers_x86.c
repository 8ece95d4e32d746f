/*
 * integers_x86.c - rows of weights as integers, with AVX2: the bits of
 * integers.c.
 */
#include "integers_x86.h"
#ifdef PITH_BUILDS_AVX2

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "../../base/bytes.h"
#include "../../base/half.h"
#include "../integers.h"
#include "../target.h"

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

/* q (4, W) of x (PITH_Q_BLOCK), and their scale: pith_quantise(). */
TARGET static float quantise(__m256i q[4], const float *x, float limit)
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
    float greatest = largest_lane(largest), inverse = limit / greatest;
    if (!(inverse < INFINITY))
        return 0;
    for (size_t i = 0; i < 4; i++)
        q[i] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i * W),
                                                _mm256_set1_ps(inverse)));
    return greatest / limit;
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

/* Scale, offset and shift after the integers of a group. */
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
    store_rest(group + PITH_INT8_PACKED, scale, offset,
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
    for (; n % PITH_Q_BLOCK != 0; n++)
        floats[n] = 0;
}

TARGET void pith_unpack_int8_x86(const struct pith_kernels *kernels,
                                 float *row, enum pith_type type,
                                 const uint8_t *bytes, size_t n)
{
    float floats[PITH_DEPTH], scale, offset = 0;
    size_t block_bytes = pith_row_bytes(type, PITH_Q_BLOCK);
    if (!is_quantised(type))
        unpack_floats(kernels, floats, type, bytes, n);
    for (size_t c = 0; c < n; c += PITH_Q_BLOCK) {
        __m256i q[4], integers;
        if (is_quantised(type)) {
            integers = read_block(type, bytes, &scale, &offset);
            bytes += block_bytes;
        } else {
            scale = quantise(q, floats + c, PITH_INT8_MAX);
            integers = to_bytes(to_halves(q[0], q[1]), to_halves(q[2], q[3]));
        }
        store_bytes(row, integers, scale, offset);
        row += pith_group_floats(PITH_INT8_PACKED);
    }
}

/* --- q8 and q4 as int16 --------------------------------------------------- */

#define INLINE TARGET __attribute__((always_inline)) static inline

/* Of one type and, except for the last group of a row, one number of blocks:
 * constants, once all is inlined. */
struct blocks {
    const uint8_t *bytes;
    size_t n;
    bool q4;
};

INLINE const uint8_t *block_at(struct blocks blocks, size_t i)
{
    return blocks.bytes +
           i * (blocks.q4 ? 4 + PITH_Q_BLOCK / 2 : 2 + PITH_Q_BLOCK);
}

/* Step and, of q4, minimum of each block, side by side. */
INLINE __m256 read_heads(struct blocks blocks)
{
    __m128i heads = _mm_setzero_si128();
    for (size_t i = 0; i < blocks.n; i++) {
        const uint8_t *block = block_at(blocks, i);
        uint32_t head = blocks.q4 ? pith_load_u32(block) : pith_load_u16(block);
        heads = _mm_alignr_epi8(_mm_cvtsi32_si128((int)head), heads, 4);
    }
    for (size_t i = blocks.n; i < 4; i++)
        heads = _mm_srli_si128(heads, 4);
    return _mm256_cvtph_ps(heads);
}

/* The largest of sizes, each of which appears twice, NaN when one is not
 * finite. */
INLINE float largest_magnitude(__m256 sizes)
{
    __m256 inf = _mm256_set1_ps(INFINITY);
    __m256 finite = _mm256_cmp_ps(sizes, inf, _CMP_LT_OQ);
    __m128 two = _mm_max_ps(_mm256_castps256_ps128(sizes),
                            _mm256_extractf128_ps(sizes, 1));
    float magnitude = _mm_cvtss_f32(_mm_max_ps(two, _mm_movehl_ps(two, two)));
    return _mm256_movemask_ps(finite) == 0xFF ? magnitude : NAN;
}

INLINE __m256 size_of(__m256 v)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v);
}

/* The lower half of each 32 bits in both halves. */
INLINE __m256i double_words(__m256i v)
{
    return _mm256_blend_epi16(v, _mm256_slli_epi32(v, 16), 0xAA);
}

/* What is the same for all weights of a block, for each of them at 32 bits
 * 2 i. */
struct widening {
    __m256i factors, shifts;
    float scale;
};

/* See widen_q8() of integers.c. */
INLINE struct widening plan_q8(__m256 heads)
{
    __m256 steps = _mm256_moveldup_ps(heads);
    float magnitude = largest_magnitude(size_of(steps)),
          inverse = PITH_Q8_ONE / magnitude;
    __m256 by = _mm256_set1_ps(inverse < INFINITY ? inverse : 0);
    __m256i shares = _mm256_cvtps_epi32(_mm256_mul_ps(steps, by));
    shares = _mm256_min_epi32(shares, _mm256_set1_epi32(PITH_Q8_ONE - 1));
    return (struct widening){double_words(shares), _mm256_setzero_si256(),
                             magnitude / PITH_Q8_GROWTH};
}

/* See widen_q4() there: (q - 8) by + from, in 16 bits, which hold the sum if
 * not its parts. */
INLINE struct widening plan_q4(__m256 heads)
{
    __m256 steps = _mm256_moveldup_ps(heads);
    __m256 minima = _mm256_movehdup_ps(heads);
    __m256 ends = _mm256_fmadd_ps(steps, _mm256_set1_ps(15), minima);
    __m256 centres = _mm256_fmadd_ps(steps, _mm256_set1_ps(8), minima);
    /* NaN stays where it is in `ends`, as it is when in either. */
    float magnitude =
        largest_magnitude(_mm256_max_ps(size_of(minima), size_of(ends)));
    float inverse = PITH_Q4_MAX / magnitude;
    __m256 times = _mm256_set1_ps(inverse < INFINITY ? inverse : 0);
    __m256i by = _mm256_cvtps_epi32(_mm256_mul_ps(steps, times));
    __m256i from = _mm256_cvtps_epi32(_mm256_mul_ps(centres, times));
    from = _mm256_add_epi32(from, _mm256_set1_epi32(1 << (PITH_Q4_BITS - 1)));
    from = _mm256_sub_epi32(from, _mm256_slli_epi32(by, 3));
    return (struct widening){double_words(by), double_words(from),
                             magnitude / (PITH_Q4_MAX >> PITH_Q4_BITS)};
}

/* 16 integers of a block as words; those of q4 are bytes by now. */
INLINE __m256i widen(__m128i bytes, __m256i factor, __m256i shift, bool q4)
{
    if (q4) {
        __m256i product =
            _mm256_mullo_epi16(_mm256_cvtepu8_epi16(bytes), factor);
        return _mm256_srai_epi16(_mm256_add_epi16(product, shift),
                                 PITH_Q4_BITS);
    }
    __m256i grown = _mm256_slli_epi16(_mm256_cvtepi8_epi16(bytes), 5);
    return _mm256_mulhrs_epi16(grown, factor);
}

INLINE __m256i read_integers(struct blocks blocks, size_t i)
{
    const uint8_t *block = block_at(blocks, i);
    if (i >= blocks.n)
        return _mm256_setzero_si256();
    return blocks.q4 ? read_nibbles(block + 4)
                     : _mm256_loadu_si256((const void *)(block + 2));
}

INLINE void widen_group(float *group, struct blocks blocks)
{
    __m256 heads = read_heads(blocks);
    struct widening plan = blocks.q4 ? plan_q4(heads) : plan_q8(heads);
    for (size_t i = 0; i < PITH_INT16_BLOCKS; i++) {
        __m256i at = _mm256_set1_epi32(2 * (int)i);
        __m256i factor = _mm256_permutevar8x32_epi32(plan.factors, at);
        __m256i shift = _mm256_permutevar8x32_epi32(plan.shifts, at);
        __m256i bytes = read_integers(blocks, i);
        __m128i halves[] = {_mm256_castsi256_si128(bytes),
                            _mm256_extracti128_si256(bytes, 1)};
        for (size_t j = 0; j < 2; j++)
            _mm256_storeu_si256((void *)(group + 16 * i + 8 * j),
                                widen(halves[j], factor, shift, blocks.q4));
    }
    group[PITH_INT16_PACKED] = plan.scale;
}

INLINE void widen_row(float *row, struct blocks blocks)
{
    for (; blocks.n >= PITH_INT16_BLOCKS; blocks.n -= PITH_INT16_BLOCKS) {
        widen_group(row, (struct blocks){blocks.bytes, PITH_INT16_BLOCKS,
                                         blocks.q4});
        blocks.bytes = block_at(blocks, PITH_INT16_BLOCKS);
        row += pith_group_floats(PITH_INT16_PACKED);
    }
    if (blocks.n > 0)
        widen_group(row, blocks);
}

TARGET void pith_unpack_int16_x86(float *row, enum pith_type type,
                                  const uint8_t *bytes, size_t n)
{
    if (type == PITH_Q4)
        widen_row(row, (struct blocks){bytes, n / PITH_Q_BLOCK, true});
    else
        widen_row(row, (struct blocks){bytes, n / PITH_Q_BLOCK, false});
}

#endif
