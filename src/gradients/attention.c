/*
 * attention.c - causal attention backwards.
 *
 * For a query q with the keys K and values V that it sees, s = 1 / sqrt(D):
 *
 *     p = softmax(s K q),  out = V^T p
 *     dp = V dout,  dz = p (dp - delta),  delta = p . dp = out . dout
 *     dq = s K^T dz,  dK += s dz q^T,  dV += p dout^T
 *
 * A task takes one key head of one record: the queries that share it, a panel
 * of L tokens at a time, add to its dK and dV in order.  Scores and their
 * gradients are held for one panel.
 */
#include <math.h>
#include <string.h>

#include "../base/threads.h"
#include "scratch.h"

struct attention {
    struct pith_backward *backward;
    float *dq, *dk, *dv;
    const float *dout, *out, *q, *k, *v;
    const size_t *lengths;
    size_t window, H, n_kv_head, D;
};

/* One key head of one record, and the panel of queries that is at work. */
struct work {
    const struct attention *attention;
    const struct pith_kernels *kernels;
    struct pith_backward_thread *thread;
    size_t T;                  /* tokens of the record */
    const float *k, *v;        /* of its first token and this head */
    size_t kv_stride, q_stride; /* from token to token */
    size_t acc_keys;           /* rows of each part of dk and dv */

    size_t token, n_lanes, n_keys; /* of the panel: tokens, keys seen */
    const float *q, *dout, *out;   /* of its first token and its head */
    float *dq;
};

/* weights (n, D) = n rows of x from key on, and zeros up to a whole tile. */
static void load_rows(const struct work *work, const float *x, size_t stride,
                      size_t n, size_t width)
{
    const struct pith_kernels *kernels = work->kernels;
    float *weights = work->thread->weights;
    size_t whole = pith_round_up(n, kernels->rows);
    pith_gradient_kernels(kernels)->place(weights, PITH_ROW_STRIDE, x, stride, n, width,
                              false);
    for (size_t r = n; r < whole; r++)
        memset(weights + r * PITH_ROW_STRIDE, 0, width * sizeof *weights);
}

/* scores (n_keys, L) = x (n_keys, D) of the key head times panel (D, L). */
static void score(const struct work *work, float *scores, const float *x,
                  const float *panel)
{
    const struct pith_kernels *kernels = work->kernels;
    size_t L = kernels->lanes, D = work->attention->D;
    for (size_t key = 0; key < work->n_keys; key += PITH_BLOCK_ROWS) {
        size_t n = pith_min(PITH_BLOCK_ROWS, work->n_keys - key);
        load_rows(work, x + key * work->kv_stride, work->kv_stride, n, D);
        for (size_t r = 0; r < n; r += kernels->rows)
            kernels->multiply(scores + (key + r) * L,
                              work->thread->weights + r * PITH_ROW_STRIDE,
                              panel, D, work->n_lanes, false);
    }
}

/* p (n_keys, L) from scores; lanes without a token give anything finite. */
static void normalise(const struct work *work, float *p)
{
    size_t L = work->kernels->lanes;
    struct pith_softmax softmax;
    float factors[PITH_MAX_LANES];
    for (size_t t = 0; t < PITH_MAX_LANES; t++) {
        softmax.max[t] = -INFINITY;
        softmax.sum[t] = 0;
    }
    for (size_t i = work->token + 1; i < work->n_keys; i++)
        for (size_t t = 0; t < i - work->token; t++)
            p[i * L + t] = -INFINITY;
    size_t window = work->attention->window;
    for (size_t t = 0; t < L && window > 0; t++)
        for (size_t i = 0; i < work->n_keys && i + window <= work->token + t;
             i++)
            p[i * L + t] = PITH_MASKED_SCORE;
    work->kernels->softmax(p, work->n_keys, &softmax);
    for (size_t t = 0; t < PITH_MAX_LANES; t++)
        factors[t] = 1 / softmax.sum[t];
    work->kernels->scale(p, work->n_keys, factors);
}

/* delta (L) = out . dout */
static void output_products(const struct work *work, float *delta)
{
    size_t D = work->attention->D;
    memset(delta, 0, PITH_MAX_LANES * sizeof *delta);
    for (size_t t = 0; t < work->n_lanes; t++) {
        const float *out = work->out + t * work->q_stride;
        const float *dout = work->dout + t * work->q_stride;
        double sum = 0;
        for (size_t d = 0; d < D; d++)
            sum += (double)out[d] * (double)dout[d];
        delta[t] = (float)sum;
    }
}

/* dq = K^T dscores, s being in dscores already. */
static void query_gradients(const struct work *work)
{
    const struct pith_kernels *kernels = work->kernels;
    struct pith_backward_thread *thread = work->thread;
    size_t L = kernels->lanes, D = work->attention->D;
    for (size_t key = 0; key < work->n_keys; key += PITH_DEPTH) {
        size_t n = pith_min(PITH_DEPTH, work->n_keys - key);
        kernels->transpose(thread->keys, PITH_ROW_STRIDE,
                           work->k + key * work->kv_stride, work->kv_stride,
                           n, D);
        for (size_t d = 0; d < D; d += kernels->rows)
            kernels->multiply(thread->dq + d * L,
                              thread->keys + d * PITH_ROW_STRIDE,
                              thread->dscores + key * L, n, work->n_lanes,
                              key > 0);
    }
    kernels->emit(work->dq, work->q_stride, thread->dq, D, work->n_lanes, NULL,
                  false);
}

