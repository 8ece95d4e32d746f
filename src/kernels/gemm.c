/*
 * gemm.c - matrix products: blocks of weights, unpacked into the cache, times
 * panels of tokens.
 *
 * A block of PITH_BLOCK_ROWS rows is converted once and used for up to
 * PITH_BLOCK_TOKENS tokens: all of its columns where they fit, so that the
 * products of a panel are finished in the first-level cache, PITH_STEP columns
 * after the other.  Every element of the result is a sum over the columns in
 * order, cut at multiples of PITH_STEP.
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
                             pack->panels + first * pith_padded(compute, C), 0,
                             pack->x + first * C, C,
                             pith_min(L, pack->T - first), C);
}

void pith_pack_tokens(struct pith_compute *compute, float *panels,
                      const float *x, size_t T, size_t C)
{
    struct pack pack = {compute, panels, x, T, C};
    pith_parallel_for(compute->n_threads,
                      pith_div_up(T, compute->kernels->lanes), pack_panel,
                      &pack);
}

static size_t block_tokens(size_t C)
{
    return C > PITH_WIDE ? PITH_WIDE_BLOCK_TOKENS : PITH_BLOCK_TOKENS;
}

size_t pith_token_blocks(size_t T, size_t C)
{
    return pith_div_up(T, block_tokens(C));
}

struct pith_token_block pith_token_block(const struct pith_compute *compute,
                                         const float *panels, size_t index,
                                         size_t T, size_t C)
{
    struct pith_token_block block;
    block.first = index * block_tokens(C);
    block.panels = panels + block.first * pith_padded(compute, C);
    block.n_tokens = pith_min(block_tokens(C), T - block.first);
    block.n_panels = pith_div_up(block.n_tokens, compute->kernels->lanes);
    return block;
}

/* --- a block of weights --------------------------------------------------- */

/* Columns of a block that lie unpacked at the same time. */
struct span {
    size_t col, width;
};

static size_t span_width(const struct pith_row_block *block)
{
    return PITH_UNPACKED / block->n_weights * PITH_STEP;
}

static struct span span_at(const struct pith_row_block *block, size_t col)
{
    size_t C = block->weights[0]->cols;
    return (struct span){col, pith_min(span_width(block), C - col)};
}

/* A span of n_rows rows of a weight, as it lies in the file. */
static struct pith_region rows_at(const struct pith_tensor *weight, size_t row,
                                  size_t n_rows, struct span span)
{
    struct pith_region rows = {0};
    rows.stride = pith_row_bytes(weight->type, weight->cols);
    rows.row_bytes = pith_row_bytes(weight->type, span.width);
    rows.n_rows = n_rows;
    rows.bytes = weight->data + row * rows.stride +
                 pith_row_bytes(weight->type, span.col);
    return rows;
}

/* What is unpacked behind the columns before col: the next columns, or the
 * next block from its first column on. */
