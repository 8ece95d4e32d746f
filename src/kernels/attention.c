/*
 * attention.c - causal attention over blocks of keys with a running softmax,
 * so that no (T, n_keys) matrix of scores is ever held.
 *
 * Queries, scores and outputs are panels (set.h): both products are those of
 * weights with tokens, the "weights" being a block of keys in the first and
 * of transposed values in the second.  A task takes a few panels of queries
 * of one run that share a key head.  Blocks of keys start at positions that are
 * multiples of PITH_BLOCK_KEYS, wherever the queries are and in whatever rows
 * the keys are.
 *
 * Both products are float32, or in the precision's own ways (precision.h):
 * then keys, values, queries and what the softmax made of the scores are
 * brought into their form.
 */
#include <math.h>
#include <string.h>

#include "../base/threads.h"
#include "ops.h"
#include "ops_single.h"
#include "prefetch.h"
#include "scratch.h"

struct attention {
    const struct pith_compute *compute;
    float *out;
    const float *q;
    const struct pith_attention_run *runs;
    /* Of keys with queries, of values with scores; NULL, both: float32. */
    const struct pith_precision *scores, *values;
    size_t H, n_kv_head, group, D;
    size_t n_tasks; /* of one key head */
};

/* A run with what its tasks share. */
struct run {
    const struct pith_attention_run *spec;
    size_t first;     /* its first token's row of q and out */
    size_t n_past;    /* keys that all of its tokens see */
    size_t n_queries; /* panels of queries of one key head */
};

/* A panel of queries: L tokens of one head. */
struct query {
    size_t head, token, n_lanes; /* token: of its run */
    size_t n_visible; /* keys up to the last that its last token sees */
    size_t first;     /* the block with the first that its first token sees */
    float *q, *out;   /* (D, L) */
    struct pith_softmax *softmax;
};

/* The first key that a token sees. */
static size_t first_key(const struct run *run, size_t token)
{
    size_t window = run->spec->window, seen = run->n_past + token + 1;
    return window > 0 && seen > window ? seen - window : 0;
}

/* Panels are numbered by token first, then by head of the group, so that
 * neighbours see nearly the same keys. */
static size_t head_of(const struct attention *attention, size_t key_head,
                      size_t index)
{
    return key_head * attention->group + index % attention->group;
}

static size_t token_of(const struct attention *attention, size_t index)
{
    return index / attention->group * attention->compute->kernels->lanes;
}

/* Asks for what a panel has of x, q or out: a piece of each token's row, which
 * the CPU does not foresee. */
static void ask_for_panel(const struct attention *attention,
                          const struct run *run, const float *x,
                          size_t key_head, size_t index)
{
    size_t D = attention->D, stride = attention->H * D;
    if (index >= run->n_queries)
        return;
    size_t token = token_of(attention, index);
    size_t n = pith_min(attention->compute->kernels->lanes,
                        run->spec->T - token);
    x += (run->first + token) * stride +
         head_of(attention, key_head, index) * D;
    struct pith_prefetch_region rows = {
        (const uint8_t *)x, stride * sizeof *x, n, D * sizeof *x, 0, 0};
    pith_prefetch_lines(&rows, SIZE_MAX);
}

static struct query open_query(const struct attention *attention,
                               const struct run *run,
                               struct pith_thread_scratch *scratch,
                               size_t key_head, size_t index, size_t slot)
{
    const struct pith_kernels *kernels = attention->compute->kernels;
    size_t L = kernels->lanes, D = attention->D;
    size_t size = pith_round_up(D, PITH_BLOCK_ROWS) * L;
    bool packed = attention->scores != NULL;
    float factors[PITH_MAX_LANES];
    struct query query;
    query.head = head_of(attention, key_head, index);
    query.token = token_of(attention, index);
    query.n_lanes = pith_min(L, run->spec->T - query.token);
    query.n_visible = run->n_past + query.token + query.n_lanes;
    query.first = first_key(run, query.token);
    query.first -= query.first % PITH_BLOCK_KEYS;
    query.q = scratch->queries + slot * size;
    query.out = scratch->outputs + slot * size;
    query.softmax = &scratch->softmax[slot];

    float *q = packed ? scratch->scores : query.q;
    kernels->transpose(q, L,
                       attention->q + ((run->first + query.token) *
                                           attention->H +
                                       query.head) * D,
                       attention->H * D, query.n_lanes, D);
    for (size_t t = 0; t < PITH_MAX_LANES; t++) {
        factors[t] = 1 / sqrtf((float)D);
        query.softmax->max[t] = -INFINITY;
        query.softmax->sum[t] = 0;
    }
    kernels->scale(q, D, factors);
    if (packed)
        attention->scores->pack_products(kernels, query.q, 0, q, D);
    return query;
}

