/*
 * test_ops.c - every operation with every set of kernels against a plain
 * double-precision oracle, and the promise that neither the tokens beside it
 * nor the threads change a bit of a token's result.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/memory.h"
#include "../src/kernels/ops.h"
#include "../src/kernels/ops_single.h"
#include "support.h"

enum { MAX_SETS = 8, MAX_THREADS = 4 };

static uint64_t seed = 1;

static float *random_floats(size_t n, double scale)
{
    float *x = pith_array(n, sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(random_normal(&seed) * scale);
    return x;
}

/* Random weights of any type. */
static struct pith_tensor random_tensor(enum pith_type type, size_t rows,
                                        size_t cols)
{
    size_t row_bytes = pith_row_bytes(type, cols);
    uint8_t *data = pith_array(rows, row_bytes);
    float *row = NULL;
    ck_assert_ptr_nonnull(data);
    for (size_t r = 0; r < rows; r++) {
        row = random_floats(cols, 0.3);
        pith_row_from_floats(data + r * row_bytes, type, row, cols);
        free(row);
    }
    return (struct pith_tensor){type, rows, cols, data};
}

static double *tensor_doubles(const struct pith_tensor *tensor)
{
    double *out = pith_array(tensor->rows * tensor->cols, sizeof *out);
    float *row = pith_array(tensor->cols, sizeof *row);
    for (size_t r = 0; r < tensor->rows; r++) {
        pith_row_to_floats(row, tensor, r);
        for (size_t c = 0; c < tensor->cols; c++)
            out[r * tensor->cols + c] = row[c];
    }
    free(row);
    return out;
}

static struct pith_compute open_compute(const char *name, int n_threads,
                                        size_t max_tokens, size_t max_width,
                                        size_t head_dim)
{
    struct pith_compute compute;
    struct pith_error error;
    struct pith_compute_limits limits = {max_tokens, max_width, 0, head_dim};
    assert_ok(pith_compute_init(&compute, pith_kernels_get(name), n_threads,
                                &limits, &error),
              error);
    return compute;
}

/* --- linear --------------------------------------------------------------- */

static const enum pith_type TYPES[] = {PITH_F32, PITH_F16, PITH_BF16, PITH_Q8,
                                       PITH_Q4};

static const struct { size_t T, C, N; } LINEAR[] = {
    {0, 32, 5},   {1, 32, 1},    {3, 64, 7},    {5, 96, 96},
    {8, 32, 97},  {16, 416, 13}, {17, 384, 31}, {33, 768, 100},
    {31, 800, 12}, {257, 64, 200}, {300, 96, 3},
};

static void check_linear(const char *set, enum pith_type type, size_t T,
                         size_t C, size_t N, bool accumulate, bool with_bias)
{
    struct pith_tensor weight = random_tensor(type, N, C);
    double *w = tensor_doubles(&weight);
    float *x = random_floats(T * C, 1), *out = random_floats(T * N, 1);
    float *bias = random_floats(N, 1), *want = random_floats(T * N, 1);
    struct pith_compute compute = open_compute(set, 2, T, C, 1);
    for (size_t t = 0; t < T; t++)
        for (size_t n = 0; n < N; n++) {
            double sum = accumulate ? out[t * N + n] : 0;
            sum += with_bias ? bias[n] : 0;
            for (size_t c = 0; c < C; c++)
                sum += w[n * C + c] * x[t * C + c];
            want[t * N + n] = (float)sum;
        }
    pith_linear(&compute, out, x, &weight, with_bias ? bias : NULL, T,
                accumulate);
    assert_close(set, out, want, T * N, 1e-5, 1e-5 * sqrt((double)C));
    pith_compute_free(&compute);
    free((void *)(uintptr_t)weight.data);
    free(w), free(x), free(out), free(bias), free(want);
}

