/*
 * linear_weight.c - the gradient of a linear layer's weights:
 *
 *     y = x W^T:   dW (N, C) = dy^T x,   dy (T, N), x (T, C).
 *
 * The sum runs down the columns of both.  As in gemm.c rows are multiplied
 * with panels of L lanes: the rows are those of dy^T, transposed a block at a
 * time on their way into the cache; the lanes are columns of x, packed
 * before.  Products are in the precision of the compute, every element a sum
 * in order, cut at multiples of PITH_STEP.
 */
#include "../base/threads.h"
#include "scratch.h"
#include "../kernels/prefetch.h"

enum {
    /* Columns of x that pass a block of rows. */
    MAX_LANES = PITH_PRODUCTS / PITH_BLOCK_ROWS,
    MIN_LANES = 256
};

struct product {
    struct pith_backward *backward;
    float *dweight;
    const float *dout, *x;
    size_t T, N, C;
    size_t block_lanes;
    bool accumulate;
};

/* A block of rows and lanes of dW. */
struct block {
    size_t row, n_rows, lane, n_lanes;
};

/* --- rows: dy^T ----------------------------------------------------------- */

/* n floats of each of n_rows rows, stride apart. */
static struct pith_prefetch_region floats_at(const float *x, size_t stride,
                                    size_t n_rows, size_t n)
{
    struct pith_prefetch_region region = {0};
    region.bytes = (const uint8_t *)x;
    region.stride = stride * sizeof *x;
    region.row_bytes = n * sizeof *x;
    region.n_rows = n_rows;
    return region;
}

/* What is loaded after the tokens before `from`. */
static struct pith_prefetch_region next_rows(const struct product *product,
                                    const struct block *block, size_t from)
{
    size_t n_threads = (size_t)product->backward->compute->n_threads;
    size_t row = block->row, n_rows = block->n_rows, N = product->N;
    struct pith_prefetch_region none = {0};
    if (from >= product->T) {
        from = 0;
        row += n_threads * PITH_BLOCK_ROWS;
        if (row >= N)
            return none;
        n_rows = pith_min(PITH_BLOCK_ROWS, N - row);
    }
    return floats_at(product->dout + from * N + row, N,
                     pith_min(PITH_STEP, product->T - from), n_rows);
}

/* thread->weights (n_rows, depth): tokens from `from`, as the precision keeps
 * them. */
static void load_rows(const struct product *product,
                      struct pith_backward_thread *thread,
                      const struct block *block, size_t from, size_t depth)
{
    const struct pith_compute *compute = product->backward->compute;
    bool plain = compute->precision == &pith_precision_f32;
    float *rows = plain ? thread->weights : thread->turned;
    compute->kernels->transpose(
        rows, PITH_ROW_STRIDE, product->dout + from * product->N + block->row,
        product->N, depth, block->n_rows);
    for (size_t r = 0; r < block->n_rows && !plain; r++)
        compute->precision->unpack(
            compute->kernels,
            thread->weights + r * pith_row_stride(compute->precision), PITH_F32,
            (const uint8_t *)(rows + r * PITH_ROW_STRIDE), depth);
}

/* --- lanes: x ------------------------------------------------------------- */

/* Tokens of a panel, in whole groups of the precision. */
static size_t padded(const struct product *product)
{
    return pith_round_up(product->T,
                         product->backward->compute->precision->unit);
}

/* Panel by panel: columns across, tokens down. */
static void pack_task(void *user, size_t index, int thread)
{
    const struct product *product = user;
    const struct pith_compute *compute = product->backward->compute;
    struct pith_backward_scratch *scratch = product->backward->scratch;
    float *rows = scratch->threads[thread].raw; /* (PITH_BLOCK_ROWS, L) */
    size_t L = compute->kernels->lanes, first = index * L, C = product->C;
    float *panel = scratch->panels + first * padded(product);
    for (size_t t = 0; t < product->T; t += PITH_BLOCK_ROWS) {
        size_t n = pith_min(PITH_BLOCK_ROWS, product->T - t);
        pith_gradient_kernels(compute->kernels)->place(rows, L, product->x + t * C + first,
                                           C, n, pith_min(L, C - first),
                                           false);
        compute->precision->pack_products(compute->kernels, panel, t, rows, n);
    }
}

