/*
 * precision.h - the formats that a matrix product can be computed in; private
 * to src/kernels but for the choice.
 *
 * The driver in gemm.c cuts a product into blocks of weights and panels of
 * tokens; a precision says what it keeps of both and how it multiplies them.
 * Sums, and everything that is not a product with weights, are float32 in every
 * precision.
 */
#ifndef PITH_KERNELS_PRECISION_H
#define PITH_KERNELS_PRECISION_H

#include "set.h"
#include "target.h"

enum {
    /* Columns multiplied at a time where the precision has no larger group,
     * PITH_DEPTH at most: a panel's share of them fits the first-level cache
     * beside its products and the weights that pass.  A multiple of
     * PITH_BLOCK_ROWS. */
    PITH_STEP = 192
};

/*
 * bf16 is a float cut to 8 significant bits, rounded to nearest even.  A
 * float is nearly the sum of two of them, high = bf16(x) and low = bf16(x -
 * high), 16 bits or more; "bf16x3" multiplies such pairs,
 *
 *     w x = w_high x_high + w_high x_low + w_low x_high,
 *
 * and leaves out the product of the low parts, 2^-18 of the whole.
 *
 * Each weight and each element of a token takes the room of a float, whatever
 * the precision makes of it: a group of `unit` columns takes `unit` floats of
 * a row and `unit` * L floats of a panel, less where row_stride and panel_rows
 * say so.
 */
struct pith_precision {
    const char *name;  /* as in pith_precision_names */
    const char *means; /* the instructions: "AMX"; "": those of the set */
    bool (*usable)(const struct pith_kernels *kernels);
    /* Asks the operating system for what it computes with, which changes the
     * process; false when that is refused.  NULL: there is nothing to ask. */
    bool (*permit)(void);
    size_t rows; /* of a tile, a divisor of PITH_BLOCK_ROWS; 0: the set's */
    size_t unit; /* columns of a group, a divisor of PITH_STEP or a multiple */
    size_t row_stride; /* floats from a row to the next; 0: PITH_ROW_STRIDE */
    /* Rows of a panel that n columns take, fewer than n + PITH_STEP; of whole
     * groups: those before the next one.  NULL: n, in whole groups. */
    size_t (*panel_rows)(size_t n);

    /* Columns col .. col + n of a panel = x (n_tokens, n), rows of it stride
     * floats apart, n_tokens <= L; and zeros up to the next multiple of unit.
     * Lanes without a token hold anything.  col is a multiple of
     * unit. */
    void (*pack)(const struct pith_kernels *kernels, float *panel, size_t col,
                 const float *x, size_t stride, size_t n_tokens, size_t n);

    /* The same from products (n, L), n <= PITH_MAX_ROWS: nothing is
     * transposed. */
    void (*pack_products)(const struct pith_kernels *kernels, float *panel,
                          size_t col, const float *products, size_t n);

    /* n <= pith_step() weights of a row, zeros up to the next multiple of
     * unit. */
    void (*unpack)(const struct pith_kernels *kernels, float *row,
                   enum pith_type type, const uint8_t *bytes, size_t n);

    /* How the scores of attention are computed, and the sums of values that
     * they weigh, as exactly as in float32 for all that matters; unpack() works
     * in place on PITH_F32.  NULL, both: in float32. */
    const struct pith_precision *scores, *values;

    /* Called by a thread before and after its multiplications; NULL: none. */
    void (*begin)(void);
    void (*end)(void);

    /* out (rows, L) = weights times panel over depth columns, added to out
     * when add.  Only the first n_lanes columns are promised.  The sum is
     * taken in an order that depends on depth alone. */
    void (*multiply)(const struct pith_kernels *kernels, float *out,
                     const float *weights, const float *panel, size_t depth,
                     size_t n_lanes, bool add);

    /* The same of n_rows at once, out (n_rows, L), both in whole tiles; NULL:
     * tile by tile.  One of the two is there. */
    void (*multiply_rows)(const struct pith_kernels *kernels, float *out,
                          const float *weights, const float *panel,
                          size_t n_rows, size_t depth, size_t n_lanes,
                          bool add);
};