/* sums (parts of D, keys, L) += factors (n_keys, n_lanes) x (n_lanes, D), x
 * being q or dout as it is in memory. */
static void key_gradients(const struct work *work, float *sums,
                          const float *factors, const float *x)
{
    const struct pith_kernels *kernels = work->kernels;
    struct pith_backward_thread *thread = work->thread;
    size_t L = kernels->lanes, D = work->attention->D;
    size_t n_parts = pith_div_up(D, L);
    for (size_t part = 0; part < n_parts; part++)
        pith_gradient_kernels(kernels)->place(thread->rows + part * L * L, L, x + part * L,
                                  work->q_stride, work->n_lanes,
                                  pith_min(L, D - part * L), false);
    for (size_t key = 0; key < work->n_keys; key += PITH_BLOCK_ROWS) {
        size_t n = pith_min(PITH_BLOCK_ROWS, work->n_keys - key);
        load_rows(work, factors + key * L, L, n, work->n_lanes);
        for (size_t part = 0; part < n_parts; part++)
            for (size_t r = 0; r < n; r += kernels->rows)
                kernels->multiply(
                    sums + (part * work->acc_keys + key + r) * L,
                    thread->weights + r * PITH_ROW_STRIDE,
                    thread->rows + part * L * L, work->n_lanes,
                    pith_min(L, D - part * L), true);
    }
}

static void panel_backward(const struct work *work)
{
    const struct pith_kernels *kernels = work->kernels;
    struct pith_backward_thread *thread = work->thread;
    size_t D = work->attention->D;
    float s = 1 / sqrtf((float)D);
    float factors[PITH_MAX_LANES], delta[PITH_MAX_LANES];

    for (size_t t = 0; t < PITH_MAX_LANES; t++)
        factors[t] = s;
    kernels->transpose(thread->q, kernels->lanes, work->q, work->q_stride,
                       work->n_lanes, D);
    kernels->transpose(thread->dout, kernels->lanes, work->dout,
                       work->q_stride, work->n_lanes, D);
    kernels->scale(thread->q, D, factors);
    score(work, thread->p, work->k, thread->q);               /* (n_keys, L) */
    normalise(work, thread->p);
    score(work, thread->dscores, work->v, thread->dout);      /* (n_keys, L) */
    output_products(work, delta);
    pith_gradient_kernels(kernels)->softmax_backward(thread->dscores, thread->p, delta, s,
                                         work->n_keys);
    query_gradients(work);
    key_gradients(work, thread->dk, thread->dscores, work->q);
    key_gradients(work, thread->dv, thread->p, work->dout);
}

/* out (T, D) of the key head = sums (parts of D, keys, L) */
static void store_sums(const struct work *work, float *out, const float *sums)
{
    size_t L = work->kernels->lanes, D = work->attention->D;
    for (size_t d = 0; d < D; d += L)
        pith_gradient_kernels(work->kernels)->place(out + d, work->kv_stride,
                                        sums + d * work->acc_keys, L, work->T,
                                        pith_min(L, D - d), false);
}

static void head_task(void *user, size_t index, int thread)
{
    const struct attention *a = user;
    const struct pith_kernels *kernels = a->backward->compute->kernels;
    size_t record = index / a->n_kv_head, kv_head = index % a->n_kv_head;
    size_t group = a->H / a->n_kv_head, D = a->D, start = 0;
    struct work work = {.attention = a,
                        .kernels = kernels,
                        .thread = &a->backward->scratch->threads[thread],
                        .T = a->lengths[record],
                        .kv_stride = a->n_kv_head * D,
                        .q_stride = a->H * D};
    for (size_t i = 0; i < record; i++)
        start += a->lengths[i];
    size_t place = start * work.kv_stride + kv_head * D;
    size_t n_sums = pith_round_up(D, kernels->lanes);
    work.k = a->k + place;
    work.v = a->v + place;
    work.acc_keys = pith_round_up(work.T, PITH_BLOCK_ROWS);
    memset(work.thread->dk, 0, n_sums * work.acc_keys * sizeof(float));
    memset(work.thread->dv, 0, n_sums * work.acc_keys * sizeof(float));
    for (size_t h = kv_head * group; h < (kv_head + 1) * group; h++)
        for (size_t t = 0; t < work.T; t += kernels->lanes) {
            size_t at = (start + t) * work.q_stride + h * D;
            work.token = t;
            work.n_lanes = pith_min(kernels->lanes, work.T - t);
            work.n_keys = t + work.n_lanes;
            work.q = a->q + at;
            work.dout = a->dout + at;
            work.out = a->out + at;
            work.dq = a->dq + at;
            panel_backward(&work);
        }
    store_sums(&work, a->dk + place, work.thread->dk);
    store_sums(&work, a->dv + place, work.thread->dv);
}

void pith_attention_backward(struct pith_backward *backward, float *dq,
                             float *dk, float *dv, const float *dout,
                             const float *out, const float *q, const float *k,
                             const float *v, const size_t *lengths,
                             size_t n_records, size_t window, size_t H,
                             size_t n_kv_head, size_t D)
{
    struct attention job = {backward, dq, dk,      dv,     dout, out,       q,
                            k,        v,  lengths, window, H,    n_kv_head, D};
    pith_parallel_for(backward->compute->threads, n_records * n_kv_head,
                      head_task, &job);
}
