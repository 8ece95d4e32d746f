/*
 * amx_int8x3.c - products of pairs of bytes with the tiles of Intel's AMX: an
 * instruction multiplies 16 rows of 64 weights with 64 elements of 16 tokens
 * and takes half of the time that it takes for bf16.
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

#include "../../base/bytes.h"
#include "../cpu.h"
#include "../target.h"
#include "amx.h"

#define TARGET \
    PITH_TARGET("amx-tile,amx-int8,avx512f,avx512bw,avx512dq,avx512vbmi,fma,f16c")
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
    Q4_BYTES = Q4_HEAD + PITH_Q_BLOCK / 2,
    Q4_WORDS = Q4_BYTES / 4
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

/* The same of a group whose columns are in the lanes: the divisions of one
 * number take a quarter of the time. */
INLINE struct scaling scale_group(__m512 largest)
{
    int32_t bits = _mm512_reduce_max_epi32(_mm512_castps_si512(largest));
    float max, limit = PITH_PAIR_MAX;
    memcpy(&max, &bits, sizeof max);
    float inverse = limit / max;
    bool finite = inverse < INFINITY;
    return (struct scaling){
        _mm512_set1_ps(finite ? inverse : 0),
        _mm512_set1_ps(fmaf(max, 0, finite ? max / limit : 0))};
}

/* The high byte of what this makes of an integer of 16 bits, and the low one
 * of the integer itself, are its pair. */
INLINE __m512i round_up(__m512i q)
{
    return _mm512_add_epi16(q, _mm512_set1_epi16(PITH_PLANE_ONE / 2));
}

/* The words a of the lower halves of each 32 bits, b's lower ones above. */
INLINE __m512i join_words(__m512i a, __m512i b)
{
    return _mm512_mask_blend_epi16(0xAAAAAAAAu, a, _mm512_slli_epi32(b, 16));
}

INLINE __m512i round_times(__m512 x, __m512 factor)
{
    return _mm512_cvtps_epi32(_mm512_mul_ps(x, factor));
}

/* 64 integers as 16 bits each, as packing leaves them: those of a quarter of
 * the first vector, then of the second one. */
struct words {
    __m512i a, b;
};

/* Byte `byte` of each, 0 or 1, in order. */
INLINE __m512i take_bytes(struct words words, int byte)
{
    /* Four bytes of words: of the lower and the upper half of a quarter. */
    const __m512i places = _mm512_setr_epi32(
        0x06040200, 0x16141210, 0x26242220, 0x36343230, 0x0E0C0A08, 0x1E1C1A18,
        0x2E2C2A28, 0x3E3C3A38, 0x46444240, 0x56545250, 0x66646260, 0x76747270,
        0x4E4C4A48, 0x5E5C5A58, 0x6E6C6A68, 0x7E7C7A78);
    return _mm512_permutex2var_epi8(
        words.a, _mm512_add_epi8(places, _mm512_set1_epi8((char)byte)),
        words.b);
}

/* A tile's row of each plane, from four vectors. */
INLINE void split_unit(float *high, float *low, const __m512 *x, __m512 factor)
{
    struct words q = {_mm512_packs_epi32(round_times(x[0], factor),
                                         round_times(x[1], factor)),
                      _mm512_packs_epi32(round_times(x[2], factor),
                                         round_times(x[3], factor))};
    struct words up = {round_up(q.a), round_up(q.b)};
    _mm512_storeu_si512(high, take_bytes(up, 1));
    _mm512_storeu_si512(low, take_bytes(q, 0));
}

INLINE __m512 load_some(const uint8_t *floats, size_t n)
{
    return n >= W ? _mm512_loadu_ps(floats)
                  : _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), floats);
}

/* The planes of a group, n columns of which are in use, as far as the last
 * tile's row with one of them; returns the scale. */
INLINE float split_group(float *high, float *low, const __m512 *x, size_t n)
{
    __m512 largest = _mm512_setzero_ps();
    UNROLL
    for (size_t i = 0; i < VECTORS; i++)
        largest = larger(largest, x[i]);
    struct scaling scaling = scale_group(largest);
    UNROLL
    for (size_t i = 0; i < PITH_STEP / UNIT; i++)
        if (i * UNIT < n)
            split_unit(high + i * PLACES, low + i * PLACES,
                       x + i * (UNIT / W), scaling.factor);
    return _mm512_cvtss_f32(scaling.scale);
}

