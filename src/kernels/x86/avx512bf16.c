/*
 * avx512bf16.c - bf16 products with the instructions of AVX512-BF16: panels of
 * 32 tokens, tiles of 12 rows of weights, two columns at a time.
 *
 * Two bf16 of neighbouring columns are in the place of a float.  The columns
 * of a product, PITH_STEP at most, take half of their room and leave the
 * rest alone: n columns of a row of weights n / 2 floats, of a panel (n / 2,
 * L).  amx.c multiplies the same.
 *
 * An instruction adds the product of the odd and then of the even column;
 * denormals count as zero.
 */
#include "../precision.h"
#ifdef PITH_BUILDS_AVX512

#include <immintrin.h>

#include "../cpu.h"
#include "../target.h"

#define TARGET PITH_TARGET("avx512f,avx512bw,avx512bf16")

enum { W = 16, L = 2 * W, ROWS = 12, UNIT = 32, PAIRS = UNIT / 2 };

/* --- floats to bf16 ------------------------------------------------------- */

/* out (UNIT bf16) of n <= UNIT floats, and zeros after them. */
TARGET static inline void round_group(float *out, const float *x, size_t n)
{
    uint32_t valid = n < UNIT ? (1u << n) - 1 : UINT32_MAX;
    __m512 first = _mm512_maskz_loadu_ps((__mmask16)valid, x);
    __m512 second = _mm512_maskz_loadu_ps((__mmask16)(valid >> W), x + W);
    _mm512_storeu_si512(out, (__m512i)_mm512_cvtne2ps_pbh(second, first));
}

static size_t group_size(size_t n, size_t start)
{
    return n - start < UNIT ? n - start : UNIT;
}

/* Where column c of a panel is. */
static float *panel_at(float *panel, size_t c)
{
    size_t within = c % PITH_STEP;
    return panel + (c - within) * L + within / 2 * L;
}

/* Pairs are transposed as if they were floats. */
TARGET void pith_pack_bf16(const struct pith_kernels *kernels, float *panel,
                           size_t col, const float *x, size_t stride,
                           size_t n_tokens, size_t n)
{
    float pairs[L * PAIRS]; /* (n_tokens, PAIRS) */
    for (size_t c = 0; c < n; c += UNIT) {
        for (size_t t = 0; t < n_tokens; t++)
            round_group(pairs + t * PAIRS, x + t * stride + c,
                        group_size(n, c));
        kernels->transpose(panel_at(panel, col + c), L, pairs, PAIRS, n_tokens,
                           PAIRS);
    }
}

/* 16 tokens of row i of n, rounded; 0 after the last. */
TARGET static inline __m512i round_row(const float *rows, size_t i, size_t n)
{
    __m512 x = i < n ? _mm512_loadu_ps(rows + i * L) : _mm512_setzero_ps();
    return _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(x));
}

TARGET void pith_pack_products_bf16(const struct pith_kernels *kernels,
                                    float *panel, size_t col,
                                    const float *products, size_t n)
{
    (void)kernels;
    for (size_t c = 0; c < n; c += UNIT) {
        float *group = panel_at(panel, col + c);
        for (size_t i = 0; i < UNIT; i += 2)
            for (size_t t = 0; t < L; t += W) {
                __m512i even = round_row(products + t, c + i, n);
                __m512i odd = round_row(products + t, c + i + 1, n);
                _mm512_storeu_si512(
                    group + i / 2 * L + t,
                    _mm512_or_si512(even, _mm512_slli_epi32(odd, 16)));
            }
    }
}

TARGET void pith_unpack_bf16(const struct pith_kernels *kernels, float *row,
                             enum pith_type type, const uint8_t *bytes,
                             size_t n)
{
    float floats[PITH_DEPTH];
    kernels->unpack(floats, type, bytes, n);
    for (size_t c = 0; c < n; c += UNIT)
        round_group(row + c / 2, floats + c, group_size(n, c));
}

/* --- the micro-kernel ----------------------------------------------------- */

TARGET static inline __m512 add_products(__m512 sum, __m512 w, __m512 x)
{
    return _mm512_dpbf16_ps(sum, (__m512bh)_mm512_castps_si512(w),
                            (__m512bh)_mm512_castps_si512(x));
}

/* All sums of a tile stay in registers, as in vector.h. */
TARGET static void multiply(const struct pith_kernels *kernels, float *out,
                            const float *weights, const float *panel,
                            size_t depth, size_t n_lanes, bool add)
{
    __m512 low[ROWS], high[ROWS];
    (void)kernels;
    (void)n_lanes;
    PITH_UNROLL_16
    for (size_t r = 0; r < ROWS; r++) {
        low[r] = add ? _mm512_loadu_ps(out + r * L) : _mm512_setzero_ps();
        high[r] = add ? _mm512_loadu_ps(out + r * L + W) : _mm512_setzero_ps();
    }
    for (size_t i = 0; i < (depth + 1) / 2; i++) {
        __m512 x_low = _mm512_loadu_ps(panel + i * L);
        __m512 x_high = _mm512_loadu_ps(panel + i * L + W);
        PITH_UNROLL_16
        for (size_t r = 0; r < ROWS; r++) {
            __m512 w = _mm512_set1_ps(weights[r * PITH_ROW_STRIDE + i]);
            low[r] = add_products(low[r], w, x_low);
            high[r] = add_products(high[r], w, x_high);
        }
    }
    PITH_UNROLL_16
    for (size_t r = 0; r < ROWS; r++) {
        _mm512_storeu_ps(out + r * L, low[r]);
        _mm512_storeu_ps(out + r * L + W, high[r]);
    }
}

static bool usable(const struct pith_kernels *kernels)
{
    return kernels == &pith_kernels_avx512 && pith_cpu_has_avx512_bf16();
}

const struct pith_precision pith_precision_bf16_avx512 = {
    .name = "bf16",
    .means = "AVX512-BF16",
    .usable = usable,
    .rows = ROWS,
    .unit = UNIT,
    .pack = pith_pack_bf16,
    .pack_products = pith_pack_products_bf16,
    .unpack = pith_unpack_bf16,
    .multiply = multiply,
};

#endif
