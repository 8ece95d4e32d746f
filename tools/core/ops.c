/*
 * ops.c - the operations of src/kernels/ops.h one after the other, in float32
 * with the scalar kernels.
 *
 * The library computes them in blocks that fit the caches, with threads,
 * vector instructions and other precisions; `--kernels scalar --precision f32`
 * gives the bits that come from here.
 *
 * Legend: as in ops.h, and L tokens of a panel (set.h).
 */
#include <math.h>
#include <string.h>

#include "../../src/base/memory.h"
#include "../../src/kernels/ops.h"
#include "../../src/kernels/set.h"

enum {
    L = 8,             /* lanes of the scalar kernels */
    BLOCK_KEYS = 192,  /* keys that softmax takes at a time */
    VOCAB_PARTS = 64   /* parts that the vocabulary is cut into, at most */
};

static const struct pith_kernels *const kernels = &pith_kernels_scalar;

/* One is all that there is. */
struct pith_precision {
    const char *name;
};

static const struct pith_precision f32 = {"f32"};

const char pith_precision_names[] = "f32 or auto, which is f32 here";

struct pith_scratch {
    size_t max_tokens;
    float *panels;        /* (T / L, max_width, L) packed tokens; owns all */
    float *hidden, *gate; /* (T, F) */
    float *products;      /* (T / L, PITH_BLOCK_ROWS, L) */
    float *target_logits; /* (T) */
    struct pith_softmax *softmax; /* (VOCAB_PARTS, T / L) */
};

static size_t n_panels(size_t T)
{
    return (T + L - 1) / L;
}

/* --- what there is ----------------------------------------------------------- */

const struct pith_kernels *pith_kernels_get(const char *name)
{
    return strcmp(name, kernels->name) == 0 ? kernels : NULL;
}

const struct pith_kernels *pith_kernels_best(void)
{
    return kernels;
}

const char *pith_kernels_get_name(const struct pith_kernels *set)
{
    return set->name;
}

const struct pith_precision *
pith_precision_get(const struct pith_kernels *set, const char *name)
{
    (void)set;
    return strcmp(name, "f32") == 0 || strcmp(name, "auto") == 0 ? &f32 : NULL;
}

const struct pith_precision *
pith_precision_take(const struct pith_kernels *set, const char *name)
{
    return pith_precision_get(set, name);
}

const char *pith_precision_get_name(const struct pith_precision *precision)
{
    return precision->name;
}

/* The caller's alone. */
int pith_compute_threads(int wanted)
{
    (void)wanted;
    return 1;
}

/* --- scratch memory ---------------------------------------------------------- */

enum pith_status pith_compute_init(struct pith_compute *compute,
                                   const struct pith_kernels *set,
                                   int n_threads,
                                   const struct pith_compute_limits *limits,
                                   struct pith_error *error)
{
    size_t T = n_panels(limits->max_tokens) * L, width = limits->max_width;
    size_t n = 3 * width + PITH_BLOCK_ROWS + 1, n_softmax = n_panels(T) * VOCAB_PARTS;

    *compute = (struct pith_compute){.n_threads = n_threads};
    if (limits->max_head_dim > PITH_DEPTH)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "heads of width %zu; at most %d are supported",
                         limits->max_head_dim, (int)PITH_DEPTH);
    struct pith_scratch *s = pith_array_zero(1, sizeof *s);
    if (s == NULL)
        return pith_no_memory(error, 1, sizeof *s);
    compute->kernels = set;
    compute->precision = &f32;
    compute->scratch = s;
    s->max_tokens = T;
    /* Zeros: lanes and rows beyond the valid ones are computed as well. */
    s->panels = pith_array_zero(n, T * sizeof *s->panels);
    s->softmax = pith_array_zero(n_softmax, sizeof *s->softmax);
    if (s->panels == NULL || s->softmax == NULL) {
        pith_compute_free(compute);
        return pith_no_memory(error, n, T * sizeof *s->panels);
    }
    s->hidden = s->panels + T * width;
    s->gate = s->hidden + T * width;
    s->products = s->gate + T * width;
    s->target_logits = s->products + T * PITH_BLOCK_ROWS;
    return PITH_OK;
}

void pith_compute_free(struct pith_compute *compute)
{
    if (compute == NULL || compute->scratch == NULL)
        return;
    pith_free(compute->scratch->panels);
    pith_free(compute->scratch->softmax);
    pith_free(compute->scratch);
    compute->scratch = NULL;
}

/* --- token by token ---------------------------------------------------------- */

