/*
 * gradients.c - scratch memory of backward operations, and those that go
 * token by token or element by element; the products are in
 * linear_input.c and linear_weight.c, attention in attention.c,
 * the losses in losses.c.
 */
#include "gradients.h"

#include <string.h>

#include "../base/memory.h"
#include "../base/threads.h"
#include "scratch.h"

enum {
    TASK_TOKENS = 16,      /* tokens of one task */
    TASK_COLUMNS = 64,     /* columns of one task */
    TASK_ELEMENTS = 16384, /* elements of one task */
    ALIGN_FLOATS = 16      /* a cache line */
};

/* --- scratch memory ------------------------------------------------------- */

/* Hands out pieces of memory in whole cache lines; with memory NULL it only
 * counts them. */
struct carver {
    float *memory;
    size_t used;
    bool fits; /* no size has overflowed */
};

static float *carve(struct carver *carver, size_t a, size_t b, size_t c)
{
    float *piece = NULL;
    size_t n = 0;
    carver->fits = carver->fits && pith_size_mul(a, b, &n) &&
                   pith_size_mul(n, c, &n) &&
                   pith_size_add(n, ALIGN_FLOATS - 1, &n);
    n -= n % ALIGN_FLOATS;
    if (carver->memory != NULL)
        piece = carver->memory + carver->used;
    carver->fits = carver->fits &&
                   pith_size_add(carver->used, n, &carver->used);
    return piece;
}

static void carve_thread(struct carver *carver,
                         struct pith_backward_thread *thread, size_t keys,
                         size_t D, const struct pith_kernels *kernels)
{
    size_t L = kernels->lanes, D_rows = pith_round_up(D, kernels->rows);
    size_t D_lanes = pith_round_up(D, L);
    thread->weights = carve(carver, PITH_BLOCK_ROWS, PITH_ROW_STRIDE, 1);
    thread->raw = carve(carver, PITH_RAW, 1, 1);
    thread->turned = carve(carver, PITH_BLOCK_ROWS, PITH_ROW_STRIDE, 1);
    thread->products = carve(carver, PITH_PRODUCTS, 1, 1);
    thread->keys = carve(carver, D_rows, PITH_ROW_STRIDE, 1);
    thread->q = carve(carver, D_rows, L, 1);
    thread->dout = carve(carver, D_rows, L, 1);
    thread->dq = carve(carver, D_rows, L, 1);
    thread->rows = carve(carver, D_lanes, L, 1);
    thread->p = carve(carver, keys, L, 1);
    thread->dscores = carve(carver, keys, L, 1);
    thread->dk = carve(carver, keys, D_lanes, 1);
    thread->dv = carve(carver, keys, D_lanes, 1);
}

static void carve_all(struct carver *carver,
                      struct pith_backward_scratch *scratch,
                      const struct pith_compute *compute,
                      const struct pith_compute_limits *limits)
{
    size_t width = limits->max_width;
    if (width < PITH_LOGIT_STRIPE)
        width = PITH_LOGIT_STRIPE;
    scratch->max_keys = pith_round_up(limits->max_context, PITH_BLOCK_ROWS);
    scratch->panels =
        carve(carver, pith_round_up(limits->max_tokens, PITH_WIDEST_UNIT),
              pith_div_up(width, PITH_STEP), PITH_ROW_STRIDE);
    scratch->logits = carve(carver, limits->max_tokens, PITH_LOGIT_STRIPE, 1);
    scratch->log_sums = carve(carver, limits->max_tokens, 1, 1);
    for (int i = 0; i < compute->n_threads; i++)
        carve_thread(carver, &scratch->threads[i], scratch->max_keys,
                     limits->max_head_dim, compute->kernels);
}

static enum pith_status allocate(struct pith_backward_scratch *scratch,
                                 const struct pith_compute *compute,
                                 const struct pith_compute_limits *limits,
                                 struct pith_error *error)
{
    struct carver count = {NULL, 0, true}, carver = {NULL, 0, true};
    size_t n_threads = (size_t)compute->n_threads;
    scratch->threads = pith_array_zero(n_threads, sizeof *scratch->threads);
    scratch->stats = pith_array(limits->max_tokens, sizeof *scratch->stats);
    if (scratch->threads == NULL || scratch->stats == NULL)
        return pith_no_memory(error, limits->max_tokens,
                              sizeof *scratch->stats);
    carve_all(&count, scratch, compute, limits);
    if (count.fits)
        scratch->memory = pith_array_aligned(count.used, sizeof(float));
    if (scratch->memory == NULL)
        return pith_no_memory(error, limits->max_tokens, limits->max_width);
    /* Rows and lanes beyond the valid ones are computed as well; zeros keep
     * that defined. */
    memset(scratch->memory, 0, count.used * sizeof(float));
    carver.memory = scratch->memory;
    carve_all(&carver, scratch, compute, limits);
    return PITH_OK;
}

