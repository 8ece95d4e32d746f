/*
 * scratch.h - the memory that operations work in, and the product of a block
 * of weights with packed tokens; private to src/kernels.
 */
#ifndef PITH_KERNELS_SCRATCH_H
#define PITH_KERNELS_SCRATCH_H

#include "ops.h"
#include "precision.h"
#include "set.h"

enum {
    /* Blocks of PITH_BLOCK_ROWS x PITH_STEP weights that lie unpacked at a
     * time, half of the second-level cache at most. */
    PITH_UNPACKED = 8,
    /* Tokens multiplied with a block of weights before it is let go, and
     * those of wide layers, whose panels should stay in the cache too. */
    PITH_BLOCK_TOKENS = 512,
    PITH_WIDE_BLOCK_TOKENS = 256,
    PITH_WIDE = 4 * PITH_STEP,
    /* Weights of one block: a gate and what it opens. */
    PITH_BLOCK_WEIGHTS = 2,
    /* Keys whose scores are held at a time. */
    PITH_BLOCK_KEYS = 192,
    /* Panels of queries that share a block of keys. */
    PITH_QUERY_PANELS = 4,
    /* Parts that the vocabulary is cut into, at most. */
    PITH_VOCAB_PARTS = 64,
    /* Columns of a group of any precision divide this. */
    PITH_WIDEST_UNIT = 64
};

/* What one thread works in. */
struct pith_thread_scratch {
    /* Unpacked weights (PITH_UNPACKED, PITH_BLOCK_ROWS, PITH_STEP), or keys
     * (PITH_BLOCK_KEYS, D); rows PITH_ROW_STRIDE apart. */
    float *weights;
    /* Transposed values (D, PITH_BLOCK_KEYS), PITH_ROW_STRIDE apart. */
    float *values;
    /* Products (panels of a block of tokens, PITH_BLOCK_WEIGHTS,
     * PITH_BLOCK_ROWS, L). */
    float *products;
    /* Attention: queries and outputs (PITH_QUERY_PANELS, D, L) and one
     * panel of scores (PITH_BLOCK_KEYS, L). */
    float *queries, *outputs, *scores;
    struct pith_softmax *softmax; /* (panels of a block of tokens) */
};

struct pith_scratch {
    size_t max_tokens, max_width, max_head_dim;
    /* Packed tokens (panels, max_width, L), max_width in whole groups of any
     * precision: what comes into an operation, and what lies between two
     * layers of one. */
    float *panels, *hidden;
    float *part_max, *part_sum; /* (PITH_VOCAB_PARTS, max_tokens) */
    float *target_logits;       /* (max_tokens) */
    struct pith_thread_scratch *threads;
    float *memory; /* owns all floats above */
    struct pith_softmax *softmaxes;
};

static inline size_t pith_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t pith_div_up(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

static inline size_t pith_round_up(size_t a, size_t b)
{
    return pith_div_up(a, b) * b;
}

/* Columns of a panel of tokens of width C. */
static inline size_t pith_padded(const struct pith_compute *compute, size_t C)
{
    return pith_round_up(C, compute->precision->unit);
}

/* A run of packed tokens. */
struct pith_token_block {
    const float *panels; /* (n_panels, pith_padded(C), L) */
    size_t first, n_panels, n_tokens;
};

/* Packs x (T, C) into panels.  Lanes of the last panel that hold no token
 * keep what was there. */
void pith_pack_tokens(struct pith_compute *compute, float *panels,
                      const float *x, size_t T, size_t C);

/* How many blocks T tokens of width C make, and the index-th of those that
 * were packed. */
size_t pith_token_blocks(size_t T, size_t C);
struct pith_token_block pith_token_block(const struct pith_compute *compute,
                                         const float *panels, size_t index,
                                         size_t T, size_t C);

/* The same rows, at most PITH_BLOCK_ROWS, of one or two weights. */
struct pith_row_block {
    const struct pith_tensor *weights[PITH_BLOCK_WEIGHTS];
    size_t n_weights;
    size_t row, n_rows;
    size_t next_row; /* what this thread is likely to take next; a hint */
};

/* What becomes of the products of a block with one panel of tokens, while
 * they are in the cache: (n_weights, PITH_BLOCK_ROWS, L). */
struct pith_sink {
    void (*take)(void *user, size_t panel, float *products, size_t n_lanes);
    void *user;
    /* Where they go (tokens, n_rows), out_stride apart; a hint, or NULL. */
    const float *out;
    size_t out_stride;
};

/* Hands the products of the block's rows with each panel of tokens to the
 * sink. */
void pith_multiply_block(const struct pith_compute *compute,
                         struct pith_thread_scratch *scratch,
                         const struct pith_row_block *block,
                         const struct pith_token_block *tokens,
                         const struct pith_sink *sink);

#endif
