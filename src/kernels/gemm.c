/*
 * gemm.c - matrix products: blocks of weights, unpacked into the cache, times
 * panels of tokens.
 *
 * A block of PITH_BLOCK_ROWS x PITH_DEPTH weights is converted to floats once
 * and used for up to PITH_BLOCK_TOKENS tokens.  Every element of the result
 * is a sum over the columns in order, cut at multiples of PITH_DEPTH.
 */
#include "../base/threads.h"
#include "ops.h"
#include "precision.h"
#include "prefetch.h"
#include "scratch.h"

/* --- packing tokens ------------------------------------------------------- */

struct pack {
    const struct pith_compute *compute;
    const float *x;
    size_t T, C;
};

static void pack_panel(void *user, size_t index, int thread)
{
    const struct pack *pack = user;
    const struct pith_compute *compute = pack->compute;
    const struct pith_kernels *kernels = compute->kernels;
    size_t L = kernels->lanes, C = pack->C, first = index * L;
    (void)thread;
    compute->precision->pack(kernels,
                             compute->scratch->panels +
                                 first * pith_padded(compute, C),
                             pack->x + first * C,
                             pith_min(L, pack->T - first), C);
}

void pith_pack_tokens(struct pith_compute *compute, const float *x, size_t T,
                      size_t C)
{
    struct pack pack = {compute, x, T, C};
    pith_parallel_for(compute->n_threads,
                      pith_div_up(T, compute->kernels->lanes), pack_panel,
                      &pack);
}

struct pith_token_block pith_token_block(const struct pith_compute *compute,
                                         size_t index, size_t T, size_t C)
{
    size_t first = index * PITH_BLOCK_TOKENS;
    struct pith_token_block block;
    block.panels = compute->scratch->panels + first * pith_padded(compute, C);
    block.n_tokens = pith_min(PITH_BLOCK_TOKENS, T - first);
    block.n_panels = pith_div_up(block.n_tokens, compute->kernels->lanes);
    return block;
}

/* --- a block of weights --------------------------------------------------- */

/* (n_rows, depth) of the weight at (row, col), as it lies in the file. */
static struct pith_region rows_at(const struct pith_tensor *weight, size_t row,
                                  size_t n_rows, size_t col, size_t depth)
{
    struct pith_region rows = {0};
    rows.stride = pith_row_bytes(weight->type, weight->cols);
    rows.row_bytes = pith_row_bytes(weight->type, depth);
    rows.n_rows = n_rows;
    rows.bytes = weight->data + row * rows.stride +
                 pith_row_bytes(weight->type, col);
    return rows;
}

/* What is multiplied after the columns before col: the next columns, or the
 * next block from its first column on. */
static struct pith_region next_weights(const struct pith_row_block *block,
                                       size_t col)
{
    const struct pith_tensor *weight = block->weight;
    struct pith_region none = {0};
    if (col < weight->cols)
        return rows_at(weight, block->row, block->n_rows, col,
                       pith_min(PITH_DEPTH, weight->cols - col));
    if (block->next_row < weight->rows)
        return rows_at(weight, block->next_row,
                       pith_min(PITH_BLOCK_ROWS,
                                weight->rows - block->next_row),
                       0, pith_min(PITH_DEPTH, weight->cols));
    return none;
}

/* Where the products of n_lanes tokens go, from token on. */
static struct pith_region next_outputs(const struct pith_sink *sink,
                                       size_t n_rows, size_t token,
                                       size_t n_lanes)
{
    struct pith_region outputs = {0};
    if (sink->out == NULL)
        return outputs;
    outputs.stride = sink->out_stride * sizeof(float);
    outputs.row_bytes = n_rows * sizeof(float);
    outputs.n_rows = n_lanes;
    outputs.bytes = (const uint8_t *)(sink->out + token * sink->out_stride);
    return outputs;
}

static void unpack_block(const struct pith_compute *compute, float *out,
                         const struct pith_region *rows,
                         enum pith_type type, size_t depth)
{
    for (size_t r = 0; r < rows->n_rows; r++)
        compute->precision->unpack(compute->kernels,
                                   out + r * PITH_ROW_STRIDE, type,
                                   rows->bytes + r * rows->stride, depth);
}

/* A stretch of columns of a block with all tokens.  The tiles are whole: what
 * the last one has too many is computed from whatever lies in the scratch
 * memory and never read. */
