/*
 * ops.c - scratch memory, and the operations that go token by token or
 * element by element; the others are in gemm.c, attention.c and losses.c.
 */
#include "ops.h"
#include "ops_single.h"

#include <string.h>

#include "../base/memory.h"
#include "../base/threads.h"
#include "scratch.h"

enum {
    TASK_TOKENS = 16,      /* tokens of one task */
    STORE_TOKENS = 32,     /* the same where they are only copied */
    TASK_ELEMENTS = 16384, /* elements of one task */
    ALIGN_FLOATS = 16      /* a cache line */
};

/* --- scratch memory ------------------------------------------------------- */

/* Floats of each piece of scratch memory. */
struct layout {
    size_t panels, parts, target_logits; /* shared; panels, parts twice */
    size_t weights, values, products, queries, scores;  /* per thread */
    size_t per_thread, total;
};

/* *size = a * b * c, in whole cache lines, added to *total. */
static bool add_piece(size_t *size, size_t a, size_t b, size_t c,
                      size_t *total)
{
    size_t n;
    if (!pith_size_mul(a, b, &n) || !pith_size_mul(n, c, &n) ||
        !pith_size_add(n, ALIGN_FLOATS - 1, &n))
        return false;
    *size = n - n % ALIGN_FLOATS;
    return pith_size_add(*total, *size, total);
}

/* False when the sizes overflow. */
static bool plan_layout(struct layout *layout,
                        const struct pith_kernels *kernels, size_t n_threads,
                        const struct pith_compute_limits *limits)
{
    size_t L = kernels->lanes, per_thread = 0, total = 0, tokens, threads;
    size_t head_rows = pith_round_up(limits->max_head_dim, PITH_BLOCK_ROWS);
    size_t width, rows;
    bool fits =
        pith_size_add(limits->max_tokens, L - 1, &tokens) &&
        pith_size_add(limits->max_width, PITH_WIDEST_UNIT - 1, &width) &&
        pith_size_mul(L, width, &rows);
    tokens -= tokens % L;
    fits = fits &&
           add_piece(&layout->panels, tokens, width, 1, &total) &&
           pith_size_add(total, layout->panels, &total) &&
           add_piece(&layout->parts, PITH_VOCAB_PARTS, limits->max_tokens, 1,
                     &total) &&
           pith_size_add(total, layout->parts, &total) &&
           add_piece(&layout->target_logits, limits->max_tokens, 1, 1,
                     &total) &&
           add_piece(&layout->weights,
                     PITH_UNPACKED_FLOATS + PITH_BLOCK_ROWS * PITH_ROW_STRIDE,
                     1, 1, &per_thread) &&
           add_piece(&layout->values, head_rows, PITH_ROW_STRIDE, 1,
                     &per_thread) &&
           add_piece(&layout->products,
                     pith_max(rows, PITH_BLOCK_TOKENS * PITH_HELD_ROWS), 1, 1,
                     &per_thread) &&
           add_piece(&layout->queries, PITH_QUERY_PANELS, head_rows, L,
                     &per_thread) &&
           pith_size_add(per_thread, layout->queries, &per_thread) &&
           add_piece(&layout->scores, PITH_BLOCK_KEYS, L, 1, &per_thread) &&
           pith_size_add(per_thread, layout->scores, &per_thread) &&
           pith_size_mul(per_thread, n_threads, &threads) &&
           pith_size_add(total, threads, &layout->total);
    layout->per_thread = per_thread;
    return fits;
}

static float *take(float **memory, size_t n)
{
    float *piece = *memory;
    *memory += n;
    return piece;
}

static void carve(struct pith_scratch *scratch, const struct layout *layout,
                  size_t n_threads, size_t n_softmax)
{
    float *memory = scratch->memory;
    scratch->panels = take(&memory, layout->panels);
    scratch->hidden = take(&memory, layout->panels);
    scratch->part_max = take(&memory, layout->parts);
    scratch->part_sum = take(&memory, layout->parts);
    scratch->target_logits = take(&memory, layout->target_logits);
    for (size_t i = 0; i < n_threads; i++) {
        struct pith_thread_scratch *thread = &scratch->threads[i];
        thread->weights = take(&memory, layout->weights);
        thread->values = take(&memory, layout->values);
        thread->products = take(&memory, layout->products);
        thread->queries = take(&memory, layout->queries);
        thread->outputs = take(&memory, layout->queries);
        thread->scores = take(&memory, layout->scores);
        thread->packed_scores = take(&memory, layout->scores);
        thread->softmax = scratch->softmaxes + i * n_softmax;
    }
}