/* out (n) = part of a row of the weight, from column c on. */
static void unpack(float *out, const struct pith_tensor *weight, size_t row,
                   size_t c, size_t n)
{
    const uint8_t *bytes =
        weight->data + row * pith_row_bytes(weight->type, weight->cols);
    kernels->unpack(out, weight->type,
                    bytes + pith_row_bytes(weight->type, c), n);
}

void pith_table_rows(const struct pith_compute *compute, float *out,
                     const struct pith_tensor *table, const int32_t *ids,
                     size_t first, size_t T, bool accumulate)
{
    size_t C = table->cols;
    float piece[PITH_DEPTH];
    (void)compute;
    for (size_t t = 0; t < T; t++, out += C)
        for (size_t c = 0; c < C; c += PITH_DEPTH) {
            size_t n = pith_min(PITH_DEPTH, C - c);
            unpack(piece, table, ids != NULL ? (size_t)ids[t] : first + t, c,
                   n);
            for (size_t i = 0; i < n; i++)
                out[c + i] = accumulate ? out[c + i] + piece[i] : piece[i];
        }
}

void pith_normalise(const struct pith_compute *compute, float *out,
                    const float *x, const struct pith_norm *norm, size_t T,
                    size_t C)
{
    (void)compute;
    for (size_t i = 0; i < T * C; i += C)
        if (norm->shift != NULL)
            kernels->layer_norm(out + i, x + i, norm->gain, norm->shift, C,
                                norm->eps);
        else
            kernels->rms_norm(out + i, x + i, norm->gain, C, norm->eps);
}

void pith_rope(const struct pith_compute *compute, float *x,
               const float *cosines, const float *sines, size_t T, size_t H,
               size_t D)
{
    size_t half = D / 2;
    (void)compute;
    for (size_t t = 0; t < T; t++)
        for (size_t h = 0; h < H; h++)
            kernels->rotate(x + (t * H + h) * D, cosines + t * half,
                            sines + t * half, half);
}

void pith_store_heads(const struct pith_compute *compute, float *keys,
                      float *values, size_t stride, const float *k,
                      const float *v, size_t T, size_t H, size_t D)
{
    (void)compute;
    for (size_t h = 0; h < H; h++)
        for (size_t t = 0; t < T; t++) {
            size_t to = (h * stride + t) * D, from = (t * H + h) * D;
            memcpy(keys + to, k + from, D * sizeof *keys);
            memcpy(values + to, v + from, D * sizeof *values);
        }
}

/* --- products with weights ---------------------------------------------------- */

/* Packs x (T, C), after the norm if there is one, into panels (T / L, C, L). */
static void pack(const struct pith_compute *compute, const float *x,
                 const struct pith_norm *norm, size_t T, size_t C)
{
    if (norm != NULL)
        pith_normalise(compute, compute->scratch->hidden, x, norm, T, C);
    x = norm != NULL ? compute->scratch->hidden : x;
    for (size_t t = 0; t < T; t += L)
        kernels->transpose(compute->scratch->panels + t * C, L, x + t * C, C,
                           pith_min(L, T - t), C);
}

/* out (L) = row (depth) times in (depth, L), added to out when add. */
static void dot(float *out, const float *row, const float *in, size_t depth,
                bool add)
{
    float sums[L];
    for (size_t t = 0; t < L; t++)
        sums[t] = add ? out[t] : 0;
    for (size_t k = 0; k < depth; k++)
        for (size_t t = 0; t < L; t++)
            sums[t] += row[k] * in[k * L + t];
    memcpy(out, sums, sizeof sums);
}

/* products (T / L, PITH_BLOCK_ROWS, L) = n rows of the weight, from `row` on,
 * times what was packed. */
static void multiply(const struct pith_compute *compute,
                     const struct pith_tensor *weight, size_t row, size_t n,
                     size_t T)
{
    const struct pith_scratch *s = compute->scratch;
    size_t C = weight->cols;
    float piece[PITH_DEPTH];

    for (size_t r = 0; r < n; r++)
        for (size_t c = 0; c < C; c += PITH_DEPTH) {
            size_t depth = pith_min(PITH_DEPTH, C - c);
            unpack(piece, weight, row + r, c, depth);
            for (size_t t = 0; t < T; t += L)
                dot(s->products + t * PITH_BLOCK_ROWS + r * L, piece,
                    s->panels + t * C + c * L, depth, c > 0);
        }
}