static void multiply_columns(const struct pith_compute *compute,
                             struct pith_thread_scratch *scratch,
                             const struct pith_row_block *block, size_t col,
                             size_t depth,
                             const struct pith_token_block *tokens,
                             const struct pith_sink *sink)
{
    const struct pith_kernels *kernels = compute->kernels;
    const struct pith_precision *precision = compute->precision;
    size_t C = block->weight->cols, L = kernels->lanes;
    size_t padded = pith_padded(compute, C);
    size_t rows = precision->rows > 0 ? precision->rows : kernels->rows;
    size_t n_tiles = pith_div_up(block->n_rows, rows);
    bool last = col + depth == C;
    struct pith_region weights = next_weights(block, col + depth);
    size_t weight_share = pith_share(&weights, n_tiles * tokens->n_panels);
    for (size_t p = 0; p < tokens->n_panels; p++) {
        const float *panel = tokens->panels + (p * padded + col) * L;
        float *products = scratch->products + p * PITH_BLOCK_ROWS * L;
        size_t n_lanes = pith_min(L, tokens->n_tokens - p * L);
        struct pith_region outputs = {0};
        if (last)
            outputs = next_outputs(sink, block->n_rows, p * L, n_lanes);
        size_t output_share = pith_share(&outputs, n_tiles);
        for (size_t r = 0; r < block->n_rows; r += rows) {
            pith_bring(&weights, weight_share);
            pith_bring(&outputs, output_share);
            precision->multiply(kernels, products + r * L,
                                scratch->weights + r * PITH_ROW_STRIDE, panel,
                                depth, n_lanes, col > 0);
        }
        if (last)
            sink->take(sink->user, p, products, n_lanes);
    }
}

void pith_multiply_block(const struct pith_compute *compute,
                         struct pith_thread_scratch *scratch,
                         const struct pith_row_block *block,
                         const struct pith_token_block *tokens,
                         const struct pith_sink *sink)
{
    const struct pith_tensor *weight = block->weight;
    const struct pith_precision *precision = compute->precision;
    for (size_t col = 0; col < weight->cols; col += PITH_DEPTH) {
        size_t depth = pith_min(PITH_DEPTH, weight->cols - col);
        struct pith_region rows =
            rows_at(weight, block->row, block->n_rows, col, depth);
        unpack_block(compute, scratch->weights, &rows, weight->type, depth);
        if (precision->begin != NULL)
            precision->begin();
        multiply_columns(compute, scratch, block, col, depth, tokens, sink);
        if (precision->end != NULL)
            precision->end();
    }
}

/* --- linear layers -------------------------------------------------------- */

struct linear {
    struct pith_compute *compute;
    float *out;
    const struct pith_tensor *weight;
    const float *bias;
    size_t T, n_row_blocks;
    bool accumulate;
};

/* Outputs row .. row + n_rows of the tokens of one block. */
struct linear_part {
    const struct linear *linear;
    float *out;
    size_t row, n_rows;
};

static void emit_products(void *user, size_t panel, float *products,
                          size_t n_lanes)
{
    const struct linear_part *part = user;
    const struct linear *linear = part->linear;
    const struct pith_kernels *kernels = linear->compute->kernels;
    size_t N = linear->weight->rows;
    kernels->emit(part->out + panel * kernels->lanes * N, N, products,
                  part->n_rows, n_lanes,
                  linear->bias != NULL ? linear->bias + part->row : NULL,
                  linear->accumulate);
}

/* One block of weights with one block of tokens. */
static void linear_task(void *user, size_t index, int thread)
{
    const struct linear *linear = user;
    const struct pith_compute *compute = linear->compute;
    size_t N = linear->weight->rows;
    size_t row = index % linear->n_row_blocks * PITH_BLOCK_ROWS;
    size_t token_block = index / linear->n_row_blocks;
    struct linear_part part = {
        linear, linear->out + token_block * PITH_BLOCK_TOKENS * N + row, row,
        pith_min(PITH_BLOCK_ROWS, N - row)};
    struct pith_sink sink = {emit_products, &part, part.out, N};
    struct pith_row_block block = {
        linear->weight, row, part.n_rows,
        row + (size_t)compute->n_threads * PITH_BLOCK_ROWS};
    struct pith_token_block tokens = pith_token_block(
        compute, token_block, linear->T, linear->weight->cols);
    pith_multiply_block(compute, &compute->scratch->threads[thread], &block,
                        &tokens, &sink);
}

void pith_linear(struct pith_compute *compute, float *out, const float *x,
                 const struct pith_tensor *weight, const float *bias, size_t T,
                 bool accumulate)
{
    size_t n_row_blocks = pith_div_up(weight->rows, PITH_BLOCK_ROWS);
    struct linear linear = {compute, out, weight,       bias,
                            T,       n_row_blocks, accumulate};
    pith_pack_tokens(compute, x, T, weight->cols);
    pith_parallel_for(compute->n_threads,
                      n_row_blocks * pith_div_up(T, PITH_BLOCK_TOKENS),
                      linear_task, &linear);
}