/* Of n <= PITH_STEP floats of any alignment. */
INLINE float split_floats(float *high, float *low, const void *floats, size_t n)
{
    const uint8_t *bytes = floats;
    __m512 x[VECTORS];
    UNROLL
    for (size_t i = 0; i < VECTORS; i++)
        x[i] = i * W < n ? load_some(bytes + 4 * i * W, n - i * W)
                         : _mm512_setzero_ps();
    return split_group(high, low, x, n);
}

INLINE __m512 times_bytes(__m512 step, __m128i q)
{
    return _mm512_mul_ps(step, _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(q)));
}

/* Of weights in q8; n is a multiple of PITH_Q_BLOCK, as of q4. */
INLINE float split_q8(float *high, float *low, const uint8_t *block, size_t n)
{
    __m512 x[VECTORS];
    UNROLL
    for (size_t i = 0; i < VECTORS; i += 2, block += 2 + PITH_Q_BLOCK) {
        x[i] = x[i + 1] = _mm512_setzero_ps();
        if (i * W < n) {
            const __m128i *q = (const void *)(block + 2);
            __m512 step = _mm512_set1_ps(_cvtsh_ss(pith_load_u16(block)));
            x[i] = times_bytes(step, _mm_loadu_si128(q));
            x[i + 1] = times_bytes(step, _mm_loadu_si128(q + 1));
        }
    }
    return split_group(high, low, x, n);
}

/* What the blocks of a group in q4 hold before their integers: steps and
 * minima in turn. */
INLINE __m512 q4_heads(const uint8_t *blocks, size_t n_blocks)
{
    const __m512i places = _mm512_setr_epi32(
        0, Q4_WORDS, 2 * Q4_WORDS, 3 * Q4_WORDS, 4 * Q4_WORDS, 5 * Q4_WORDS, 31,
        31, 31, 31, 31, 31, 31, 31, 31, 31);
    uint32_t there = (1u << n_blocks * Q4_WORDS) - 1; /* words of 32 bits */
    __m512i first = _mm512_maskz_loadu_epi32((__mmask16)there, blocks);
    __m512i last = _mm512_maskz_loadu_epi32((__mmask16)(there >> W),
                                            blocks + 4 * W);
    return _mm512_cvtph_ps(_mm512_castsi512_si256(
        _mm512_permutex2var_epi32(first, places, last)));
}

/* The largest magnitude that the blocks could hold, in one of the lanes: that
 * of integer 15, in the place of the step, or of 0. */
INLINE __m512 q4_largest(__m512 heads)
{
    return _mm512_abs_ps(_mm512_mask3_fmadd_ps(
        heads, _mm512_set1_ps(15), _mm512_movehdup_ps(heads), 0x5555));
}

/* The 16 weights that a block can hold, as integers. */
INLINE __m512i q4_values(const float *head, __m512 factor)
{
    const __m512 q = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                                    13, 14, 15);
    return round_times(_mm512_fmadd_ps(_mm512_set1_ps(head[0]), q,
                                       _mm512_set1_ps(head[1])),
                       factor);
}

/* The integers of two blocks, times 4, and twice the block's number added. */
INLINE __m512i q4_places(const uint8_t *first, const uint8_t *second)
{
    __m512i q = _mm512_inserti64x4(
        _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)first)),
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)second)), 1);
    q = _mm512_rorv_epi32(q, _mm512_setr_epi32(30, 30, 30, 30, 2, 2, 2, 2, 30,
                                               30, 30, 30, 2, 2, 2, 2));
    return _mm512_or_si512(
        _mm512_and_si512(q, _mm512_set1_epi8(15 * 4)),
        _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi8(2), 1));
}

/* A tile's row of each plane, from two blocks: the bytes of the 16 values that
 * each can hold are looked up, a value of both in 32 bits. */
INLINE void look_up_unit(float *high, float *low, __m512i first, __m512i second,
                         __m512i places)
{
    __m512i q = join_words(first, second);
    _mm512_storeu_si512(
        high, _mm512_permutexvar_epi8(
                  _mm512_or_si512(places, _mm512_set1_epi8(1)), round_up(q)));
    _mm512_storeu_si512(low, _mm512_permutexvar_epi8(places, q));
}

