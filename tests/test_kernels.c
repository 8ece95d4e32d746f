/*
 * test_kernels.c - element types, and every function of every set of kernels
 * on its own: awkward sizes, misaligned pointers, memory that ends where the
 * contract says, and numbers at the edges of float.
 */
#define _DEFAULT_SOURCE
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/half.h"
#include "../src/base/memory.h"
#include "../src/kernels/set.h"
#include "guarded.h"
#include "support.h"

enum { MAX_SETS = 8, MAX_ROWS = 16 };

static const enum pith_type TYPES[] = {PITH_F32, PITH_F16, PITH_BF16, PITH_Q8,
                                       PITH_Q4};
static uint64_t seed = 5;

static const struct pith_kernels *set_at(int index)
{
    const char *name = pith_kernels_name((size_t)index);
    return name != NULL ? pith_kernels_get(name) : NULL;
}

static struct guarded guarded_floats(size_t n)
{
    return guarded_normals(n, &seed);
}

/* --- element types -------------------------------------------------------- */

START_TEST(row_bytes_follow_the_type)
{
    ck_assert_uint_eq(pith_row_bytes(PITH_F32, 33), 132);
    ck_assert_uint_eq(pith_row_bytes(PITH_F16, 33), 66);
    ck_assert_uint_eq(pith_row_bytes(PITH_BF16, 1), 2);
    ck_assert_uint_eq(pith_row_bytes(PITH_Q8, 64), 68);
    ck_assert_uint_eq(pith_row_bytes(PITH_Q4, 64), 40);
    ck_assert_uint_eq(pith_row_bytes(PITH_Q8, 33), 0);
    ck_assert_uint_eq(pith_row_bytes(PITH_Q4, 31), 0);
    ck_assert_str_eq(pith_type_name(PITH_Q8), "q8");
}
END_TEST

/* Blocks written by hand, as GGUF lays them out. */
START_TEST(quantised_blocks_have_ggufs_bytes)
{
    float out[PITH_Q_BLOCK];
    uint8_t q8[34] = {0x00, 0x38}, q4[20] = {0x00, 0x3C, 0x00, 0xC0};
    struct pith_tensor tensor = {PITH_Q8, 1, PITH_Q_BLOCK, q8};
    q8[2] = 0x80, q8[3] = 127, q8[33] = 0xFF; /* scale 0.5 */
    pith_row_to_floats(out, &tensor, 0);
    ck_assert_float_eq(out[0], -64);
    ck_assert_float_eq(out[1], 63.5f);
    ck_assert_float_eq(out[2], 0);
    ck_assert_float_eq(out[31], -0.5f);

    q4[4] = 0x51, q4[19] = 0x0F; /* scale 1, minimum -2 */
    tensor.type = PITH_Q4;
    tensor.data = q4;
    pith_row_to_floats(out, &tensor, 0);
    ck_assert_float_eq(out[0], -1);
    ck_assert_float_eq(out[16], 3);
    ck_assert_float_eq(out[15], 13);
    ck_assert_float_eq(out[31], -2);
}
END_TEST

/* Half a step of the type, and the rounding of scale and minimum. */
static double quantisation_error(enum pith_type type, const float *block)
{
    double low = block[0], high = block[0];
    for (size_t i = 1; i < PITH_Q_BLOCK; i++) {
        low = fmin(low, block[i]);
        high = fmax(high, block[i]);
    }
    double largest = fmax(fabs(low), fabs(high));
    return type == PITH_Q8 ? largest / 254 + largest * 0x1p-11 + 1e-7
                           : (high - low) / 30 +
                                 (high - low + largest) * 0x1p-10;
}

