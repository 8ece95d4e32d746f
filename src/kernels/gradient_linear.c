/*
 * gradient_linear.c - the two products of a linear layer's backward pass, on
 * the multiplication of the kernel set:
 *
 *     y = x W^T:   dx (T, C) = dy (T, N) W (N, C),   dW (N, C) = dy^T x.
 *
 * Both sum over what lies down the columns of a matrix, so blocks of W, and
 * of dy, are transposed on their way into the cache.  Everything else is as
 * in gemm.c: PITH_BLOCK_ROWS x PITH_STEP "weights" at a time with panels of
 * L lanes, in the precision of the compute, and every element a sum in order,
 * cut at multiples of PITH_STEP.
 *
 *     product   rows            lanes        depth
 *     dx        C, of W^T       T tokens     N
 *     dW        N, of dy^T      C, of x      T
 */
#include "../base/threads.h"
#include "gradient_scratch.h"
#include "prefetch.h"

struct product {
    struct pith_backward *backward;
    float *out;
    const float *lanes;               /* dx: dy; dW: x; packed into panels */
    const struct pith_tensor *weight; /* dx: where the rows come from */
    const float *rows;                /* dW: dy, the same */
    size_t n_rows, n_lanes, depth;
    size_t block_lanes;
    bool accumulate;

    /* out (n_rows, depth), PITH_ROW_STRIDE apart = rows from row, columns
     * from `from`. */
    void (*load)(const struct product *product, float *out,
                 struct pith_backward_thread *thread, size_t row,
                 size_t n_rows, size_t from, size_t depth);
    /* products (n_rows, L) to rows from row, n_lanes lanes from lane. */
    void (*store)(const struct product *product, const float *products,
                  size_t row, size_t n_rows, size_t lane, size_t n_lanes);
    /* What load will read, and store write: hints. */
    struct pith_region (*source)(const struct product *product, size_t row,
                                 size_t n_rows, size_t from, size_t depth);
    struct pith_region (*target)(const struct product *product, size_t row,
                                 size_t n_rows, size_t lane, size_t n_lanes);
};

/* A block of rows and lanes of a product. */
struct block {
    size_t row, n_rows, lane, n_lanes;
};

/* What is loaded behind the columns before `from`. */
static struct pith_region next_source(const struct product *product,
                                      const struct block *block, size_t from)
{
    size_t n_threads = (size_t)product->backward->compute->n_threads;
    size_t row = block->row, n_rows = block->n_rows;
    struct pith_region none = {0};
    if (from >= product->depth) {
        from = 0;
        row += n_threads * PITH_BLOCK_ROWS;
        if (row >= product->n_rows)
            return none;
        n_rows = pith_min(PITH_BLOCK_ROWS, product->n_rows - row);
    }
    return product->source(product, row, n_rows, from,
                           pith_min(PITH_STEP, product->depth - from));
}

/* Columns of a panel, in whole groups of the precision. */
static size_t padded(const struct product *product)
{
    return pith_round_up(product->depth,
                         product->backward->compute->precision->unit);
}

/* thread->weights: rows and columns as the precision keeps them. */
static void load_stretch(const struct product *product,
                         struct pith_backward_thread *thread,
                         const struct block *block, size_t from, size_t depth)
{
    const struct pith_compute *compute = product->backward->compute;
    bool plain = compute->precision == &pith_precision_f32;
    float *rows = plain ? thread->weights : thread->turned;
    product->load(product, rows, thread, block->row, block->n_rows, from,
                  depth);
    for (size_t r = 0; r < block->n_rows && !plain; r++)
        compute->precision->unpack(
            compute->kernels, thread->weights + r * PITH_ROW_STRIDE, PITH_F32,
            (const uint8_t *)(rows + r * PITH_ROW_STRIDE), depth);
}

/* A stretch of the depth with every panel of the block. */
static void multiply_stretch(const struct product *product,
                             struct pith_backward_thread *thread,
                             const struct block *block, size_t from,
                             size_t depth)
{
    const struct pith_compute *compute = product->backward->compute;
    const struct pith_precision *precision = compute->precision;
    size_t L = compute->kernels->lanes;
    size_t R = pith_tile_rows(compute);
    size_t n_tiles = pith_div_up(block->n_rows, R);
    size_t n_panels = pith_div_up(block->n_lanes, L);
    bool last = from + depth == product->depth;
    struct pith_region source = next_source(product, block, from + depth);
    size_t source_share = pith_share(&source, n_tiles * n_panels);
    for (size_t p = 0; p < n_panels; p++) {
        size_t lane = block->lane + p * L;
        size_t n_lanes = pith_min(L, block->n_lanes - p * L);
        const float *panel = product->backward->scratch->panels +
                             lane * padded(product) + from * L;
        float *products = thread->products + p * PITH_BLOCK_ROWS * L;
        struct pith_region target = {0};
        if (last)
            target = product->target(product, block->row, block->n_rows, lane,
                                     n_lanes);
        size_t target_share = pith_share(&target, n_tiles);
        for (size_t r = 0; r < block->n_rows; r += R) {
            pith_bring(&source, source_share);
            pith_bring(&target, target_share);
            precision->multiply(compute->kernels, products + r * L,
                                thread->weights + r * PITH_ROW_STRIDE, panel,
                                depth, n_lanes, from > 0);
        }
        if (last)
            product->store(product, products, block->row, block->n_rows, lane,
                           n_lanes);
    }
}