/* Of weights in q4. */
INLINE float split_q4(float *high, float *low, const uint8_t *blocks, size_t n)
{
    size_t n_blocks = n / PITH_Q_BLOCK;
    _Alignas(64) float heads[W];
    __m512 both = q4_heads(blocks, n_blocks);
    struct scaling scaling = scale_group(q4_largest(both));
    _mm512_store_ps(heads, both);
    /* From memory, which this says to be written, a number is copied to all
     * lanes for nothing. */
    __asm__("" : "+m"(heads));
    UNROLL
    for (size_t i = 0; i < BLOCKS; i += 2) {
        const uint8_t *first = blocks + i * Q4_BYTES + Q4_HEAD;
        if (i < n_blocks) /* of a block that is not there all values are 0 */
            look_up_unit(
                high + i / 2 * PLACES, low + i / 2 * PLACES,
                q4_values(heads + 2 * i, scaling.factor),
                q4_values(heads + 2 * i + 2, scaling.factor),
                q4_places(first, i + 1 < n_blocks ? first + Q4_BYTES : first));
    }
    return _mm512_cvtss_f32(scaling.scale);
}

INLINE float split_weights(float *row, const struct pith_kernels *kernels,
                           enum pith_type type, const uint8_t *bytes, size_t n)
{
    float *low = row + PITH_PLANE, floats[PITH_STEP];
    if (type == PITH_Q4)
        return split_q4(row, low, bytes, n);
    if (type == PITH_Q8)
        return split_q8(row, low, bytes, n);
    if (type == PITH_F32)
        return split_floats(row, low, bytes, n);
    kernels->unpack(floats, type, bytes, n);
    return split_floats(row, low, floats, n);
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
                split_floats(high + t * PITH_PLANE, low + t * PITH_PLANE,
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

/* The low bytes, or the high ones, of words of two vectors in turn. */
INLINE __m512i low_bytes(__m512i even, __m512i odd)
{
    return _mm512_mask_blend_epi8(0xAAAAAAAAAAAAAAAAu, even,
                                  _mm512_slli_epi16(odd, 8));
}

INLINE __m512i high_bytes(__m512i even, __m512i odd)
{
    return _mm512_mask_blend_epi8(0xAAAAAAAAAAAAAAAAu,
                                  _mm512_srli_epi16(even, 8), odd);
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
        _mm512_storeu_si512(group + i * L,
                            high_bytes(round_up(even), round_up(odd)));
        _mm512_storeu_si512(group + (PITH_PLANE + i) * L,
                            low_bytes(even, odd));
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
 * first and the last 16 tokens.  Of a panel whose last half holds no token,
 * `half`, tiles 1, 3 and 7 are left alone. */
INLINE void load_tokens(const float *panel, bool half)
{
    _tile_loadd(6, panel, PANEL_STRIDE);
    if (!half)
        _tile_loadd(7, panel + TILE, PANEL_STRIDE);
}

INLINE void load_factors(const float *weights, const float *panel, bool half)
{
    load_tokens(panel, half);
    _tile_loadd(4, weights, WEIGHTS_STRIDE);
    _tile_loadd(5, weights + TILE * PITH_PAIRS_STRIDE, WEIGHTS_STRIDE);
}

/* Of weights that this panel has no more need of: they should not drive
 * others out of the first-level cache. */
INLINE void load_last(const float *weights, const float *panel, bool half)
{
    load_tokens(panel, half);
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
    __mmask16 add;      /* all lanes, or none */
    bool half;
};

/* W tokens of a row; x is their scale. */
INLINE void take_half(float *out, const int32_t *high, const int32_t *mixed,
                      __m512 w, __m512 x, __mmask16 add)
{
    __m512i sum = _mm512_add_epi32(
        _mm512_slli_epi32(_mm512_load_si512(high), PITH_PLANE_BITS),
        _mm512_load_si512(mixed));
    __m512 part = _mm512_mul_ps(w, _mm512_cvtepi32_ps(sum));
    _mm512_storeu_ps(
        out, _mm512_fmadd_ps(x, part, _mm512_maskz_loadu_ps(add, out)));
}

INLINE void take_row(const struct product *product, const struct sums *sums,
                     size_t row)
{
    const int32_t *high = sums->high + row % ROWS * L;
    const int32_t *mixed = sums->mixed + row % (2 * ROWS) * L;
    float *out = product->out + row * L;
    __m512 w = _mm512_set1_ps(
        product->weights[row * PITH_PAIRS_STRIDE + PITH_PLANES]);
    take_half(out, high, mixed, w, product->first, product->add);
    if (!product->half)
        take_half(out + W, high + W, mixed + W, w, product->last,
                  product->add);
}

/* Adds products to tiles 0 to 3, the sums.  In between, four rows before `end`
 * become floats, which is free while tile instructions run; more of it in a
 * row would keep the next of them from being issued. */
INLINE void add_products(const struct product *product,
                         const struct sums *sums, size_t row, size_t end)
{
    bool take = row < end;
    _tile_dpbssd(0, 4, 6);
    if (take)
        take_row(product, sums, row);
    if (!product->half)
        _tile_dpbssd(1, 4, 7);
    if (take)
        take_row(product, sums, row + 1);
    _tile_dpbssd(2, 5, 6);
    if (take)
        take_row(product, sums, row + 2);
    if (!product->half)
        _tile_dpbssd(3, 5, 7);
    if (take)
        take_row(product, sums, row + 3);
}

/* Stores the sums of one kind and begins those of the next: a register after
 * the other, so that there are always products to compute. */
INLINE void change_sums(int32_t *stored, bool half)
{
    _tile_stored(0, stored, PANEL_STRIDE);
    _tile_zero(0);
    _tile_dpbssd(0, 4, 6);
    if (!half) {
        _tile_stored(1, stored + TILE, PANEL_STRIDE);
        _tile_zero(1);
        _tile_dpbssd(1, 4, 7);
    }
    _tile_stored(2, stored + TILE * L, PANEL_STRIDE);
    _tile_zero(2);
    _tile_dpbssd(2, 5, 6);
    if (!half) {
        _tile_stored(3, stored + TILE * L + TILE, PANEL_STRIDE);
        _tile_zero(3);
        _tile_dpbssd(3, 5, 7);
    }
}

/* Sums of ROWS rows from r on.  Those of high bytes stay in the registers;
 * the tile before it is stored and becomes floats. */
INLINE void multiply_tile(const struct product *product, struct sums *sums,
                          const float *panel, size_t r, size_t depth)
{
    const float *w_high = product->weights + r * PITH_PAIRS_STRIDE;
    const float *w_low = w_high + PITH_PLANE, *x_low = panel + PITH_PLANE * L;
    size_t n = used_places(depth), row = r > 0 ? r - ROWS : 0;
    bool half = product->half;
    load_last(w_low, panel, half);
    change_sums(sums->high, half);
    load_factors(w_high, x_low, half);
    add_products(product, sums, row, r);
    row += 4;
    for (size_t i = PLACES; i < n; i += PLACES) {
        load_last(w_low + i, panel + i * L, half);
        add_products(product, sums, row, r);
        load_factors(w_high + i, x_low + i * L, half);
        add_products(product, sums, row + 4, r);
        row += 8;
    }
    load_factors(w_high, panel, half);
    change_sums(sums->mixed + r % (2 * ROWS) * L, half);
    for (size_t i = PLACES; i < n; i += PLACES) {
        load_factors(w_high + i, panel + i * L, half);
        add_products(product, sums, row, r);
        row += 4;
    }
    for (; row < r; row++)
        take_row(product, sums, row);
}

INLINE void multiply_tiles(const struct product *product, const float *panel,
                           size_t n_rows, size_t depth)
{
    struct sums sums;
    for (size_t r = 0; r < n_rows; r += ROWS)
        multiply_tile(product, &sums, panel, r, depth);
    change_sums(sums.high, product->half);
    for (size_t row = n_rows - ROWS; row < n_rows; row++)
        take_row(product, &sums, row);
}

TARGET static void multiply_rows(const struct pith_kernels *kernels, float *out,
                                 const float *weights, const float *panel,
                                 size_t n_rows, size_t depth, size_t n_lanes,
                                 bool add)
{
    const float *scales = panel + PITH_PLANES * L;
    struct product product = {out,
                              weights,
                              _mm512_loadu_ps(scales),
                              _mm512_loadu_ps(scales + W),
                              add ? 0xFFFF : 0,
                              false};
    (void)kernels;
    n_rows = (n_rows + ROWS - 1) / ROWS * ROWS;
    if (n_lanes > W) {
        multiply_tiles(&product, panel, n_rows, depth);
    } else {
        product.half = true;
        multiply_tiles(&product, panel, n_rows, depth);
    }
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