START_TEST(rows_survive_the_round_trip)
{
    float in[2 * PITH_Q_BLOCK], out[2 * PITH_Q_BLOCK];
    uint8_t bytes[sizeof in], again[sizeof in];
    for (int trial = 0; trial < 200; trial++)
        for (size_t j = 0; j < sizeof TYPES / sizeof *TYPES; j++) {
            struct pith_tensor tensor = {TYPES[j], 1, 2 * PITH_Q_BLOCK, bytes};
            for (size_t i = 0; i < 2 * PITH_Q_BLOCK; i++)
                in[i] = random_normal(&seed) * (float)pow(10, trial % 7 - 3) +
                        (float)(trial % 3);
            pith_row_from_floats(bytes, TYPES[j], in, 2 * PITH_Q_BLOCK);
            pith_row_to_floats(out, &tensor, 0);
            for (size_t i = 0; i < 2 * PITH_Q_BLOCK; i++) {
                double error =
                    TYPES[j] == PITH_F32    ? 0
                    : TYPES[j] == PITH_F16  ? fabs(in[i]) * 0x1p-11 + 0x1p-25
                    : TYPES[j] == PITH_BF16 ? fabs(in[i]) * 0x1p-8
                        : quantisation_error(TYPES[j], in + i / 32 * 32);
                ck_assert_msg(fabs((double)in[i] - out[i]) <= error,
                              "%s: %g became %g, allowed %g",
                              pith_type_name(TYPES[j]), in[i], out[i], error);
            }
            if (j < 3) { /* what is representable stays */
                pith_row_from_floats(again, TYPES[j], out, 2 * PITH_Q_BLOCK);
                ck_assert_mem_eq(again, bytes,
                                 pith_row_bytes(TYPES[j], 2 * PITH_Q_BLOCK));
            }
        }
}
END_TEST

/* With the scales that tensor.h names, 1 here, integers stay integers. */
START_TEST(quantised_integers_are_exact)
{
    float in[PITH_Q_BLOCK], out[PITH_Q_BLOCK];
    uint8_t bytes[PITH_Q_BLOCK * 4];
    for (size_t j = 3; j < 5; j++) {
        struct pith_tensor tensor = {TYPES[j], 1, PITH_Q_BLOCK, bytes};
        for (int i = 0; i < PITH_Q_BLOCK; i++)
            in[i] = (float)(j == 3 ? i * 8 - 127 : i % 16 - 5);
        pith_row_from_floats(bytes, TYPES[j], in, PITH_Q_BLOCK);
        pith_row_to_floats(out, &tensor, 0);
        ck_assert_mem_eq(out, in, sizeof in);
    }
}
END_TEST

START_TEST(quantising_extremes_stays_finite)
{
    static const float EXTREMES[] = {0, -0.0f, 1e38f, -1e38f, 1e-38f, 1e-45f};
    float in[PITH_Q_BLOCK], out[PITH_Q_BLOCK];
    uint8_t bytes[PITH_Q_BLOCK * 4];
    for (size_t k = 0; k < sizeof EXTREMES / sizeof *EXTREMES; k++)
        for (size_t j = 3; j < 5; j++) {
            struct pith_tensor tensor = {TYPES[j], 1, PITH_Q_BLOCK, bytes};
            for (size_t i = 0; i < PITH_Q_BLOCK; i++)
                in[i] = i % 3 ? EXTREMES[k] : -EXTREMES[k] / 2;
            pith_row_from_floats(bytes, TYPES[j], in, PITH_Q_BLOCK);
            pith_row_to_floats(out, &tensor, 0);
            for (size_t i = 0; i < PITH_Q_BLOCK; i++)
                ck_assert(isfinite(out[i]));
            in[7] = NAN, in[8] = INFINITY;
            pith_row_from_floats(bytes, TYPES[j], in, PITH_Q_BLOCK);
        }
}
END_TEST

/* Every set gives the bits of pith_row_to_floats(), reads no byte too many
 * and writes no float too many. */