START_TEST(linear_matches)
{
    const char *set = pith_kernels_name((size_t)_i);
    if (set == NULL)
        return;
    for (size_t i = 0; i < sizeof LINEAR / sizeof *LINEAR; i++)
        for (size_t j = 0; j < sizeof TYPES / sizeof *TYPES; j++)
            check_linear(set, TYPES[j], LINEAR[i].T, LINEAR[i].C, LINEAR[i].N,
                         i % 2, j % 2);
    for (size_t C = 1; C < 68; C++)
        check_linear(set, TYPES[C % 3], C % 19, C, C % 23 + 1, C % 2, C % 3);
}
END_TEST

/* --- attention ------------------------------------------------------------ */

struct shape {
    size_t T, H, n_kv_head, D, n_keys, stride, window;
};

static const struct shape ATTENTION[] = {
    {1, 1, 1, 1, 1, 1, 0},       {1, 2, 1, 8, 5, 9, 0},
    {7, 4, 2, 16, 7, 7, 0},      {33, 9, 3, 64, 33, 40, 0},
    {40, 2, 2, 24, 231, 300, 0}, {100, 3, 1, 64, 450, 450, 0},
    {17, 12, 12, 64, 192, 192, 0}, {2, 6, 2, 128, 193, 200, 0},
    {0, 2, 1, 8, 3, 4, 0},       {65, 1, 1, 67, 400, 401, 0},
    {7, 4, 2, 16, 7, 7, 1},      {33, 9, 3, 64, 33, 40, 5},
    {40, 2, 2, 24, 231, 300, 30}, {100, 3, 1, 64, 450, 450, 192},
    {450, 2, 1, 8, 450, 450, 193}, {65, 1, 1, 67, 400, 401, 500},
};

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

static void attention_oracle(float *out, const float *q, const float *keys,
                             const float *values, const struct shape *s)
{
    double *p = pith_array(s->n_keys, sizeof *p);
    for (size_t t = 0; t < s->T; t++)
        for (size_t h = 0; h < s->H; h++) {
            size_t kv = h / (s->H / s->n_kv_head);
            size_t n = s->n_keys - s->T + t + 1, place = (t * s->H + h) * s->D;
            const float *k = keys + kv * s->stride * s->D;
            const float *v = values + kv * s->stride * s->D;
            double max = -INFINITY, sum = 0;
            size_t first = s->window > 0 && n > s->window ? n - s->window : 0;
            for (size_t i = first; i < n; i++) {
                p[i] = dot(q + place, k + i * s->D, s->D) / sqrt((double)s->D);
                max = fmax(max, p[i]);
            }
            for (size_t i = first; i < n; i++)
                sum += p[i] = exp(p[i] - max);
            for (size_t d = 0; d < s->D; d++) {
                double total = 0;
                for (size_t i = first; i < n; i++)
                    total += p[i] / sum * v[i * s->D + d];
                out[place + d] = (float)total;
            }
        }
    free(p);
}

START_TEST(attention_matches)
{
    const char *set = pith_kernels_name((size_t)_i);
    if (set == NULL)
        return;
    for (size_t i = 0; i < sizeof ATTENTION / sizeof *ATTENTION; i++) {
        struct shape s = ATTENTION[i];
        size_t n = s.T * s.H * s.D, n_kv = s.n_kv_head * s.stride * s.D;
        float *q = random_floats(n, 2), *k = random_floats(n_kv, 2);
        float *v = random_floats(n_kv, 1);
        float *out = random_floats(n, 1), *want = random_floats(n, 1);
        struct pith_compute compute = open_compute(set, 2, s.T, 1, s.D);
        attention_oracle(want, q, k, v, &s);
        struct pith_attention_run run = {.keys = k, .values = v,
                                         .stride = s.stride, .T = s.T,
                                         .n_keys = s.n_keys,
                                         .window = s.window};
        pith_attention_runs(&compute, out, q, &run, 1, s.H, s.n_kv_head, s.D);
        assert_close(set, out, want, n, 1e-5, 2e-5);
        pith_compute_free(&compute);
        free(q), free(k), free(v), free(out), free(want);
    }
}
END_TEST

