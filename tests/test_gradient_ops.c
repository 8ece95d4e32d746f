/*
 * test_gradient_ops.c - every backward operation, with every set of kernels,
 * against central differences of a plain double-precision forward; AdamW
 * against its equations; and the same bits for any number of threads.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/memory.h"
#include "../src/gradients/gradients.h"
#include "support.h"

static uint64_t seed = 6;

/* --- inputs in both precisions -------------------------------------------- */

/* n numbers as floats, and the same as doubles. */
struct numbers {
    size_t n;
    float *f;
    double *d;
};

static struct numbers numbers(size_t n, double scale)
{
    struct numbers x = {n, pith_array(n, sizeof *x.f),
                        pith_array(n, sizeof *x.d)};
    ck_assert(x.f != NULL && x.d != NULL);
    for (size_t i = 0; i < n; i++)
        x.d[i] = x.f[i] = (float)(random_normal(&seed) * scale);
    return x;
}

static void release(struct numbers *x)
{
    free(x->f);
    free(x->d);
}

/* The forward pass of an operation in double: the sum of its outputs, each
 * times dout. */
struct oracle {
    double (*forward)(const struct oracle *oracle);
    struct numbers in[4];
    struct numbers dout;
    const int32_t *targets;
    const size_t *lengths;
    size_t n_records, window, T, C, N, H, Hkv, D;
};

/* Compares got (n) with `before` plus central differences along in[which]:
 * all of them, or `limit` taken at random. */
static void check_gradient(const char *what, const struct oracle *oracle,
                           size_t which, const float *got,
                           const float *before, double limit)
{
    enum { MOST = 60 };
    const struct numbers *x = &oracle->in[which];
    size_t n = x->n < MOST ? x->n : MOST;
    for (size_t i = 0; i < n; i++) {
        size_t at = n == x->n ? i : random_below(&seed, x->n);
        double value = x->d[at], h = 1e-5;
        x->d[at] = value + h;
        double above = oracle->forward(oracle);
        x->d[at] = value - h;
        double below = oracle->forward(oracle);
        x->d[at] = value;
        double want = (above - below) / (2 * h);
        if (before != NULL)
            want += (double)before[at];
        ck_assert_msg(fabs((double)got[at] - want) <=
                          limit * (1 + fabs(want)),
                      "%s: input %zu, element %zu of %zu: %.9g, expected %.9g",
                      what, which, at, x->n, (double)got[at], want);
    }
}

/* --- the machinery under test --------------------------------------------- */

struct machine {
    struct pith_compute compute;
    struct pith_backward backward;
};

static void open_machine(struct machine *machine, const char *set,
                         int n_threads, size_t tokens, size_t width,
                         size_t context, size_t head)
{
    struct pith_compute_limits limits = {tokens, width, context, head};
    struct pith_error error;
    assert_ok(pith_compute_init(&machine->compute, pith_kernels_get(set),
                                n_threads, &limits, &error), error);
    assert_ok(pith_backward_init(&machine->backward, &machine->compute,
                                 &limits, &error), error);
}

static void close_machine(struct machine *machine)
{
    pith_backward_free(&machine->backward);
    pith_compute_free(&machine->compute);
}

/* --- linear --------------------------------------------------------------- */

/* x (T, C), weight (N, C), bias (N). */
static double linear(const struct oracle *o)
{
    double sum = 0;
    for (size_t t = 0; t < o->T; t++)
        for (size_t n = 0; n < o->N; n++) {
            double y = o->in[2].d[n];
            for (size_t c = 0; c < o->C; c++)
                y += o->in[0].d[t * o->C + c] * o->in[1].d[n * o->C + c];
            sum += y * o->dout.d[t * o->N + n];
        }
    return sum;
}

/* The weights as a type stores them. */
static struct pith_tensor store(struct numbers *w, enum pith_type type,
                                size_t rows, size_t cols)
{
    size_t row_bytes = pith_row_bytes(type, cols);
    uint8_t *data = pith_array(rows, row_bytes);
    struct pith_tensor tensor = {type, rows, cols, data};
    ck_assert(data != NULL);
    for (size_t r = 0; r < rows; r++) {
        pith_row_from_floats(data + r * row_bytes, type, w->f + r * cols,
                             cols);
        pith_row_to_floats(w->f + r * cols, &tensor, r);
    }
    for (size_t i = 0; i < w->n; i++)
        w->d[i] = w->f[i];
    return tensor;
}

