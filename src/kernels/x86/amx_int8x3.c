/*
 * amx_int8x3.c - products of pairs of bytes with the tiles of Intel's AMX: an
 * instruction multiplies 16 rows of 64 weights with 64 elements of 16 tokens
 * and takes half of the time that it takes for bf16.
 *
 * The planes of int8x3.h are as there but for the order of their places: 16
 * of them, a tile's row, are transposed as a square of 4 times 4, which is how
 * AVX-512 packs.  Sums of integers are exact in any order.
 *
 * Four tile registers hold the sums of 32 rows and 32 tokens: those of the mixed
 * products of a group, then those of the high ones.  They become floats while
 * the next 32 rows are multiplied.
 */
#include "../int8x3.h"
#ifdef PITH_BUILDS_AMX

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "../cpu.h"
#include "../target.h"
#include "amx.h"

#define TARGET PITH_TARGET("amx-tile,amx-int8,avx512f,avx512bw,avx512dq,fma")
#define INLINE TARGET __attribute__((always_inline)) static inline
#define UNROLL PITH_UNROLL_16

enum {
    L = 32,       /* lanes of the avx512 set */
    W = 16,       /* floats of a vector */
    ROWS = 32,    /* of a tile of products */
    TILE = 16,    /* rows and columns of one tile register */
    UNIT = 64,    /* columns of a tile's row */
    PLACES = UNIT / 4,
    VECTORS = PITH_STEP / W, /* of a group */
    BLOCKS = PITH_STEP / PITH_Q_BLOCK,
    Q4_HEAD = 4, /* bytes of a block before its integers */
    Q4_BYTES = Q4_HEAD + PITH_Q_BLOCK / 2
};

/* --- floats to pairs of bytes --------------------------------------------- */

/* How a group is scaled, given the largest magnitude, in each lane. */
struct scaling {
    __m512 factor, scale;
};

INLINE struct scaling scale_by(__m512 largest)
{
    __m512 limit = _mm512_set1_ps(PITH_PAIR_MAX);
    __m512 inverse = _mm512_div_ps(limit, largest);
    __mmask16 finite = _mm512_cmp_ps_mask(inverse, _mm512_set1_ps(INFINITY),
                                          _CMP_LT_OQ);
    __m512 scale = _mm512_maskz_div_ps(finite, largest, limit);
    /* Infinity times 0 and NaN are NaN. */
    return (struct scaling){
        _mm512_maskz_mov_ps(finite, inverse),
        _mm512_fmadd_ps(largest, _mm512_setzero_ps(), scale)};
}

/* Without signs, floats are ordered as their bits are. */
INLINE __m512 larger(__m512 largest, __m512 x)
{
    return _mm512_castsi512_ps(
        _mm512_max_epi32(_mm512_castps_si512(largest),
                         _mm512_castps_si512(_mm512_abs_ps(x))));
}

INLINE __m512 largest_lane(__m512 v)
{
    return _mm512_castsi512_ps(
        _mm512_set1_epi32(_mm512_reduce_max_epi32(_mm512_castps_si512(v))));
}

/* 32 integers of 16 bits as their high and low bytes, in 16 bits each. */
INLINE __m512i high_of(__m512i q)
{
    return _mm512_srai_epi16(
        _mm512_add_epi16(q, _mm512_set1_epi16(PITH_PLANE_ONE / 2)),
        PITH_PLANE_BITS);
}

INLINE __m512i low_of(__m512i q, __m512i high)
{
    return _mm512_sub_epi16(q, _mm512_slli_epi16(high, PITH_PLANE_BITS));
}

INLINE __m512i round_times(__m512 x, __m512 factor)
{
    return _mm512_cvtps_epi32(_mm512_mul_ps(x, factor));
}

/* A tile's row of each plane, from four vectors. */
INLINE void split_unit(float *high, float *low, const __m512 *x, __m512 factor)
{
    __m512i a = _mm512_packs_epi32(round_times(x[0], factor),
                                   round_times(x[1], factor));
    __m512i b = _mm512_packs_epi32(round_times(x[2], factor),
                                   round_times(x[3], factor));
    __m512i a_high = high_of(a), b_high = high_of(b);
    _mm512_storeu_si512(high, _mm512_packs_epi16(a_high, b_high));
    _mm512_storeu_si512(
        low, _mm512_packs_epi16(low_of(a, a_high), low_of(b, b_high)));
}