START_TEST(unpacking_is_exact)
{
    const struct pith_kernels *set = set_at(_i);
    if (set == NULL)
        return;
    for (size_t n = 0; n < 300; n += n < 68 ? 1 : 32)
        for (size_t j = 0; j < sizeof TYPES / sizeof *TYPES; j++) {
            if (j > 2 && n % PITH_Q_BLOCK != 0)
                continue;
            size_t size = pith_row_bytes(TYPES[j], n);
            struct guarded row = guard(size), out = guarded_floats(n);
            struct guarded want = guarded_floats(n);
            for (size_t i = 0; i < size; i++)
                row.bytes[i] = (uint8_t)random_next(&seed);
            if (j > 2) /* a NaN in place of a scale has no fixed bits */
                for (size_t i = 1; i < size; i += size / (n / PITH_Q_BLOCK)) {
                    row.bytes[i] &= 0xBB;
                    row.bytes[i + (j == 4 ? 2 : 0)] &= 0xBB;
                }
            struct pith_tensor tensor = {TYPES[j], 1, n, row.bytes};
            pith_row_to_floats(want.floats, &tensor, 0);
            set->unpack(out.floats, TYPES[j], row.bytes, n);
            for (size_t i = 0; i < n; i++)
                ck_assert_msg(pith_float_bits(out.floats[i]) ==
                                      pith_float_bits(want.floats[i]) ||
                                  (isnan(out.floats[i]) &&
                                   isnan(want.floats[i])),
                              "%s %s: weight %zu of %zu is %a, not %a",
                              set->name, pith_type_name(TYPES[j]), i, n,
                              out.floats[i], want.floats[i]);
            release(&row), release(&out), release(&want);
        }
}
END_TEST

/* --- panels --------------------------------------------------------------- */

START_TEST(tiles_multiply)
{
    static const size_t DEPTHS[] = {0, 1, 2, 3, 31, 64, 67, PITH_DEPTH};
    const struct pith_kernels *set = set_at(_i);
    if (set == NULL)
        return;
    size_t L = set->lanes, R = set->rows;
    ck_assert_uint_le(R, MAX_ROWS);
    ck_assert_uint_eq(PITH_BLOCK_ROWS % R, 0);
    ck_assert_uint_eq(PITH_MAX_LANES % L, 0);
    for (size_t d = 0; d < 2 * sizeof DEPTHS / sizeof *DEPTHS; d++) {
        size_t depth = DEPTHS[d / 2];
        bool add = d % 2;
        struct guarded w =
            guarded_floats((R - 1) * PITH_ROW_STRIDE + depth);
        struct guarded x = guarded_floats(depth * L);
        for (size_t n_lanes = 1; n_lanes <= L; n_lanes++) {
            struct guarded out = guarded_floats(R * L);
            float want[MAX_ROWS * PITH_MAX_LANES];
            for (size_t i = 0; i < R * L; i++) {
                double sum = add ? out.floats[i] : 0;
                for (size_t k = 0; k < depth; k++)
                    sum += (double)w.floats[i / L * PITH_ROW_STRIDE + k] *
                           x.floats[k * L + i % L];
                want[i] = (float)sum;
            }
            set->multiply(out.floats, w.floats, x.floats, depth, n_lanes, add);
            for (size_t r = 0; r < R; r++)
                assert_close(set->name, out.floats + r * L, want + r * L,
                             n_lanes, 1e-6, 2e-5);
            release(&out);
        }
        release(&w), release(&x);
    }
}
END_TEST

/* The contract lets the last row of in and out end the memory, and keeps
 * what is between the rows of out. */
START_TEST(transpositions_touch_nothing_else)
{
    const struct pith_kernels *set = set_at(_i);
    if (set == NULL)
        return;
    for (size_t rows = 1; rows < 36; rows++)
        for (size_t cols = 1; cols < 70; cols += cols < 20 ? 1 : 7) {
            size_t in_stride = cols + rows % 3, out_stride = rows + cols % 3;
            size_t n_out = (cols - 1) * out_stride + rows;
            struct guarded in =
                guarded_floats((rows - 1) * in_stride + cols);
            struct guarded out = guarded_floats(n_out);
            float *want = pith_array(n_out, sizeof *want);
            memcpy(want, out.floats, n_out * sizeof *want);
            for (size_t i = 0; i < rows * cols; i++)
                want[i % cols * out_stride + i / cols] =
                    in.floats[i / cols * in_stride + i % cols];
            set->transpose(out.floats, out_stride, in.floats, in_stride, rows,
                           cols);
            ck_assert_mem_eq(out.floats, want, n_out * sizeof *want);
            free(want);
            release(&in), release(&out);
        }
}
END_TEST