static struct pith_region next_weights(const struct pith_row_block *block,
                                       size_t w, size_t col)
{
    const struct pith_tensor *weight = block->weights[w];
    struct pith_region none = {0};
    if (col < weight->cols)
        return rows_at(weight, block->row, block->n_rows, span_at(block, col));
    if (block->next_row < weight->rows)
        return rows_at(weight, block->next_row,
                       pith_min(PITH_BLOCK_ROWS,
                                weight->rows - block->next_row),
                       span_at(block, 0));
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

/* Unpacked weights: (n_weights, steps of the span, PITH_BLOCK_ROWS,
 * PITH_STEP), rows PITH_ROW_STRIDE apart. */
static float *unpacked_at(const struct pith_thread_scratch *scratch,
                          const struct pith_row_block *block, size_t w,
                          size_t step)
{
    size_t n_steps = PITH_UNPACKED / block->n_weights;
    return scratch->weights +
           (w * n_steps + step) * PITH_BLOCK_ROWS * PITH_ROW_STRIDE;
}

static void unpack_span(const struct pith_compute *compute,
                        struct pith_thread_scratch *scratch,
                        const struct pith_row_block *block, size_t w,
                        struct span span)
{
    const struct pith_tensor *weight = block->weights[w];
    struct pith_region rows =
        rows_at(weight, block->row, block->n_rows, span);
    size_t step_bytes = pith_row_bytes(weight->type, PITH_STEP);
    for (size_t r = 0; r < rows.n_rows; r++)
        for (size_t c = 0; c < span.width; c += PITH_STEP)
            compute->precision->unpack(
                compute->kernels,
                unpacked_at(scratch, block, w, c / PITH_STEP) +
                    r * PITH_ROW_STRIDE,
                weight->type,
                rows.bytes + r * rows.stride + c / PITH_STEP * step_bytes,
                pith_min(PITH_STEP, span.width - c));
}

/* One panel of a block of tokens that meets a span. */
struct meeting {
    struct span span;
    const float *panel; /* (padded C, L) */
    size_t n_lanes, n_panels;
};

/* products (PITH_BLOCK_ROWS, L) of one weight.  The tiles are whole: what
 * the last one has too many is computed from whatever lies in the scratch
 * memory and never read. */
static void multiply_panel(const struct pith_compute *compute,
                           struct pith_thread_scratch *scratch,
                           const struct pith_row_block *block, size_t w,
                           const struct meeting *meeting, float *products,
                           struct pith_ahead *ahead)
{
    const struct pith_kernels *kernels = compute->kernels;
    const struct pith_precision *precision = compute->precision;
    size_t L = kernels->lanes;
    size_t rows = precision->rows > 0 ? precision->rows : kernels->rows;
    size_t width = meeting->span.width;
    size_t n_tiles =
        pith_div_up(block->n_rows, rows) * pith_div_up(width, PITH_STEP);
    ahead->n_weights =
        pith_share(&ahead->weights, n_tiles * meeting->n_panels);
    ahead->n_outputs = pith_share(&ahead->outputs, n_tiles);
    for (size_t c = 0; c < width; c += PITH_STEP) {
        size_t col = meeting->span.col + c;
        const float *weights = unpacked_at(scratch, block, w, c / PITH_STEP);
        for (size_t r = 0; r < block->n_rows; r += rows)
            precision->multiply(kernels, products + r * L,
                                weights + r * PITH_ROW_STRIDE,
                                meeting->panel + col * L,
                                pith_min(PITH_STEP, width - c),
                                meeting->n_lanes, col > 0, ahead);
    }
}

/* A span of a block with all tokens.  Products that are finished with it use
 * the same memory again and again. */
static void multiply_span(const struct pith_compute *compute,
                          struct pith_thread_scratch *scratch,
                          const struct pith_row_block *block, struct span span,
                          const struct pith_token_block *tokens,
                          const struct pith_sink *sink)
{
    size_t C = block->weights[0]->cols, L = compute->kernels->lanes;
    size_t padded = pith_padded(compute, C);
    bool whole = span.width == C, last = span.col + span.width == C;
    struct pith_ahead ahead[PITH_BLOCK_WEIGHTS] = {0};
    for (size_t w = 0; w < block->n_weights; w++)
        ahead[w].weights = next_weights(block, w, span.col + span.width);
    for (size_t p = 0; p < tokens->n_panels; p++) {
        float *products = scratch->products;
        struct meeting meeting = {span, tokens->panels + p * padded * L,
                                  pith_min(L, tokens->n_tokens - p * L),
                                  tokens->n_panels};
        if (!whole)
            products += p * PITH_BLOCK_WEIGHTS * PITH_BLOCK_ROWS * L;
        if (last)
            ahead[0].outputs =
                next_outputs(sink, block->n_rows, p * L, meeting.n_lanes);
        for (size_t w = 0; w < block->n_weights; w++)
            multiply_panel(compute, scratch, block, w, &meeting,
                           products + w * PITH_BLOCK_ROWS * L, &ahead[w]);
        if (last)
            sink->take(sink->user, p, products, meeting.n_lanes);
    }
}

void pith_multiply_block(const struct pith_compute *compute,
                         struct pith_thread_scratch *scratch,
                         const struct pith_row_block *block,
                         const struct pith_token_block *tokens,
                         const struct pith_sink *sink)
{
    const struct pith_precision *precision = compute->precision;
    size_t C = block->weights[0]->cols;
    for (size_t col = 0; col < C; col += span_width(block)) {
        struct span span = span_at(block, col);
        for (size_t w = 0; w < block->n_weights; w++)
            unpack_span(compute, scratch, block, w, span);
        if (precision->begin != NULL)
            precision->begin();
        multiply_span(compute, scratch, block, span, tokens, sink);
        if (precision->end != NULL)
            precision->end();
    }
}

/* --- linear layers -------------------------------------------------------- */

struct linear {
    struct pith_compute *compute;
    const float *panels;
    const struct pith_linear_output *layers;
    size_t T, C;
    size_t n_row_blocks; /* of all layers */
    bool accumulate;
};

/* Outputs row .. row + n_rows of the tokens of one block. */
struct linear_part {
    const struct linear *linear;
    const struct pith_linear_output *layer;
    float *out;
    size_t row, n_rows;
};

static void emit_products(void *user, size_t panel, float *products,
                          size_t n_lanes)
{
    const struct linear_part *part = user;
    const struct linear *linear = part->linear;
    const struct pith_kernels *kernels = linear->compute->kernels;
    const float *bias = part->layer->bias;
    size_t N = part->layer->weight->rows;
    kernels->emit(part->out + panel * kernels->lanes * N, N, products,
                  part->n_rows, n_lanes,
                  bias != NULL ? bias + part->row : NULL, linear->accumulate);
}

static size_t n_row_blocks(const struct pith_tensor *weight)
{
    return pith_div_up(weight->rows, PITH_BLOCK_ROWS);
}

/* One block of weights with one block of tokens. */
static void linear_task(void *user, size_t index, int thread)
{
    const struct linear *linear = user;
    const struct pith_compute *compute = linear->compute;
    const struct pith_linear_output *layer = linear->layers;
    size_t row_block = index % linear->n_row_blocks;
    struct pith_token_block tokens =
        pith_token_block(compute, linear->panels, index / linear->n_row_blocks,
                         linear->T, linear->C);
    while (row_block >= n_row_blocks(layer->weight))
        row_block -= n_row_blocks(layer++->weight);

    size_t N = layer->weight->rows, row = row_block * PITH_BLOCK_ROWS;
    struct linear_part part = {linear, layer,
                               layer->out + tokens.first * N + row, row,
                               pith_min(PITH_BLOCK_ROWS, N - row)};
    struct pith_sink sink = {emit_products, &part, part.out, N};
    struct pith_row_block block = {
        {layer->weight}, 1, row, part.n_rows,
        row + (size_t)compute->n_threads * PITH_BLOCK_ROWS};
    pith_multiply_block(compute, &compute->scratch->threads[thread], &block,
                        &tokens, &sink);
}

/* out (T, N) of each layer from panels (T, C). */
static void multiply_layers(struct pith_compute *compute,
                            const struct pith_linear_output *layers, size_t n,
                            const float *panels, size_t T, bool accumulate)
{
    struct linear linear = {compute, panels, layers, T,
                            layers->weight->cols, 0, accumulate};
    for (size_t i = 0; i < n; i++)
        linear.n_row_blocks += n_row_blocks(layers[i].weight);
    pith_parallel_for(compute->n_threads,
                      linear.n_row_blocks * pith_token_blocks(T, linear.C),
                      linear_task, &linear);
}

void pith_linear_outputs(struct pith_compute *compute,
                         const struct pith_linear_output *layers, size_t n,
                         const float *x, size_t T)
{
    float *panels = compute->scratch->panels;
    pith_pack_tokens(compute, panels, x, T, layers->weight->cols);
    multiply_layers(compute, layers, n, panels, T, false);
}

void pith_linear(struct pith_compute *compute, float *out, const float *x,
                 const struct pith_tensor *weight, const float *bias, size_t T,
                 bool accumulate)
{
    struct pith_linear_output layer = {out, weight, bias};
    float *panels = compute->scratch->panels;
    pith_pack_tokens(compute, panels, x, T, weight->cols);
    multiply_layers(compute, &layer, 1, panels, T, accumulate);
}

/* --- feed-forward --------------------------------------------------------- */

struct hidden {
    struct pith_compute *compute;
    const struct pith_feed_forward *layer;
    size_t T, n_row_blocks;
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
        for (size_t i = 0; i < n; i++)
            products[i] += layer->up_bias[part->row + i / L];
    if (layer->gate != NULL)
        kernels->silu_mul(products, products + PITH_BLOCK_ROWS * L, n);
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
    size_t row = index % hidden->n_row_blocks * PITH_BLOCK_ROWS;
    struct pith_token_block tokens =
        pith_token_block(compute, scratch->panels,
                         index / hidden->n_row_blocks, hidden->T,
                         layer->up->cols);
    struct hidden_part part = {
        hidden, scratch->hidden + tokens.first * pith_padded(compute, F), row,
        pith_min(PITH_BLOCK_ROWS, F - row)};
    struct pith_sink sink = {activate_products, &part, NULL, 0};
    struct pith_row_block block = {
        {layer->up}, 1, row, part.n_rows,
        row + (size_t)compute->n_threads * PITH_BLOCK_ROWS};
    if (layer->gate != NULL) {
        block.weights[0] = layer->gate;
        block.weights[1] = layer->up;
        block.n_weights = 2;
    }
    pith_multiply_block(compute, &scratch->threads[thread], &block, &tokens,
                        &sink);
}

void pith_feed_forward(struct pith_compute *compute, float *out,
                       const float *x, const struct pith_feed_forward *layer,
                       size_t T)
{
    struct hidden hidden = {compute, layer, T, n_row_blocks(layer->up)};
    struct pith_linear_output down = {out, layer->down, layer->down_bias};
    struct pith_scratch *scratch = compute->scratch;
    size_t C = layer->up->cols;
    pith_pack_tokens(compute, scratch->panels, x, T, C);
    pith_parallel_for(compute->n_threads,
                      hidden.n_row_blocks * pith_token_blocks(T, C),
                      hidden_task, &hidden);
    multiply_layers(compute, &down, 1, scratch->hidden, T, true);
}
