/*
 * amx.c - bf16 products with the tiles of Intel's AMX: a tile instruction
 * multiplies 16 rows of 32 weights with 32 elements of 16 tokens.
 *
 * multiply_tile takes 32 rows and 32 tokens, which makes four of these; their
 * sums stay in four of the eight tile registers and are stored while the next
 * 32 rows are multiplied.  Plain bf16 is as avx512bf16.c packs it.  Of pairs, a
 * group of 32 columns is 32 high halves (precision.h) and after them 32 low
 * ones: of a row of weights (PLANE) floats each, of a panel (PLANE, L).
 *
 * An instruction sums the products of even and of odd columns apart, adds the
 * two and then adds to the tile; denormals count as zero.
 */
#include "../precision.h"
#ifdef PITH_BUILDS_AMX

#include <immintrin.h>

#include "../cpu.h"
#include "../target.h"
#include "amx.h"

#define TARGET PITH_TARGET("amx-tile,amx-bf16,avx512f,avx512bw,avx512bf16")
#define INLINE TARGET __attribute__((always_inline)) static inline

enum {
    L = 32,        /* lanes of the avx512 set */
    ROWS = 32,     /* of a multiply_tile */
    TILE = 16,     /* rows and columns of one tile register */
    UNIT = 32,     /* columns of a step */
    PLANE = UNIT / 2 /* floats that hold 32 high or low halves */
};

/* --- floats to pairs of bf16 ---------------------------------------------- */

TARGET static inline __m512i round_both(__m512 first, __m512 second)
{
    return (__m512i)_mm512_cvtne2ps_pbh(second, first);
}

TARGET static inline __m512 to_floats(__m256i brains)
{
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(brains), 16));
}

/* high, low (UNIT bf16) of n floats, n <= UNIT, and zeros after them. */
TARGET static inline void split(float *high, float *low, const void *floats,
                                size_t n)
{
    const uint8_t *x = floats; /* of any alignment */
    uint32_t valid = n < UNIT ? (1u << n) - 1 : UINT32_MAX;
    __m512 first = _mm512_maskz_loadu_ps((__mmask16)valid, x);
    __m512 second =
        _mm512_maskz_loadu_ps((__mmask16)(valid >> TILE), x + 4 * TILE);
    __m512i brains = round_both(first, second);
    _mm512_storeu_si512(high, brains);
    first = _mm512_sub_ps(first, to_floats(_mm512_castsi512_si256(brains)));
    second = _mm512_sub_ps(second,
                           to_floats(_mm512_extracti64x4_epi64(brains, 1)));
    _mm512_storeu_si512(low, round_both(first, second));
}

static size_t group_size(size_t n, size_t start)
{
    return n - start < UNIT ? n - start : UNIT;
}

/* Two bf16 are transposed as if they were a float. */
TARGET static void pack_pairs(const struct pith_kernels *kernels, float *panel,
                              size_t col, const float *x, size_t stride,
                              size_t n_tokens, size_t n)
{
    float high[L * PLANE], low[L * PLANE]; /* (n_tokens, PLANE) */
    for (size_t c = 0; c < n; c += UNIT) {
        float *group = panel + (col + c) * L; /* two of (PLANE, L) */
        for (size_t t = 0; t < n_tokens; t++)
            split(high + t * PLANE, low + t * PLANE, x + t * stride + c,
                  group_size(n, c));
        kernels->transpose(group, L, high, PLANE, n_tokens, PLANE);
        kernels->transpose(group + PLANE * L, L, low, PLANE, n_tokens, PLANE);
    }
}

/* 16 tokens of row i of n; 0 after the last. */
TARGET static inline __m512 load_row(const float *rows, size_t i, size_t n)
{
    return i < n ? _mm512_loadu_ps(rows + i * L) : _mm512_setzero_ps();
}

/* The upper halves of b's floats above those of a's. */
TARGET static inline __m512i interleave(__m512i a, __m512i b)
{
    return _mm512_or_si512(a, _mm512_slli_epi32(b, 16));
}

/* bf16 of 16 floats in the lower halves of their places. */
TARGET static inline __m512i round_low(__m512 x)
{
    return _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(x));
}