START_TEST(panels_are_emitted)
{
    const struct pith_kernels *set = set_at(_i);
    if (set == NULL)
        return;
    size_t L = set->lanes;
    for (size_t n = 1; n <= PITH_BLOCK_ROWS; n += n < 20 ? 1 : 19)
        for (size_t lanes = 1; lanes <= L; lanes++) {
            size_t stride = n + lanes % 3, n_out = (lanes - 1) * stride + n;
            bool add = (n + lanes) % 2, biased = lanes % 4 < 2;
            struct guarded panel = guarded_floats(n * L);
            struct guarded bias = guarded_floats(n);
            struct guarded out = guarded_floats(n_out);
            float *want = pith_array(n_out, sizeof *want);
            memcpy(want, out.floats, n_out * sizeof *want);
            for (size_t t = 0; t < lanes; t++)
                for (size_t i = 0; i < n; i++) {
                    float v = panel.floats[i * L + t] +
                              (biased ? bias.floats[i] : 0);
                    want[t * stride + i] = add ? want[t * stride + i] + v : v;
                }
            set->emit(out.floats, stride, panel.floats, n, lanes,
                      biased ? bias.floats : NULL, add);
            ck_assert_mem_eq(out.floats, want, n_out * sizeof *want);
            free(want);
            release(&panel), release(&bias), release(&out);
        }
}
END_TEST

START_TEST(panels_are_scaled_and_shifted)
{
    const struct pith_kernels *set = set_at(_i);
    if (set == NULL)
        return;
    size_t L = set->lanes;
    for (size_t n = 1; n < 40; n += n < 5 ? 1 : 7) {
        struct guarded panel = guarded_floats(n * L);
        struct guarded factors = guarded_floats(L);
        struct guarded shifts = guarded_floats(n);
        float *want = pith_array(n * L, sizeof *want);
        for (size_t i = 0; i < n * L; i++) {
            want[i] = panel.floats[i] * factors.floats[i % L];
            want[i] += shifts.floats[i / L];
        }
        set->scale(panel.floats, n, factors.floats);
        set->shift(panel.floats, n, shifts.floats);
        ck_assert_mem_eq(panel.floats, want, n * L * sizeof *want);
        free(want);
        release(&panel), release(&factors), release(&shifts);
    }
}
END_TEST

/* --- softmax and the exponential ------------------------------------------ */

static void start_softmax(struct pith_softmax *state)
{
    for (size_t t = 0; t < PITH_MAX_LANES; t++) {
        state->max[t] = -INFINITY;
        state->sum[t] = 0;
    }
}

START_TEST(softmax_in_pieces)
{
    const struct pith_kernels *set = set_at(_i);
    if (set == NULL)
        return;
    size_t L = set->lanes;
    for (size_t n = 1; n < 150; n += n < 20 ? 1 : 17) {
        struct guarded panel = guarded_floats(n * L);
        float *before = pith_array(n * L, sizeof *before);
        struct pith_softmax state;
        size_t cut = (n + 2) / 3;
        for (size_t i = 0; i < n * L; i++)
            before[i] = panel.floats[i] *= 20;
        start_softmax(&state);
        set->softmax(panel.floats, cut, &state);
        set->softmax(panel.floats + cut * L, n - cut, &state);
        for (size_t t = 0; t < L; t++) {
            double max = -INFINITY, sum = 0;
            for (size_t i = 0; i < n; i++)
                max = fmax(max, before[i * L + t]);
            for (size_t i = 0; i < n; i++)
                sum += exp(before[i * L + t] - max);
            ck_assert_float_eq(state.max[t], (float)max);
            ck_assert_float_eq_tol(state.sum[t], (float)sum,
                                   (float)(2e-6 * sum));
            for (size_t i = cut; i < n; i++) {
                /* the difference itself is rounded to a float */
                double d = before[i * L + t] - max, e = exp(d);
                double allowed = (3e-7 - d * 0x1p-23) * e + 1.2e-38;
                ck_assert_float_eq_tol(panel.floats[i * L + t], (float)e,
                                       (float)allowed);
            }
        }
        free(before);
        release(&panel);
    }
}
END_TEST

/* e^x through a softmax whose maximum is 0: x in row 0, 0 in row 1. */
static void exponentials(const struct pith_kernels *set, float *x)
{
    float panel[2 * PITH_MAX_LANES] = {0};
    struct pith_softmax state;
    memcpy(panel, x, set->lanes * sizeof *x);
    start_softmax(&state);
    set->softmax(panel, 2, &state);
    memcpy(x, panel, set->lanes * sizeof *x);
}

