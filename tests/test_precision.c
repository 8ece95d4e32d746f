/*
 * test_precision.c - matrix products in every precision, with every set of
 * kernels: against sums in double of factors rounded as precision.h says,
 * tiles of AMX bit by bit, the promise that neighbours and threads change
 * nothing, and memory that ends where the contract says.
 */
#define _DEFAULT_SOURCE
#include <math.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "../src/base/memory.h"
#include "../src/base/narrow.h"
#include "../src/kernels/int8x3.h"
#include "../src/kernels/integers.h"
#include "../src/kernels/ops.h"
#include "../src/kernels/ops_single.h"
#include "../src/kernels/precision.h"
#include "../src/kernels/scratch.h"
#include "../src/model/batch.h"
#include "../src/model/extend.h"
#include "../src/model/state.h"
#include "guarded.h"
#include "support.h"
#include "tiny_model.h"

enum { MAX_SETS = 8, MAX_THREADS = 3 };

static const enum pith_type TYPES[] = {PITH_F32, PITH_F16, PITH_BF16, PITH_Q8,
                                       PITH_Q4};
enum { N_TYPES = sizeof TYPES / sizeof *TYPES };

static const char *const NAMES[] = {"f32",   "bf16", "bf16x3", "int16",
                                    "int8", "int8x3"};
enum { N_NAMES = sizeof NAMES / sizeof *NAMES };

static uint64_t seed = 11;

static const struct pith_kernels *set_at(int index)
{
    const char *name = pith_kernels_name((size_t)index);
    return name != NULL ? pith_kernels_get(name) : NULL;
}

static bool is(const struct pith_precision *precision, const char *name)
{
    return strcmp(precision->name, name) == 0;
}

/* Floats of a row with n weights. */
static size_t row_floats(const struct pith_precision *precision, size_t n)
{
    size_t unit = precision->unit;
    return precision->row_stride > 0 ? precision->row_stride
                                     : (n + unit - 1) / unit * unit;
}

static void multiply_rows(const struct pith_kernels *set,
                          const struct pith_precision *precision, float *out,
                          const float *weights, const float *panel,
                          size_t n_rows, size_t depth, size_t n_lanes,
                          bool add)
{
    pith_begin(precision);
    pith_multiply_rows(set, precision, out, weights, panel, n_rows, depth,
                       n_lanes, add);
    pith_end(precision);
}

static void multiply(const struct pith_kernels *set,
                     const struct pith_precision *precision, float *out,
                     const float *weights, const float *panel, size_t depth,
                     size_t n_lanes, bool add)
{
    multiply_rows(set, precision, out, weights, panel,
                  pith_rows_of_tile(set, precision), depth, n_lanes, add);
}

/* --- what the process is permitted ----------------------------------------- */

/* The register files that this process may use besides those of every one. */
static uint64_t permitted(void)
{
    uint64_t features = 0;
#if defined(__linux__) && defined(__x86_64__)
    enum { ARCH_GET_XCOMP_PERM = 0x1022 };
    if (syscall(SYS_arch_prctl, ARCH_GET_XCOMP_PERM, &features) != 0)
        features = 0;
#endif
    return features;
}

START_TEST(describing_asks_for_nothing)
{
    uint64_t before = permitted();
    struct pith_model *model = tiny_model_load(TINY_LLAMA, PITH_Q8, NULL);
    struct pith_model_info info;
    pith_model_describe(model, &info);
    for (size_t i = 0; pith_kernels_name(i) != NULL; i++)
        ck_assert_ptr_nonnull(pith_precision_get(set_at((int)i), "bf16"));
    ck_assert(permitted() == before);

    /* Computing does. */
    struct pith_session *session = NULL;
    ck_assert_int_eq(pith_session_create(model, NULL, &session, NULL), PITH_OK);
    ck_assert_str_eq(pith_session_precision(session), info.auto_precision);
    ck_assert(strcmp(info.auto_precision, "int8x3") != 0 ||
              permitted() != before);
    pith_session_free(session);
    pith_model_free(model);
}
END_TEST

/* What the tests below compute with. */
static void permit_all(void)
{
    const struct pith_precision *precision;
    const struct pith_kernels *set;
    for (int i = 0; (set = set_at(i)) != NULL; i++)
        for (size_t p = 0; (precision = pith_precision_usable(set, p)); p++)
            ck_assert(precision->permit == NULL || precision->permit());
}

/* --- the choice ----------------------------------------------------------- */

START_TEST(names_stand_for_precisions)
{
    const struct pith_kernels *set = set_at(_i);
    if (set == NULL)
        return;
    for (size_t i = 0; i < N_NAMES; i++) {
        const struct pith_precision *precision =
            pith_precision_get(set, NAMES[i]);
        ck_assert_ptr_nonnull(precision);
        ck_assert_str_eq(pith_precision_get_name(precision), NAMES[i]);
        ck_assert(precision->usable(set));
    }
    ck_assert_ptr_null(pith_precision_get(set, "f64"));
    ck_assert_ptr_null(pith_precision_get(set, ""));
    ck_assert_ptr_eq(pith_precision_usable(set, 0), &pith_precision_f32);
    /* Of those that decide as f32 does, and only where they are faster. */
    const struct pith_precision *chosen = pith_precision_get(set, "auto");
    ck_assert(is(chosen, "f32") || is(chosen, "int8x3") || is(chosen, "int16"));
    ck_assert_str_ne(chosen->means, "portable");
    ck_assert_str_ne(chosen->means, "emulated");
    const struct pith_precision *precision;
    for (size_t i = 0; (precision = pith_precision_usable(set, i)); i++) {
        ck_assert_uint_eq(PITH_BLOCK_ROWS % pith_rows_of_tile(set, precision), 0);
        ck_assert_uint_eq(pith_step(precision) % precision->unit, 0);
        for (size_t n = 1; n < 3 * PITH_STEP; n++)
            ck_assert_uint_lt(pith_panel_rows(precision, n),
                              n + PITH_WIDEST_UNIT);
    }
}
END_TEST