INLINE __m512 load_some(const uint8_t *floats, size_t n)
{
    return n >= W ? _mm512_loadu_ps(floats)
                  : _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), floats);
}

/* The planes of a group of n <= PITH_STEP floats of any alignment, as far as
 * the last tile's row with one of them; returns the scale. */
INLINE float split_group(float *high, float *low, const void *floats, size_t n)
{
    const uint8_t *bytes = floats;
    __m512 x[VECTORS], largest = _mm512_setzero_ps();
    UNROLL
    for (size_t i = 0; i < VECTORS; i++) {
        x[i] = i * W < n ? load_some(bytes + 4 * i * W, n - i * W)
                         : _mm512_setzero_ps();
        largest = larger(largest, x[i]);
    }
    struct scaling scaling = scale_by(largest_lane(largest));
    UNROLL
    for (size_t i = 0; i < PITH_STEP / UNIT; i++)
        if (i * UNIT < n)
            split_unit(high + i * PLACES, low + i * PLACES,
                       x + i * (UNIT / W), scaling.factor);
    return _mm512_cvtss_f32(scaling.scale);
}

/* The 16 weights that a block of q4 can hold. */
INLINE __m512 q4_values(const uint8_t *block)
{
    const __m512 q = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                                    13, 14, 15);
    short halves[2];
    memcpy(halves, block, sizeof halves);
    return _mm512_fmadd_ps(_mm512_cvtph_ps(_mm256_set1_epi16(halves[0])), q,
                           _mm512_cvtph_ps(_mm256_set1_epi16(halves[1])));
}

/* Column i of a square of 4 times 4 places is where its row i was. */
INLINE __m512i transpose_places(__m512i places)
{
    return _mm512_permutexvar_epi32(
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
        places);
}

/* A tile's row of each plane, from two blocks of q4 that can hold values: the
 * bytes of those are looked up. */
INLINE void look_up_unit(float *high, float *low, const __m512 *values,
                         const uint8_t *first, const uint8_t *second,
                         __m512 factor)
{
    __m512i a = _mm512_packs_epi32(round_times(values[0], factor),
                                   round_times(values[1], factor));
    __m512i a_high = high_of(a);
    /* High bytes of the first block's and the second's values, low ones. */
    __m512i bytes = transpose_places(
        _mm512_packs_epi16(a_high, low_of(a, a_high)));
    __m512i q = _mm512_inserti64x4(
        _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)first)),
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)second)), 1);
    q = _mm512_and_si512(
        _mm512_srlv_epi32(q, _mm512_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4, 0, 0, 0,
                                               0, 4, 4, 4, 4)),
        _mm512_set1_epi8(15));
    _mm512_storeu_si512(high,
                        transpose_places(_mm512_shuffle_epi8(
                            _mm512_shuffle_i64x2(bytes, bytes, 0x50), q)));
    _mm512_storeu_si512(low,
                        transpose_places(_mm512_shuffle_epi8(
                            _mm512_shuffle_i64x2(bytes, bytes, 0xFA), q)));
}

/* As split_group(), of weights in q4; n is a multiple of PITH_Q_BLOCK. */
INLINE float split_q4(float *high, float *low, const uint8_t *bytes, size_t n)
{
    size_t n_blocks = n / PITH_Q_BLOCK;
    __m512 values[BLOCKS], largest = _mm512_setzero_ps();
    UNROLL
    for (size_t i = 0; i < BLOCKS; i++) {
        values[i] = i < n_blocks ? q4_values(bytes + i * Q4_BYTES)
                                 : _mm512_setzero_ps();
        largest = larger(largest, values[i]);
    }
    struct scaling scaling = scale_by(largest_lane(largest));
    UNROLL
    for (size_t i = 0; i < BLOCKS; i += 2) {
        const uint8_t *first = bytes + i * Q4_BYTES + Q4_HEAD;
        if (i < n_blocks) /* of a block that is not there all values are 0 */
            look_up_unit(high + i / 2 * PLACES, low + i / 2 * PLACES,
                         values + i, first,
                         i + 1 < n_blocks ? first + Q4_BYTES : first,
                         scaling.factor);
    }
    return _mm512_cvtss_f32(scaling.scale);
}