START_TEST(exponentials_are_within_two_ulps)
{
    const struct pith_kernels *set = set_at(_i);
    if (set == NULL)
        return;
    double worst = 0;
    for (float start = 0; start > -87; start -= 0.01f) {
        float x[PITH_MAX_LANES], y[PITH_MAX_LANES];
        for (size_t t = 0; t < set->lanes; t++)
            y[t] = x[t] = start - (float)t * 0.000314f;
        exponentials(set, y);
        for (size_t t = 0; t < set->lanes; t++) {
            double want = exp((double)x[t]);
            double ulp = ldexp(1, ilogb(want) - 23);
            worst = fmax(worst, fabs(y[t] - want) / ulp);
        }
    }
    ck_assert_msg(worst <= 2, "%s: %.2f units in the last place", set->name,
                  worst);
}
END_TEST

START_TEST(softmax_at_the_edges)
{
    const float X[] = {0, -INFINITY, -103, -104, -1e30f, -FLT_MAX, -1e-40f,
                       NAN};
    const struct pith_kernels *set = set_at(_i);
    if (set == NULL)
        return;
    float x[PITH_MAX_LANES];
    for (size_t t = 0; t < set->lanes; t++)
        x[t] = X[t % 8];
    exponentials(set, x);
    ck_assert_float_eq(x[0], 1);
    ck_assert_float_eq(x[1], 0);
    ck_assert(x[2] >= 0 && x[2] < 3e-45f); /* a denormal, or 0 */
    ck_assert(x[3] >= 0 && x[3] <= 1e-45f);
    ck_assert_float_eq(x[4], 0);
    ck_assert_float_eq(x[5], 0);
    ck_assert_float_eq(x[6], 1);
    ck_assert(isnan(x[7]));

    /* A maximum of infinity, and rows that are all masked so far. */
    float panel[PITH_MAX_LANES];
    struct pith_softmax state;
    start_softmax(&state);
    for (size_t t = 0; t < set->lanes; t++)
        panel[t] = t % 2 ? 3e38f : 5;
    set->softmax(panel, 1, &state);
    for (size_t t = 0; t < set->lanes; t++)
        panel[t] = -INFINITY;
    set->softmax(panel, 1, &state);
    for (size_t t = 0; t < set->lanes; t++) {
        ck_assert_float_eq(panel[t], 0);
        ck_assert_float_eq(state.scale[t], 1);
        ck_assert_float_eq(state.sum[t], 1);
    }
}
END_TEST

/* --- the functions of ops.h at the edges ---------------------------------- */

START_TEST(activations_at_the_edges)
{
    static const float X[] = {0, -0.0f, 1e-40f, -1e-40f, 100, -100, 1e20f,
                              -1e20f, FLT_MAX, -FLT_MAX, INFINITY, NAN};
    enum { N = sizeof X / sizeof *X };
    const struct pith_kernels *set = set_at(_i);
    if (set == NULL)
        return;
    float x[N], gate[N], up[N];
    for (size_t i = 0; i < N; i++)
        x[i] = gate[i] = X[i], up[i] = 1;
    set->gelu(x, N);
    set->silu_mul(gate, up, N);
    for (size_t i = 0; i < N; i++) {
        double half = X[i] / 2, want = isinf(X[i]) ? X[i] : X[i] > 50 ? X[i]
                      : X[i] < -50 ? 0 : half;
        if (isnan(X[i])) {
            ck_assert(isnan(x[i]) && isnan(gate[i]));
            continue;
        }
        ck_assert_msg(x[i] == (float)want || fabs(x[i] - want) < 1e-44,
                      "%s: gelu(%g) = %g", set->name, X[i], x[i]);
        ck_assert_msg(gate[i] == (float)want || fabs(gate[i] - want) < 1e-36,
                      "%s: silu(%g) = %g", set->name, X[i], gate[i]);
    }
}
END_TEST

