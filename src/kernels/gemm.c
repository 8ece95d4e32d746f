/*
 * gemm.c - matrix products: blocks of weights, unpacked into the cache, times
 * panels of tokens.
 *
 * Some hundred rows of weights are converted once and stay in the second-level
 * cache while up to PITH_BLOCK_TOKENS tokens pass, a panel after the other: all
 * of their columns where they fit.  The first-level cache holds a step, some
 * columns of the panel.  Every element of the result is a sum over the columns
 * in order, cut at multiples of a step.
 */
#include "../base/threads.h"
#include "ops.h"
#include "precision.h"
#include "prefetch.h"
#include "scratch.h"

/* --- packing tokens ------------------------------------------------------- */

struct pack {
    const struct pith_compute *compute;
    float *panels;
    const float *x;
    const struct pith_norm *norm; /* or NULL */
    size_t T, C;
};

static void pack_panel(void *user, size_t index, int thread)
{
    const struct pack *pack = user;
    const struct pith_compute *compute = pack->compute;
    const struct pith_kernels *kernels = compute->kernels;
    size_t L = kernels->lanes, C = pack->C, first = index * L;
    size_t n_tokens = pith_min(L, pack->T - first);
    const float *x = pack->x + first * C;
    if (pack->norm != NULL) {
        float *rows = compute->scratch->threads[thread].products;
        pith_norm_rows(kernels, rows, x, pack->norm, n_tokens, C);
        x = rows;
    }
    compute->precision->pack(kernels,
                             pack->panels + first * pith_padded(compute, C), 0,
                             x, C, n_tokens, C);
}

void pith_pack_tokens(const struct pith_compute *compute, float *panels,
                      const float *x, const struct pith_norm *norm, size_t T,
                      size_t C)
{
    struct pack pack = {compute, panels, x, norm, T, C};
    pith_parallel_for(compute->threads,
                      pith_div_up(T, compute->kernels->lanes), pack_panel,
                      &pack);
}

struct pith_token_block pith_token_block(const struct pith_compute *compute,
                                         const float *panels, size_t index,
                                         size_t T, size_t C)
{
    struct pith_token_block block;
    block.first = index * PITH_BLOCK_TOKENS;
    block.panels = panels + block.first * pith_padded(compute, C);
    block.n_tokens = pith_min(PITH_BLOCK_TOKENS, T - block.first);
    block.n_panels = pith_div_up(block.n_tokens, compute->kernels->lanes);
    return block;
}

enum { AHEAD_BYTES = 8192 }; /* of weights, asked for before unpacking */

/* --- a block of weights --------------------------------------------------- */

static size_t step_of(const struct pith_compute *compute)
{
    return pith_step(compute->precision);
}

/* Rows of one step that are unpacked at a time. */
static size_t unpacked_rows(const struct pith_compute *compute)
{
    return PITH_UNPACKED_FLOATS / pith_row_stride(compute->precision);
}

size_t pith_max_rows(const struct pith_compute *compute, size_t C)
{
    size_t rows = unpacked_rows(compute) / pith_div_up(C, step_of(compute));
    return rows < PITH_MAX_WIDE_ROWS
               ? PITH_MAX_WIDE_ROWS
               : pith_min(rows - rows % PITH_BLOCK_ROWS, PITH_MAX_ROWS);
}

/* Columns of a block that are unpacked at the same time. */
struct span {
    size_t col, width;
};

static size_t span_width(const struct pith_compute *compute,
                         const struct pith_row_block *block)
{
    return unpacked_rows(compute) / block->n_rows * step_of(compute);
}

/* Unpacked: (steps of the span, n_rows, columns of a step). */
static float *unpacked_at(const struct pith_compute *compute,
                          const struct pith_thread_scratch *scratch,
                          const struct pith_row_block *block, size_t step,
                          size_t row)
{
    return scratch->weights + (step * block->n_rows + row) *
                                  pith_row_stride(compute->precision);
}