/* Rows that are multiplied at a time. */
static inline size_t pith_rows_of_tile(const struct pith_kernels *kernels,
                                       const struct pith_precision *precision)
{
    return precision->rows > 0 ? precision->rows : kernels->rows;
}

static inline size_t pith_row_stride(const struct pith_precision *precision)
{
    return precision->row_stride > 0 ? precision->row_stride : PITH_ROW_STRIDE;
}

/* Columns multiplied at a time. */
static inline size_t pith_step(const struct pith_precision *precision)
{
    return precision->unit > PITH_STEP ? precision->unit : PITH_STEP;
}

static inline size_t pith_panel_rows(const struct pith_precision *precision,
                                     size_t n)
{
    size_t unit = precision->unit;
    return precision->panel_rows != NULL ? precision->panel_rows(n)
                                         : (n + unit - 1) / unit * unit;
}

/* out (n_rows, L) in whole tiles. */
static inline void
pith_multiply_rows(const struct pith_kernels *kernels,
                   const struct pith_precision *precision, float *out,
                   const float *weights, const float *panel, size_t n_rows,
                   size_t depth, size_t n_lanes, bool add)
{
    if (precision->multiply_rows != NULL) {
        precision->multiply_rows(kernels, out, weights, panel, n_rows, depth,
                                 n_lanes, add);
        return;
    }
    size_t step = pith_rows_of_tile(kernels, precision);
    for (size_t r = 0; r < n_rows; r += step)
        precision->multiply(kernels, out + r * kernels->lanes,
                            weights + r * pith_row_stride(precision), panel,
                            depth, n_lanes, add);
}

/* Around a thread's multiplications. */
static inline void pith_begin(const struct pith_precision *precision)
{
    if (precision->begin != NULL)
        precision->begin();
}

static inline void pith_end(const struct pith_precision *precision)
{
    if (precision->end != NULL)
        precision->end();
}

/* The index-th that goes with a set here, once it is permitted; NULL past the
 * last.  Several can have one name, the best first. */
const struct pith_precision *
pith_precision_usable(const struct pith_kernels *kernels, size_t index);

/* With any set of kernels. */
extern const struct pith_precision pith_precision_f32;
extern const struct pith_precision pith_precision_bf16;
extern const struct pith_precision pith_precision_bf16x3;
extern const struct pith_precision pith_precision_int16;
extern const struct pith_precision pith_precision_int8;
extern const struct pith_precision pith_precision_int8x3;
/* With avx2. */
extern const struct pith_precision pith_precision_int16_avx2;
extern const struct pith_precision pith_precision_int16_avxvnni;
extern const struct pith_precision pith_precision_int8_avxvnni;
/* With neon. */
extern const struct pith_precision pith_precision_int8_neon;
/* With simd128. */
extern const struct pith_precision pith_precision_int16_simd128;
/* With avx512. */
extern const struct pith_precision pith_precision_bf16_avx512;
extern const struct pith_precision pith_precision_bf16_amx;
extern const struct pith_precision pith_precision_bf16x3_amx;
/* The same, but for products that are packed, which are cut, not rounded; by no
 * name. */
extern const struct pith_precision pith_precision_bf16x3_cut_amx;
extern const struct pith_precision pith_precision_int8x3_amx;
extern const struct pith_precision pith_precision_int16_vnni;
extern const struct pith_precision pith_precision_int8_vnni;

/* What both bf16 of avx512 use, avx512bf16.c. */
void pith_pack_bf16(const struct pith_kernels *kernels, float *panel,
                    size_t col, const float *x, size_t stride, size_t n_tokens,
                    size_t n);
void pith_pack_products_bf16(const struct pith_kernels *kernels, float *panel,
                             size_t col, const float *products, size_t n);
void pith_unpack_bf16(const struct pith_kernels *kernels, float *row,
                      enum pith_type type, const uint8_t *bytes, size_t n);

#endif