/* --- linear layers -------------------------------------------------------- */

static float *random_floats(size_t n, double scale)
{
    float *x = pith_array(n, sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(random_normal(&seed) * scale);
    return x;
}

/* What is in memory that is written over: anything but zeros. */
static float *some_floats(size_t n)
{
    float *x = pith_array(n, sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(1 + random_next(&seed) % 1000);
    return x;
}

static struct pith_tensor random_tensor(enum pith_type type, size_t rows,
                                        size_t cols)
{
    size_t row_bytes = pith_row_bytes(type, cols);
    uint8_t *data = pith_array(rows, row_bytes);
    ck_assert_ptr_nonnull(data);
    for (size_t r = 0; r < rows; r++) {
        float *row = random_floats(cols, 0.3);
        pith_row_from_floats(data + r * row_bytes, type, row, cols);
        free(row);
    }
    return (struct pith_tensor){type, rows, cols, data};
}

static struct pith_compute open_compute(const struct pith_kernels *set,
                                        const struct pith_precision *precision,
                                        int n_threads, size_t T, size_t width)
{
    struct pith_compute compute;
    struct pith_error error;
    struct pith_compute_limits limits = {T, width, 0, 1};
    assert_ok(pith_compute_init(&compute, set, n_threads, &limits, &error),
              error);
    compute.precision = precision;
    return compute;
}

/* Factors that integers are made of, a group at a time. */
static void round_to_integers(float *x, size_t n, size_t group, int32_t most)
{
    for (size_t i = 0; i < n; i += group) {
        int32_t q[PITH_PAIRS_GROUP];
        size_t size = n - i < group ? n - i : group;
        float scale = pith_quantise(q, x + i, size, most);
        for (size_t j = 0; j < size; j++)
            x[i + j] = scale * (float)q[j];
    }
}

static void round_to_bf16(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = pith_bf16_to_f32(pith_f32_to_bf16(x[i]));
}

/* n factors as the precision sees them. */
static void round_token(const struct pith_precision *precision, float *x,
                        size_t n)
{
    if (is(precision, "bf16"))
        round_to_bf16(x, n);
    if (is(precision, "int8"))
        round_to_integers(x, n, PITH_INT8_GROUP, PITH_INT8_MAX);
    if (is(precision, "int16"))
        round_to_integers(x, n, PITH_INT16_GROUP, PITH_INT16_MAX_TOKEN);
    if (is(precision, "int8x3"))
        round_to_integers(x, n, PITH_PAIRS_GROUP, PITH_PAIR_MAX);
}

static void round_weights(const struct pith_precision *precision, float *x,
                          size_t n, enum pith_type type)
{
    bool bytes = type == PITH_Q8 || type == PITH_Q4;
    if (is(precision, "bf16"))
        round_to_bf16(x, n);
    if (is(precision, "int8") && !bytes)
        round_to_integers(x, n, PITH_INT8_GROUP, PITH_INT8_MAX);
    if (is(precision, "int16") && !bytes)
        round_to_integers(x, n, PITH_INT16_GROUP, PITH_INT16_MAX_WEIGHT);
    if (is(precision, "int8x3"))
        round_to_integers(x, n, PITH_PAIRS_GROUP, PITH_PAIR_MAX);
}

/* A row of q8 or q4 as the specification of int16 has it. */
static void widen_row(float *x, const struct pith_tensor *weight, size_t row)
{
    size_t step_bytes = pith_row_bytes(weight->type, PITH_STEP);
    const uint8_t *bytes =
        weight->data + row * pith_row_bytes(weight->type, weight->cols);
    for (size_t c = 0; c < weight->cols; c += PITH_STEP, bytes += step_bytes) {
        size_t n = weight->cols - c < PITH_STEP ? weight->cols - c : PITH_STEP;
        float groups[PITH_ROW_STRIDE];
        pith_precision_int16.unpack(&pith_kernels_scalar, groups, weight->type,
                                    bytes, n);
        for (size_t i = 0; i < n; i++) {
            int16_t pair[2];
            const float *group = groups + i / PITH_INT16_GROUP *
                                 pith_group_floats(PITH_INT16_PACKED);
            memcpy(pair, &group[i % PITH_INT16_GROUP / 2], sizeof pair);
            x[c + i] = group[PITH_INT16_PACKED] * pair[i % 2];
        }
    }
}

/* Error allowed, as a share of the sum of |products|. */
static double tolerance(const struct pith_precision *precision)
{
    /* What the products of two low halves are, at most. */
    const double left_out = is(precision, "bf16x3")   ? 1.5 * 0x1p-16
                            : is(precision, "int8x3") ? 1e-4
                                                      : 0;
    return 1e-6 + left_out;
}

static void check_linear(const struct pith_kernels *set,
                         const struct pith_precision *precision,
                         enum pith_type type, size_t T, size_t C, size_t N)
{
    struct pith_tensor weight = random_tensor(type, N, C);
    struct pith_compute compute = open_compute(set, precision, 2, T, C);
    float *x = random_floats(T * C, 1), *out = random_floats(T * N, 1);
    float *row = random_floats(C, 1);
    pith_linear(&compute, out, x, &weight, NULL, T, false);
    for (size_t t = 0; t < T; t++)
        round_token(precision, x + t * C, C);
    for (size_t n = 0; n < N; n++) {
        pith_row_to_floats(row, &weight, n);
        if (is(precision, "int16") && (type == PITH_Q8 || type == PITH_Q4))
            widen_row(row, &weight, n);
        round_weights(precision, row, C, type);
        for (size_t t = 0; t < T; t++) {
            double sum = 0, size = 0;
            for (size_t c = 0; c < C; c++) {
                double product = (double)row[c] * x[t * C + c];
                sum += product;
                size += fabs(product);
            }
            ck_assert_msg(fabs(out[t * N + n] - sum) <=
                              tolerance(precision) * size + 1e-30,
                          "%s %s %s: %g is not %g (of %g), T %zu C %zu N %zu",
                          pith_kernels_get_name(set), precision->name,
                          precision->means, out[t * N + n], sum, size, T, C, N);
        }
    }
    pith_compute_free(&compute);
    free((void *)(uintptr_t)weight.data);
    free(x), free(out), free(row);
}

START_TEST(linear_layers_match)
{
    static const struct { size_t T, C, N; } SHAPES[] = {
        {1, 32, 1},   {3, 64, 7},     {33, 96, 97},
        {17, 288, 31}, {40, 544, 100}, {513, 32, 3}};
    const struct pith_kernels *set = set_at(_i);
    const struct pith_precision *precision;
    if (set == NULL)
        return;
    for (size_t p = 0; (precision = pith_precision_usable(set, p)); p++) {
        for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++)
            for (size_t j = 0; j < N_TYPES; j++)
                check_linear(set, precision, TYPES[j], SHAPES[i].T,
                             SHAPES[i].C, SHAPES[i].N);
        for (size_t C = 1; C < 68; C++) /* no quantised blocks */
            check_linear(set, precision, TYPES[C % 3], C % 19 + 1, C,
                         C % 23 + 1);
    }
}
END_TEST

/* --- no bit changes ------------------------------------------------------- */

enum { WIDTH = 352, OUT = 131, TOTAL = 280 };

/* (T, OUT) and then (T) losses of the first T of TOTAL tokens. */
static float *run(const struct pith_kernels *set,
                  const struct pith_precision *precision, int n_threads,
                  size_t T)
{
    uint64_t old = seed;
    struct pith_tensor weight = random_tensor(PITH_Q4, OUT, WIDTH);
    float *x = random_floats(TOTAL * WIDTH, 1);
    float *out = random_floats(T * OUT + T, 1);
    int32_t targets[TOTAL];
    for (size_t t = 0; t < TOTAL; t++)
        targets[t] = (int32_t)(t * 37 % OUT);
    seed = old; /* the same for every run */
    struct pith_compute compute =
        open_compute(set, precision, n_threads, T, WIDTH);
    pith_linear(&compute, out, x, &weight, NULL, T, false);
    pith_target_losses(&compute, out + T * OUT, x, &weight, targets, T);
    pith_compute_free(&compute);
    free((void *)(uintptr_t)weight.data);
    free(x);
    return out;
}

START_TEST(threads_and_neighbours_change_no_bit)
{
    static const size_t FEWER[] = {1, 7, 16, 17, 32, 33, 279};
    const struct pith_kernels *set = set_at(_i);
    const struct pith_precision *precision;
    if (set == NULL)
        return;
    for (size_t p = 0; (precision = pith_precision_usable(set, p)); p++) {
        float *all = run(set, precision, 1, TOTAL);
        for (int n_threads = 2; n_threads <= MAX_THREADS; n_threads++) {
            float *again = run(set, precision, n_threads, TOTAL);
            ck_assert_mem_eq(again, all, (TOTAL * OUT + TOTAL) * sizeof *all);
            free(again);
        }
        for (size_t i = 0; i < sizeof FEWER / sizeof *FEWER; i++) {
            size_t T = FEWER[i];
            float *few = run(set, precision, 2, T);
            ck_assert_mem_eq(few, all, T * OUT * sizeof *all);
            ck_assert_mem_eq(few + T * OUT, all + TOTAL * OUT,
                             T * sizeof *all);
            free(few);
        }
        free(all);
    }
}
END_TEST

/* --- several layers in one ------------------------------------------------ */

/* A feed-forward part, and its weights. */
struct part {
    struct pith_tensor up, gate, down;
    float *up_bias, *down_bias;
    struct pith_feed_forward layer;
};

static void random_part(struct part *part, enum pith_type type, size_t C,
                        size_t F, bool gated)
{
    part->up = random_tensor(type, F, C);
    part->gate = random_tensor(type, F, C);
    part->down = random_tensor(type == PITH_Q4 ? PITH_BF16 : type, C, F);
    part->up_bias = random_floats(F, 1);
    part->down_bias = random_floats(C, 1);
    part->layer = (struct pith_feed_forward){
        .up = &part->up,
        .gate = gated ? &part->gate : NULL,
        .down = &part->down,
        .up_bias = gated ? NULL : part->up_bias,
        .down_bias = gated ? NULL : part->down_bias};
}

static void free_part(struct part *part)
{
    free((void *)(uintptr_t)part->up.data);
    free((void *)(uintptr_t)part->gate.data);
    free((void *)(uintptr_t)part->down.data);
    free(part->up_bias), free(part->down_bias);
}

/* out (T, C) += the feed-forward part, one operation after the other; up and
 * gate (T, F) on the way. */
static void feed_forward_in_steps(struct pith_compute *compute, float *out,
                                  float *up, float *gate, const float *x,
                                  const struct part *part, size_t T)
{
    const struct pith_feed_forward *layer = &part->layer;
    size_t F = part->up.rows;
    pith_linear(compute, up, x, &part->up, layer->up_bias, T, false);
    pith_linear(compute, gate, x, &part->gate, NULL, T, false);
    float *hidden = pith_array(T * F, sizeof *hidden);
    memcpy(hidden, layer->gate != NULL ? gate : up, T * F * sizeof *hidden);
    if (layer->gate != NULL)
        pith_silu_mul(compute, hidden, up, T * F);
    else
        pith_gelu(compute, hidden, T * F);
    pith_linear(compute, out, hidden, &part->down, layer->down_bias, T, true);
    free(hidden);
}

static void check_part(const struct pith_kernels *set,
                       const struct pith_precision *precision,
                       enum pith_type type, size_t T, size_t C, size_t F,
                       bool gated)
{
    struct part part;
    random_part(&part, type, C, F, gated);
    struct pith_compute compute =
        open_compute(set, precision, 2, T, C > F ? C : F);
    float *x = random_floats(T * C, 1), *out = random_floats(T * C, 1);
    float *want = pith_array(T * C, sizeof *want);
    float *up = random_floats(T * F, 1), *gate = random_floats(T * F, 1);
    float *both[2] = {random_floats(T * F, 1), random_floats(T * F, 1)};
    float *gain = random_floats(C, 1), *normed = random_floats(T * C, 1);
    struct pith_norm norm = {gain, gated ? NULL : part.down_bias, 1e-5f};
    memcpy(want, x, T * C * sizeof *x);
    pith_normalise(&compute, normed, x, &norm, T, C);
    feed_forward_in_steps(&compute, want, up, gate, normed, &part, T);
    memcpy(out, x, T * C * sizeof *x);
    pith_feed_forward(&compute, out, normed, NULL, &part.layer, T);
    ck_assert_mem_eq(out, want, T * C * sizeof *out);
    memcpy(out, x, T * C * sizeof *x);
    pith_feed_forward(&compute, out, out, &norm, &part.layer, T);
    ck_assert_mem_eq(out, want, T * C * sizeof *out);

    struct pith_linear_output layers[] = {
        {both[0], &part.up, part.layer.up_bias}, {both[1], &part.gate, NULL}};
    pith_linear_outputs(&compute, layers, 2, x, &norm, T);
    ck_assert_mem_eq(both[0], up, T * F * sizeof *up);
    ck_assert_mem_eq(both[1], gate, T * F * sizeof *gate);
    pith_compute_free(&compute);
    free_part(&part);
    free(x), free(out), free(want), free(up), free(gate);
    free(gain), free(normed);
    free(both[0]), free(both[1]);
}

START_TEST(several_layers_in_one_change_no_bit)
{
    static const struct { size_t T, C, F; } SHAPES[] = {
        {1, 32, 32},   {7, 64, 100}, {33, 96, 224}, {40, 192, 193},
        {17, 800, 160}, {516, 32, 96}, {20, 64, 1600}, {9, 1700, 320}};
    const struct pith_kernels *set = set_at(_i);
    const struct pith_precision *precision;
    if (set == NULL)
        return;
    for (size_t p = 0; (precision = pith_precision_usable(set, p)); p++)
        for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
            size_t C = SHAPES[i].C, F = SHAPES[i].F;
            enum pith_type type = C % 32 == 0 && F % 32 == 0
                                      ? TYPES[(p + i) % N_TYPES]
                                      : PITH_F32;
            check_part(set, precision, type, SHAPES[i].T, C, F, i % 2);
        }
}
END_TEST