static void check_linear(const char *set, enum pith_type type, size_t T,
                         size_t C, size_t N, bool accumulate)
{
    struct oracle o = {.forward = linear, .T = T, .C = C, .N = N};
    struct numbers dx = numbers(T * C, 1), dw = numbers(N * C, 1);
    struct numbers db = numbers(N, 1);
    float *old_dx = pith_array(T * C, sizeof(float));
    float *old_dw = pith_array(N * C, sizeof(float));
    float *old_db = pith_array(N, sizeof(float));
    struct machine m;
    o.in[0] = numbers(T * C, 1);
    o.in[1] = numbers(N * C, 0.3);
    o.in[2] = numbers(N, 1);
    o.dout = numbers(T * N, 1);
    memcpy(old_dx, dx.f, dx.n * sizeof(float));
    memcpy(old_dw, dw.f, dw.n * sizeof(float));
    memcpy(old_db, db.f, db.n * sizeof(float));
    struct pith_tensor weight = store(&o.in[1], type, N, C);
    open_machine(&m, set, 2, T, C > N ? C : N, 1, 1);
    pith_linear_backward_input(&m.backward, dx.f, o.dout.f, &weight, T,
                               accumulate);
    pith_linear_backward_weight(&m.backward, dw.f, o.dout.f, o.in[0].f, T, N,
                                C, accumulate);
    pith_linear_backward_bias(&m.backward, db.f, o.dout.f, T, N);
    check_gradient(set, &o, 0, dx.f, accumulate ? old_dx : NULL, 2e-5);
    check_gradient(set, &o, 1, dw.f, accumulate ? old_dw : NULL, 2e-5);
    check_gradient(set, &o, 2, db.f, old_db, 2e-5);
    close_machine(&m);
    for (size_t i = 0; i < 3; i++)
        release(&o.in[i]);
    release(&o.dout), release(&dx), release(&dw), release(&db);
    free(old_dx), free(old_dw), free(old_db);
    free((void *)(uintptr_t)weight.data);
}

static const struct { size_t T, C, N; } LINEAR[] = {
    {1, 1, 1},    {1, 32, 7},  {3, 5, 2},     {17, 96, 97}, {33, 160, 300},
    {257, 64, 3}, {40, 33, 513}, {520, 32, 5}, {300, 640, 2},
};

START_TEST(linear_backward_matches)
{
    static const enum pith_type types[] = {PITH_F32, PITH_F16, PITH_BF16,
                                           PITH_Q8, PITH_Q4};
    const char *set = pith_kernels_name((size_t)_i);
    if (set == NULL)
        return;
    for (size_t i = 0; i < sizeof LINEAR / sizeof *LINEAR; i++)
        check_linear(set, LINEAR[i].C % 32 ? PITH_F32 : types[i % 5],
                     LINEAR[i].T, LINEAR[i].C, LINEAR[i].N, i % 2);
    for (size_t j = 0; j < 5; j++)
        check_linear(set, types[j], 19, 128, 70, j % 2);
}
END_TEST

/* |got - want| / |want|, Euclidean. */
static double distance(const float *got, const float *want, size_t n)
{
    double difference = 0, length = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)got[i] - (double)want[i];
        difference += d * d;
        length += (double)want[i] * (double)want[i];
    }
    return sqrt(difference / length);
}