TARGET static void pack_product_pairs(const struct pith_kernels *kernels,
                                      float *panel, size_t col,
                                      const float *products, size_t n)
{
    (void)kernels;
    for (size_t i = 0; i < n + (UNIT - n % UNIT) % UNIT; i += 2)
        for (size_t t = 0; t < L; t += TILE) {
            float *high = panel + (col + i / UNIT * UNIT) * L +
                          i % UNIT / 2 * L + t;
            __m512 a = load_row(products + t, i, n);
            __m512 b = load_row(products + t, i + 1, n);
            __m512i a_high = round_low(a), b_high = round_low(b);
            _mm512_storeu_si512(high, interleave(a_high, b_high));
            a = _mm512_sub_ps(
                a, _mm512_castsi512_ps(_mm512_slli_epi32(a_high, 16)));
            b = _mm512_sub_ps(
                b, _mm512_castsi512_ps(_mm512_slli_epi32(b_high, 16)));
            _mm512_storeu_si512(high + PLANE * L,
                                interleave(round_low(a), round_low(b)));
        }
}

/* Of two rows: the upper halves of their bits, and those of what is left. */
INLINE void cut_rows(float *high, float *low, __m512 a, __m512 b)
{
    const __m512i upper = _mm512_set1_epi32((int)0xFFFF0000);
    __m512i a_high = _mm512_and_si512(_mm512_castps_si512(a), upper);
    __m512i b_high = _mm512_and_si512(_mm512_castps_si512(b), upper);
    _mm512_storeu_si512(high,
                        _mm512_or_si512(_mm512_srli_epi32(a_high, 16), b_high));
    a = _mm512_sub_ps(a, _mm512_castsi512_ps(a_high));
    b = _mm512_sub_ps(b, _mm512_castsi512_ps(b_high));
    /* a | (b & upper) */
    _mm512_storeu_si512(
        low, _mm512_ternarylogic_epi32(
                 _mm512_srli_epi32(_mm512_castps_si512(a), 16),
                 _mm512_castps_si512(b), upper, 0xF8));
}

/* Without rounding, in a third of the time: off by 2^-14 at most. */
TARGET static void cut_product_pairs(const struct pith_kernels *kernels,
                                     float *panel, size_t col,
                                     const float *products, size_t n)
{
    (void)kernels;
    for (size_t i = 0; i < n + (UNIT - n % UNIT) % UNIT; i += 2)
        for (size_t t = 0; t < L; t += TILE) {
            float *high = panel + (col + i / UNIT * UNIT) * L +
                          i % UNIT / 2 * L + t;
            cut_rows(high, high + PLANE * L, load_row(products + t, i, n),
                     load_row(products + t, i + 1, n));
        }
}

TARGET static void unpack_pairs(const struct pith_kernels *kernels, float *row,
                                enum pith_type type, const uint8_t *bytes,
                                size_t n)
{
    float floats[PITH_STEP];
    if (type == PITH_F32) {
        for (size_t c = 0; c < n; c += UNIT)
            split(row + c, row + c + PLANE, bytes + 4 * c, group_size(n, c));
        return;
    }
    kernels->unpack(floats, type, bytes, n);
    for (size_t c = 0; c < n; c += UNIT)
        split(row + c, row + c + PLANE, floats + c, group_size(n, c));
}

/* --- tiles ---------------------------------------------------------------- */

/* Intel's manual, volume 1, 18.2: eight tiles of 16 rows of 64 bytes. */
static const struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t n_rows[16];
} SHAPES = {.palette = 1,
            .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
            .n_rows = {16, 16, 16, 16, 16, 16, 16, 16}};

/* Setting up takes as long as a small multiplication. */
TARGET void pith_amx_begin(void)
{
    _tile_loadconfig(&SHAPES);
}

TARGET void pith_amx_end(void)
{
    _tile_release();
}

#define WEIGHTS_STRIDE (PITH_ROW_STRIDE * sizeof(float))
#define PANEL_STRIDE (L * sizeof(float))

/* Tiles 4 and 5: the upper and the lower 16 rows of weights. */
INLINE void load_weights(const float *weights)
{
    _tile_loadd(4, weights, WEIGHTS_STRIDE);
    _tile_loadd(5, weights + TILE * PITH_ROW_STRIDE, WEIGHTS_STRIDE);
}

/* Tiles 6 and 7: the first and the last 16 tokens. */
INLINE void load_tokens(const float *panel)
{
    _tile_loadd(6, panel, PANEL_STRIDE);
    _tile_loadd(7, panel + TILE, PANEL_STRIDE);
}

/* Tiles 0 to 3: the sums. */
INLINE void add_products(void)
{
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
}

/* Where the sums are in out (ROWS, L). */
enum { SUMS_1 = TILE, SUMS_2 = TILE * L, SUMS_3 = TILE * L + TILE };

INLINE void store_sums(float *out)
{
    _tile_stored(0, out, PANEL_STRIDE);
    _tile_stored(1, out + SUMS_1, PANEL_STRIDE);
    _tile_stored(2, out + SUMS_2, PANEL_STRIDE);
    _tile_stored(3, out + SUMS_3, PANEL_STRIDE);
}