/* --- attention ------------------------------------------------------------ */

struct shape {
    size_t T, H, n_kv_head, D, n_keys;
};

/* The first T of s->T tokens. */
static float *attend(const struct pith_kernels *set,
                     const struct pith_precision *precision, int n_threads,
                     const struct shape *s, size_t T)
{
    uint64_t old = seed;
    size_t n_kv = s->n_kv_head * s->n_keys * s->D;
    float *q = random_floats(s->T * s->H * s->D, 1);
    float *k = random_floats(n_kv, 1), *v = random_floats(n_kv, 1);
    float *out = pith_array(T * s->H * s->D, sizeof *out);
    struct pith_compute_limits limits = {T, 1, 0, s->D};
    struct pith_compute compute;
    struct pith_error error;
    seed = old; /* the same for every call */
    assert_ok(pith_compute_init(&compute, set, n_threads, &limits, &error),
              error);
    compute.precision = precision;
    pith_attention(&compute, out, q, k, v, T, s->H, s->n_kv_head, s->D,
                   s->n_keys - s->T + T, s->n_keys);
    pith_compute_free(&compute);
    free(q), free(k), free(v);
    return out;
}

/* test_ops.c compares float32 with sums in double. */
START_TEST(attention_is_as_exact_as_float32)
{
    static const struct shape SHAPES[] = {
        {1, 2, 1, 8, 5},    {33, 9, 3, 64, 33},  {40, 2, 2, 24, 231},
        {65, 1, 1, 67, 400}, {20, 2, 1, 192, 210}, {20, 2, 1, 200, 210}};
    const struct pith_kernels *set = set_at(_i);
    const struct pith_precision *precision;
    if (set == NULL)
        return;
    for (size_t p = 0; (precision = pith_precision_usable(set, p)); p++)
        for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
            const struct shape *s = &SHAPES[i];
            size_t width = s->H * s->D, T = s->T;
            float *want = attend(set, &pith_precision_f32, 1, s, T);
            float *got = attend(set, precision, 1, s, T);
            assert_close(precision->name, got, want, T * width, 0, 5e-5);
            float *again = attend(set, precision, 3, s, T);
            ck_assert_mem_eq(again, got, T * width * sizeof *got);
            float *fewer = attend(set, precision, 2, s, (T + 1) / 2);
            ck_assert_mem_eq(fewer, got, (T + 1) / 2 * width * sizeof *got);
            free(want), free(got), free(again), free(fewer);
        }
}
END_TEST