/* What a linear layer's way back gives in two precisions. */
static void compare_precisions(const char *set, const char *precision,
                               double limit, size_t T, size_t C, size_t N)
{
    struct numbers x = numbers(T * C, 1), w = numbers(N * C, 0.3);
    struct numbers dout = numbers(T * N, 1);
    struct numbers dx[] = {numbers(T * C, 1), numbers(T * C, 1)};
    struct numbers dw[] = {numbers(N * C, 1), numbers(N * C, 1)};
    struct pith_tensor weight = store(&w, PITH_F32, N, C);
    const char *names[] = {"f32", precision};
    for (size_t i = 0; i < 2; i++) {
        struct machine m;
        open_machine(&m, set, 2, T, C > N ? C : N, 1, 1);
        m.compute.precision =
            pith_precision_take(m.compute.kernels, names[i]);
        pith_linear_backward_input(&m.backward, dx[i].f, dout.f, &weight, T,
                                   false);
        pith_linear_backward_weight(&m.backward, dw[i].f, dout.f, x.f, T, N,
                                    C, false);
        close_machine(&m);
    }
    double of_input = distance(dx[1].f, dx[0].f, T * C);
    double of_weight = distance(dw[1].f, dw[0].f, N * C);
    ck_assert_msg(of_input <= limit && of_weight <= limit,
                  "%s, %s, T %zu, C %zu, N %zu: dx off by %g, dW by %g", set,
                  precision, T, C, N, of_input, of_weight);
    ck_assert(of_input > 0 || of_weight > 0); /* the precision was used */
    for (size_t i = 0; i < 2; i++)
        release(&dx[i]), release(&dw[i]);
    release(&x), release(&w), release(&dout);
    free((void *)(uintptr_t)weight.data);
}

START_TEST(precisions_go_back_alike)
{
    const char *set = pith_kernels_name((size_t)_i);
    if (set == NULL)
        return;
    for (size_t i = 3; i < sizeof LINEAR / sizeof *LINEAR; i++) {
        compare_precisions(set, "bf16x3", 3e-5, LINEAR[i].T, LINEAR[i].C,
                           LINEAR[i].N);
        compare_precisions(set, "int16", 6e-4, LINEAR[i].T, LINEAR[i].C,
                           LINEAR[i].N);
    }
}
END_TEST

/* --- norms ---------------------------------------------------------------- */

static const float EPS = 1e-3f;

/* x (T, C), gain (C), shift (C); H 1 for LayerNorm. */
static double norm(const struct oracle *o)
{
    double sum = 0;
    for (size_t t = 0; t < o->T; t++) {
        const double *x = o->in[0].d + t * o->C;
        double mean = 0, variance = 0;
        for (size_t c = 0; c < o->C && o->H; c++)
            mean += x[c] / (double)o->C;
        for (size_t c = 0; c < o->C; c++)
            variance += (x[c] - mean) * (x[c] - mean) / (double)o->C;
        for (size_t c = 0; c < o->C; c++) {
            double y = (x[c] - mean) / sqrt(variance + (double)EPS);
            y = y * o->in[1].d[c] + (o->H ? o->in[2].d[c] : 0);
            sum += y * o->dout.d[t * o->C + c];
        }
    }
    return sum;
}

static void check_norm(const char *set, size_t T, size_t C, bool centred)
{
    struct oracle o = {.forward = norm, .T = T, .C = C, .H = centred};
    struct numbers dx = numbers(T * C, 1), dg = numbers(C, 1);
    struct numbers ds = numbers(C, 1), none = numbers(T * C, 0);
    struct machine m;
    o.in[0] = numbers(T * C, 2);
    o.in[1] = numbers(C, 1);
    o.in[2] = numbers(C, 1);
    o.dout = numbers(T * C, 1);
    float *old = pith_array(T * C + 2 * C, sizeof *old);
    memcpy(old, dx.f, T * C * sizeof *old);
    memcpy(old + T * C, dg.f, C * sizeof *old);
    memcpy(old + T * C + C, ds.f, C * sizeof *old);
    open_machine(&m, set, 2, T, C, 1, 1);
    if (centred) {
        pith_layer_norm_backward(&m.backward, dx.f, dg.f, ds.f, o.dout.f,
                                 o.in[0].f, o.in[1].f, T, C, EPS);
        pith_layer_norm_backward(&m.backward, none.f, NULL, NULL, o.dout.f,
                                 o.in[0].f, o.in[1].f, T, C, EPS);
    } else {
        pith_rms_norm_backward(&m.backward, dx.f, dg.f, o.dout.f, o.in[0].f,
                               o.in[1].f, T, C, EPS);
        pith_rms_norm_backward(&m.backward, none.f, NULL, o.dout.f, o.in[0].f,
                               o.in[1].f, T, C, EPS);
    }
    check_gradient(set, &o, 0, dx.f, old, 2e-5);
    check_gradient(set, &o, 1, dg.f, old + T * C, 2e-5);
    if (centred)
        check_gradient(set, &o, 2, ds.f, old + T * C + C, 2e-5);
    check_gradient(set, &o, 0, none.f, NULL, 2e-5);
    close_machine(&m);
    for (size_t i = 0; i < 3; i++)
        release(&o.in[i]);
    release(&o.dout), release(&dx), release(&dg), release(&ds), release(&none);
    free(old);
}