static void product_task(void *user, size_t index, int thread)
{
    const struct product *product = user;
    const struct pith_precision *precision =
        product->backward->compute->precision;
    struct pith_backward_thread *scratch =
        &product->backward->scratch->threads[thread];
    size_t n_blocks = pith_div_up(product->n_rows, PITH_BLOCK_ROWS);
    struct block block;
    block.row = index % n_blocks * PITH_BLOCK_ROWS;
    block.lane = index / n_blocks * product->block_lanes;
    block.n_rows = pith_min(PITH_BLOCK_ROWS, product->n_rows - block.row);
    block.n_lanes =
        pith_min(product->block_lanes, product->n_lanes - block.lane);
    for (size_t from = 0; from < product->depth; from += PITH_STEP) {
        size_t depth = pith_min(PITH_STEP, product->depth - from);
        load_stretch(product, scratch, &block, from, depth);
        if (precision->begin != NULL)
            precision->begin();
        multiply_stretch(product, scratch, &block, from, depth);
        if (precision->end != NULL)
            precision->end();
    }
}

/* --- packing -------------------------------------------------------------- */

/* Panel by panel: tokens across, their columns down (dx), or columns across
 * and tokens down (dW). */
static void pack_tokens_task(void *user, size_t index, int thread)
{
    const struct product *product = user;
    const struct pith_compute *compute = product->backward->compute;
    size_t L = compute->kernels->lanes, N = product->depth, first = index * L;
    (void)thread;
    compute->precision->pack(compute->kernels,
                             product->backward->scratch->panels +
                                 first * padded(product),
                             0, product->lanes + first * N, N,
                             pith_min(L, product->n_lanes - first), N);
}

static void pack_columns_task(void *user, size_t index, int thread)
{
    const struct product *product = user;
    const struct pith_compute *compute = product->backward->compute;
    struct pith_backward_scratch *scratch = product->backward->scratch;
    float *rows = scratch->threads[thread].raw; /* (PITH_BLOCK_ROWS, L) */
    size_t L = compute->kernels->lanes, T = product->depth, first = index * L;
    float *panel = scratch->panels + first * padded(product);
    for (size_t t = 0; t < T; t += PITH_BLOCK_ROWS) {
        size_t n = pith_min(PITH_BLOCK_ROWS, T - t);
        compute->kernels->gradients->place(
            rows, L, product->lanes + t * product->n_lanes + first,
            product->n_lanes, n, pith_min(L, product->n_lanes - first), false);
        compute->precision->pack_products(compute->kernels, panel, t, rows, n);
    }
}

static size_t count_blocks(const struct product *product)
{
    return pith_div_up(product->n_rows, PITH_BLOCK_ROWS) *
           pith_div_up(product->n_lanes, product->block_lanes);
}

/* The more lanes a block has, the fewer times its rows are loaded; every
 * thread should have a few. */
static size_t choose_lanes(struct product product)
{
    size_t n_threads = (size_t)product.backward->compute->n_threads;
    product.block_lanes = PITH_MOST_LANES;
    while (product.block_lanes > PITH_LEAST_LANES &&
           count_blocks(&product) < 3 * n_threads)
        product.block_lanes /= 2;
    return product.block_lanes;
}

static void multiply(const struct product *product,
                     void (*pack)(void *user, size_t index, int thread))
{
    struct product job = *product;
    int n_threads = job.backward->compute->n_threads;
    pith_parallel_for(
        n_threads,
        pith_div_up(job.n_lanes, job.backward->compute->kernels->lanes), pack,
        &job);
    job.block_lanes = choose_lanes(job);
    pith_parallel_for(n_threads, count_blocks(&job), product_task, &job);
}

/* --- dx ------------------------------------------------------------------- */