INLINE float split_weights(float *row, const struct pith_kernels *kernels,
                           enum pith_type type, const uint8_t *bytes, size_t n)
{
    float *low = row + PITH_PLANE, floats[PITH_STEP];
    if (type == PITH_Q4)
        return split_q4(row, low, bytes, n);
    if (type == PITH_F32)
        return split_group(row, low, bytes, n);
    kernels->unpack(floats, type, bytes, n);
    return split_group(row, low, floats, n);
}

TARGET static void unpack(const struct pith_kernels *kernels, float *row,
                          enum pith_type type, const uint8_t *bytes, size_t n)
{
    float scale = n == PITH_STEP
                      ? split_weights(row, kernels, type, bytes, PITH_STEP)
                      : split_weights(row, kernels, type, bytes, n);
    row[PITH_PLANES] = scale * PITH_PLANE_ONE;
}

static size_t group_size(size_t n, size_t start)
{
    return n - start < PITH_STEP ? n - start : PITH_STEP;
}

/* Places of a group that are written and read. */
static size_t used_places(size_t n)
{
    return (n + UNIT - 1) / UNIT * PLACES;
}

/* Four bytes are transposed as if they were a float. */
TARGET static void pack(const struct pith_kernels *kernels, float *panel,
                        size_t col, const float *x, size_t stride,
                        size_t n_tokens, size_t n)
{
    float high[L * PITH_PLANE], low[L * PITH_PLANE]; /* (n_tokens, places) */
    for (size_t c = 0; c < n; c += PITH_STEP) {
        float *group = panel + (col + c) * L;
        size_t size = group_size(n, c), places = used_places(size);
        for (size_t t = 0; t < n_tokens; t++)
            group[PITH_PLANES * L + t] =
                split_group(high + t * PITH_PLANE, low + t * PITH_PLANE,
                            x + t * stride + c, size);
        kernels->transpose(group, L, high, PITH_PLANE, n_tokens, places);
        kernels->transpose(group + PITH_PLANE * L, L, low, PITH_PLANE,
                           n_tokens, places);
    }
}

/* Integers of row i of n, 0 after the last. */
INLINE __m512i load_row(const float *rows, size_t i, size_t n, __m512 factor)
{
    return i < n ? round_times(_mm512_loadu_ps(rows + i * L), factor)
                 : _mm512_setzero_si512();
}

/* The words a of the lower halves of each 32 bits, b's lower ones above. */
INLINE __m512i join_words(__m512i a, __m512i b)
{
    return _mm512_mask_blend_epi16(0xAAAAAAAAu, a, _mm512_slli_epi32(b, 16));
}

INLINE __m512i join_bytes(__m512i a, __m512i b)
{
    return _mm512_mask_blend_epi8(0xAAAAAAAAAAAAAAAAu, a,
                                  _mm512_slli_epi16(b, 8));
}

/* W lanes of a group, from rows (n, L). */
INLINE void pack_lanes(float *group, const float *rows, size_t n)
{
    __m512 largest = _mm512_setzero_ps();
    for (size_t i = 0; i < n; i++)
        largest = larger(largest, _mm512_loadu_ps(rows + i * L));
    struct scaling scaling = scale_by(largest);
    for (size_t i = 0; i < used_places(n); i++) {
        __m512i even =
            join_words(load_row(rows, 4 * i, n, scaling.factor),
                       load_row(rows, 4 * i + 2, n, scaling.factor));
        __m512i odd =
            join_words(load_row(rows, 4 * i + 1, n, scaling.factor),
                       load_row(rows, 4 * i + 3, n, scaling.factor));
        __m512i even_high = high_of(even), odd_high = high_of(odd);
        float *place =
            group + (i / PLACES * PLACES + i % 4 * 4 + i % PLACES / 4) * L;
        _mm512_storeu_si512(place, join_bytes(even_high, odd_high));
        _mm512_storeu_si512(place + PITH_PLANE * L,
                            join_bytes(low_of(even, even_high),
                                       low_of(odd, odd_high)));
    }
    _mm512_storeu_ps(group + PITH_PLANES * L, scaling.scale);
}