START_TEST(norms_backward_match)
{
    const char *set = pith_kernels_name((size_t)_i);
    if (set == NULL)
        return;
    for (size_t C = 1; C < 70; C += C < 20 ? 1 : 13) {
        check_norm(set, C % 5 + 1, C, true);
        check_norm(set, C % 5 + 1, C, false);
    }
    check_norm(set, 37, 131, true);
    check_norm(set, 37, 131, false);
}
END_TEST

/* --- activations ---------------------------------------------------------- */

static double gelu(const struct oracle *o)
{
    double sum = 0;
    for (size_t i = 0; i < o->T; i++) {
        double x = o->in[0].d[i];
        double u = sqrt(2 / 3.14159265358979) * (x + 0.044715 * x * x * x);
        sum += 0.5 * x * (1 + tanh(u)) * o->dout.d[i];
    }
    return sum;
}

static double silu_mul(const struct oracle *o)
{
    double sum = 0;
    for (size_t i = 0; i < o->T; i++) {
        double x = o->in[0].d[i];
        sum += x / (1 + exp(-x)) * o->in[1].d[i] * o->dout.d[i];
    }
    return sum;
}

static void check_activations(const char *set, size_t n)
{
    struct oracle o = {.T = n};
    struct numbers dgate = numbers(n, 1), dup = numbers(n, 1);
    struct machine m;
    o.in[0] = numbers(n, 3);
    o.in[1] = numbers(n, 1);
    o.dout = numbers(n, 1);
    open_machine(&m, set, 2, 1, 1, 1, 1);
    memcpy(dgate.f, o.dout.f, n * sizeof *dgate.f);
    pith_gelu_backward(&m.backward, dgate.f, o.in[0].f, n);
    o.forward = gelu;
    check_gradient(set, &o, 0, dgate.f, NULL, 1e-5);
    memcpy(dgate.f, o.dout.f, n * sizeof *dgate.f);
    pith_silu_mul_backward(&m.backward, dgate.f, dup.f, dgate.f, o.in[0].f,
                           o.in[1].f, n);
    o.forward = silu_mul;
    check_gradient(set, &o, 0, dgate.f, NULL, 1e-5);
    check_gradient(set, &o, 1, dup.f, NULL, 1e-5);
    close_machine(&m);
    release(&o.in[0]), release(&o.in[1]), release(&o.dout);
    release(&dgate), release(&dup);
}

START_TEST(activations_backward_match)
{
    const char *set = pith_kernels_name((size_t)_i);
    if (set == NULL)
        return;
    for (size_t n = 1; n < 40; n++)
        check_activations(set, n);
    check_activations(set, 40000);
}
END_TEST

/* --- attention ------------------------------------------------------------ */