/* depth rows of W from `from`, their columns from row on. */
static struct pith_region weights_at(const struct product *product, size_t row,
                                     size_t n_rows, size_t from, size_t depth)
{
    const struct pith_tensor *weight = product->weight;
    struct pith_region rows = {0};
    rows.stride = pith_row_bytes(weight->type, weight->cols);
    rows.row_bytes = pith_row_bytes(weight->type, n_rows);
    rows.n_rows = depth;
    rows.bytes = weight->data + from * rows.stride +
                 pith_row_bytes(weight->type, row);
    return rows;
}

static void load_weights(const struct product *product, float *out,
                         struct pith_backward_thread *thread, size_t row,
                         size_t n_rows, size_t from, size_t depth)
{
    const struct pith_kernels *kernels = product->backward->compute->kernels;
    struct pith_region rows = weights_at(product, row, n_rows, from, depth);
    for (size_t i = 0; i < depth; i++)
        kernels->unpack(thread->raw + i * PITH_BLOCK_ROWS,
                        product->weight->type, rows.bytes + i * rows.stride,
                        n_rows);
    kernels->transpose(out, PITH_ROW_STRIDE, thread->raw, PITH_BLOCK_ROWS,
                       depth, n_rows);
}

/* n floats of each of so many rows, stride apart. */
static struct pith_region floats_at(const float *x, size_t stride,
                                    size_t n_rows, size_t n)
{
    struct pith_region region = {0};
    region.bytes = (const uint8_t *)x;
    region.stride = stride * sizeof *x;
    region.row_bytes = n * sizeof *x;
    region.n_rows = n_rows;
    return region;
}

static void store_tokens(const struct product *product, const float *products,
                         size_t row, size_t n_rows, size_t lane,
                         size_t n_lanes)
{
    size_t C = product->n_rows;
    product->backward->compute->kernels->emit(
        product->out + lane * C + row, C, products, n_rows, n_lanes, NULL,
        product->accumulate);
}

static struct pith_region tokens_at(const struct product *product, size_t row,
                                    size_t n_rows, size_t lane, size_t n_lanes)
{
    size_t C = product->n_rows;
    return floats_at(product->out + lane * C + row, C, n_lanes, n_rows);
}

void pith_linear_backward_input(struct pith_backward *backward, float *dx,
                                const float *dout,
                                const struct pith_tensor *weight, size_t T,
                                bool accumulate)
{
    struct product product = {.backward = backward,
                              .out = dx,
                              .lanes = dout,
                              .weight = weight,
                              .n_rows = weight->cols,
                              .n_lanes = T,
                              .depth = weight->rows,
                              .accumulate = accumulate,
                              .load = load_weights,
                              .store = store_tokens,
                              .source = weights_at,
                              .target = tokens_at};
    multiply(&product, pack_tokens_task);
}

/* --- dW ------------------------------------------------------------------- */

/* depth tokens of dy from `from`, their columns from row on. */
static struct pith_region outputs_at(const struct product *product, size_t row,
                                     size_t n_rows, size_t from, size_t depth)
{
    size_t N = product->n_rows;
    return floats_at(product->rows + from * N + row, N, depth, n_rows);
}

static void load_outputs(const struct product *product, float *out,
                         struct pith_backward_thread *thread, size_t row,
                         size_t n_rows, size_t from, size_t depth)
{
    size_t N = product->n_rows;
    (void)thread;
    product->backward->compute->kernels->transpose(
        out, PITH_ROW_STRIDE, product->rows + from * N + row, N,
        depth, n_rows);
}

static void store_gradients(const struct product *product,
                            const float *products, size_t row, size_t n_rows,
                            size_t lane, size_t n_lanes)
{
    const struct pith_kernels *kernels = product->backward->compute->kernels;
    size_t C = product->n_lanes;
    kernels->gradients->place(product->out + row * C + lane, C, products,
                              kernels->lanes, n_rows, n_lanes,
                              product->accumulate);
}

static struct pith_region gradients_at(const struct product *product,
                                       size_t row, size_t n_rows, size_t lane,
                                       size_t n_lanes)
{
    size_t C = product->n_lanes;
    return floats_at(product->out + row * C + lane, C, n_rows, n_lanes);
}

void pith_linear_backward_weight(struct pith_backward *backward,
                                 float *dweight, const float *dout,
                                 const float *x, size_t T, size_t N, size_t C,
                                 bool accumulate)
{
    struct product product = {.backward = backward,
                              .out = dweight,
                              .lanes = x,
                              .rows = dout,
                              .n_rows = N,
                              .n_lanes = C,
                              .depth = T,
                              .accumulate = accumulate,
                              .load = load_outputs,
                              .store = store_gradients,
                              .source = outputs_at,
                              .target = gradients_at};
    multiply(&product, pack_columns_task);
}