enum pith_status pith_backward_init(struct pith_backward *backward,
                                    struct pith_compute *compute,
                                    const struct pith_compute_limits *limits,
                                    struct pith_error *error)
{
    enum pith_status status;
    backward->compute = compute;
    backward->scratch = pith_array_zero(1, sizeof *backward->scratch);
    if (backward->scratch == NULL)
        return pith_no_memory(error, 1, sizeof *backward->scratch);
    status = allocate(backward->scratch, compute, limits, error);
    if (status != PITH_OK)
        pith_backward_free(backward);
    return status;
}

void pith_backward_free(struct pith_backward *backward)
{
    if (backward == NULL || backward->scratch == NULL)
        return;
    pith_free(backward->scratch->threads);
    pith_free(backward->scratch->stats);
    pith_free_aligned(backward->scratch->memory);
    pith_free(backward->scratch);
    backward->scratch = NULL;
}

/* --- norms ---------------------------------------------------------------- */

struct norm {
    const struct pith_gradient_kernels *kernels;
    float *dx, *dgain, *dshift;
    const float *dout, *x, *gain;
    struct pith_norm_stats *stats;
    size_t T, C;
    float eps;
    bool centred;
};

static void norm_task(void *user, size_t index, int thread)
{
    const struct norm *norm = user;
    size_t C = norm->C, end = pith_min(norm->T, (index + 1) * TASK_TOKENS);
    (void)thread;
    for (size_t t = index * TASK_TOKENS; t < end; t++)
        norm->kernels->norm_backward(norm->dx + t * C, &norm->stats[t],
                                     norm->dout + t * C, norm->x + t * C,
                                     norm->gain, C, norm->eps, norm->centred);
}

static void gain_task(void *user, size_t index, int thread)
{
    const struct norm *norm = user;
    size_t C = norm->C, c = index * TASK_COLUMNS;
    size_t n = pith_min(TASK_COLUMNS, C - c);
    (void)thread;
    norm->kernels->gain_backward(norm->dgain + c, norm->dout + c, norm->x + c,
                                 norm->stats, C, norm->T, n);
    if (norm->dshift != NULL)
        norm->kernels->sum_rows(norm->dshift + c, norm->dout + c, C, norm->T,
                                n);
}

static void norm_backward(struct pith_backward *backward,
                          const struct norm *shape)
{
    struct norm norm = *shape;
    struct pith_threads *threads = backward->compute->threads;
    norm.kernels = pith_gradient_kernels(backward->compute->kernels);
    norm.stats = backward->scratch->stats;
    pith_parallel_for(threads, pith_div_up(norm.T, TASK_TOKENS), norm_task,
                      &norm);
    if (norm.dgain != NULL)
        pith_parallel_for(threads, pith_div_up(norm.C, TASK_COLUMNS),
                          gain_task, &norm);
}

void pith_layer_norm_backward(struct pith_backward *backward, float *dx,
                              float *dgain, float *dshift, const float *dout,
                              const float *x, const float *gain, size_t T,
                              size_t C, float eps)
{
    struct norm norm = {NULL, dx,   dgain, dshift, dout, x,
                        gain, NULL, T,     C,      eps,  true};
    norm_backward(backward, &norm);
}

void pith_rms_norm_backward(struct pith_backward *backward, float *dx,
                            float *dgain, const float *dout, const float *x,
                            const float *gain, size_t T, size_t C, float eps)
{
    struct norm norm = {NULL, dx,   dgain, NULL, dout, x,
                        gain, NULL, T,     C,    eps,  false};
    norm_backward(backward, &norm);
}

/* --- sums over tokens ----------------------------------------------------- */

struct columns {
    const struct pith_gradient_kernels *kernels;
    float *sums;
    const float *x;
    const int32_t *rows; /* of sums that each token goes to; NULL: one */
    size_t T, C;
};

static void columns_task(void *user, size_t index, int thread)
{
    const struct columns *job = user;
    size_t C = job->C, c = index * TASK_COLUMNS;
    size_t n = pith_min(TASK_COLUMNS, C - c);
    (void)thread;
    if (job->rows == NULL)
        job->kernels->sum_rows(job->sums + c, job->x + c, C, job->T, n);
    for (size_t t = 0; t < job->T && job->rows != NULL; t++)
        job->kernels->sum_rows(job->sums + (size_t)job->rows[t] * C + c,
                               job->x + t * C + c, C, 1, n);
}

void pith_embed_backward(struct pith_backward *backward, float *dtable,
                         const float *dx, const int32_t *rows, size_t T,
                         size_t C)
{
    struct columns job = {pith_gradient_kernels(backward->compute->kernels), dtable, dx,
                          rows, T, C};
    pith_parallel_for(backward->compute->threads,
                      pith_div_up(C, TASK_COLUMNS), columns_task, &job);
}

