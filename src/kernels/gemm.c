/*
 * gemm.c - matrix products: blocks of weights, unpacked into the cache, times
 * panels of tokens.
 *
 * A block of PITH_BLOCK_ROWS x PITH_DEPTH weights is converted to floats once
 * and used for up to PITH_BLOCK_TOKENS tokens.  Every element of the result
 * is a sum over the columns in order, cut at multiples of PITH_DEPTH.
 */
#include <string.h>

#include "../base/threads.h"
#include "ops.h"
#include "scratch.h"

/* --- packing tokens ------------------------------------------------------- */

struct pack {
    const struct pith_kernels *kernels;
    float *panels;
    const float *x;
    size_t T, C;
};

static void pack_panel(void *user, size_t index, int thread)
{
    const struct pack *pack = user;
    size_t L = pack->kernels->lanes, C = pack->C;
    size_t n_lanes = pith_min(L, pack->T - index * L);
    float *panel = pack->panels + index * C * L; /* (C, L) */
    (void)thread;
    if (n_lanes < L)
        memset(panel, 0, C * L * sizeof *panel);
    pack->kernels->transpose(panel, L, pack->x + index * L * C, C, n_lanes, C);
}

void pith_pack_tokens(struct pith_compute *compute, const float *x, size_t T,
                      size_t C)
{
    struct pack pack = {compute->kernels, compute->scratch->panels, x, T, C};
    pith_parallel_for(compute->n_threads,
                      pith_div_up(T, compute->kernels->lanes), pack_panel,
                      &pack);
}

struct pith_token_block pith_token_block(const struct pith_compute *compute,
                                         size_t index, size_t T, size_t C)
{
    size_t first = index * PITH_BLOCK_TOKENS;
    struct pith_token_block block;
    block.panels = compute->scratch->panels + first * C;
    block.n_tokens = pith_min(PITH_BLOCK_TOKENS, T - first);
    block.n_panels = pith_div_up(block.n_tokens, compute->kernels->lanes);
    return block;
}

/* --- a block of weights --------------------------------------------------- */

/* (n_rows, depth) of the weight at (row, col), rows PITH_ROW_STRIDE apart. */
static void unpack_block(const struct pith_kernels *kernels, float *out,
                         const struct pith_tensor *weight, size_t row,
                         size_t n_rows, size_t col, size_t depth)
{
    size_t row_bytes = pith_row_bytes(weight->type, weight->cols);
    const uint8_t *bytes = weight->data + row * row_bytes +
                           pith_row_bytes(weight->type, col);
    for (size_t r = 0; r < n_rows; r++)
        kernels->unpack(out + r * PITH_ROW_STRIDE, weight->type,
                        bytes + r * row_bytes, depth);
}

/* The whole tiles that cover n_rows; what the last one has too many is
 * computed from whatever lies in the scratch memory and never read. */
static void multiply_panel(const struct pith_kernels *kernels, float *out,
                           const float *weights, size_t n_rows,
                           const float *panel, size_t depth, size_t n_lanes,
                           bool add)
{
    for (size_t r = 0; r < n_rows; r += kernels->rows)
        kernels->multiply(out + r * kernels->lanes,
                          weights + r * PITH_ROW_STRIDE, panel, depth, n_lanes,
                          add);
}

void pith_multiply_block(const struct pith_compute *compute,
                         struct pith_thread_scratch *scratch,
                         const struct pith_tensor *weight, size_t row,
                         size_t n_rows, const struct pith_token_block *tokens)
{
    const struct pith_kernels *kernels = compute->kernels;
    size_t C = weight->cols, L = kernels->lanes;
    for (size_t col = 0; col < C; col += PITH_DEPTH) {
        size_t depth = pith_min(PITH_DEPTH, C - col);
        unpack_block(kernels, scratch->weights, weight, row, n_rows, col,
                     depth);
        for (size_t p = 0; p < tokens->n_panels; p++)
            multiply_panel(kernels,
                           scratch->products + p * PITH_BLOCK_ROWS * L,
                           scratch->weights, n_rows,
                           tokens->panels + (p * C + col) * L, depth,
                           pith_min(L, tokens->n_tokens - p * L), col > 0);
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

/* One block of weights with one block of tokens. */
static void linear_task(void *user, size_t index, int thread)
{
    const struct linear *linear = user;
    const struct pith_compute *compute = linear->compute;
    const struct pith_kernels *kernels = compute->kernels;
    struct pith_thread_scratch *scratch = &compute->scratch->threads[thread];
    size_t C = linear->weight->cols, N = linear->weight->rows;
    size_t L = kernels->lanes;
    size_t row = index % linear->n_row_blocks * PITH_BLOCK_ROWS;
    size_t token_block = index / linear->n_row_blocks;
    size_t n_rows = pith_min(PITH_BLOCK_ROWS, N - row);
    struct pith_token_block tokens =
        pith_token_block(compute, token_block, linear->T, C);
    float *out = linear->out + token_block * PITH_BLOCK_TOKENS * N + row;

    pith_multiply_block(compute, scratch, linear->weight, row, n_rows,
                        &tokens);
    for (size_t p = 0; p < tokens.n_panels; p++)
        kernels->emit(out + p * L * N, N,
                      scratch->products + p * PITH_BLOCK_ROWS * L, n_rows,
                      pith_min(L, tokens.n_tokens - p * L),
                      linear->bias != NULL ? linear->bias + row : NULL,
                      linear->accumulate);
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