/* --- memory --------------------------------------------------------------- */

START_TEST(nothing_else_is_touched)
{
    const struct pith_kernels *set = set_at(_i);
    const struct pith_precision *precision;
    if (set == NULL)
        return;
    size_t L = set->lanes;
    for (size_t p = 0; (precision = pith_precision_usable(set, p)); p++)
        for (size_t n = 1; n <= 96; n += n < 36 ? 1 : 12)
            for (size_t j = 0; j < N_TYPES; j++) {
                if (TYPES[j] >= PITH_Q8 && n % PITH_Q_BLOCK != 0)
                    continue;
                size_t lanes = n % L + 1;
                size_t rows = pith_rows_of_tile(set, precision);
                struct guarded x = guarded_normals(lanes * n, &seed);
                struct guarded bytes = guard(pith_row_bytes(TYPES[j], n));
                struct guarded panel = guarded_normals(
                    pith_panel_rows(precision, n) * L, &seed);
                struct guarded weights = guarded_normals(
                    (rows - 1) * pith_row_stride(precision) +
                        row_floats(precision, n),
                    &seed);
                struct guarded out = guarded_normals(rows * L, &seed);
                pith_row_from_floats(bytes.bytes, TYPES[j], x.floats, n);
                for (size_t r = 0; r < rows; r++)
                    precision->unpack(set,
                                      weights.floats + r * pith_row_stride(precision),
                                      TYPES[j], bytes.bytes, n);
                precision->pack(set, panel.floats, 0, x.floats, n, lanes, n);
                multiply(set, precision, out.floats, weights.floats,
                         panel.floats, n, lanes, false);
                for (size_t i = 0; i < rows * L; i++)
                    ck_assert(i % L >= lanes || isfinite(out.floats[i]));
                release(&x), release(&bytes), release(&panel);
                release(&weights), release(&out);
            }
}
END_TEST