/* out (T, H D), weighted or stored: both tests use the same forward. */
static double attend(const struct oracle *o, float *out)
{
    double sum = 0, p[600];
    size_t start = 0, group = o->H / o->Hkv, D = o->D;
    for (size_t r = 0; r < o->n_records; start += o->lengths[r++])
        for (size_t t = start; t < start + o->lengths[r]; t++)
            for (size_t h = 0; h < o->H; h++) {
                size_t place = (t * o->H + h) * D;
                double total = 0;
                size_t first = o->window > 0 && t + 1 > start + o->window
                                   ? t + 1 - o->window : start;
                for (size_t i = first; i <= t; i++) {
                    size_t key = (i * o->Hkv + h / group) * D;
                    double z = 0;
                    for (size_t d = 0; d < D; d++)
                        z += o->in[0].d[place + d] * o->in[1].d[key + d];
                    total += p[i - start] = exp(z / sqrt((double)D));
                }
                for (size_t d = 0; d < D; d++) {
                    double y = 0;
                    for (size_t i = first; i <= t; i++)
                        y += p[i - start] / total *
                             o->in[2].d[(i * o->Hkv + h / group) * D + d];
                    sum += y * o->dout.d[place + d];
                    if (out != NULL)
                        out[place + d] = (float)y;
                }
            }
    return sum;
}

static double attention(const struct oracle *o)
{
    return attend(o, NULL);
}

static void check_attention(const char *set, const size_t *lengths,
                            size_t n_records, size_t window, size_t H,
                            size_t Hkv, size_t D)
{
    struct oracle o = {.forward = attention, .lengths = lengths, .H = H,
                       .window = window,
                       .n_records = n_records, .Hkv = Hkv, .D = D};
    size_t longest = 0;
    struct machine m;
    for (size_t r = 0; r < n_records; r++) {
        o.T += lengths[r];
        longest = lengths[r] > longest ? lengths[r] : longest;
    }
    o.in[0] = numbers(o.T * H * D, 1.5);
    o.in[1] = numbers(o.T * Hkv * D, 1);
    o.in[2] = numbers(o.T * Hkv * D, 1);
    o.dout = numbers(o.T * H * D, 1);
    struct numbers dq = numbers(o.T * H * D, 1), out = numbers(dq.n, 1);
    struct numbers dk = numbers(o.T * Hkv * D, 1), dv = numbers(dk.n, 1);
    attend(&o, out.f);
    open_machine(&m, set, 2, o.T, 1, longest, D);
    for (int round = 0; round < 2; round++) /* what it left does no harm */
        pith_attention_backward(&m.backward, dq.f, dk.f, dv.f, o.dout.f,
                                out.f, o.in[0].f, o.in[1].f, o.in[2].f,
                                lengths, n_records, window, H, Hkv, D);
    check_gradient(set, &o, 0, dq.f, NULL, 3e-5);
    check_gradient(set, &o, 1, dk.f, NULL, 3e-5);
    check_gradient(set, &o, 2, dv.f, NULL, 3e-5);
    close_machine(&m);
    for (size_t i = 0; i < 3; i++)
        release(&o.in[i]);
    release(&o.dout), release(&dq), release(&out), release(&dk), release(&dv);
}

START_TEST(attention_backward_matches)
{
    static const size_t one[] = {1}, few[] = {5, 1, 33, 2}, longer[] = {100};
    static const size_t longest[] = {3, 270};
    const char *set = pith_kernels_name((size_t)_i);
    if (set == NULL)
        return;
    check_attention(set, one, 1, 0, 1, 1, 1);
    check_attention(set, few, 4, 0, 4, 2, 6);
    check_attention(set, few, 4, 0, 3, 3, 16);
    check_attention(set, few, 4, 0, 6, 2, 35);
    check_attention(set, longer, 1, 0, 2, 1, 64);
    check_attention(set, longest, 2, 0, 1, 1, 4);
    check_attention(set, few, 4, 1, 2, 1, 8);
    check_attention(set, few, 4, 7, 4, 2, 6);
    check_attention(set, longest, 2, 200, 1, 1, 4);
}
END_TEST

/* --- losses --------------------------------------------------------------- */

/* x (T, C), weight (V, C); V in N, the factor in dout. */
static double losses(const struct oracle *o)
{
    double sum = 0, z[5000];
    for (size_t t = 0; t < o->T; t++) {
        double total = 0;
        for (size_t n = 0; n < o->N; n++) {
            z[n] = 0;
            for (size_t c = 0; c < o->C; c++)
                z[n] += o->in[0].d[t * o->C + c] * o->in[1].d[n * o->C + c];
            total += exp(z[n]);
        }
        sum += log(total) - z[o->targets[t]];
    }
    return sum * o->dout.d[0];
}