/* --- losses --------------------------------------------------------------- */

static const struct { size_t T, C, V; } LOSSES[] = {
    {0, 32, 10}, {1, 32, 1}, {5, 64, 96}, {33, 32, 97}, {40, 96, 6500},
    {260, 32, 193},
};

static void losses_oracle(float *losses, const float *x, const double *w,
                          const int32_t *targets, size_t T, size_t C, size_t V)
{
    double *logits = pith_array(V, sizeof *logits);
    for (size_t t = 0; t < T; t++) {
        double max = -INFINITY, sum = 0;
        for (size_t v = 0; v < V; v++) {
            logits[v] = 0;
            for (size_t c = 0; c < C; c++)
                logits[v] += w[v * C + c] * x[t * C + c];
            max = fmax(max, logits[v]);
        }
        for (size_t v = 0; v < V; v++)
            sum += exp(logits[v] - max);
        losses[t] = (float)(max + log(sum) - logits[targets[t]]);
    }
    free(logits);
}

START_TEST(target_losses_match)
{
    const char *set = pith_kernels_name((size_t)_i);
    if (set == NULL)
        return;
    for (size_t i = 0; i < sizeof LOSSES / sizeof *LOSSES; i++) {
        size_t T = LOSSES[i].T, C = LOSSES[i].C, V = LOSSES[i].V;
        struct pith_tensor weight = random_tensor(TYPES[i % 5], V, C);
        double *w = tensor_doubles(&weight);
        float *x = random_floats(T * C, 2), *want = random_floats(T, 1);
        float *got = random_floats(T, 1);
        int32_t *targets = pith_array(T, sizeof *targets);
        struct pith_compute compute = open_compute(set, 2, T, C, 1);
        for (size_t t = 0; t < T; t++)
            targets[t] = (int32_t)(t % 2 ? random_below(&seed, V) : V - 1);
        losses_oracle(want, x, w, targets, T, C, V);
        pith_target_losses(&compute, got, x, &weight, targets, T);
        assert_close(set, got, want, T, 1e-6, 2e-5);
        pith_compute_free(&compute);
        free((void *)(uintptr_t)weight.data);
        free(w), free(x), free(want), free(got), free(targets);
    }
}
END_TEST

/* --- the others ----------------------------------------------------------- */

static void check_norms(struct pith_compute *compute, size_t T, size_t C)
{
    const char *set = pith_kernels_get_name(compute->kernels);
    float *x = random_floats(T * C, 1), *gain = random_floats(C, 1);
    float *shift = random_floats(C, 1), *out = random_floats(T * C, 1);
    float *layer = random_floats(T * C, 1), *rms = random_floats(T * C, 1);
    for (size_t t = 0; t < T; t++) {
        double mean = 0, variance = 0, squares = 0;
        for (size_t i = 0; i < C; i++)
            x[t * C + i] += 3;
        for (size_t i = 0; i < C; i++)
            mean += x[t * C + i] / (double)C;
        for (size_t i = 0; i < C; i++) {
            variance += pow(x[t * C + i] - mean, 2) / (double)C;
            squares += pow(x[t * C + i], 2) / (double)C;
        }
        for (size_t i = 0; i < C; i++) {
            layer[t * C + i] = (float)((x[t * C + i] - mean) /
                                       sqrt(variance + 1e-5) * gain[i] +
                                       shift[i]);
            rms[t * C + i] =
                (float)(x[t * C + i] / sqrt(squares + 1e-5) * gain[i]);
        }
    }
    struct pith_norm norm = {gain, shift, 1e-5f};
    pith_normalise(compute, out, x, &norm, T, C);
    assert_close(set, out, layer, T * C, 1e-5, 1e-5);
    norm.shift = NULL;
    pith_normalise(compute, x, x, &norm, T, C);
    assert_close(set, x, rms, T * C, 1e-6, 1e-6);
    free(x), free(gain), free(shift), free(out), free(layer), free(rms);
}