/* The precision of integers that has the same bits, the portable one; NULL: it
 * is not one of integers. */
static const struct pith_precision *
specification(const struct pith_precision *precision)
{
    return is(precision, "int8")     ? &pith_precision_int8
           : is(precision, "int16")  ? &pith_precision_int16
           : is(precision, "int8x3") ? &pith_precision_int8x3
                                     : NULL;
}

/* --- AMX, bit by bit ------------------------------------------------------ */

enum { GROUP = 32 };

/* The high and the low halves of n floats and zeros after them. */
static void split(float *halves[2], const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        halves[0][i] = pith_bf16_to_f32(pith_f32_to_bf16(x[i]));
        halves[1][i] =
            pith_bf16_to_f32(pith_f32_to_bf16(x[i] - halves[0][i]));
    }
}

/* What one instruction adds: even and odd columns are summed apart. */
static float group_sum(const float *w, const float *x)
{
    float even = 0, odd = 0;
    for (size_t c = 0; c < GROUP; c += 2) {
        even += w[c] * x[c];
        odd += w[c + 1] * x[c + 1];
    }
    return even + odd;
}

static float amx_product(bool pairs, float sum, const float *w, const float *x,
                         size_t n)
{
    float w_high[PITH_STEP] = {0}, w_low[PITH_STEP] = {0};
    float x_high[PITH_STEP] = {0}, x_low[PITH_STEP] = {0};
    split((float *[]){w_high, w_low}, w, n);
    split((float *[]){x_high, x_low}, x, n);
    for (size_t c = 0; c < n; c += GROUP) {
        if (pairs)
            sum += group_sum(w_low + c, x_high + c);
        sum += group_sum(w_high + c, x_high + c);
        if (pairs)
            sum += group_sum(w_high + c, x_low + c);
    }
    return sum;
}

/* w (rows, n), x (lanes, n). */
static void check_amx_tile(const struct pith_kernels *set,
                           const struct pith_precision *precision, size_t n,
                           bool add)
{
    size_t L = set->lanes, rows = precision->rows;
    float *w = random_floats(rows * n, 1), *x = random_floats(L * n, 1);
    float *weights = some_floats(rows * pith_row_stride(precision));
    float *panel = some_floats(pith_panel_rows(precision, n) * L);
    float *out = random_floats(rows * L, 1), *want = random_floats(rows * L, 1);
    memcpy(want, out, rows * L * sizeof *out);
    for (size_t r = 0; r < rows; r++) {
        uint8_t bytes[4 * PITH_STEP];
        pith_row_from_floats(bytes, PITH_F32, w + r * n, n);
        precision->unpack(set, weights + r * pith_row_stride(precision), PITH_F32, bytes,
                          n);
    }
    precision->pack(set, panel, 0, x, n, L, n);
    multiply(set, precision, out, weights, panel, n, L, add);
    for (size_t i = 0; i < rows * L; i++)
        want[i] = amx_product(is(precision, "bf16x3"), add ? want[i] : 0,
                              w + i / L * n, x + i % L * n, n);
    ck_assert_mem_eq(out, want, rows * L * sizeof *out);
    free(w), free(x), free(weights), free(panel), free(out), free(want);
}

START_TEST(amx_tiles_are_exact)
{
    const struct pith_kernels *set = set_at(_i);
    const struct pith_precision *precision;
    if (set == NULL)
        return;
    for (size_t p = 0; (precision = pith_precision_usable(set, p)); p++)
        for (size_t n = 1; n <= PITH_STEP; n += n < 36 ? 1 : 44)
            if (strcmp(precision->means, "AMX") == 0 &&
                specification(precision) == NULL)
                check_amx_tile(set, precision, n, n % 2);
}
END_TEST

/* --- integers ------------------------------------------------------------- */