/* The rows of a part, `at` rows into the block. */
static void unpack_part(const struct pith_compute *compute,
                        struct pith_thread_scratch *scratch,
                        const struct pith_row_block *block,
                        const struct pith_rows *part, size_t at,
                        struct span span)
{
    const struct pith_tensor *weight = part->weight;
    size_t stride = pith_row_bytes(weight->type, weight->cols);
    size_t step = step_of(compute);
    size_t step_bytes = pith_row_bytes(weight->type, step);
    const uint8_t *bytes = weight->data + part->row * stride +
                           span.col / step * step_bytes;
    struct pith_prefetch_region ahead = {bytes, stride, part->n_rows,
                                pith_row_bytes(weight->type, span.width), 0, 0};
    if (span.width == weight->cols) { /* whole rows are one piece of memory */
        ahead.row_bytes *= ahead.n_rows;
        ahead.n_rows = 1;
    }
    size_t row_lines = pith_prefetch_share(&ahead, part->n_rows);
    pith_prefetch_lines(&ahead, AHEAD_BYTES / PITH_CACHE_LINE);
    for (size_t r = 0; r < part->n_rows; r++) {
        pith_prefetch_lines(&ahead, row_lines);
        for (size_t c = 0; c < span.width; c += step)
            compute->precision->unpack(
                compute->kernels,
                unpacked_at(compute, scratch, block, c / step, at + r),
                weight->type, bytes + r * stride + c / step * step_bytes,
                pith_min(step, span.width - c));
    }
}

/* products (n_rows, L) of one panel (padded C, L).  The tiles are whole: what
 * the last one has too many is computed from whatever is in the scratch
 * memory and never read. */
static void multiply_panel(const struct pith_compute *compute,
                           const struct pith_thread_scratch *scratch,
                           const struct pith_row_block *block,
                           struct span span, const float *panel,
                           size_t n_lanes, float *products)
{
    size_t L = compute->kernels->lanes, step = step_of(compute);
    for (size_t c = 0; c < span.width; c += step)
        pith_multiply_rows(compute->kernels, compute->precision, products,
                           unpacked_at(compute, scratch, block, c / step, 0),
                           panel + pith_padded(compute, span.col + c) * L,
                           block->n_rows, pith_min(step, span.width - c),
                           n_lanes, span.col + c > 0);
}

/* A span of a block with all tokens.  Products that are finished with it use
 * the same memory again and again. */