/* n keys that are adjacent, from row on, as entries `at` and so on of a
 * block. */
static void load_rows(const struct attention *attention, const struct run *run,
                      struct pith_thread_scratch *scratch, size_t key_head,
                      size_t row, size_t at, size_t n)
{
    const struct pith_precision *products = attention->scores;
    size_t D = attention->D;
    size_t start = (key_head * run->spec->stride + row) * D;
    for (size_t i = 0; i < n; i++) {
        float *out = scratch->weights + (at + i) * PITH_ROW_STRIDE;
        const float *key = run->spec->keys + start + i * D;
        if (products != NULL)
            products->unpack(attention->compute->kernels, out, PITH_F32,
                             (const uint8_t *)key, D);
        else
            memcpy(out, key, D * sizeof *key);
    }
    attention->compute->kernels->transpose(scratch->values + at,
                                           PITH_ROW_STRIDE,
                                           run->spec->values + start, D, n, D);
}

/* Values (D, n) to the form of the products, where they are. */
static void unpack_values(const struct attention *attention, float *values,
                          size_t n)
{
    for (size_t i = 0; i < attention->D; i++) {
        float *row = values + i * PITH_ROW_STRIDE;
        attention->values->unpack(attention->compute->kernels, row,
                                  PITH_F32, (const uint8_t *)row, n);
    }
}

/* A block of keys, and its values transposed, with rows PITH_ROW_STRIDE
 * apart. */
static void load_keys(const struct attention *attention, const struct run *run,
                      struct pith_thread_scratch *scratch, size_t key_head,
                      size_t key, size_t n)
{
    size_t shared = run->spec->n_shared;
    size_t n_shared = key < shared ? pith_min(shared - key, n) : 0;
    if (n_shared > 0)
        load_rows(attention, run, scratch, key_head, key, 0, n_shared);
    if (n_shared < n)
        load_rows(attention, run, scratch, key_head,
                  run->spec->row + (key + n_shared - shared), n_shared,
                  n - n_shared);
    if (attention->values != NULL)
        unpack_values(attention, scratch->values, n);
}

/* Token t sees the keys up to its own, n_past + t.  Many lanes at a time: a
 * vector that single floats were just stored in is slow to load. */
static void mask_scores(const struct query *query, float *scores, size_t L,
                        size_t n_past, size_t key, size_t n)
{
    size_t first = n_past + query->token + 1; /* not seen by lane 0 */
    float blind[PITH_MAX_LANES];
    for (size_t t = 0; t < L; t++)
        blind[t] = -INFINITY;
    for (size_t i = first > key ? first - key : 0; i < n; i++) {
        size_t n_blind = pith_min(key + i - first + 1, L);
        memcpy(scores + i * L, blind, n_blind * sizeof *blind);
    }
}

/* Nor those before the window.  A token may see none of its first block: the
 * scores are finite, so that the softmax has a number to make up for once
 * there are keys that it sees. */
static void mask_window(const struct run *run, const struct query *query,
                        float *scores, size_t L, size_t key, size_t n)
{
    for (size_t t = 0; t < query->n_lanes; t++) {
        size_t first = first_key(run, query->token + t);
        for (size_t i = key; i < key + n && i < first; i++)
            scores[(i - key) * L + t] = PITH_MASKED_SCORE;
    }
}

/* out (n_rows, L) = rows (n_rows, depth) in (depth, L), added to out when
 * add. */
static void multiply(const struct attention *attention,
                     const struct pith_precision *products, float *out,
                     const float *rows, size_t n_rows, const float *in,
                     size_t depth, size_t n_lanes, bool add)
{
    const struct pith_kernels *kernels = attention->compute->kernels;
    pith_multiply_rows(kernels, products != NULL ? products
                                                 : &pith_precision_f32,
                       out, rows, in, n_rows, depth, n_lanes, add);
}

/* Takes n keys, from key on, into the output of a panel of queries. */
static void attend(const struct attention *attention, const struct run *run,
                   struct pith_thread_scratch *scratch,
                   const struct query *query, size_t key, size_t n)
{
    const struct pith_kernels *kernels = attention->compute->kernels;
    size_t L = kernels->lanes, D = attention->D;
    float *scores = scratch->scores;
    multiply(attention, attention->scores, scores, scratch->weights, n,
             query->q, D, query->n_lanes, false);
    mask_scores(query, scores, L, run->n_past, key, n);
    if (run->spec->window > 0)
        mask_window(run, query, scores, L, key, n);
    kernels->softmax(scores, n, query->softmax);
    if (key > query->first)
        kernels->scale(query->out, D, query->softmax->scale);
    if (attention->values != NULL) {
        scores = scratch->packed_scores;
        attention->values->pack_products(kernels, scores, 0, scratch->scores,
                                         n);
    }
    multiply(attention, attention->values, query->out, scratch->values, D,
             scores, n, query->n_lanes, key > query->first);
}

