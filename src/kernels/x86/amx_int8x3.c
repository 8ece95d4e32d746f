/*
 * amx_int8x3.c - products of pairs of bytes with the tiles of Intel's AMX: an
 * instruction multiplies 16 rows of 64 weights with 64 elements of 16 tokens
 * and takes half of the time that it takes for bf16.
 *
 * Four tile registers hold the sums of a strip, 16 rows and 32 tokens: those of
 * the mixed products of a group and those of the high ones.  They become floats
 * while the next strip is multiplied.
 */
#include "../int8x3.h"
#ifdef PITH_BUILDS_AMX

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "../../base/bytes.h"
#include "../cpu.h"
#include "../prefetch.h"
#include "../target.h"
#include "amx.h"

#define TARGET \
    PITH_TARGET("amx-tile,amx-int8,avx512f,avx512bw,avx512dq,avx512vbmi,fma,f16c")
#define INLINE TARGET __attribute__((always_inline)) static inline
#define UNROLL PITH_UNROLL_16

enum {
    L = 32,       /* lanes of the avx512 set */
    W = 16,       /* floats of a vector */
    ROWS = 16,    /* of a strip */
    GROUP = PITH_PAIRS_GROUP,
    UNIT = PITH_PAIRS_UNIT, /* columns of a tile's row */
    PLANE = PITH_PLANE,
    VECTORS = GROUP / W, /* of a group */
    BLOCKS = GROUP / PITH_Q_BLOCK,
    HALF_BLOCKS = BLOCKS / 2,
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

/* A unit from four vectors. */
INLINE void split_unit(float *unit, const __m512 *x, __m512 factor)
{
    struct words q = {_mm512_packs_epi32(round_times(x[0], factor),
                                         round_times(x[1], factor)),
                      _mm512_packs_epi32(round_times(x[2], factor),
                                         round_times(x[3], factor))};
    struct words up = {round_up(q.a), round_up(q.b)};
    _mm512_storeu_si512(unit, take_bytes(up, 1));
    _mm512_storeu_si512(unit + PLANE, take_bytes(q, 0));
}

INLINE __m512 load_some(const uint8_t *floats, size_t n)
{
    return n >= W ? _mm512_loadu_ps(floats)
                  : _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), floats);
}

/* The units with the first n columns of a group; returns the scale. */
INLINE float split_group(float *units, const __m512 *x, size_t n)
{
    __m512 largest = _mm512_setzero_ps();
    UNROLL
    for (size_t i = 0; i < VECTORS; i++)
        largest = larger(largest, x[i]);
    struct scaling scaling = scale_group(largest);
    UNROLL
    for (size_t i = 0; i < GROUP / UNIT; i++)
        if (i * UNIT < n)
            split_unit(units + i * PITH_UNIT_PLACES, x + i * (UNIT / W),
                       scaling.factor);
    return _mm512_cvtss_f32(scaling.scale);
}

/* Of n <= GROUP floats of any alignment. */
INLINE float split_floats(float *units, const void *floats, size_t n)
{
    const uint8_t *bytes = floats;
    __m512 x[VECTORS];
    UNROLL
    for (size_t i = 0; i < VECTORS; i++)
        x[i] = i * W < n ? load_some(bytes + 4 * i * W, n - i * W)
                         : _mm512_setzero_ps();
    return split_group(units, x, n);
}

INLINE __m512 times_bytes(__m512 step, __m128i q)
{
    return _mm512_mul_ps(step, _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(q)));
}

/* Of weights in q8; n is a multiple of PITH_Q_BLOCK, as of q4. */
INLINE float split_q8(float *units, const uint8_t *block, size_t n)
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
    return split_group(units, x, n);
}

/* What the blocks of half a group in q4 hold before their integers: steps and
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

/* A unit from two blocks: the bytes of the 16 values that each can hold are
 * looked up, a value of both in 32 bits. */
INLINE void look_up_unit(float *unit, __m512i first, __m512i second,
                         __m512i places)
{
    __m512i q = join_words(first, second);
    _mm512_storeu_si512(
        unit, _mm512_permutexvar_epi8(
                  _mm512_or_si512(places, _mm512_set1_epi8(1)), round_up(q)));
    _mm512_storeu_si512(unit + PLANE, _mm512_permutexvar_epi8(places, q));
}

