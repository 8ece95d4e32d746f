/*
 * attention.c - causal attention over blocks of keys with a running softmax,
 * so that no (T, n_keys) matrix of scores is ever held.
 *
 * Queries, scores and outputs are panels (set.h): both products are those of
 * weights with tokens, the "weights" being a block of keys in the first and
 * of transposed values in the second.  A task takes a few panels of queries
 * that share a key head.  Blocks of keys start at multiples of
 * PITH_BLOCK_KEYS, wherever the queries are.
 */
#include <math.h>
#include <string.h>

#include "../base/threads.h"
#include "ops.h"
#include "scratch.h"

struct attention {
    struct pith_compute *compute;
    float *out;
    const float *q, *keys, *values;
    size_t T, H, group, D, n_past, stride;
    size_t n_queries; /* panels of queries of one key head */
    size_t n_tasks;   /* of one key head */
};

/* A panel of queries: L tokens of one head. */
struct query {
    size_t head, token, n_lanes;
    size_t n_visible; /* keys that its last token sees */
    float *q, *out;   /* (D, L) */
    struct pith_softmax *softmax;
};

/* Panels are numbered by token first, then by head of the group, so that
 * neighbours see nearly the same keys. */
static struct query open_query(const struct attention *attention,
                               struct pith_thread_scratch *scratch,
                               size_t key_head, size_t index, size_t slot)
{
    const struct pith_kernels *kernels = attention->compute->kernels;
    size_t L = kernels->lanes, D = attention->D;
    size_t size = pith_round_up(D, kernels->rows) * L;
    float factors[PITH_MAX_LANES];
    struct query query;
    query.head = key_head * attention->group + index % attention->group;
    query.token = index / attention->group * L;
    query.n_lanes = pith_min(L, attention->T - query.token);
    query.n_visible = attention->n_past + query.token + query.n_lanes;
    query.q = scratch->queries + slot * size;
    query.out = scratch->outputs + slot * size;
    query.softmax = &scratch->softmax[slot];

    kernels->transpose(query.q, L,
                       attention->q + (query.token * attention->H +
                                       query.head) * D,
                       attention->H * D, query.n_lanes, D);
    for (size_t t = 0; t < PITH_MAX_LANES; t++) {
        factors[t] = 1 / sqrtf((float)D);
        query.softmax->max[t] = -INFINITY;
        query.softmax->sum[t] = 0;
    }
    kernels->scale(query.q, D, factors);
    return query;
}

/* A block of keys, and its values transposed, with rows PITH_ROW_STRIDE
 * apart. */
static void load_keys(const struct attention *attention,
                      struct pith_thread_scratch *scratch, size_t key_head,
                      size_t key, size_t n)
{
    size_t D = attention->D;
    size_t start = (key_head * attention->stride + key) * D;
    for (size_t i = 0; i < n; i++)
        memcpy(scratch->weights + i * PITH_ROW_STRIDE,
               attention->keys + start + i * D, D * sizeof(float));
    attention->compute->kernels->transpose(scratch->values, PITH_ROW_STRIDE,
                                           attention->values + start, D, n, D);
}

/* Token t sees the keys up to its own, n_past + t. */
static void mask_scores(const struct query *query, float *scores, size_t L,
                        size_t n_past, size_t key, size_t n)
{
    size_t first = n_past + query->token + 1; /* not seen by lane 0 */
    for (size_t i = first > key ? first - key : 0; i < n; i++) {
        size_t n_blind = pith_min(key + i - first + 1, L);
        for (size_t t = 0; t < n_blind; t++)
            scores[i * L + t] = -INFINITY;
    }
}

/* Takes n keys, from key on, into the output of a panel of queries. */
static void attend(const struct attention *attention,
                   struct pith_thread_scratch *scratch,
                   const struct query *query, size_t key, size_t n)
{
    const struct pith_kernels *kernels = attention->compute->kernels;
    size_t L = kernels->lanes, D = attention->D;
    bool add = key > 0;
    for (size_t i = 0; i < n; i += kernels->rows)
        kernels->multiply(scratch->scores + i * L,
                          scratch->weights + i * PITH_ROW_STRIDE, query->q, D,
                          query->n_lanes, false);
    mask_scores(query, scratch->scores, L, attention->n_past, key, n);
    kernels->softmax(scratch->scores, n, query->softmax);
    if (add)
        kernels->scale(query->out, D, query->softmax->scale);
    for (size_t i = 0; i < D; i += kernels->rows)
        kernels->multiply(query->out + i * L,
                          scratch->values + i * PITH_ROW_STRIDE,
                          scratch->scores, n, query->n_lanes, add);
}

static void close_query(const struct attention *attention,
                        const struct query *query)
{
    const struct pith_kernels *kernels = attention->compute->kernels;
    size_t D = attention->D, H = attention->H;
    float factors[PITH_MAX_LANES] = {0};
    for (size_t t = 0; t < query->n_lanes; t++)
        factors[t] = 1 / query->softmax->sum[t];
    kernels->scale(query->out, D, factors);
    kernels->emit(attention->out + (query->token * H + query->head) * D, H * D,
                  query->out, D, query->n_lanes, NULL, false);
}

static void attention_task(void *user, size_t index, int thread)
{
    const struct attention *attention = user;
    struct pith_thread_scratch *scratch =
        &attention->compute->scratch->threads[thread];
    struct query queries[PITH_QUERY_PANELS];
    size_t key_head = index / attention->n_tasks;
    size_t first = index % attention->n_tasks * PITH_QUERY_PANELS;
    size_t n_queries =
        pith_min(PITH_QUERY_PANELS, attention->n_queries - first);
    size_t n_visible = 0;
    for (size_t i = 0; i < n_queries; i++) {
        queries[i] = open_query(attention, scratch, key_head, first + i, i);
        n_visible = queries[i].n_visible; /* never falls */
    }
    for (size_t key = 0; key < n_visible; key += PITH_BLOCK_KEYS) {
        size_t n = pith_min(PITH_BLOCK_KEYS, n_visible - key);
        load_keys(attention, scratch, key_head, key, n);
        for (size_t i = 0; i < n_queries; i++)
            if (queries[i].n_visible > key)
                attend(attention, scratch, &queries[i], key,
                       pith_min(n, queries[i].n_visible - key));
    }
    for (size_t i = 0; i < n_queries; i++)
        close_query(attention, &queries[i]);
}

void pith_attention(struct pith_compute *compute, float *out, const float *q,
                    const float *keys, const float *values, size_t T, size_t H,
                    size_t n_kv_head, size_t D, size_t n_keys, size_t stride)
{
    struct attention job = {.compute = compute,
                            .out = out,
                            .q = q,
                            .keys = keys,
                            .values = values,
                            .T = T,
                            .H = H,
                            .group = H / n_kv_head,
                            .D = D,
                            .n_past = n_keys - T,
                            .stride = stride};
    job.n_queries = pith_div_up(T, compute->kernels->lanes) * job.group;
    job.n_tasks = pith_div_up(job.n_queries, PITH_QUERY_PANELS);
    pith_parallel_for(compute->n_threads, n_kv_head * job.n_tasks,
                      attention_task, &job);
}
