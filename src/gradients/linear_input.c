/*
 * linear_input.c - the gradient of a linear layer's input:
 *
 *     y = x W^T:   dx (T, C) = dy W,   dy (T, N), W (N, C).
 *
 * The sum runs along the rows of dy and down the columns of W.  As in gemm.c
 * rows are multiplied with panels of L lanes, but here the rows are the
 * tokens' and the lanes are columns of W: nothing is transposed.  dy becomes
 * what the precision keeps of rows before; W, a block at a time, what it keeps
 * of lanes on its way into the cache.  Every element is a sum in order, cut at
 * multiples of PITH_STEP.
 */
#include <string.h>

#include "../base/threads.h"
#include "scratch.h"
#include "../kernels/prefetch.h"

enum {
    /* Columns of a block of W, and rows of dy that pass it. */
    MAX_LANES = PITH_RAW / PITH_STEP,
    MIN_LANES = PITH_Q_BLOCK, /* what W's types come in */
    MAX_TOKENS = PITH_PRODUCTS / MAX_LANES,
    TASK_TOKENS = 16 /* converted in one task */
};

_Static_assert(MAX_TOKENS % PITH_BLOCK_ROWS == 0, "whole tiles");
_Static_assert(0 <= PITH_BLOCK_ROWS * PITH_ROW_STRIDE - MAX_LANES * PITH_STEP,
               "panels fit where rows of weights do");

struct product {
    struct pith_backward *backward;
    float *dx;
    const float *dout;
    const struct pith_tensor *weight;
    size_t T;
    size_t block_lanes;
    bool accumulate;
};

/* A block of tokens and lanes of dx. */
struct block {
    size_t token, n_tokens, lane, n_lanes;
};

/* --- rows: dy ------------------------------------------------------------- */

/* Where the rows of a stretch are, a token's after that of the token before;
 * whole tiles of tokens. */
static float *rows_at(const struct product *product, size_t token, size_t from)
{
    const struct pith_backward *backward = product->backward;
    size_t T = pith_round_up(product->T, pith_tile_rows(backward->compute));
    return backward->scratch->panels +
           (from / PITH_STEP * T + token) *
               pith_row_stride(backward->compute->precision);
}

static void load_task(void *user, size_t index, int thread)
{
    const struct product *product = user;
    const struct pith_compute *compute = product->backward->compute;
    size_t N = product->weight->rows, first = index * TASK_TOKENS;
    size_t end = pith_min(first + TASK_TOKENS, product->T);
    (void)thread;
    for (size_t t = first; t < end; t++)
        for (size_t from = 0; from < N; from += PITH_STEP) {
            const float *dout = product->dout + t * N + from;
            float *row = rows_at(product, t, from);
            size_t n = pith_min(PITH_STEP, N - from);
            if (compute->precision == &pith_precision_f32)
                memcpy(row, dout, n * sizeof *row);
            else
                compute->precision->unpack(compute->kernels, row, PITH_F32,
                                           (const uint8_t *)dout, n);
        }
}

/* --- lanes: W ------------------------------------------------------------- */

/* The block's columns of a stretch of rows of W. */
static struct pith_prefetch_region weights_at(const struct product *product,
                                     const struct block *block, size_t from)
{
    const struct pith_tensor *weight = product->weight;
    struct pith_prefetch_region rows = {0};
    rows.stride = pith_row_bytes(weight->type, weight->cols);
    rows.row_bytes = pith_row_bytes(weight->type, block->n_lanes);
    rows.n_rows = pith_min(PITH_STEP, weight->rows - from);
    rows.bytes = weight->data + from * rows.stride +
                 pith_row_bytes(weight->type, block->lane);
    return rows;
}

/* What is packed after the rows before `from`. */
static struct pith_prefetch_region next_weights(const struct product *product,
                                       const struct block *block, size_t from)
{
    size_t n_threads = (size_t)product->backward->compute->n_threads;
    struct block next = *block;
    struct pith_prefetch_region none = {0};
    if (from < product->weight->rows)
        return weights_at(product, block, from);
    next.lane += n_threads * product->block_lanes;
    if (next.lane >= product->weight->cols)
        return none;
    next.n_lanes =
        pith_min(product->block_lanes, product->weight->cols - next.lane);
    return weights_at(product, &next, 0);
}

