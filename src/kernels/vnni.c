/*
 * vnni.c - int8 products with AVX-512 VNNI: panels of 32 tokens, tiles of 4
 * rows of weights; the same bits as int8.c.
 *
 * The instruction multiplies unsigned with signed bytes: tokens are stored
 * plus 128, and a sum starts at -128 times the sum of the weights.
 */
#include "int8.h"
#ifdef PITH_BUILDS_AVX512

#include <immintrin.h>
#include <math.h>

#include "cpu.h"
#include "target.h"

#define TARGET PITH_TARGET("avx512f,avx512bw,avx512vl,avx512vnni,fma")

enum { W = 16, L = 2 * W, ROWS = 4 };

/* --- tokens --------------------------------------------------------------- */

/* One token's group: quads (PITH_INT8_QUADS), scale and sum, as in
 * pith_int8_quantise(). */
TARGET static inline void quantise(float *quads, float *scale, float *sum,
                                   const float *x, size_t n)
{
    uint32_t valid = n < PITH_BLOCK ? (1u << n) - 1 : UINT32_MAX;
    __m512 a = _mm512_maskz_loadu_ps((__mmask16)valid, x);
    __m512 b = _mm512_maskz_loadu_ps((__mmask16)(valid >> W), x + W);
    __m512 larger = _mm512_max_ps(_mm512_abs_ps(a), _mm512_abs_ps(b));
    float largest = _mm512_reduce_max_ps(larger);
    float inverse = 127 / largest;
    /* 0 where finite, NaN elsewhere */
    __m512 zero = _mm512_setzero_ps();
    __m512 probe = _mm512_fmadd_ps(a, zero, _mm512_mul_ps(b, zero));
    bool finite = _mm512_cmp_ps_mask(probe, probe, _CMP_UNORD_Q) == 0;
    bool empty = !(inverse < INFINITY);
    if (empty || !finite)
        inverse = 0;
    __m512 factor = _mm512_set1_ps(inverse);
    __m512i p = _mm512_setzero_si512(), q = p;
    if (finite) {
        p = _mm512_cvtps_epi32(_mm512_mul_ps(a, factor));
        q = _mm512_cvtps_epi32(_mm512_mul_ps(b, factor));
    }
    *sum = (float)_mm512_reduce_add_epi32(_mm512_add_epi32(p, q));
    *scale = !finite ? NAN : empty ? 0 : largest / 127;
    __m256i bytes = _mm256_set_m128i(_mm512_cvtepi32_epi8(q),
                                     _mm512_cvtepi32_epi8(p));
    bytes = _mm256_xor_si256(bytes, _mm256_set1_epi8((char)-128));
    _mm256_storeu_si256((void *)quads, bytes);
}

TARGET static void pack(const struct pith_kernels *kernels, float *panel,
                        size_t col, const float *x, size_t stride,
                        size_t n_tokens, size_t n)
{
    float quads[L * PITH_INT8_QUADS]; /* (n_tokens, PITH_INT8_QUADS) */
    for (size_t c = 0; c < n; c += PITH_BLOCK) {
        float *group = panel + pith_int8_panel_row(col + c) * L;
        for (size_t t = 0; t < n_tokens; t++)
            quantise(quads + t * PITH_INT8_QUADS,
                     group + PITH_INT8_X_SCALE * L + t,
                     group + PITH_INT8_X_SUM * L + t, x + t * stride + c,
                     n - c < PITH_BLOCK ? n - c : PITH_BLOCK);
        kernels->transpose(group, L, quads, PITH_INT8_QUADS, n_tokens,
                           PITH_INT8_QUADS);
    }
}

static void pack_products(const struct pith_kernels *kernels, float *panel,
                          size_t col, const float *products, size_t n)
{
    float x[L * PITH_BLOCK]; /* (L, PITH_BLOCK) */
    for (size_t c = 0; c < n; c += PITH_BLOCK) {
        size_t width = n - c < PITH_BLOCK ? n - c : PITH_BLOCK;
        kernels->transpose(x, PITH_BLOCK, products + c * L, L, width, L);
        pack(kernels, panel, col + c, x, PITH_BLOCK, L, width);
    }
}

/* --- the micro-kernel ----------------------------------------------------- */

/* Bits of a float's place, in every lane. */
TARGET static inline __m512i broadcast(const float *p)
{
    return _mm512_castps_si512(_mm512_set1_ps(*p));
}

/* Takes a group of a row into the sums of 16 tokens. */
TARGET static inline __m512 add_group(__m512 sum, __m512i integers,
                                      const float *w, const float *x)
{
    __m512 part = _mm512_mul_ps(_mm512_set1_ps(w[PITH_INT8_W_SCALE]),
                                _mm512_cvtepi32_ps(integers));
    part = _mm512_fmadd_ps(_mm512_set1_ps(w[PITH_INT8_W_OFFSET]),
                           _mm512_loadu_ps(x + PITH_INT8_X_SUM * L), part);
    return _mm512_fmadd_ps(_mm512_loadu_ps(x + PITH_INT8_X_SCALE * L), part,
                           sum);
}

/* A group of tokens stays in 16 registers, the sums in 8. */
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
    for (size_t c = 0; c < depth; c += PITH_BLOCK) {
        __m512i x_low[PITH_INT8_QUADS], x_high[PITH_INT8_QUADS];
        PITH_UNROLL_16
        for (size_t i = 0; i < PITH_INT8_QUADS; i++) {
            x_low[i] = _mm512_loadu_si512(panel + i * L);
            x_high[i] = _mm512_loadu_si512(panel + i * L + W);
        }
        PITH_UNROLL_16
        for (size_t r = 0; r < ROWS; r++) {
            const float *w = weights + r * PITH_ROW_STRIDE;
            __m512i p = broadcast(w + PITH_INT8_W_SHIFT), q = p;
            PITH_UNROLL_16
            for (size_t i = 0; i < PITH_INT8_QUADS; i++) {
                p = _mm512_dpbusd_epi32(p, x_low[i], broadcast(w + i));
                q = _mm512_dpbusd_epi32(q, x_high[i], broadcast(w + i));
            }
            low[r] = add_group(low[r], p, w, panel);
            high[r] = add_group(high[r], q, w, panel + W);
        }
        weights += PITH_INT8_W_GROUP;
        panel += PITH_INT8_X_GROUP * L;
    }
    PITH_UNROLL_16
    for (size_t r = 0; r < ROWS; r++) {
        _mm512_storeu_ps(out + r * L, low[r]);
        _mm512_storeu_ps(out + r * L + W, high[r]);
    }
}

static bool usable(const struct pith_kernels *kernels)
{
    return kernels == &pith_kernels_avx512 && pith_cpu_has_avx512_vnni();
}

const struct pith_precision pith_precision_int8_vnni = {
    .name = "int8",
    .means = "AVX-512 VNNI",
    .usable = usable,
    .rows = ROWS,
    .unit = PITH_BLOCK,
    .pack = pack,
    .pack_products = pack_products,
    .unpack = pith_int8_unpack,
    .multiply = multiply,
};

#endif