/* Of weights in q4. */
INLINE float split_q4(float *units, const uint8_t *blocks, size_t n)
{
    size_t n_blocks = n / PITH_Q_BLOCK;
    size_t n_first = n_blocks < HALF_BLOCKS ? n_blocks : HALF_BLOCKS;
    _Alignas(64) float heads[2 * W];
    __m512 first = q4_heads(blocks, n_first), last = _mm512_setzero_ps();
    if (n_blocks > HALF_BLOCKS)
        last = q4_heads(blocks + HALF_BLOCKS * Q4_BYTES,
                        n_blocks - HALF_BLOCKS);
    struct scaling scaling =
        scale_group(larger(q4_largest(first), q4_largest(last)));
    _mm512_store_ps(heads, first);
    _mm512_store_ps(heads + W, last);
    /* From memory, which this says to be written, a number is copied to all
     * lanes for nothing. */
    __asm__("" : "+m"(heads));
    UNROLL
    for (size_t i = 0; i < BLOCKS; i += 2) {
        const uint8_t *block = blocks + i * Q4_BYTES + Q4_HEAD;
        const float *head = heads + i / HALF_BLOCKS * W + i % HALF_BLOCKS * 2;
        if (i < n_blocks) /* of a block that is not there all values are 0 */
            look_up_unit(
                units + i / 2 * PITH_UNIT_PLACES,
                q4_values(head, scaling.factor),
                q4_values(head + 2, scaling.factor),
                q4_places(block, i + 1 < n_blocks ? block + Q4_BYTES : block));
    }
    return _mm512_cvtss_f32(scaling.scale);
}

INLINE float split_weights(float *row, const struct pith_kernels *kernels,
                           enum pith_type type, const uint8_t *bytes, size_t n)
{
    float floats[GROUP];
    if (type == PITH_Q4)
        return split_q4(row, bytes, n);
    if (type == PITH_Q8)
        return split_q8(row, bytes, n);
    if (type == PITH_F32)
        return split_floats(row, bytes, n);
    kernels->unpack(floats, type, bytes, n);
    return split_floats(row, floats, n);
}

TARGET static void unpack(const struct pith_kernels *kernels, float *row,
                          enum pith_type type, const uint8_t *bytes, size_t n)
{
    float scale = n == GROUP       ? split_weights(row, kernels, type, bytes, GROUP)
                  : n == GROUP / 2 ? split_weights(row, kernels, type, bytes,
                                                   GROUP / 2)
                                   : split_weights(row, kernels, type, bytes, n);
    row[PITH_PAIRS_SCALE] = scale * PITH_PLANE_ONE;
}

static size_t group_size(size_t n, size_t start)
{
    return n - start < GROUP ? n - start : GROUP;
}

/* Places of n columns that are written and read. */
static size_t used_places(size_t n)
{
    return pith_pairs_units(n) * PITH_UNIT_PLACES;
}