START_TEST(norms_match)
{
    const char *set = pith_kernels_name((size_t)_i);
    if (set == NULL)
        return;
    struct pith_compute compute = open_compute(set, 2, 1, 1, 1);
    for (size_t C = 1; C < 68; C++)
        check_norms(&compute, C % 40, C);
    check_norms(&compute, 3, 768);
    check_norms(&compute, 17, 4099);
    pith_compute_free(&compute);
}
END_TEST

static void check_activations(struct pith_compute *compute, size_t n)
{
    const char *set = pith_kernels_get_name(compute->kernels);
    float *x = random_floats(n, 4), *up = random_floats(n, 1);
    float *gate = random_floats(n, 10);
    float *want = random_floats(n, 1), *product = random_floats(n, 1);
    for (size_t i = 0; i < n; i++) {
        double u = sqrt(2 / acos(-1)) * (x[i] + 0.044715 * pow(x[i], 3));
        want[i] = (float)(0.5 * x[i] * (1 + tanh(u)));
        product[i] = (float)(gate[i] / (1 + exp(-(double)gate[i])) * up[i]);
    }
    pith_gelu(compute, x, n);
    assert_close(set, x, want, n, 5e-6, 1e-7);
    pith_silu_mul(compute, gate, up, n);
    assert_close(set, gate, product, n, 1e-6, 1e-9);
    free(x), free(up), free(gate), free(want), free(product);
}

static void check_rope(struct pith_compute *compute, size_t T, size_t H,
                       size_t D)
{
    size_t half = D / 2;
    float *x = random_floats(T * H * D, 1), *want = random_floats(T * H * D, 1);
    float *c = random_floats(T * half, 1), *s = random_floats(T * half, 1);
    for (size_t t = 0; t < T; t++)
        for (size_t h = 0; h < H; h++)
            for (size_t i = 0; i < half; i++) {
                size_t p = (t * H + h) * D + i, angle = t * half + i;
                double a = x[p], b = x[p + half];
                want[p] = (float)(a * c[angle] - b * s[angle]);
                want[p + half] = (float)(a * s[angle] + b * c[angle]);
            }
    pith_rope(compute, x, c, s, T, H, D);
    assert_close(pith_kernels_get_name(compute->kernels), x, want, T * H * D,
                 1e-6, 1e-6);
    free(x), free(want), free(c), free(s);
}

START_TEST(activations_and_rope_match)
{
    const char *set = pith_kernels_name((size_t)_i);
    if (set == NULL)
        return;
    struct pith_compute compute = open_compute(set, 2, 1, 1, 1);
    for (size_t n = 0; n < 68; n++) {
        check_activations(&compute, n);
        check_rope(&compute, n % 20, n % 5, n / 2 * 2);
    }
    check_activations(&compute, 3 * 16384 + 5);
    check_rope(&compute, 40, 9, 64);
    pith_compute_free(&compute);
}
END_TEST

/* --- the same bits -------------------------------------------------------- */

/* What every operation makes of the first T of a fixed set of tokens. */
struct outputs {
    float *linear, *attention, *losses, *norm, *gelu;
};

enum { W = 96, N = 110, V = 300, HEADS = 6, DIM = 16, PAST = 195 };