START_TEST(integers_come_from_the_largest)
{
    float x[PITH_Q_BLOCK] = {0.5f,       -1,         0.25f,
                             1 / 127.0f, 1.5f / 127, 2.5f / 127};
    int32_t q[PITH_Q_BLOCK];
    ck_assert_float_eq(pith_quantise(q, x, 6, 127), 1 / 127.0f);
    static const int32_t WANT[] = {64, -127, 32, 1, 2, 2};
    ck_assert_mem_eq(q, WANT, sizeof WANT);
    ck_assert_float_eq(pith_quantise(q, x, 6, 4095), 1 / 4095.0f);
    ck_assert_int_eq(q[0], 2048);
    memset(x, 0, sizeof x);
    ck_assert_float_eq(pith_quantise(q, x, PITH_Q_BLOCK, 127), 0);
    x[3] = 1e-44f;
    ck_assert(isfinite(pith_quantise(q, x, PITH_Q_BLOCK, 127)));
    x[3] = 3e38f;
    ck_assert_float_eq(pith_quantise(q, x, PITH_Q_BLOCK, 127), 3e38f / 127);
    ck_assert_int_eq(q[3], 127);
    x[3] = INFINITY;
    ck_assert(isnan(pith_quantise(q, x, PITH_Q_BLOCK, 127)));
    x[3] = NAN;
    ck_assert(isnan(pith_quantise(q, x, PITH_Q_BLOCK, 127)));
}
END_TEST

/* A row of q8 or q4 with blocks of every kind: random halves as heads, or
 * largest, smallest, zero, not finite. */
static void hostile_row(uint8_t *bytes, enum pith_type type, size_t n)
{
    static const uint16_t HEADS[] = {0,      0x8000, 0x7BFF, 0xFBFF, 1,
                                     0x8001, 0x3C00, 0xBC00, 0x7C00, 0x7E00};
    size_t row_bytes = pith_row_bytes(type, n);
    size_t block_bytes = pith_row_bytes(type, PITH_Q_BLOCK);
    size_t n_heads = random_next(&seed) % 2 ? 8 : 10;
    for (size_t i = 0; i < row_bytes; i++)
        bytes[i] = (uint8_t)random_next(&seed);
    for (uint8_t *block = bytes; block < bytes + row_bytes;
         block += block_bytes)
        for (size_t i = 0; i < (type == PITH_Q4 ? 4 : 2); i += 2) {
            uint64_t dice = random_next(&seed);
            uint16_t head = (uint16_t)(dice >> 8);
            if (dice % 4 == 0)
                head = HEADS[(dice >> 24) % n_heads];
            block[i] = (uint8_t)head;
            block[i + 1] = (uint8_t)(head >> 8);
        }
}

/* Each weight is off by a unit at most, of q8 by little more than half of one,
 * and every integer is in range; a group that is not finite has zeros and
 * NaN. */
static bool words_are_right(const float *row, const struct pith_tensor *weight)
{
    float want[PITH_STEP];
    bool right = true;
    pith_row_to_floats(want, weight, 0);
    for (size_t i = 0; i < weight->cols; i++) {
        const float *group = row + i / PITH_INT16_GROUP *
                                       pith_group_floats(PITH_INT16_PACKED);
        float scale = group[PITH_INT16_PACKED];
        double most = weight->type == PITH_Q4 ? 1.1 : 0.57;
        int16_t pair[2];
        memcpy(pair, &group[i % PITH_INT16_GROUP / 2], sizeof pair);
        int word = pair[i % 2];
        right = right && abs(word) <= 4096 &&
                (isnan(scale)
                     ? word == 0
                     : isfinite(want[i]) &&
                           fabs((double)scale * word - want[i]) <=
                               most * scale);
    }
    return right;
}

/* The same bits, except for those of NaN as a scale. */
static bool words_are_same(const float *got, const float *want)
{
    size_t group = pith_group_floats(PITH_INT16_PACKED);
    bool same = true;
    for (size_t i = 0; i < PITH_ROW_STRIDE; i++)
        same = same && (i % group == PITH_INT16_PACKED && isnan(want[i])
                            ? isnan(got[i])
                            : memcmp(&got[i], &want[i], sizeof *got) == 0);
    return same;
}

START_TEST(blocks_become_words)
{
    enum { TYPE_BYTES = 34 * PITH_STEP / PITH_Q_BLOCK };
    const struct pith_kernels *set = set_at(_i);
    const struct pith_precision *precision, *ways[16];
    size_t n_ways = 0;
    if (set == NULL)
        return;
    for (size_t p = 0; (precision = pith_precision_usable(set, p)); p++)
        if (is(precision, "int16"))
            ways[n_ways++] = precision;
    for (size_t round = 0; round < 3000; round++) {
        uint8_t bytes[TYPE_BYTES];
        size_t n = PITH_Q_BLOCK * (round % (PITH_STEP / PITH_Q_BLOCK) + 1);
        struct pith_tensor row = {round % 2 ? PITH_Q4 : PITH_Q8, 1, n, bytes};
        float want[PITH_ROW_STRIDE] = {0}, got[PITH_ROW_STRIDE];
        hostile_row(bytes, row.type, n);
        pith_precision_int16.unpack(set, want, row.type, bytes, n);
        ck_assert(words_are_right(want, &row));
        for (size_t w = 0; w < n_ways; w++) {
            memset(got, 0, sizeof got);
            ways[w]->unpack(set, got, row.type, bytes, n);
            ck_assert(words_are_same(got, want));
        }
    }
}
END_TEST

/* Two tiles or more of a precision of integers and of its specification. */
static size_t some_rows(const struct pith_precision *precision)
{
    return 2 * (precision->rows > 12 ? precision->rows : 12);
}

/* out (rows, L) of weights (rows, n), in whole tiles, and tokens x (L, n);
 * by way of products (n, L) when they are given. */
static void run_tiles(const struct pith_kernels *set,
                      const struct pith_precision *precision, const float *x,
                      const float *products, const struct pith_tensor *w,
                      float *out, bool add)
{
    size_t L = set->lanes, n = w->cols;
    size_t row_bytes = pith_row_bytes(w->type, n);
    float *weights = some_floats(w->rows * pith_row_stride(precision));
    float *panel = some_floats(pith_panel_rows(precision, n) * L);
    if (products != NULL)
        precision->pack_products(set, panel, 0, products, n);
    else
        precision->pack(set, panel, 0, x, n, L, n);
    for (size_t r = 0; r < w->rows; r++)
        precision->unpack(set, weights + r * pith_row_stride(precision), w->type,
                          w->data + r * row_bytes, n);
    multiply_rows(set, precision, out, weights, panel, w->rows, n, L, add);
    free(weights), free(panel);
}