static void check_losses(const char *set, size_t T, size_t C, size_t V,
                         bool accumulate)
{
    int32_t *targets = pith_array(T, sizeof *targets);
    struct oracle o = {.forward = losses, .targets = targets, .T = T, .C = C,
                       .N = V};
    struct numbers dx = numbers(T * C, 1), dw = numbers(V * C, 1);
    struct numbers other = numbers(T * C, 1);
    float *old = pith_array(V * C, sizeof *old);
    float *got = pith_array(T, sizeof *got);
    struct machine m;
    double sum = 0;
    o.in[0] = numbers(T * C, 1);
    o.in[1] = numbers(V * C, 0.5);
    o.dout = numbers(1, 1);
    for (size_t t = 0; t < T; t++)
        targets[t] = t == 0 ? (int32_t)V - 1 : (int32_t)random_below(&seed, V);
    memcpy(old, dw.f, V * C * sizeof *old);
    struct pith_tensor weight = store(&o.in[1], PITH_F32, V, C);
    open_machine(&m, set, 2, T, C, 1, 1);
    pith_target_losses_backward(&m.backward, dx.f, dw.f, got, o.in[0].f,
                                &weight, targets, T, o.dout.f[0], accumulate);
    pith_target_losses_backward(&m.backward, other.f, NULL, got, o.in[0].f,
                                &weight, targets, T, o.dout.f[0], accumulate);
    ck_assert(memcmp(other.f, dx.f, T * C * sizeof(float)) == 0);
    for (size_t t = 0; t < T; t++)
        sum += (double)got[t];
    ck_assert_double_eq_tol(sum * o.dout.d[0], losses(&o), 1e-4);
    check_gradient(set, &o, 0, dx.f, NULL, 2e-5);
    check_gradient(set, &o, 1, dw.f, accumulate ? old : NULL, 2e-5);
    close_machine(&m);
    release(&o.in[0]), release(&o.in[1]), release(&o.dout);
    release(&dx), release(&dw), release(&other);
    free(old), free(got), free(targets);
    free((void *)(uintptr_t)weight.data);
}

START_TEST(losses_backward_match)
{
    const char *set = pith_kernels_name((size_t)_i);
    if (set == NULL)
        return;
    check_losses(set, 1, 1, 1, false);
    check_losses(set, 3, 8, 97, true);
    check_losses(set, 35, 12, 2049, false); /* stripes end at 2048 */
    check_losses(set, 2, 6, 4200, true);
}
END_TEST

/* --- embedding, scale, AdamW, sums ---------------------------------------- */

START_TEST(embedding_rows_gather_their_gradients)
{
    static const int32_t rows[] = {2, 0, 2, 2};
    enum { C = 131 };
    const char *set = pith_kernels_name((size_t)_i);
    struct machine m;
    if (set == NULL)
        return;
    struct numbers dx = numbers(4 * C, 1), table = numbers(3 * C, 1);
    open_machine(&m, set, 2, 4, C, 1, 1);
    pith_embed_backward(&m.backward, table.f, dx.f, rows, 4, C);
    for (size_t c = 0; c < C; c++) {
        ck_assert_float_eq(table.f[C + c], (float)table.d[C + c]);
        ck_assert_double_eq_tol(table.f[c], table.d[c] + dx.d[C + c], 1e-6);
        ck_assert_double_eq_tol(table.f[2 * C + c],
                                table.d[2 * C + c] + dx.d[c] +
                                    dx.d[2 * C + c] + dx.d[3 * C + c],
                                2e-6);
    }
    pith_scale(&m.backward, dx.f, dx.n, 0.5f);
    for (size_t i = 0; i < dx.n; i++)
        ck_assert_float_eq(dx.f[i], 0.5f * (float)dx.d[i]);
    close_machine(&m);
    release(&dx), release(&table);
}
END_TEST