/* thread->weights: panels (PITH_STEP, L) of a stretch of rows of W. */
static void pack_stretch(const struct product *product,
                         struct pith_backward_thread *thread,
                         const struct block *block, size_t from)
{
    const struct pith_compute *compute = product->backward->compute;
    const struct pith_kernels *kernels = compute->kernels;
    struct pith_prefetch_region weights = weights_at(product, block, from);
    size_t L = kernels->lanes, depth = weights.n_rows;
    bool plain = compute->precision == &pith_precision_f32;
    for (size_t i = 0; i < depth; i++)
        kernels->unpack(thread->raw + i * MAX_LANES, product->weight->type,
                        weights.bytes + i * weights.stride, block->n_lanes);
    for (size_t lane = 0; lane < block->n_lanes; lane += L) {
        float *panel = thread->weights + lane * PITH_STEP;
        float *rows = plain ? panel : thread->turned; /* (depth, L) */
        pith_gradient_kernels(kernels)->place(
            rows, L, thread->raw + lane, MAX_LANES, depth,
            pith_min(L, block->n_lanes - lane), false);
        if (!plain)
            compute->precision->pack_products(kernels, panel, 0, rows, depth);
    }
}

/* --- products ------------------------------------------------------------- */

/* The block's tokens with its panels of a stretch. */
static void multiply_stretch(const struct product *product,
                             struct pith_backward_thread *thread,
                             const struct block *block, size_t from)
{
    const struct pith_compute *compute = product->backward->compute;
    size_t L = compute->kernels->lanes, R = pith_tile_rows(compute);
    size_t depth = pith_min(PITH_STEP, product->weight->rows - from);
    size_t n_tiles = pith_div_up(block->n_tokens, R);
    const float *rows = rows_at(product, block->token, from);
    struct pith_prefetch_region source =
        next_weights(product, block, from + depth);
    size_t share =
        pith_prefetch_share(&source, n_tiles * pith_div_up(block->n_lanes, L));
    for (size_t lane = 0; lane < block->n_lanes; lane += L)
        for (size_t t = 0; t < block->n_tokens; t += R) {
            pith_prefetch_lines(&source, share);
            pith_multiply_rows(
                compute->kernels, compute->precision,
                thread->products + lane * MAX_TOKENS + t * L,
                rows + t * pith_row_stride(compute->precision),
                thread->weights + lane * PITH_STEP,
                R, depth, pith_min(L, block->n_lanes - lane), from > 0);
        }
}

static void store(const struct product *product,
                  const struct pith_backward_thread *thread,
                  const struct block *block)
{
    const struct pith_kernels *kernels = product->backward->compute->kernels;
    size_t L = kernels->lanes, C = product->weight->cols;
    for (size_t lane = 0; lane < block->n_lanes; lane += L)
        pith_gradient_kernels(kernels)->place(
            product->dx + block->token * C + block->lane + lane, C,
            thread->products + lane * MAX_TOKENS, L, block->n_tokens,
            pith_min(L, block->n_lanes - lane), product->accumulate);
}

static void product_task(void *user, size_t index, int thread)
{
    const struct product *product = user;
    const struct pith_precision *precision =
        product->backward->compute->precision;
    struct pith_backward_thread *scratch =
        &product->backward->scratch->threads[thread];
    size_t n_blocks = pith_div_up(product->T, MAX_TOKENS);
    struct block block;
    block.token = index % n_blocks * MAX_TOKENS;
    block.lane = index / n_blocks * product->block_lanes;
    block.n_tokens = pith_min(MAX_TOKENS, product->T - block.token);
    block.n_lanes =
        pith_min(product->block_lanes, product->weight->cols - block.lane);
    for (size_t from = 0; from < product->weight->rows; from += PITH_STEP) {
        pack_stretch(product, scratch, &block, from);
        pith_begin(precision);
        multiply_stretch(product, scratch, &block, from);
        pith_end(precision);
    }
    store(product, scratch, &block);
}

void pith_linear_backward_input(struct pith_backward *backward, float *dx,
                                const float *dout,
                                const struct pith_tensor *weight, size_t T,
                                bool accumulate)
{
    struct pith_compute *compute = backward->compute;
    size_t n_blocks = pith_div_up(T, MAX_TOKENS);
    size_t lanes = pith_block_lanes(MAX_LANES, MIN_LANES, weight->cols,
                                    n_blocks, (size_t)compute->n_threads);
    struct product product = {backward, dx, dout, weight, T, lanes,
                              accumulate};
    pith_parallel_for(compute->threads, pith_div_up(T, TASK_TOKENS), load_task,
                      &product);
    pith_parallel_for(compute->threads,
                      n_blocks * pith_div_up(weight->cols, lanes), product_task,
                      &product);
}