TARGET static void pack_products(const struct pith_kernels *kernels,
                                 float *panel, size_t col,
                                 const float *products, size_t n)
{
    (void)kernels;
    for (size_t c = 0; c < n; c += PITH_STEP)
        for (size_t t = 0; t < L; t += W)
            pack_lanes(panel + (col + c) * L + t, products + c * L + t,
                       group_size(n, c));
}

/* --- tiles ---------------------------------------------------------------- */

#define WEIGHTS_STRIDE (PITH_PAIRS_STRIDE * sizeof(float))
#define PANEL_STRIDE (L * sizeof(float))

/* Tiles 4 and 5: the upper and the lower 16 rows of weights; 6 and 7: the
 * first and the last 16 tokens. */
INLINE void load_tokens(const float *panel)
{
    _tile_loadd(6, panel, PANEL_STRIDE);
    _tile_loadd(7, panel + TILE, PANEL_STRIDE);
}

INLINE void load_factors(const float *weights, const float *panel)
{
    load_tokens(panel);
    _tile_loadd(4, weights, WEIGHTS_STRIDE);
    _tile_loadd(5, weights + TILE * PITH_PAIRS_STRIDE, WEIGHTS_STRIDE);
}

/* Of weights that this panel has no more need of: they should not drive
 * others out of the first-level cache. */
INLINE void load_last(const float *weights, const float *panel)
{
    load_tokens(panel);
    _tile_stream_loadd(4, weights, WEIGHTS_STRIDE);
    _tile_stream_loadd(5, weights + TILE * PITH_PAIRS_STRIDE, WEIGHTS_STRIDE);
}

/* Sums of a group that are not yet products: of one tile, and the mixed ones
 * of the next one too. */
struct sums {
    _Alignas(64) int32_t high[ROWS * L];
    _Alignas(64) int32_t mixed[2 * ROWS * L];
};

/* A group of rows of weights and a panel, and where their products go. */
struct product {
    float *out;
    const float *weights;
    __m512 first, last; /* scales of the tokens */
};

/* W tokens of a row; x is their scale. */
INLINE void take_half(float *out, const int32_t *high, const int32_t *mixed,
                      __m512 w, __m512 x, bool add)
{
    __m512i sum = _mm512_add_epi32(
        _mm512_slli_epi32(_mm512_load_si512(high), PITH_PLANE_BITS),
        _mm512_load_si512(mixed));
    __m512 part = _mm512_mul_ps(w, _mm512_cvtepi32_ps(sum));
    __m512 before = add ? _mm512_loadu_ps(out) : _mm512_setzero_ps();
    _mm512_storeu_ps(out, _mm512_fmadd_ps(x, part, before));
}

INLINE void take_row(const struct product *product, const struct sums *sums,
                     size_t row, bool add)
{
    const int32_t *high = sums->high + row % ROWS * L;
    const int32_t *mixed = sums->mixed + row % (2 * ROWS) * L;
    float *out = product->out + row * L;
    __m512 w = _mm512_set1_ps(
        product->weights[row * PITH_PAIRS_STRIDE + PITH_PLANES]);
    take_half(out, high, mixed, w, product->first, add);
    take_half(out + W, high + W, mixed + W, w, product->last, add);
}

/* Adds products to tiles 0 to 3, the sums.  In between, four rows before `end`
 * become floats, which is free while tile instructions run; more of it in a
 * row would keep the next of them from being issued. */
INLINE void add_products(const struct product *product,
                         const struct sums *sums, size_t row, size_t end,
                         bool add)
{
    if (row < end) {
        _tile_dpbssd(0, 4, 6);
        take_row(product, sums, row, add);
        _tile_dpbssd(1, 4, 7);
        take_row(product, sums, row + 1, add);
        _tile_dpbssd(2, 5, 6);
        take_row(product, sums, row + 2, add);
        _tile_dpbssd(3, 5, 7);
        take_row(product, sums, row + 3, add);
    } else {
        _tile_dpbssd(0, 4, 6);
        _tile_dpbssd(1, 4, 7);
        _tile_dpbssd(2, 5, 6);
        _tile_dpbssd(3, 5, 7);
    }
}