int pith_compute_threads(int wanted)
{
    int limit = pith_processors();
    return wanted == 0 || wanted > limit ? limit : wanted;
}

enum pith_status pith_compute_init(struct pith_compute *compute,
                                   const struct pith_kernels *kernels,
                                   int n_threads,
                                   const struct pith_compute_limits *limits,
                                   struct pith_error *error)
{
    size_t threads = n_threads > 0 ? (size_t)n_threads : 1;
    size_t n_softmax = PITH_BLOCK_TOKENS / kernels->lanes;
    struct layout layout;
    struct pith_scratch *scratch;

    memset(compute, 0, sizeof *compute);
    if (limits->max_head_dim > PITH_DEPTH)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "heads of width %zu; at most %d are supported",
                         limits->max_head_dim, (int)PITH_DEPTH);
    if (!plan_layout(&layout, kernels, threads, limits))
        return pith_no_memory(error, limits->max_tokens, limits->max_width);
    scratch = pith_array_zero(1, sizeof *scratch);
    if (scratch == NULL)
        return pith_no_memory(error, 1, sizeof *scratch);
    compute->kernels = kernels;
    compute->precision = &pith_precision_f32;
    compute->n_threads = (int)threads;
    compute->threads = pith_threads_create(n_threads);
    compute->scratch = scratch;
    scratch->max_tokens = limits->max_tokens;
    scratch->max_width = limits->max_width;
    scratch->max_head_dim = limits->max_head_dim;
    scratch->threads = pith_array_zero(threads, sizeof *scratch->threads);
    scratch->softmaxes =
        pith_array_zero(threads * n_softmax, sizeof *scratch->softmaxes);
    /* Rows and lanes beyond the valid ones are computed as well; zeros keep
     * that defined. */
    scratch->memory = pith_array_aligned_zero(layout.total, sizeof(float));
    if (scratch->threads == NULL || scratch->softmaxes == NULL ||
        scratch->memory == NULL) {
        pith_compute_free(compute);
        return pith_no_memory(error, layout.total, sizeof(float));
    }
    carve(scratch, &layout, threads, n_softmax);
    return PITH_OK;
}

void pith_compute_free(struct pith_compute *compute)
{
    if (compute == NULL || compute->scratch == NULL)
        return;
    pith_threads_free(compute->threads);
    compute->threads = NULL;
    pith_free(compute->scratch->threads);
    pith_free(compute->scratch->softmaxes);
    pith_free_aligned(compute->scratch->memory);
    pith_free(compute->scratch);
    compute->scratch = NULL;
}

/* --- token by token ------------------------------------------------------- */

struct table {
    const struct pith_compute *compute;
    float *out;
    const struct pith_tensor *rows;
    const int32_t *ids;
    size_t first, T;
    bool accumulate;
};

/* Row `row` in pieces that fit the scratch memory. */
static void add_row(const struct table *table, float *out, const uint8_t *row,
                    float *piece)
{
    enum pith_type type = table->rows->type;
    size_t C = table->rows->cols;
    for (size_t c = 0; c < C; c += PITH_STEP) {
        size_t n = pith_min(PITH_STEP, C - c);
        table->compute->kernels->unpack(piece, type, row, n);
        for (size_t i = 0; i < n; i++)
            out[c + i] += piece[i];
        row += pith_row_bytes(type, PITH_STEP);
    }
}

static void table_task(void *user, size_t index, int thread)
{
    const struct table *table = user;
    const struct pith_tensor *rows = table->rows;
    size_t C = rows->cols, row_bytes = pith_row_bytes(rows->type, C);
    size_t end = pith_min(table->T, (index + 1) * TASK_TOKENS);
    for (size_t t = index * TASK_TOKENS; t < end; t++) {
        size_t row = table->ids != NULL ? (size_t)table->ids[t]
                                        : table->first + t;
        const uint8_t *bytes = rows->data + row * row_bytes;
        if (table->accumulate)
            add_row(table, table->out + t * C, bytes,
                    table->compute->scratch->threads[thread].products);
        else
            table->compute->kernels->unpack(table->out + t * C, rows->type,
                                            bytes, C);
    }
}

void pith_table_rows(const struct pith_compute *compute, float *out,
                     const struct pith_tensor *table, const int32_t *ids,
                     size_t first, size_t T, bool accumulate)
{
    struct table job = {compute, out, table, ids, first, T, accumulate};
    pith_parallel_for(compute->threads, pith_div_up(T, TASK_TOKENS),
                      table_task, &job);
}