/* --- products ------------------------------------------------------------- */

/* A stretch of tokens with every panel of the block. */
static void multiply_stretch(const struct product *product,
                             struct pith_backward_thread *thread,
                             const struct block *block, size_t from,
                             size_t depth)
{
    const struct pith_compute *compute = product->backward->compute;
    size_t L = compute->kernels->lanes, C = product->C;
    size_t R = pith_tile_rows(compute);
    size_t n_tiles = pith_div_up(block->n_rows, R);
    size_t n_panels = pith_div_up(block->n_lanes, L);
    bool last = from + depth == product->T;
    struct pith_prefetch_region source =
        next_rows(product, block, from + depth);
    size_t source_share = pith_prefetch_share(&source, n_tiles * n_panels);
    for (size_t p = 0; p < n_panels; p++) {
        size_t lane = block->lane + p * L;
        size_t n_lanes = pith_min(L, block->n_lanes - p * L);
        const float *panel = product->backward->scratch->panels +
                             lane * padded(product) + from * L;
        float *products = thread->products + p * PITH_BLOCK_ROWS * L;
        float *out = product->dweight + block->row * C + lane;
        struct pith_prefetch_region target =
            floats_at(out, C, last ? block->n_rows : 0, n_lanes);
        size_t target_share = pith_prefetch_share(&target, n_tiles);
        for (size_t r = 0; r < block->n_rows; r += R) {
            pith_prefetch_lines(&source, source_share);
            pith_prefetch_lines(&target, target_share);
            pith_multiply_rows(compute->kernels, compute->precision,
                               products + r * L,
                               thread->weights +
                                   r * pith_row_stride(compute->precision),
                               panel, R,
                               depth, n_lanes, from > 0);
        }
        if (last)
            pith_gradient_kernels(compute->kernels)->place(out, C, products, L,
                                               block->n_rows, n_lanes,
                                               product->accumulate);
    }
}

static void product_task(void *user, size_t index, int thread)
{
    const struct product *product = user;
    const struct pith_precision *precision =
        product->backward->compute->precision;
    struct pith_backward_thread *scratch =
        &product->backward->scratch->threads[thread];
    size_t n_blocks = pith_div_up(product->N, PITH_BLOCK_ROWS);
    struct block block;
    block.row = index % n_blocks * PITH_BLOCK_ROWS;
    block.lane = index / n_blocks * product->block_lanes;
    block.n_rows = pith_min(PITH_BLOCK_ROWS, product->N - block.row);
    block.n_lanes = pith_min(product->block_lanes, product->C - block.lane);
    for (size_t from = 0; from < product->T; from += PITH_STEP) {
        size_t depth = pith_min(PITH_STEP, product->T - from);
        load_rows(product, scratch, &block, from, depth);
        pith_begin(precision);
        multiply_stretch(product, scratch, &block, from, depth);
        pith_end(precision);
    }
}

void pith_linear_backward_weight(struct pith_backward *backward,
                                 float *dweight, const float *dout,
                                 const float *x, size_t T, size_t N, size_t C,
                                 bool accumulate)
{
    struct pith_compute *compute = backward->compute;
    size_t n_blocks = pith_div_up(N, PITH_BLOCK_ROWS);
    size_t lanes = pith_block_lanes(MAX_LANES, MIN_LANES, C, n_blocks,
                                    (size_t)compute->n_threads);
    struct product product = {backward, dweight, dout, x, T, N, C, lanes,
                              accumulate};
    pith_parallel_for(compute->threads,
                      pith_div_up(C, compute->kernels->lanes), pack_task,
                      &product);
    pith_parallel_for(compute->threads, n_blocks * pith_div_up(C, lanes),
                      product_task, &product);
}