static void multiply_span(const struct pith_compute *compute,
                          struct pith_thread_scratch *scratch,
                          const struct pith_row_block *block, struct span span,
                          const struct pith_token_block *tokens,
                          const struct pith_sink *sink)
{
    size_t C = block->parts[0].weight->cols, L = compute->kernels->lanes;
    size_t padded = pith_padded(compute, C);
    bool whole = span.width == C, last = span.col + span.width == C;
    for (size_t p = 0; p < tokens->n_panels; p++) {
        float *products =
            scratch->products + (whole ? 0 : p * PITH_HELD_ROWS * L);
        size_t n_lanes = pith_min(L, tokens->n_tokens - p * L);
        multiply_panel(compute, scratch, block, span,
                       tokens->panels + p * padded * L, n_lanes, products);
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
    const struct pith_precision *precision = compute->precision;
    size_t C = block->parts[0].weight->cols;
    size_t width = span_width(compute, block);
    for (size_t col = 0; col < C; col += width) {
        struct span span = {col, pith_min(width, C - col)};
        for (size_t i = 0, at = 0; i < block->n_parts; i++) {
            unpack_part(compute, scratch, block, &block->parts[i], at, span);
            at += block->parts[i].n_rows;
        }
        pith_begin(precision);
        multiply_span(compute, scratch, block, span, tokens, sink);
        pith_end(precision);
    }
}

static size_t greatest_divisor(size_t a, size_t b)
{
    return b == 0 ? a : greatest_divisor(b, a % b);
}

/* Rows of whole tiles that are whole groups of columns of the next product. */
static size_t whole_groups(const struct pith_compute *compute)
{
    size_t rows = pith_tile_rows(compute), unit = compute->precision->unit;
    return rows / greatest_divisor(rows, unit) * unit;
}

/* Rows of the blocks that N are cut into: alike for all threads, multiples of
 * `whole`, `limit` at most, which holds some. */
static size_t block_rows(const struct pith_compute *compute, size_t N,
                         size_t whole, size_t limit)
{
    size_t threads = (size_t)compute->n_threads;
    limit -= limit % whole;
    size_t rounds = pith_div_up(N, limit * threads);
    return pith_min(
        pith_round_up(pith_div_up(N, rounds * threads), whole), limit);
}

/* --- linear layers -------------------------------------------------------- */

struct linear {
    const struct pith_compute *compute;
    const float *panels;
    const struct pith_linear_output *outputs;
    size_t n_outputs, T, C;
    size_t n_rows, block_rows, n_blocks; /* of all outputs, stacked */
    bool accumulate;
};

/* Rows of the stacked outputs with the tokens of one block. */
struct linear_part {
    const struct linear *linear;
    const struct pith_row_block *block;
    const struct pith_linear_output *outputs[PITH_BLOCK_PARTS];
    size_t first_token;
};

static void emit_products(void *user, size_t panel, float *products,
                          size_t n_lanes)
{
    const struct linear_part *part = user;
    const struct linear *linear = part->linear;
    const struct pith_kernels *kernels = linear->compute->kernels;
    size_t L = kernels->lanes, token = part->first_token + panel * L;
    for (size_t i = 0; i < part->block->n_parts; i++) {
        const struct pith_rows *rows = &part->block->parts[i];
        const struct pith_linear_output *output = part->outputs[i];
        size_t N = rows->weight->rows;
        kernels->emit(output->out + token * N + rows->row, N, products,
                      rows->n_rows, n_lanes,
                      output->bias != NULL ? output->bias + rows->row : NULL,
                      linear->accumulate);
        products += rows->n_rows * L;
    }
}

/* Rows row .. row + n_rows of the stacked outputs. */
static void stack_rows(const struct linear *linear, size_t row, size_t n_rows,
                       struct pith_row_block *block, struct linear_part *part)
{
    for (size_t i = 0; i < linear->n_outputs && block->n_rows < n_rows; i++) {
        const struct pith_linear_output *output = &linear->outputs[i];
        size_t N = output->weight->rows;
        if (row < N) {
            size_t n = pith_min(n_rows - block->n_rows, N - row);
            part->outputs[block->n_parts] = output;
            block->parts[block->n_parts++] =
                (struct pith_rows){output->weight, row, n};
            block->n_rows += n;
        }
        row = row < N ? 0 : row - N;
    }
}

/* One block of weights with one block of tokens. */
static void linear_task(void *user, size_t index, int thread)
{
    const struct linear *linear = user;
    const struct pith_compute *compute = linear->compute;
    size_t row = index % linear->n_blocks * linear->block_rows;
    struct pith_token_block tokens =
        pith_token_block(compute, linear->panels, index / linear->n_blocks,
                         linear->T, linear->C);
    struct pith_row_block block = {.n_parts = 0};
    struct linear_part part = {
        .linear = linear, .block = &block, .first_token = tokens.first};
    struct pith_sink sink = {emit_products, &part};
    stack_rows(linear, row,
               pith_min(linear->block_rows, linear->n_rows - row), &block,
               &part);
    pith_multiply_block(compute, &compute->scratch->threads[thread], &block,
                        &tokens, &sink);
}

/* At most PITH_BLOCK_PARTS outputs from panels (T, C). */
static void multiply_outputs(const struct pith_compute *compute,
                             const struct pith_linear_output *outputs,
                             size_t n, const float *panels, size_t T,
                             bool accumulate)
{
    struct linear linear = {.compute = compute,
                            .panels = panels,
                            .outputs = outputs,
                            .n_outputs = n,
                            .T = T,
                            .C = outputs->weight->cols,
                            .accumulate = accumulate};
    for (size_t i = 0; i < n; i++)
        linear.n_rows += outputs[i].weight->rows;
    linear.block_rows = block_rows(compute, linear.n_rows,
                                   pith_tile_rows(compute),
                                   pith_max_rows(compute, linear.C));
    linear.n_blocks = pith_div_up(linear.n_rows, linear.block_rows);
    pith_parallel_for(compute->threads,
                      linear.n_blocks * pith_div_up(T, PITH_BLOCK_TOKENS),
                      linear_task, &linear);
}

void pith_linear_outputs(const struct pith_compute *compute,
                         const struct pith_linear_output *outputs, size_t n,
                         const float *x, const struct pith_norm *norm,
                         size_t T)
{
    float *panels = compute->scratch->panels;
    pith_pack_tokens(compute, panels, x, norm, T, outputs->weight->cols);
    for (size_t i = 0; i < n; i += PITH_BLOCK_PARTS)
        multiply_outputs(compute, outputs + i,
                         pith_min(PITH_BLOCK_PARTS, n - i), panels, T, false);
}

void pith_linear(const struct pith_compute *compute, float *out, const float *x,
                 const struct pith_tensor *weight, const float *bias, size_t T,
                 bool accumulate)
{
    struct pith_linear_output output = {out, weight, bias};
    float *panels = compute->scratch->panels;
    pith_pack_tokens(compute, panels, x, NULL, T, weight->cols);
    multiply_outputs(compute, &output, 1, panels, T, accumulate);
}

/* --- feed-forward --------------------------------------------------------- */

struct hidden {
    const struct pith_compute *compute;
    const struct pith_feed_forward *layer;
    size_t T, block_rows, n_blocks;
};

/* Hidden values row .. row + n_rows of the tokens of one block. */
struct hidden_part {
    const struct hidden *hidden;
    float *panels; /* (n_panels, padded F, L) */
    size_t row, n_rows;
};

/* Gate and up, or up alone, become hidden values, packed. */
static void activate_products(void *user, size_t panel, float *products,
                              size_t n_lanes)
{
    const struct hidden_part *part = user;
    const struct pith_compute *compute = part->hidden->compute;
    const struct pith_feed_forward *layer = part->hidden->layer;
    const struct pith_kernels *kernels = compute->kernels;
    size_t L = kernels->lanes, n = part->n_rows * L;
    (void)n_lanes;
    if (layer->up_bias != NULL)
        kernels->shift(products, part->n_rows, layer->up_bias + part->row);
    if (layer->gate != NULL)
        kernels->silu_mul(products, products + n, n);
    else
        kernels->gelu(products, n);
    compute->precision->pack_products(
        kernels,
        part->panels + panel * pith_padded(compute, layer->up->rows) * L,
        part->row, products, part->n_rows);
}

static void hidden_task(void *user, size_t index, int thread)
{
    const struct hidden *hidden = user;
    const struct pith_feed_forward *layer = hidden->layer;
    const struct pith_compute *compute = hidden->compute;
    struct pith_scratch *scratch = compute->scratch;
    size_t F = layer->up->rows;
    size_t row = index % hidden->n_blocks * hidden->block_rows;
    struct pith_token_block tokens =
        pith_token_block(compute, scratch->panels, index / hidden->n_blocks,
                         hidden->T, layer->up->cols);
    struct hidden_part part = {
        hidden, scratch->hidden + tokens.first * pith_padded(compute, F), row,
        pith_min(hidden->block_rows, F - row)};
    struct pith_sink sink = {activate_products, &part};
    struct pith_row_block block = {{{layer->up, row, part.n_rows}}, 1,
                                   part.n_rows};
    if (layer->gate != NULL)
        block = (struct pith_row_block){{{layer->gate, row, part.n_rows},
                                         {layer->up, row, part.n_rows}},
                                        2,
                                        2 * part.n_rows};
    pith_multiply_block(compute, &scratch->threads[thread], &block, &tokens,
                        &sink);
}

void pith_feed_forward(const struct pith_compute *compute, float *out,
                       const float *x, const struct pith_norm *norm,
                       const struct pith_feed_forward *layer, size_t T)
{
    struct hidden hidden = {.compute = compute, .layer = layer, .T = T};
    struct pith_linear_output down = {out, layer->down, layer->down_bias};
    struct pith_scratch *scratch = compute->scratch;
    size_t F = layer->up->rows, C = layer->up->cols;
    size_t whole = whole_groups(compute), n_parts = layer->gate != NULL ? 2 : 1;
    hidden.block_rows = block_rows(
        compute, F, whole, pith_max(whole, pith_max_rows(compute, C) / n_parts));
    hidden.n_blocks = pith_div_up(F, hidden.block_rows);
    pith_pack_tokens(compute, scratch->panels, x, norm, T, C);
    pith_parallel_for(compute->threads,
                      hidden.n_blocks * pith_div_up(T, PITH_BLOCK_TOKENS),
                      hidden_task, &hidden);
    multiply_outputs(compute, &down, 1, scratch->hidden, T, true);
}