/* Stores the sums of the tile before, if there is one, and begins those of out
 * with their first products: a register after the other, so that there are
 * always products to compute. */
#define CHANGE_SUM(sum, rows, tokens, place)                                   \
    do {                                                                       \
        if (before != NULL)                                                    \
            _tile_stored(sum, before + (place), PANEL_STRIDE);                 \
        if (add)                                                               \
            _tile_loadd(sum, out + (place), PANEL_STRIDE);                     \
        else                                                                   \
            _tile_zero(sum);                                                   \
        _tile_dpbf16ps(sum, rows, tokens);                                     \
    } while (0)

INLINE void change_sums(float *before, const float *out, bool add)
{
    CHANGE_SUM(0, 4, 6, 0);
    CHANGE_SUM(1, 4, 7, SUMS_1);
    CHANGE_SUM(2, 5, 6, SUMS_2);
    CHANGE_SUM(3, 5, 7, SUMS_3);
}

/* Of pairs, low x high, high x high and high x low. */
INLINE void multiply_tile(float *before, const float *out,
                          const float *weights, const float *panel,
                          size_t depth, bool pairs, bool add)
{
    for (size_t c = 0; c < depth; c += UNIT) {
        const float *w = weights + (pairs ? c : c / 2);
        const float *x = panel + (pairs ? c : c / 2) * L;
        load_tokens(x);
        load_weights(pairs ? w + PLANE : w);
        if (c == 0)
            change_sums(before, out, add);
        else
            add_products();
        if (pairs) {
            load_weights(w);
            add_products();
            load_tokens(x + PLANE * L);
            add_products();
        }
    }
}

INLINE void multiply_tiles(float *out, const float *weights,
                           const float *panel, size_t n_rows, size_t depth,
                           bool pairs, bool add)
{
    float *before = NULL;
    for (size_t r = 0; r < n_rows; r += ROWS) {
        multiply_tile(before, out + r * L, weights + r * PITH_ROW_STRIDE,
                      panel, depth, pairs, add);
        before = out + r * L;
    }
    store_sums(before);
}

TARGET static void multiply(const struct pith_kernels *kernels, float *out,
                            const float *weights, const float *panel,
                            size_t n_rows, size_t depth, size_t n_lanes,
                            bool add)
{
    (void)kernels;
    (void)n_lanes;
    multiply_tiles(out, weights, panel, n_rows, depth, false, add);
}

TARGET static void multiply_pairs(const struct pith_kernels *kernels,
                                  float *out, const float *weights,
                                  const float *panel, size_t n_rows,
                                  size_t depth, size_t n_lanes, bool add)
{
    (void)kernels;
    (void)n_lanes;
    multiply_tiles(out, weights, panel, n_rows, depth, true, add);
}

static bool usable(const struct pith_kernels *kernels)
{
    return kernels == &pith_kernels_avx512 && pith_cpu_has_amx();
}

const struct pith_precision pith_precision_bf16_amx = {
    .name = "bf16",
    .means = "AMX",
    .usable = usable,
    .permit = pith_cpu_allow_tiles,
    .rows = ROWS,
    .unit = UNIT,
    .scores = &pith_precision_bf16x3_amx,
    .values = &pith_precision_bf16x3_cut_amx,
    .pack = pith_pack_bf16,
    .pack_products = pith_pack_products_bf16,
    .unpack = pith_unpack_bf16,
    .begin = pith_amx_begin,
    .end = pith_amx_end,
    .multiply_rows = multiply,
};

const struct pith_precision pith_precision_bf16x3_amx = {
    .name = "bf16x3",
    .means = "AMX",
    .usable = usable,
    .permit = pith_cpu_allow_tiles,
    .rows = ROWS,
    .unit = UNIT,
    .scores = &pith_precision_bf16x3_amx,
    .values = &pith_precision_bf16x3_cut_amx,
    .pack = pack_pairs,
    .pack_products = pack_product_pairs,
    .unpack = unpack_pairs,
    .begin = pith_amx_begin,
    .end = pith_amx_end,
    .multiply_rows = multiply_pairs,
};

const struct pith_precision pith_precision_bf16x3_cut_amx = {
    .name = "bf16x3, cut",
    .means = "AMX",
    .rows = ROWS,
    .unit = UNIT,
    .pack = pack_pairs,
    .pack_products = cut_product_pairs,
    .unpack = unpack_pairs,
    .begin = pith_amx_begin,
    .end = pith_amx_end,
    .multiply_rows = multiply_pairs,
};

#endif
