/*
 * gradient_scratch.h - the memory that backward operations work in; private
 * to the gradient files of src/kernels.
 */
#ifndef PITH_KERNELS_GRADIENT_SCRATCH_H
#define PITH_KERNELS_GRADIENT_SCRATCH_H

#include "gradients.h"
#include "scratch.h"
#include "set.h"

enum {
    /* Rows of the output projection whose logits are held at a time. */
    PITH_LOGIT_STRIPE = 2048,
    /* Tokens or columns that pass a block of rows. */
    PITH_MOST_LANES = 1024,
    PITH_LEAST_LANES = 256,
    /* Elements of one task of sums over all weights. */
    PITH_SUM_ELEMENTS = 1 << 16
};

/* What one thread works in.  Rows of weights are PITH_ROW_STRIDE apart. */
struct pith_backward_thread {
    float *weights;  /* (PITH_BLOCK_ROWS, PITH_DEPTH) */
    float *raw;      /* (PITH_STEP, PITH_BLOCK_ROWS) before transposition */
    float *turned;   /* weights behind it, before their precision */
    float *products; /* (PITH_MOST_LANES / L panels, PITH_BLOCK_ROWS, L) */

    /* Attention. */
    float *keys;            /* (D, PITH_DEPTH) transposed */
    float *q, *dout, *dq;   /* (D, L) of a panel of queries */
    float *rows;            /* (parts of D, L queries, L) */
    float *p, *dscores;     /* (keys, L) */
    float *dk, *dv;         /* (parts of D, keys, L) */
};

struct pith_backward_scratch {
    size_t max_keys; /* whole blocks */
    float *panels;   /* (max_tokens, widest) in whole panels of either */
    float *logits;   /* (max_tokens, PITH_LOGIT_STRIPE) */
    float *log_sums; /* (max_tokens) */
    struct pith_norm_stats *stats; /* (max_tokens) */
    struct pith_backward_thread *threads;
    float *memory; /* owns all floats above */
};

#endif