static void close_query(const struct attention *attention,
                        const struct run *run, const struct query *query)
{
    const struct pith_kernels *kernels = attention->compute->kernels;
    size_t D = attention->D, H = attention->H;
    float factors[PITH_MAX_LANES] = {0};
    for (size_t t = 0; t < query->n_lanes; t++)
        factors[t] = 1 / query->softmax->sum[t];
    kernels->scale(query->out, D, factors);
    kernels->emit(attention->out +
                      ((run->first + query->token) * H + query->head) * D,
                  H * D, query->out, D, query->n_lanes, NULL, false);
}

static struct run open_run(const struct attention *attention,
                           const struct pith_attention_run *spec, size_t first)
{
    size_t n_panels = pith_div_up(spec->T, attention->compute->kernels->lanes);
    return (struct run){.spec = spec,
                        .first = first,
                        .n_past = spec->n_keys - spec->T,
                        .n_queries = n_panels * attention->group};
}

static size_t n_tasks_of(const struct run *run)
{
    return pith_div_up(run->n_queries, PITH_QUERY_PANELS);
}

/* The run of a task of one key head; *task becomes its number in the run. */
static struct run find_run(const struct attention *attention, size_t *task)
{
    const struct pith_attention_run *spec = attention->runs;
    struct run run = open_run(attention, spec, 0);
    while (*task >= n_tasks_of(&run)) {
        *task -= n_tasks_of(&run);
        run = open_run(attention, spec + 1, run.first + spec->T);
        spec++;
    }
    return run;
}

static void attention_task(void *user, size_t index, int thread)
{
    const struct attention *attention = user;
    struct pith_thread_scratch *scratch =
        &attention->compute->scratch->threads[thread];
    struct query queries[PITH_QUERY_PANELS];
    /* Later queries see more keys: the longest tasks come first. */
    size_t task = attention->n_tasks - 1 - index / attention->n_kv_head;
    size_t key_head = index % attention->n_kv_head;
    struct run run = find_run(attention, &task);
    size_t first = task * PITH_QUERY_PANELS;
    size_t n_queries = pith_min(PITH_QUERY_PANELS, run.n_queries - first);
    size_t n_visible = 0;
    if (attention->scores != NULL)
        pith_begin(attention->scores);
    for (size_t i = 0; i < n_queries; i++) {
        ask_for_panel(attention, &run, attention->q, key_head, first + i + 1);
        queries[i] =
            open_query(attention, &run, scratch, key_head, first + i, i);
        n_visible = queries[i].n_visible; /* never falls */
    }
    for (size_t key = queries[0].first; key < n_visible;
         key += PITH_BLOCK_KEYS) {
        size_t n = pith_min(PITH_BLOCK_KEYS, n_visible - key);
        load_keys(attention, &run, scratch, key_head, key, n);
        for (size_t i = 0; i < n_queries; i++)
            if (queries[i].first <= key && key < queries[i].n_visible)
                attend(attention, &run, scratch, &queries[i], key,
                       pith_min(n, queries[i].n_visible - key));
    }
    for (size_t i = 0; i < n_queries; i++) {
        ask_for_panel(attention, &run, attention->out, key_head, first + i + 1);
        close_query(attention, &run, &queries[i]);
    }
    if (attention->scores != NULL)
        pith_end(attention->scores);
}

void pith_attention_runs(const struct pith_compute *compute, float *out,
                         const float *q, const struct pith_attention_run *runs,
                         size_t n_runs, size_t H, size_t n_kv_head, size_t D)
{
    struct attention job = {.compute = compute,
                            .out = out,
                            .q = q,
                            .runs = runs,
                            .H = H,
                            .n_kv_head = n_kv_head,
                            .group = H / n_kv_head,
                            .D = D};
    if (D <= PITH_STEP) {
        job.scores = compute->precision->scores;
        job.values = compute->precision->values;
    }
    for (size_t i = 0; i < n_runs; i++) {
        struct run run = open_run(&job, &runs[i], 0);
        job.n_tasks += n_tasks_of(&run);
    }
    pith_parallel_for(compute->threads, n_kv_head * job.n_tasks,
                      attention_task, &job);
}

void pith_attention(const struct pith_compute *compute, float *out,
                    const float *q, const float *keys, const float *values,
                    size_t T, size_t H, size_t n_kv_head, size_t D,
                    size_t n_keys, size_t stride)
{
    struct pith_attention_run run = {.keys = keys,
                                     .values = values,
                                     .stride = stride,
                                     .T = T,
                                     .n_keys = n_keys};
    pith_attention_runs(compute, out, q, &run, 1, H, n_kv_head, D);
}