/* Four bytes are transposed as if they were a float. */
TARGET static void pack(const struct pith_kernels *kernels, float *panel,
                        size_t col, const float *x, size_t stride,
                        size_t n_tokens, size_t n)
{
    float units[L * PITH_PAIRS_SCALE]; /* (n_tokens, places) */
    for (size_t c = 0; c < n; c += GROUP) {
        float *group = panel + pith_pairs_rows(col + c) * L;
        size_t size = group_size(n, c);
        for (size_t t = 0; t < n_tokens; t++) {
            float *token = units + t * PITH_PAIRS_SCALE;
            const float *from = x + t * stride + c;
            group[t] = size == GROUP ? split_floats(token, from, GROUP)
                                     : split_floats(token, from, size);
        }
        kernels->transpose(group + L, L, units, PITH_PAIRS_SCALE, n_tokens,
                           used_places(size));
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

/* W lanes of a unit, from row i of n on. */
INLINE void pack_unit(float *unit, const float *rows, size_t i, size_t n,
                      __m512 factor)
{
    for (size_t end = i + UNIT; i < end; i += 4, unit += L) {
        __m512i even = join_words(load_row(rows, i, n, factor),
                                  load_row(rows, i + 2, n, factor));
        __m512i odd = join_words(load_row(rows, i + 1, n, factor),
                                 load_row(rows, i + 3, n, factor));
        _mm512_storeu_si512(unit, high_bytes(round_up(even), round_up(odd)));
        _mm512_storeu_si512(unit + PLANE * L, low_bytes(even, odd));
    }
}

/* W lanes of a group, from rows (n, L). */
INLINE void pack_lanes(float *group, const float *rows, size_t n)
{
    __m512 largest = _mm512_setzero_ps();
    for (size_t i = 0; i < n; i++)
        largest = larger(largest, _mm512_loadu_ps(rows + i * L));
    struct scaling scaling = scale_by(largest);
    _mm512_storeu_ps(group, scaling.scale);
    for (size_t i = 0; i < n; i += UNIT)
        pack_unit(group + L + i / UNIT * PITH_UNIT_PLACES * L, rows, i, n,
                  scaling.factor);
}

TARGET static void pack_products(const struct pith_kernels *kernels,
                                 float *panel, size_t col,
                                 const float *products, size_t n)
{
    (void)kernels;
    for (size_t c = 0; c < n; c += GROUP)
        for (size_t t = 0; t < L; t += W)
            pack_lanes(panel + pith_pairs_rows(col + c) * L + t,
                       products + c * L + t, group_size(n, c));
}

/* --- tiles ---------------------------------------------------------------- */

#define WEIGHTS_STRIDE (PITH_PAIRS_STRIDE * sizeof(float))
#define PANEL_STRIDE (L * sizeof(float))

/* Sums that are not yet products, of two strips in turn. */
struct sums {
    _Alignas(64) int32_t high[2][ROWS * L];
    _Alignas(64) int32_t mixed[2][ROWS * L];
};

/* A group of rows of weights and a panel, and where their products go. */
struct product {
    float *out;
    const float *weights;
    __m512 first, last; /* scales of the tokens */
    __mmask16 add;      /* all lanes, or none */
};

/* A strip that is multiplied, and the one before it, whose sums become floats
 * at the same time. */
struct strip {
    const float *weights;
    float *before; /* products; NULL: there is none */
    const float *scales;
    int32_t *high, *mixed;
    const uint8_t *ahead; /* what to ask for, some lines a unit */
    size_t unit_lines;
    bool half; /* the panel's last half holds no token: tiles 1, 3 and 7 are
                * left alone */
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

/* Row i of the strip before, one after each tile instruction: there it is free,
 * more of them in a row would keep the next one from being issued. */
INLINE void take_row(const struct product *product, const struct strip *strip,
                     size_t i)
{
    if (strip->before == NULL || i >= ROWS)
        return;
    float *out = strip->before + i * L;
    const int32_t *high = strip->high + i * L, *mixed = strip->mixed + i * L;
    __m512 w = _mm512_set1_ps(strip->scales[i * PITH_PAIRS_STRIDE]);
    take_half(out, high, mixed, w, product->first, product->add);
    if (!strip->half)
        take_half(out + W, high + W, mixed + W, w, product->last,
                  product->add);
}

/* A sum takes the place of that of the strip before, which is stored. */
#define CHANGE_SUM(sum, rows, tokens, stored)                                  \
    do {                                                                       \
        _tile_stored(sum, stored, PANEL_STRIDE);                               \
        _tile_zero(sum);                                                       \
        _tile_dpbssd(sum, rows, tokens);                                       \
    } while (0)

/* The first unit, x.  Tiles 0 and 1: mixed sums, 2 and 3: high ones; 4 and 5:
 * high and low bytes of weights, which this panel has no more need of: they
 * should not drive others out of the first-level cache; 6 and 7: the first and
 * the last 16 tokens. */
INLINE void begin_strip(const struct strip *strip, const float *x)
{
    const float *w = strip->weights, *low = x + PLANE * L;
    _tile_stream_loadd(4, w, WEIGHTS_STRIDE);
    _tile_loadd(6, low, PANEL_STRIDE);
    CHANGE_SUM(0, 4, 6, strip->mixed);
    if (!strip->half) {
        _tile_loadd(7, low + W, PANEL_STRIDE);
        CHANGE_SUM(1, 4, 7, strip->mixed + W);
    }
    _tile_loadd(6, x, PANEL_STRIDE);
    CHANGE_SUM(2, 4, 6, strip->high);
    if (!strip->half) {
        _tile_loadd(7, x + W, PANEL_STRIDE);
        CHANGE_SUM(3, 4, 7, strip->high + W);
    }
    _tile_stream_loadd(5, w + PLANE, WEIGHTS_STRIDE);
    _tile_dpbssd(0, 5, 6);
    if (!strip->half)
        _tile_dpbssd(1, 5, 7);
}

enum { UNIT_ROWS = 6 /* taken during a unit */ };

/* Unit i, x, and some rows of the strip before, from `row` on. */
INLINE void add_unit(const struct product *product, const struct strip *strip,
                     const float *x, size_t i, size_t row)
{
    const float *w = strip->weights + i * PITH_UNIT_PLACES;
    const float *low = x + PLANE * L;
    _tile_stream_loadd(4, w, WEIGHTS_STRIDE);
    _tile_loadd(6, low, PANEL_STRIDE);
    _tile_dpbssd(0, 4, 6);
    take_row(product, strip, row);
    if (!strip->half) {
        _tile_loadd(7, low + W, PANEL_STRIDE);
        _tile_dpbssd(1, 4, 7);
    }
    take_row(product, strip, row + 1);
    _tile_loadd(6, x, PANEL_STRIDE);
    _tile_dpbssd(2, 4, 6);
    take_row(product, strip, row + 2);
    for (size_t j = 0; j < strip->unit_lines; j++)
        pith_prefetch(strip->ahead +
                      (i * strip->unit_lines + j) * PITH_CACHE_LINE);
    if (!strip->half) {
        _tile_loadd(7, x + W, PANEL_STRIDE);
        _tile_dpbssd(3, 4, 7);
    }
    take_row(product, strip, row + 3);
    _tile_stream_loadd(5, w + PLANE, WEIGHTS_STRIDE);
    _tile_dpbssd(0, 5, 6);
    take_row(product, strip, row + 4);
    if (!strip->half)
        _tile_dpbssd(1, 5, 7);
    take_row(product, strip, row + 5);
}

INLINE void multiply_strip(const struct product *product,
                           const struct strip *strip, const float *units,
                           size_t n_units)
{
    begin_strip(strip, units);
    UNROLL
    for (size_t i = 1; i < GROUP / UNIT; i++)
        if (i < n_units)
            add_unit(product, strip, units + i * PITH_UNIT_PLACES * L, i,
                     (i - 1) * UNIT_ROWS);
    UNROLL
    for (size_t row = 0; row < ROWS; row++)
        if (row >= (n_units - 1) * UNIT_ROWS)
            take_row(product, strip, row);
}

/* Strip i of a product, and what it does for the one before. */
INLINE struct strip strip_at(const struct product *product, struct sums *sums,
                             size_t i, bool half)
{
    size_t row = i * ROWS, before = i > 0 ? row - ROWS : 0;
    return (struct strip){
        .weights = product->weights + row * PITH_PAIRS_STRIDE,
        .before = i > 0 ? product->out + before * L : NULL,
        .scales = product->weights + before * PITH_PAIRS_STRIDE +
                  PITH_PAIRS_SCALE,
        .high = sums->high[i % 2],
        .mixed = sums->mixed[i % 2],
        .half = half};
}

/* Asks for what follows the panel's group: its next one, or the next panel. */
INLINE void multiply_strips(const struct product *product, const float *units,
                            size_t n_strips, size_t n_units, bool half)
{
    size_t lines = n_units * PITH_UNIT_PLACES * PANEL_STRIDE / PITH_CACHE_LINE;
    size_t unit_lines = lines / (n_strips * n_units) + 1;
    const float *ahead = units + n_units * PITH_UNIT_PLACES * L;
    struct sums sums;
    for (size_t i = 0; i < n_strips; i++) {
        struct strip strip = strip_at(product, &sums, i, half);
        strip.ahead = (const uint8_t *)ahead +
                      i * n_units * unit_lines * PITH_CACHE_LINE;
        strip.unit_lines = unit_lines;
        multiply_strip(product, &strip, units, n_units);
    }
    struct strip end = strip_at(product, &sums, n_strips, half);
    end.weights = product->weights; /* any */
    begin_strip(&end, units);
    UNROLL
    for (size_t row = 0; row < ROWS; row++)
        take_row(product, &end, row);
}

TARGET static void multiply_rows(const struct pith_kernels *kernels, float *out,
                                 const float *weights, const float *panel,
                                 size_t n_rows, size_t depth, size_t n_lanes,
                                 bool add)
{
    size_t n_units = pith_pairs_units(depth);
    size_t n_strips = (n_rows + ROWS - 1) / ROWS;
    struct product product = {out, weights, _mm512_loadu_ps(panel),
                              _mm512_loadu_ps(panel + W), add ? 0xFFFF : 0};
    (void)kernels;
    if (n_lanes <= W)
        multiply_strips(&product, panel + L, n_strips, n_units, true);
    else if (n_units == GROUP / UNIT)
        multiply_strips(&product, panel + L, n_strips, GROUP / UNIT, false);
    else
        multiply_strips(&product, panel + L, n_strips, n_units, false);
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
    .unit = GROUP,
    .row_stride = PITH_PAIRS_STRIDE,
    .panel_rows = pith_pairs_rows,
    .scores = &pith_precision_bf16x3_amx,
    .values = &pith_precision_bf16x3_cut_amx,
    .pack = pack,
    .pack_products = pack_products,
    .unpack = unpack,
    .begin = pith_amx_begin,
    .end = pith_amx_end,
    .multiply_rows = multiply_rows,
};

#endif