/* out (T, N) = what was packed times W^T + bias. */
static void put_linear(const struct pith_compute *compute,
                       const struct pith_linear_output *output, size_t T,
                       bool accumulate)
{
    size_t N = output->weight->rows;
    for (size_t row = 0; row < N; row += PITH_BLOCK_ROWS) {
        size_t n = pith_min(PITH_BLOCK_ROWS, N - row);
        multiply(compute, output->weight, row, n, T);
        for (size_t t = 0; t < T; t += L)
            kernels->emit(output->out + t * N + row, N,
                          compute->scratch->products + t * PITH_BLOCK_ROWS, n,
                          pith_min(L, T - t),
                          output->bias != NULL ? output->bias + row : NULL,
                          accumulate);
    }
}

void pith_linear(const struct pith_compute *compute, float *out, const float *x,
                 const struct pith_tensor *weight, const float *bias, size_t T,
                 bool accumulate)
{
    const struct pith_linear_output output = {out, weight, bias};
    pack(compute, x, NULL, T, weight->cols);
    put_linear(compute, &output, T, accumulate);
}

void pith_linear_outputs(const struct pith_compute *compute,
                         const struct pith_linear_output *layers, size_t n,
                         const float *x, const struct pith_norm *norm, size_t T)
{
    pack(compute, x, norm, T, layers->weight->cols);
    for (size_t i = 0; i < n; i++)
        put_linear(compute, &layers[i], T, false);
}

void pith_feed_forward(const struct pith_compute *compute, float *out,
                       const float *x, const struct pith_norm *norm,
                       const struct pith_feed_forward *layer, size_t T)
{
    size_t n = T * layer->up->rows;
    float *hidden = compute->scratch->hidden, *gate = compute->scratch->gate;
    const struct pith_linear_output parts[] = {
        {hidden, layer->up, layer->up_bias}, {gate, layer->gate, NULL}};

    pith_linear_outputs(compute, parts, layer->gate != NULL ? 2 : 1, x, norm,
                        T);
    if (layer->gate != NULL)
        kernels->silu_mul(gate, hidden, n);
    else
        kernels->gelu(hidden, n);
    pith_linear(compute, out, layer->gate != NULL ? gate : hidden, layer->down,
                layer->down_bias, T, true);
}

/* --- attention ---------------------------------------------------------------- */

static void open_softmax(struct pith_softmax *softmax)
{
    for (size_t t = 0; t < L; t++) {
        softmax->max[t] = -INFINITY;
        softmax->sum[t] = 0;
    }
}

/* Where position `key` lies among the rows of a head. */
static size_t row_of(const struct pith_attention_run *run, size_t key)
{
    return key < run->n_shared ? key : run->row + (key - run->n_shared);
}

/* The first key that a token of the run sees. */
static size_t first_key(const struct pith_attention_run *run, size_t token)
{
    size_t seen = run->n_keys - run->T + token + 1;
    return run->window > 0 && seen > run->window ? seen - run->window : 0;
}

/* scores (n, L) of queries (D, L), those of the tokens from `token` on, with
 * the keys of a head from `key` on. */
static void score_keys(const struct pith_attention_run *run, const float *keys,
                       size_t D, const float *queries, size_t token,
                       size_t key, size_t n, float *scores)
{
    size_t seen = run->n_keys - run->T + token + 1; /* by the first lane */
    for (size_t i = 0; i < n; i++) {
        dot(scores + i * L, keys + row_of(run, key + i) * D, queries, D, false);
        for (size_t t = 0; t < L; t++)
            if (key + i >= seen + t)
                scores[i * L + t] = -INFINITY;
            else if (key + i < first_key(run, token + t))
                scores[i * L + t] = PITH_MASKED_SCORE;
    }
}

/* sums (D, L) += what the weights (n, L) make of the values of a head from
 * `key` on. */
static void add_values(const struct pith_attention_run *run,
                       const float *values, size_t D, const float *weights,
                       size_t key, size_t n, float *sums)
{
    for (size_t i = 0; i < n; i++) {
        const float *value = values + row_of(run, key + i) * D;
        for (size_t d = 0; d < D; d++)
            for (size_t t = 0; t < L; t++)
                sums[d * L + t] += value[d] * weights[i * L + t];
    }
}