/* Stores the sums of one kind and begins those of the next: a register after
 * the other, so that there are always products to compute. */
INLINE void change_sums(int32_t *stored)
{
    _tile_stored(0, stored, PANEL_STRIDE);
    _tile_zero(0);
    _tile_dpbssd(0, 4, 6);
    _tile_stored(1, stored + TILE, PANEL_STRIDE);
    _tile_zero(1);
    _tile_dpbssd(1, 4, 7);
    _tile_stored(2, stored + TILE * L, PANEL_STRIDE);
    _tile_zero(2);
    _tile_dpbssd(2, 5, 6);
    _tile_stored(3, stored + TILE * L + TILE, PANEL_STRIDE);
    _tile_zero(3);
    _tile_dpbssd(3, 5, 7);
}

/* Sums of ROWS rows from r on.  Those of high bytes stay in the registers;
 * the tile before it is stored and becomes floats. */
INLINE void multiply_tile(const struct product *product, struct sums *sums,
                          const float *panel, size_t r, size_t depth, bool add)
{
    const float *w_high = product->weights + r * PITH_PAIRS_STRIDE;
    const float *w_low = w_high + PITH_PLANE, *x_low = panel + PITH_PLANE * L;
    size_t n = used_places(depth), row = r > 0 ? r - ROWS : 0;
    load_last(w_low, panel);
    change_sums(sums->high);
    load_factors(w_high, x_low);
    add_products(product, sums, row, r, add);
    row += 4;
    for (size_t i = PLACES; i < n; i += PLACES) {
        load_last(w_low + i, panel + i * L);
        add_products(product, sums, row, r, add);
        load_factors(w_high + i, x_low + i * L);
        add_products(product, sums, row + 4, r, add);
        row += 8;
    }
    load_factors(w_high, panel);
    change_sums(sums->mixed + r % (2 * ROWS) * L);
    for (size_t i = PLACES; i < n; i += PLACES) {
        load_factors(w_high + i, panel + i * L);
        add_products(product, sums, row, r, add);
        row += 4;
    }
    for (; row < r; row++)
        take_row(product, sums, row, add);
}

INLINE void multiply_tiles(const struct product *product, const float *panel,
                           size_t n_rows, size_t depth, bool add)
{
    struct sums sums;
    for (size_t r = 0; r < n_rows; r += ROWS)
        multiply_tile(product, &sums, panel, r, depth, add);
    change_sums(sums.high);
    for (size_t row = n_rows - ROWS; row < n_rows; row++)
        take_row(product, &sums, row, add);
}

TARGET static void multiply_rows(const struct pith_kernels *kernels, float *out,
                                 const float *weights, const float *panel,
                                 size_t n_rows, size_t depth, size_t n_lanes,
                                 bool add)
{
    const float *scales = panel + PITH_PLANES * L;
    struct product product = {out, weights, _mm512_loadu_ps(scales),
                              _mm512_loadu_ps(scales + W)};
    (void)kernels;
    (void)n_lanes;
    n_rows = (n_rows + ROWS - 1) / ROWS * ROWS;
    if (add)
        multiply_tiles(&product, panel, n_rows, depth, true);
    else
        multiply_tiles(&product, panel, n_rows, depth, false);
}

static bool usable(const struct pith_kernels *kernels)
{
    return kernels == &pith_kernels_avx512 && pith_cpu_has_amx();
}

const struct pith_precision pith_precision_int8x3_amx = {
    .name = "int8x3",
    .means = "AMX",
    .usable = usable,
    .permit = pith_cpu_allow_tiles,
    .rows = ROWS,
    .unit = PITH_STEP,
    .row_stride = PITH_PAIRS_STRIDE,
    .attention = &pith_precision_bf16x3_amx,
    .pack = pack,
    .pack_products = pack_products,
    .unpack = unpack,
    .begin = pith_amx_begin,
    .end = pith_amx_end,
    .multiply_rows = multiply_rows,
};

#endif