START_TEST(norms_touch_nothing_else_and_keep_nan)
{
    const struct pith_kernels *set = set_at(_i);
    if (set == NULL)
        return;
    for (size_t C = 1; C < 68; C++) {
        struct guarded x = guarded_floats(C), gain = guarded_floats(C);
        struct guarded shift = guarded_floats(C), out = guarded_floats(C);
        set->layer_norm(out.floats, x.floats, gain.floats, shift.floats, C,
                        0.1f);
        set->rms_norm(out.floats, x.floats, gain.floats, C, 0.1f);
        for (size_t i = 0; i < C; i++)
            ck_assert(isfinite(out.floats[i]));
        x.floats[C / 2] = NAN;
        set->rms_norm(out.floats, x.floats, gain.floats, C, 0.1f);
        ck_assert(isnan(out.floats[0]) && isnan(out.floats[C - 1]));
        memset(x.floats, 0, C * sizeof(float));
        set->layer_norm(out.floats, x.floats, gain.floats, shift.floats, C,
                        0.1f);
        ck_assert_mem_eq(out.floats, shift.floats, C * sizeof(float));
        release(&x), release(&gain), release(&shift), release(&out);
    }
}
END_TEST

START_TEST(element_kernels_touch_nothing_else)
{
    const struct pith_kernels *set = set_at(_i);
    if (set == NULL)
        return;
    for (size_t n = 0; n < 68; n++) {
        struct guarded x = guarded_floats(2 * n), cosines = guarded_floats(n);
        struct guarded sines = guarded_floats(n), whole = guarded_floats(n);
        set->rotate(x.floats, cosines.floats, sines.floats, n);
        set->silu_mul(whole.floats, cosines.floats, n);
        set->gelu(whole.floats, n);
        for (size_t i = 0; i < n; i++)
            ck_assert(isfinite(x.floats[i]) && isfinite(whole.floats[i]));
        release(&x), release(&cosines), release(&sines), release(&whole);
    }
}
END_TEST

/* --- the choice ----------------------------------------------------------- */

START_TEST(sets_are_chosen_by_name)
{
    size_t n = 0;
    const char *name;
    for (; (name = pith_kernels_name(n)) != NULL; n++) {
        ck_assert_ptr_nonnull(pith_kernels_get(name));
        ck_assert_str_eq(pith_kernels_get_name(pith_kernels_get(name)), name);
    }
    ck_assert_uint_ge(n, 1);
    ck_assert_uint_le(n, MAX_SETS);
    ck_assert_str_eq(pith_kernels_name(n - 1), "scalar");
    ck_assert_ptr_eq(pith_kernels_best(),
                     pith_kernels_get(pith_kernels_name(0)));
    ck_assert_ptr_null(pith_kernels_get("abacus"));
    ck_assert_ptr_null(pith_kernels_name(1000));
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("kernels");
    TCase *tcase = tcase_create("kernels");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, row_bytes_follow_the_type);
    tcase_add_test(tcase, quantised_blocks_have_ggufs_bytes);
    tcase_add_test(tcase, rows_survive_the_round_trip);
    tcase_add_test(tcase, quantised_integers_are_exact);
    tcase_add_test(tcase, quantising_extremes_stays_finite);
    tcase_add_test(tcase, sets_are_chosen_by_name);
    tcase_add_loop_test(tcase, unpacking_is_exact, 0, MAX_SETS);
    tcase_add_loop_test(tcase, tiles_multiply, 0, MAX_SETS);
    tcase_add_loop_test(tcase, transpositions_touch_nothing_else, 0, MAX_SETS);
    tcase_add_loop_test(tcase, panels_are_emitted, 0, MAX_SETS);
    tcase_add_loop_test(tcase, panels_are_scaled_and_shifted, 0, MAX_SETS);
    tcase_add_loop_test(tcase, softmax_in_pieces, 0, MAX_SETS);
    tcase_add_loop_test(tcase, exponentials_are_within_two_ulps, 0, MAX_SETS);
    tcase_add_loop_test(tcase, softmax_at_the_edges, 0, MAX_SETS);
    tcase_add_loop_test(tcase, activations_at_the_edges, 0, MAX_SETS);
    tcase_add_loop_test(tcase, norms_touch_nothing_else_and_keep_nan, 0,
                        MAX_SETS);
    tcase_add_loop_test(tcase, element_kernels_touch_nothing_else, 0,
                        MAX_SETS);
    suite_add_tcase(suite, tcase);
    return suite;
}
