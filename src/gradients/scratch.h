/*
 * scratch.h - the memory that backward operations work in; private
 * to the gradient files of src/kernels.
 */
#ifndef PITH_GRADIENTS_SCRATCH_H
#define PITH_GRADIENTS_SCRATCH_H

#include "gradients.h"
#include "../kernels/scratch.h"
#include "../kernels/set.h"

enum {
    /* Rows of the output projection whose logits are held at a time. */
    PITH_LOGIT_STRIPE = 2048,
    /* Of a block of rows and lanes at most, and what is turned or packed for
     * one at a time. */
    PITH_PRODUCTS = 1024 * PITH_BLOCK_ROWS,
    PITH_RAW = 128 * PITH_STEP,
    /* Elements of one task of sums over all weights. */
    PITH_SUM_ELEMENTS = 1 << 16
};

/* What one thread works in. */
struct pith_backward_thread {
    float *weights;  /* (PITH_BLOCK_ROWS, PITH_DEPTH), PITH_ROW_STRIDE apart, or
                      * panels of PITH_STEP columns */
    float *raw;      /* (PITH_RAW) before it is packed */
    float *turned;   /* rows or a panel, before their precision */
    float *products; /* (PITH_PRODUCTS), panels (rows, L) of a block */

    /* Attention. */
    float *keys;            /* (D, PITH_DEPTH) transposed */
    float *q, *dout, *dq;   /* (D, L) of a panel of queries */
    float *rows;            /* (parts of D, L queries, L) */
    float *p, *dscores;     /* (keys, L) */
    float *dk, *dv;         /* (parts of D, keys, L) */
};

struct pith_backward_scratch {
    size_t max_keys; /* whole blocks */
    float *panels;   /* (max_tokens, widest) in whole panels of either, or as
                      * rows PITH_ROW_STRIDE apart */
    float *logits;   /* (max_tokens, PITH_LOGIT_STRIPE) */
    float *log_sums; /* (max_tokens) */
    struct pith_norm_stats *stats; /* (max_tokens) */
    struct pith_backward_thread *threads;
    float *memory; /* owns all floats above */
};

/* How many of n_lanes a block takes, most or that halved: the more, the less
 * often its rows are loaded, but every thread should have a few blocks. */
static inline size_t pith_block_lanes(size_t max_lanes, size_t min_lanes,
                                      size_t n_lanes, size_t n_row_blocks,
                                      size_t n_threads)
{
    while (max_lanes > min_lanes &&
           n_row_blocks * pith_div_up(n_lanes, max_lanes) < 3 * n_threads)
        max_lanes /= 2;
    return max_lanes;
}

#endif