static struct outputs run_all(const char *set, int n_threads, size_t T,
                              size_t total, enum pith_type type)
{
    size_t n_keys = PAST + T, stride = PAST + total;
    seed = 99;
    struct pith_tensor weight = random_tensor(type, N, W);
    struct pith_tensor vocabulary = random_tensor(type, V, W);
    float *x = random_floats(total * W, 1);
    float *k = random_floats(2 * stride * DIM, 1);
    float *v = random_floats(2 * stride * DIM, 1);
    float *gain = random_floats(N, 1); /* and bias */
    const struct pith_norm norm = {gain, gain, 1e-5f};
    struct pith_compute compute = open_compute(set, n_threads, T, W, DIM);
    struct outputs out = {random_floats(T * N, 1), random_floats(T * W, 1),
                          random_floats(T, 1), random_floats(T * W, 1),
                          random_floats(T * W, 1)};
    int32_t *targets = pith_array(T, sizeof *targets);
    for (size_t t = 0; t < T; t++)
        targets[t] = (int32_t)(t * 7 % V);
    memcpy(out.gelu, x, T * W * sizeof *x);

    pith_linear(&compute, out.linear, x, &weight, gain, T, false);
    pith_attention(&compute, out.attention, x, k, v, T, HEADS, 2, DIM, n_keys,
                   stride);
    pith_target_losses(&compute, out.losses, x, &vocabulary, targets, T);
    pith_normalise(&compute, out.norm, x, &norm, T, W);
    pith_gelu(&compute, out.gelu, T * W);
    pith_compute_free(&compute);
    free((void *)(uintptr_t)weight.data);
    free((void *)(uintptr_t)vocabulary.data);
    free(x), free(k), free(v), free(gain), free(targets);
    return out;
}

static void free_outputs(struct outputs *out)
{
    free(out->linear), free(out->attention), free(out->losses);
    free(out->norm), free(out->gelu);
}

static void same_bits(const struct outputs *a, const struct outputs *b,
                      size_t T)
{
    ck_assert_mem_eq(a->linear, b->linear, T * N * sizeof(float));
    ck_assert_mem_eq(a->attention, b->attention, T * W * sizeof(float));
    ck_assert_mem_eq(a->losses, b->losses, T * sizeof(float));
    ck_assert_mem_eq(a->norm, b->norm, T * W * sizeof(float));
    ck_assert_mem_eq(a->gelu, b->gelu, T * W * sizeof(float));
}

START_TEST(threads_and_neighbours_change_no_bit)
{
    static const size_t FEWER[] = {1, 2, 8, 15, 17, 31, 32, 33, 64, 257, 279};
    enum { TOTAL = 280 };
    const char *set = pith_kernels_name((size_t)_i);
    if (set == NULL)
        return;
    struct outputs all = run_all(set, 1, TOTAL, TOTAL, PITH_Q8);
    for (int n_threads = 2; n_threads <= MAX_THREADS; n_threads++) {
        struct outputs again = run_all(set, n_threads, TOTAL, TOTAL, PITH_Q8);
        same_bits(&again, &all, TOTAL);
        free_outputs(&again);
    }
    for (size_t i = 0; i < sizeof FEWER / sizeof *FEWER; i++) {
        struct outputs few = run_all(set, 2, FEWER[i], TOTAL, PITH_Q8);
        same_bits(&few, &all, FEWER[i]);
        free_outputs(&few);
    }
    free_outputs(&all);
}
END_TEST

START_TEST(impossible_limits_are_refused)
{
    struct pith_compute compute;
    struct pith_error error;
    struct pith_compute_limits wide = {1, 1, 1, 100000};
    struct pith_compute_limits huge = {SIZE_MAX / 2, 64, 1, 1};
    const struct pith_kernels *best = pith_kernels_best();
    ck_assert_int_eq(pith_compute_init(&compute, best, 1, &wide, &error),
                     PITH_ERR_UNSUPPORTED);
    ck_assert_int_eq(pith_compute_init(&compute, best, 1, &huge, &error),
                     PITH_ERR_MEMORY);
    pith_compute_free(&compute);
    pith_compute_free(NULL);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("ops");
    TCase *tcase = tcase_create("ops");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, linear_matches, 0, MAX_SETS);
    tcase_add_loop_test(tcase, attention_matches, 0, MAX_SETS);
    tcase_add_loop_test(tcase, target_losses_match, 0, MAX_SETS);
    tcase_add_loop_test(tcase, norms_match, 0, MAX_SETS);
    tcase_add_loop_test(tcase, activations_and_rope_match, 0, MAX_SETS);
    tcase_add_loop_test(tcase, threads_and_neighbours_change_no_bit, 0,
                        MAX_SETS);
    tcase_add_test(tcase, impossible_limits_are_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