/* WebAssembly has no fused multiply-add to take a group into the sums with. */
static void assert_as_specified(const struct pith_kernels *set,
                                const float *got, const float *want, size_t n)
{
    if (strcmp(set->name, "simd128") == 0)
        assert_close(set->name, got, want, n, 0, 1e-5);
    else
        ck_assert_mem_eq(got, want, n * sizeof *got);
}

/* Makes the blocks of every other row of q4 hold less than they could. */
static void leave_ends_unused(struct pith_tensor *w)
{
    size_t row_bytes = pith_row_bytes(w->type, w->cols);
    size_t block_bytes = pith_row_bytes(w->type, PITH_Q_BLOCK);
    uint8_t *bytes = (uint8_t *)(uintptr_t)w->data;
    for (size_t i = 0; i < w->rows * row_bytes; i++)
        if (i / row_bytes % 2 == 0 && i % row_bytes % block_bytes >= 4)
            bytes[i] = (uint8_t)((bytes[i] & 0x77) | 0x22);
}

/* Against the specification, bit by bit. */
static void check_integers(const struct pith_kernels *set,
                           const struct pith_precision *precision,
                           enum pith_type type, size_t n, bool add)
{
    size_t L = set->lanes, n_rows = some_rows(precision);
    struct pith_tensor w = random_tensor(type, n_rows, n);
    if (type == PITH_Q4)
        leave_ends_unused(&w);
    float *x = random_floats(L * n, 1), *products = random_floats(n * L, 1);
    float *start = random_floats(n_rows * L, 1);
    float *want = pith_array(n_rows * L, sizeof *want);
    float *got = pith_array(n_rows * L, sizeof *got);
    memset(x + n, 0, n * sizeof *x); /* a token of zeros */
    for (size_t t = 0; t < L; t++)
        for (size_t c = 0; c < n; c++)
            products[c * L + t] = x[t * n + c];
    memcpy(want, start, n_rows * L * sizeof *want);
    run_tiles(set, specification(precision), x, NULL, &w, want, add);
    memcpy(got, start, n_rows * L * sizeof *got);
    run_tiles(set, precision, x, NULL, &w, got, add);
    assert_as_specified(set, got, want, n_rows * L);
    memcpy(got, start, n_rows * L * sizeof *got);
    run_tiles(set, precision, NULL, products, &w, got, add);
    assert_as_specified(set, got, want, n_rows * L);
    free((void *)(uintptr_t)w.data);
    free(x), free(products), free(start), free(want), free(got);
}

START_TEST(tiles_of_integers_are_exact)
{
    const struct pith_kernels *set = set_at(_i);
    const struct pith_precision *precision;
    if (set == NULL)
        return;
    for (size_t p = 0; (precision = pith_precision_usable(set, p)); p++)
        for (size_t n = 1; n <= pith_step(precision); n += n < 36 ? 1 : 44)
            for (size_t j = 0; j < N_TYPES; j++)
                if (specification(precision) != NULL &&
                    (TYPES[j] < PITH_Q8 || n % PITH_Q_BLOCK == 0))
                    check_integers(set, precision, TYPES[j], n, n % 2);
}
END_TEST

/* Sums of the largest integers that there are stay exact, and what is not
 * finite makes its own token, or its row of weights, NaN and no other. */
START_TEST(integers_at_their_limits)
{
    const struct pith_kernels *set = set_at(_i);
    const struct pith_precision *precision;
    if (set == NULL)
        return;
    for (size_t p = 0; (precision = pith_precision_usable(set, p)); p++) {
        if (specification(precision) == NULL)
            continue;
        size_t L = set->lanes, n_rows = some_rows(precision);
        size_t N = pith_step(precision);
        struct pith_tensor w = random_tensor(PITH_F32, n_rows, N);
        float *x = random_floats(L * N, 1), *row = random_floats(N, 1);
        float *out = random_floats(n_rows * L, 1);
        for (size_t i = 0; i < N; i++)
            row[i] = i < N / 2 ? 1 : -1;
        for (size_t r = 0; r < n_rows; r++) {
            row[7] = r == 2 ? INFINITY : 1;
            pith_row_from_floats((uint8_t *)(uintptr_t)w.data + r * 4 * N,
                                 PITH_F32, row, N);
        }
        row[7] = 1;
        for (size_t t = 0; t < L; t++)
            memcpy(x + t * N, row, N * sizeof *x);
        x[N] = INFINITY;
        x[3 * N + 5] = NAN;
        run_tiles(set, precision, x, NULL, &w, out, false);
        for (size_t i = 0; i < n_rows * L; i++)
            if (i % L == 1 || i % L == 3 || i / L == 2)
                ck_assert(isnan(out[i]));
            else
                ck_assert_float_eq_tol(out[i], (float)N, 1e-4f);
        free((void *)(uintptr_t)w.data);
        free(x), free(row), free(out);
    }
}
END_TEST

/* --- sessions ------------------------------------------------------------- */

enum { N_TOKENS = 70 };

static void losses_of(const struct pith_model *model, const char *precision,
                      size_t step, float *losses)
{
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = 2,
                                           .precision = precision};
    struct pith_session *session;
    struct pith_error error;
    int32_t ids[N_TOKENS + 1];
    for (size_t i = 0; i <= N_TOKENS; i++)
        ids[i] = (int32_t)(i * i * 31 % 420);
    assert_ok(pith_session_create(model, &options, &session, &error), error);
    assert_ok(pith_session_reserve(session, 500, &error), error);
    if (precision != NULL && strcmp(precision, "auto") != 0)
        ck_assert_str_eq(pith_session_precision(session), precision);
    for (size_t at = 0; at < N_TOKENS; at += step) {
        size_t n = N_TOKENS - at < step ? N_TOKENS - at : step;
        assert_ok(pith_session_forward(session, NULL, ids + at, n, ids + at + 1,
                                       losses + at, &error),
                  error);
    }
    pith_session_free(session);
}