void pith_linear_backward_bias(struct pith_backward *backward, float *dbias,
                               const float *dout, size_t T, size_t N)
{
    pith_embed_backward(backward, dbias, dout, NULL, T, N);
}

/* --- element by element --------------------------------------------------- */

struct activation {
    const struct pith_gradient_kernels *kernels;
    float *dx, *dup;
    const float *dout, *x, *up; /* up NULL: GELU; else SiLU times up */
    size_t n;
};

static void activation_task(void *user, size_t index, int thread)
{
    const struct activation *job = user;
    size_t i = index * TASK_ELEMENTS, n = pith_min(TASK_ELEMENTS, job->n - i);
    (void)thread;
    if (job->up == NULL)
        job->kernels->gelu_backward(job->dx + i, job->x + i, n);
    else
        job->kernels->silu_mul_backward(job->dx + i, job->dup + i,
                                        job->dout + i, job->x + i,
                                        job->up + i, n);
}

static void activation_backward(struct pith_backward *backward,
                                struct activation *job)
{
    job->kernels = pith_gradient_kernels(backward->compute->kernels);
    pith_parallel_for(backward->compute->threads,
                      pith_div_up(job->n, TASK_ELEMENTS), activation_task,
                      job);
}

void pith_gelu_backward(struct pith_backward *backward, float *dx,
                        const float *x, size_t n)
{
    struct activation job = {NULL, dx, NULL, NULL, x, NULL, n};
    activation_backward(backward, &job);
}

void pith_silu_mul_backward(struct pith_backward *backward, float *dgate,
                            float *dup, const float *dout, const float *gate,
                            const float *up, size_t n)
{
    struct activation job = {NULL, dgate, dup, dout, gate, up, n};
    activation_backward(backward, &job);
}

void pith_scale(struct pith_backward *backward, float *x, size_t n,
                float factor)
{
    (void)backward;
    for (size_t i = 0; i < n; i++)
        x[i] *= factor;
}

/* --- of weights ----------------------------------------------------------- */

struct update {
    const struct pith_gradient_kernels *kernels;
    float *w, *m, *v;
    const float *g;
    size_t n;
    const struct pith_adamw_factors *factors;
};

static void adamw_task(void *user, size_t index, int thread)
{
    const struct update *job = user;
    size_t i = index * TASK_ELEMENTS, n = pith_min(TASK_ELEMENTS, job->n - i);
    (void)thread;
    job->kernels->adamw(job->w + i, job->m + i, job->v + i, job->g + i, n,
                        job->factors);
}

void pith_adamw(struct pith_compute *compute, float *w, float *m, float *v,
                const float *g, size_t n,
                const struct pith_adamw_factors *factors)
{
    struct update job = {pith_gradient_kernels(compute->kernels), w, m, v, g, n, factors};
    pith_parallel_for(compute->threads, pith_div_up(n, TASK_ELEMENTS),
                      adamw_task, &job);
}

static void clear_task(void *user, size_t index, int thread)
{
    const struct update *job = user;
    size_t i = index * TASK_ELEMENTS, n = pith_min(TASK_ELEMENTS, job->n - i);
    (void)thread;
    memset(job->w + i, 0, n * sizeof *job->w);
}

void pith_clear(struct pith_compute *compute, float *x, size_t n)
{
    struct update job = {NULL, x, NULL, NULL, NULL, n, NULL};
    pith_parallel_for(compute->threads, pith_div_up(n, TASK_ELEMENTS),
                      clear_task, &job);
}

/* Sums of a few stretches of x, side by side. */
enum { SUM_STRETCHES = 64 };

struct squares {
    const struct pith_gradient_kernels *kernels;
    const float *x;
    size_t n;
    double sums[SUM_STRETCHES];
};

static void squares_task(void *user, size_t index, int thread)
{
    struct squares *job = user;
    size_t i = index * PITH_SUM_ELEMENTS;
    (void)thread;
    job->sums[index] = job->kernels->sum_of_squares(
        job->x + i, pith_min(PITH_SUM_ELEMENTS, job->n - i));
}

double pith_sum_of_squares(struct pith_backward *backward, const float *x,
                           size_t n)
{
    const size_t max_elements = (size_t)SUM_STRETCHES * PITH_SUM_ELEMENTS;
    struct squares job = {.kernels = pith_gradient_kernels(backward->compute->kernels)};
    double sum = 0;
    for (size_t at = 0; at < n; at += max_elements) {
        job.x = x + at;
        job.n = pith_min(max_elements, n - at);
        size_t n_tasks = pith_div_up(job.n, PITH_SUM_ELEMENTS);
        pith_parallel_for(backward->compute->threads, n_tasks, squares_task,
                          &job);
        for (size_t i = 0; i < n_tasks; i++)
            sum += job.sums[i];
    }
    return sum;
}