static void check_adamw(struct machine *m, size_t n)
{
    struct numbers w = numbers(n, 1), g = numbers(n, 1), v = numbers(n, 1);
    struct numbers first = numbers(n, 1);
    double lr = 1e-2, b1 = 0.9, b2 = 0.99, decay = 0.1, scale = 0.7;
    double c1 = 1 - pow(b1, 3), c2 = 1 - pow(b2, 3), eps = 1e-3;
    struct pith_adamw_factors factors = {
        .scale = (float)scale, .beta1 = (float)b1, .rest1 = (float)(1 - b1),
        .beta2 = (float)b2, .rest2 = (float)(1 - b2),
        .keep = (float)(1 - lr * decay), .rate = (float)(lr / c1),
        .root = (float)(1 / sqrt(c2)), .eps = (float)eps};
    for (size_t i = 0; i < n; i++)
        v.f[i] = (float)(v.d[i] *= v.d[i]);
    pith_adamw(&m->compute, w.f, first.f, v.f, g.f, n, &factors);
    for (size_t i = 0; i < n; i++) {
        double grad = g.d[i] * scale;
        double m1 = b1 * first.d[i] + (1 - b1) * grad;
        double v1 = b2 * v.d[i] + (1 - b2) * grad * grad;
        double w1 = w.d[i] - lr * decay * w.d[i] -
                    lr * (m1 / c1) / (sqrt(v1 / c2) + eps);
        ck_assert_double_eq_tol(first.f[i], m1, 1e-6);
        ck_assert_double_eq_tol(v.f[i], v1, 1e-6 * (1 + v1));
        ck_assert_double_eq_tol(w.f[i], w1, 2e-6 * (1 + fabs(w1)));
    }
    release(&w), release(&g), release(&v), release(&first);
}

START_TEST(adamw_follows_its_equations)
{
    const char *set = pith_kernels_name((size_t)_i);
    struct machine m;
    if (set == NULL)
        return;
    open_machine(&m, set, 2, 1, 1, 1, 1);
    for (size_t n = 0; n < 40; n++)
        check_adamw(&m, n);
    check_adamw(&m, 50001);
    close_machine(&m);
}
END_TEST

START_TEST(squares_are_summed)
{
    const char *set = pith_kernels_name((size_t)_i);
    static const size_t sizes[] = {0, 1, 17, 65537, 4200001};
    struct machine m[2];
    if (set == NULL)
        return;
    for (int i = 0; i < 2; i++)
        open_machine(&m[i], set, i + 1, 1, 1, 1, 1);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct numbers x = numbers(sizes[i], 1);
        double want = 0;
        for (size_t j = 0; j < x.n; j++)
            want += x.d[j] * x.d[j];
        double got = pith_sum_of_squares(&m[0].backward, x.f, x.n);
        ck_assert_double_eq_tol(got, want, 1e-5 * want + 1e-30);
        ck_assert(got == pith_sum_of_squares(&m[1].backward, x.f, x.n));
        pith_clear(&m[1].compute, x.f, x.n);
        ck_assert(pith_sum_of_squares(&m[0].backward, x.f, x.n) == 0);
        release(&x);
    }
    for (int i = 0; i < 2; i++)
        close_machine(&m[i]);
}
END_TEST

Suite *make_suite(void)
{
    enum { MAX_SETS = 8 };
    Suite *suite = suite_create("gradient_ops");
    TCase *tests = tcase_create("gradient_ops");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, linear_backward_matches, 0, MAX_SETS);
    tcase_add_loop_test(tests, precisions_go_back_alike, 0, MAX_SETS);
    tcase_add_loop_test(tests, norms_backward_match, 0, MAX_SETS);
    tcase_add_loop_test(tests, activations_backward_match, 0, MAX_SETS);
    tcase_add_loop_test(tests, attention_backward_matches, 0, MAX_SETS);
    tcase_add_loop_test(tests, losses_backward_match, 0, MAX_SETS);
    tcase_add_loop_test(tests, embedding_rows_gather_their_gradients, 0,
                        MAX_SETS);
    tcase_add_loop_test(tests, adamw_follows_its_equations, 0, MAX_SETS);
    tcase_add_loop_test(tests, squares_are_summed, 0, MAX_SETS);
    suite_add_tcase(suite, tests);
    return suite;
}