/* The output of head h for the tokens of a run from `token` on, L at most. */
static void attend(float *out, const float *q,
                   const struct pith_attention_run *run, size_t h, size_t H,
                   size_t n_kv_head, size_t D, size_t token)
{
    size_t head = h / (H / n_kv_head) * run->stride * D;
    size_t n_lanes = pith_min(L, run->T - token);
    size_t n_visible = run->n_keys - run->T + token + n_lanes;
    float queries[PITH_DEPTH * L] = {0}, sums[PITH_DEPTH * L] = {0};
    float scores[BLOCK_KEYS * L], factors[L];
    struct pith_softmax softmax;

    open_softmax(&softmax);
    kernels->transpose(queries, L, q + (token * H + h) * D, H * D, n_lanes, D);
    for (size_t t = 0; t < L; t++)
        factors[t] = 1 / sqrtf((float)D);
    kernels->scale(queries, D, factors);
    for (size_t key = first_key(run, token) / BLOCK_KEYS * BLOCK_KEYS;
         key < n_visible; key += BLOCK_KEYS) {
        size_t n = pith_min(BLOCK_KEYS, n_visible - key);
        score_keys(run, run->keys + head, D, queries, token, key, n, scores);
        kernels->softmax(scores, n, &softmax);
        kernels->scale(sums, D, softmax.scale);
        add_values(run, run->values + head, D, scores, key, n, sums);
    }
    for (size_t t = 0; t < L; t++)
        factors[t] = 1 / softmax.sum[t];
    kernels->scale(sums, D, factors);
    kernels->emit(out + (token * H + h) * D, H * D, sums, D, n_lanes, NULL,
                  false);
}

void pith_attention_runs(const struct pith_compute *compute, float *out,
                         const float *q, const struct pith_attention_run *runs,
                         size_t n_runs, size_t H, size_t n_kv_head, size_t D)
{
    (void)compute;
    for (size_t i = 0; i < n_runs; i++) {
        for (size_t h = 0; h < H; h++)
            for (size_t t = 0; t < runs[i].T; t += L)
                attend(out, q, &runs[i], h, H, n_kv_head, D, t);
        out += runs[i].T * H * D;
        q += runs[i].T * H * D;
    }
}

/* --- losses ------------------------------------------------------------------- */

/* Takes the logits of n rows of the vocabulary into the softmax of each panel,
 * and keeps those of the targets among them. */
static void take_logits(struct pith_scratch *s, struct pith_softmax *softmax,
                        size_t row, size_t n, const int32_t *targets, size_t T)
{
    for (size_t t = 0; t < T; t++) {
        const float *products = s->products + t / L * L * PITH_BLOCK_ROWS;
        size_t target = (size_t)targets[t];
        if (target >= row && target - row < n)
            s->target_logits[t] = products[(target - row) * L + t % L];
    }
    for (size_t t = 0; t < T; t += L)
        kernels->softmax(s->products + t * PITH_BLOCK_ROWS, n,
                         &softmax[t / L]);
}

/* -log softmax = max + log(sum of exp(logit - max)) - logit of the target, of
 * token t from the softmax of n parts of the vocabulary, `step` apart. */
static float merge_parts(const struct pith_softmax *part, size_t n, size_t step,
                         size_t t, float target_logit)
{
    double largest = -HUGE_VAL, total = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, (double)part[i * step].max[t]);
    for (size_t i = 0; i < n; i++)
        total += (double)part[i * step].sum[t] *
                 exp((double)part[i * step].max[t] - largest);
    return (float)(largest + log(total) - (double)target_logit);
}

void pith_target_losses(const struct pith_compute *compute, float *losses,
                        const float *x, const struct pith_tensor *weight,
                        const int32_t *targets, size_t T)
{
    struct pith_scratch *s = compute->scratch;
    size_t V = weight->rows, n_parts = 0, step = n_panels(T);
    size_t part = ((V - 1) / VOCAB_PARTS / PITH_BLOCK_ROWS + 1) *
                  PITH_BLOCK_ROWS;

    pack(compute, x, NULL, T, weight->cols);
    for (size_t from = 0; from < V; from += part, n_parts++) {
        struct pith_softmax *softmax = s->softmax + n_parts * step;
        size_t end = pith_min(V, from + part);
        for (size_t i = 0; i < step; i++)
            open_softmax(&softmax[i]);
        for (size_t row = from; row < end; row += PITH_BLOCK_ROWS) {
            size_t n = pith_min(PITH_BLOCK_ROWS, end - row);
            multiply(compute, weight, row, n, T);
            take_logits(s, softmax, row, n, targets, T);
        }
    }
    for (size_t t = 0; t < T; t++)
        losses[t] = merge_parts(s->softmax + t / L, n_parts, step, t % L,
                                s->target_logits[t]);
}