START_TEST(sessions_have_a_precision)
{
    static const char *const LIST[] = {"f32",   "bf16x3", "auto",  "bf16",
                                       "int16", "int8",   "int8x3"};
    static const double ALLOWED[] = {0, 2e-4, 0.02, 0.05, 0.02, 0.3, 2e-3};
    struct pith_model *model = tiny_model_load(TINY_LLAMA, PITH_Q8, NULL);
    float want[N_TOKENS], got[N_TOKENS], again[N_TOKENS];
    losses_of(model, "f32", N_TOKENS, want);
    for (size_t i = 0; i < sizeof LIST / sizeof *LIST; i++) {
        losses_of(model, LIST[i], N_TOKENS, got);
        assert_close(LIST[i], got, want, N_TOKENS, 0, ALLOWED[i]);
        losses_of(model, LIST[i], 19, again);
        ck_assert_mem_eq(again, got, sizeof got);
    }
    losses_of(model, "auto", N_TOKENS, want);
    losses_of(model, NULL, N_TOKENS, got);
    ck_assert_mem_eq(got, want, sizeof got);
    pith_model_free(model);
}
END_TEST

/* Losses of n tokens as method reference asks for them: in a batch and, where
 * `batched` is false, in the cache. */
static void exact_losses(struct pith_session *session, bool batched,
                         const int32_t *ids, size_t n, float *losses)
{
    struct pith_batch batch = {.precision = pith_session_exact(session)};
    struct pith_error error;
    for (size_t i = 0; i < n; i++)
        pith_batch_add(&batch, ids[i], ids[i]);
    assert_ok(pith_batch_end(&batch, &error), error);
    if (batched) {
        assert_ok(pith_batch_score(&batch, session, "test", &error), error);
        memcpy(losses, batch.losses, n * sizeof *losses);
    } else {
        pith_session_truncate(session, 0);
        assert_ok(pith_session_forward(session, batch.precision, ids, n, ids,
                                       losses, &error), error);
    }
    pith_batch_free(&batch);
}

/* What asks for it gets float32 from a session with "auto", and from its twin,
 * whatever else was asked before; from others the precision that they have. */
START_TEST(exact_losses_are_float32)
{
    static const char *const LIST[] = {"f32", "auto", "bf16"};
    enum { N = 9 };
    const int32_t ids[N] = {5, 9, 2, 7, 1, 30, 40, 8, 3};
    struct pith_model *model = tiny_model_load(TINY_LLAMA, PITH_Q8, NULL);
    float want[N], got[N], before[N], after[N];
    for (size_t i = 0; i < 3; i++) {
        struct pith_session_options options = {
            .sizeof_options = sizeof options, .precision = LIST[i]};
        struct pith_session *session, *twin;
        struct pith_error error;
        assert_ok(pith_session_create(model, &options, &session, &error),
                  error);
        assert_ok(pith_session_twin(session, 50, &twin, &error), error);
        for (size_t j = 0; j < 6; j++) {
            assert_ok(pith_score(session, ids, N, before, &error), error);
            exact_losses(j % 3 == 2 ? twin : session, j < 3, ids, N,
                         i + j == 0 ? want : got);
            if (i + j > 0)
                ck_assert_int_eq(memcmp(got, want, sizeof got) == 0, i < 2);
            assert_ok(pith_score(session, ids, N, after, &error), error);
            ck_assert_mem_eq(after, before, sizeof before);
        }
        pith_session_free(twin);
        pith_session_free(session);
    }
    pith_model_free(model);
}
END_TEST

START_TEST(unknown_precisions_are_refused)
{
    struct pith_model *model = tiny_model_load(TINY_LLAMA, PITH_Q8, NULL);
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .precision = "f64"};
    struct pith_session *session;
    struct pith_error error;
    ck_assert_int_eq(pith_session_create(model, &options, &session, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_ptr_null(session);
    ck_assert_ptr_nonnull(strstr(error.detail, "f64"));
    pith_model_free(model);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("precision");
    TCase *before = tcase_create("before a session");
    tcase_add_test(before, describing_asks_for_nothing);
    suite_add_tcase(suite, before);

    TCase *tcase = tcase_create("precision");
    tcase_set_timeout(tcase, 300);
    tcase_add_unchecked_fixture(tcase, permit_all, NULL);
    tcase_add_loop_test(tcase, names_stand_for_precisions, 0, MAX_SETS);
    tcase_add_loop_test(tcase, linear_layers_match, 0, MAX_SETS);
    tcase_add_loop_test(tcase, threads_and_neighbours_change_no_bit, 0,
                        MAX_SETS);
    tcase_add_loop_test(tcase, several_layers_in_one_change_no_bit, 0,
                        MAX_SETS);
    tcase_add_loop_test(tcase, attention_is_as_exact_as_float32, 0, MAX_SETS);
    tcase_add_loop_test(tcase, nothing_else_is_touched, 0, MAX_SETS);
    tcase_add_loop_test(tcase, amx_tiles_are_exact, 0, MAX_SETS);
    tcase_add_test(tcase, integers_come_from_the_largest);
    tcase_add_loop_test(tcase, blocks_become_words, 0, MAX_SETS);
    tcase_add_loop_test(tcase, tiles_of_integers_are_exact, 0, MAX_SETS);
    tcase_add_loop_test(tcase, integers_at_their_limits, 0, MAX_SETS);
    tcase_add_test(tcase, sessions_have_a_precision);
    tcase_add_test(tcase, exact_losses_are_float32);
    tcase_add_test(tcase, unknown_precisions_are_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
