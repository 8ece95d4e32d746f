/*
 * scratch.h - the memory that operations work in, and the product of a block
 * of weights with packed tokens; private to src/kernels.
 */
#ifndef PITH_KERNELS_SCRATCH_H
#define PITH_KERNELS_SCRATCH_H

#include "../base/memory.h"
#include "ops.h"
#include "precision.h"
#include "set.h"

enum {
    /* Tokens multiplied with a block of weights before it is let go. */
    PITH_BLOCK_TOKENS = 1024,
    /* Rows of a block of weights at most, and of those that are unpacked a
     * part of their columns after the other; whole tiles of any precision. */
    PITH_MAX_ROWS = 768,
    PITH_MAX_WIDE_ROWS = 288,
    /* Rows whose products with all tokens are held: PITH_MAX_WIDE_ROWS, or
     * those of gate and up that the largest group of columns needs. */
    PITH_HELD_ROWS = 768,
    /* Weights that are unpacked at a time: half of a second-level cache of
     * 2 MiB, and two groups of PITH_MAX_ROWS of int8x3. */
    PITH_UNPACKED_FLOATS = 2 * PITH_MAX_ROWS * 208,
    /* Weights that a block takes rows of, at most. */
    PITH_BLOCK_PARTS = 4,
    /* Keys whose scores are held at a time. */
    PITH_BLOCK_KEYS = 192,
    /* Panels of queries that share a block of keys. */
    PITH_QUERY_PANELS = 12,
    /* Parts that the vocabulary is cut into, at most. */
    PITH_VOCAB_PARTS = 64,
    /* A panel of any precision has less than this many rows more than it has
     * columns. */
    PITH_WIDEST_UNIT = 192
};

/* What one thread works in. */
struct pith_thread_scratch {
    /* Unpacked weights (steps, rows, columns of a step), or keys
     * (PITH_BLOCK_KEYS, D). */
    float *weights;
    /* Transposed values (D, PITH_BLOCK_KEYS), PITH_ROW_STRIDE apart. */
    float *values;
    /* Products (panels of a block of tokens, PITH_HELD_ROWS, L), or
     * (PITH_MAX_ROWS, L); or tokens after a norm (L, max_width). */
    float *products;
    /* Attention: queries and outputs (PITH_QUERY_PANELS, D, L) and one
     * panel of scores (PITH_BLOCK_KEYS, L) as floats and as the precision
     * has them. */
    float *queries, *outputs, *scores, *packed_scores;
    struct pith_softmax *softmax; /* (panels of a block of tokens) */
};

struct pith_scratch {
    size_t max_tokens, max_width, max_head_dim;
    /* Packed tokens (panels, rows of max_width columns, L): what comes into an
     * operation, and what is between two layers of one. */
    float *panels, *hidden;
    float *part_max, *part_sum; /* (PITH_VOCAB_PARTS, max_tokens) */
    float *target_logits;       /* (max_tokens) */
    struct pith_thread_scratch *threads;
    float *memory; /* owns all floats above */
    struct pith_softmax *softmaxes;
};

static inline size_t pith_div_up(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

static inline size_t pith_round_up(size_t a, size_t b)
{
    return pith_div_up(a, b) * b;
}

/* Rows of a panel of tokens of width C. */
static inline size_t pith_padded(const struct pith_compute *compute, size_t C)
{
    return pith_panel_rows(compute->precision, C);
}

/* Rows that are multiplied at a time. */
static inline size_t pith_tile_rows(const struct pith_compute *compute)
{
    return pith_rows_of_tile(compute->kernels, compute->precision);
}

/* A run of packed tokens. */
struct pith_token_block {
    const float *panels; /* (n_panels, pith_padded(C), L) */
    size_t first, n_panels, n_tokens;
};

/* out (n, C) = the norm of x (n, C). */
void pith_norm_rows(const struct pith_kernels *kernels, float *out,
                    const float *x, const struct pith_norm *norm, size_t n,
                    size_t C);

/* Packs x (T, C), after the norm if there is one, into panels.  Lanes of the
 * last panel that hold no token keep what was there. */
void pith_pack_tokens(const struct pith_compute *compute, float *panels,
                      const float *x, const struct pith_norm *norm, size_t T,
                      size_t C);

/* Tokens [index * PITH_BLOCK_TOKENS, ...) of what was packed. */
struct pith_token_block pith_token_block(const struct pith_compute *compute,
                                         const float *panels, size_t index,
                                         size_t T, size_t C);

/* Rows of a weight. */
struct pith_rows {
    const struct pith_tensor *weight;
    size_t row, n_rows;
};

/* Rows of several weights of one width, stacked: PITH_MAX_ROWS at most,
 * PITH_MAX_WIDE_ROWS when pith_max_rows() says so. */
struct pith_row_block {
    struct pith_rows parts[PITH_BLOCK_PARTS];
    size_t n_parts, n_rows; /* n_rows: of all parts */
};

size_t pith_max_rows(const struct pith_compute *compute, size_t C);

/* How the products of a block with one panel of tokens are used, while
 * they are in the cache: (n_rows, L). */
struct pith_sink {
    void (*take)(void *user, size_t panel, float *products, size_t n_lanes);
    void *user;
};

/* Hands the products of the block's rows with each panel of tokens to the
 * sink. */
void pith_multiply_block(const struct pith_compute *compute,
                         struct pith_thread_scratch *scratch,
                         const struct pith_row_block *block,
                         const struct pith_token_block *tokens,
                         const struct pith_sink *sink);

#endif