void pith_norm_rows(const struct pith_kernels *kernels, float *out,
                    const float *x, const struct pith_norm *norm, size_t n,
                    size_t C)
{
    for (size_t t = 0; t < n; t++)
        if (norm->shift != NULL)
            kernels->layer_norm(out + t * C, x + t * C, norm->gain,
                                norm->shift, C, norm->eps);
        else
            kernels->rms_norm(out + t * C, x + t * C, norm->gain, C,
                              norm->eps);
}

struct norm_job {
    const struct pith_kernels *kernels;
    float *out;
    const float *x;
    const struct pith_norm *norm;
    size_t T, C;
};

static void norm_task(void *user, size_t index, int thread)
{
    const struct norm_job *job = user;
    size_t first = index * TASK_TOKENS;
    (void)thread;
    pith_norm_rows(job->kernels, job->out + first * job->C,
                   job->x + first * job->C, job->norm,
                   pith_min(TASK_TOKENS, job->T - first), job->C);
}

void pith_normalise(const struct pith_compute *compute, float *out,
                    const float *x, const struct pith_norm *norm, size_t T,
                    size_t C)
{
    struct norm_job job = {compute->kernels, out, x, norm, T, C};
    pith_parallel_for(compute->threads, pith_div_up(T, TASK_TOKENS),
                      norm_task, &job);
}

struct rope {
    const struct pith_kernels *kernels;
    float *x;
    const float *cosines, *sines;
    size_t T, H, D;
};

static void rope_task(void *user, size_t index, int thread)
{
    const struct rope *rope = user;
    size_t half = rope->D / 2;
    size_t end = pith_min(rope->T, (index + 1) * TASK_TOKENS);
    (void)thread;
    for (size_t t = index * TASK_TOKENS; t < end; t++)
        for (size_t h = 0; h < rope->H; h++)
            rope->kernels->rotate(rope->x + (t * rope->H + h) * rope->D,
                                  rope->cosines + t * half,
                                  rope->sines + t * half, half);
}

void pith_rope(const struct pith_compute *compute, float *x,
               const float *cosines, const float *sines, size_t T, size_t H,
               size_t D)
{
    struct rope rope = {compute->kernels, x, cosines, sines, T, H, D};
    pith_parallel_for(compute->threads, pith_div_up(T, TASK_TOKENS),
                      rope_task, &rope);
}

/* Keys and values of T tokens on their way to those of their heads. */
struct store {
    float *keys, *values;
    size_t stride;
    const float *k, *v;
    size_t T, H, D;
};

static void store_task(void *user, size_t index, int thread)
{
    const struct store *store = user;
    size_t D = store->D;
    size_t end = pith_min(store->T, (index + 1) * STORE_TOKENS);
    (void)thread;
    for (size_t h = 0; h < store->H; h++)
        for (size_t t = index * STORE_TOKENS; t < end; t++) {
            size_t to = (h * store->stride + t) * D;
            size_t from = (t * store->H + h) * D;
            memcpy(store->keys + to, store->k + from, D * sizeof(float));
            memcpy(store->values + to, store->v + from, D * sizeof(float));
        }
}

void pith_store_heads(const struct pith_compute *compute, float *keys,
                      float *values, size_t stride, const float *k,
                      const float *v, size_t T, size_t H, size_t D)
{
    struct store store = {keys, values, stride, k, v, T, H, D};
    pith_parallel_for(compute->threads, pith_div_up(T, STORE_TOKENS),
                      store_task, &store);
}

/* --- element by element --------------------------------------------------- */

struct activation {
    const struct pith_kernels *kernels;
    float *x;
    const float *up; /* NULL: GELU; else SiLU times up */
    size_t n;
};

static void activation_task(void *user, size_t index, int thread)
{
    const struct activation *job = user;
    size_t start = index * TASK_ELEMENTS;
    size_t n = pith_min(TASK_ELEMENTS, job->n - start);
    (void)thread;
    if (job->up == NULL)
        job->kernels->gelu(job->x + start, n);
    else
        job->kernels->silu_mul(job->x + start, job->up + start, n);
}

void pith_gelu(const struct pith_compute *compute, float *x, size_t n)
{
    struct activation job = {compute->kernels, x, NULL, n};
    pith_parallel_for(compute->threads, pith_div_up(n, TASK_ELEMENTS),
                      activation_task, &job);
}

void pith_silu_mul(const struct pith_compute *compute, float *gate,
                   const float *up, size_t n)
{
    struct activation job = {compute->kernels, gate, up, n};
    pith_parallel_for(compute->threads, pith_div_up(n, TASK_ELEMENTS),
                      activation_task, &job);
}
