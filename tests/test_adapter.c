/*
 * test_adapter.c - src/model/adapter.c, adapt.c, src/align/output.c, merge.c: what
 * training writes is what is read again, damaged files are refused, and a
 * model with an adapter scores as its trainer does.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/align/trainer.h"
#include "../src/base/crc32.h"
#include "../src/base/store.h"
#include "../src/model/access.h"
#include "pith_align.h"
#include "support.h"
#include "tiny_model.h"

enum { N = 40 };

static int32_t ids[N], targets[N];
static const size_t lengths[] = {N};
static const struct pith_training_batch batch = {ids, targets, N, lengths, 1};

static void setup(void)
{
    uint64_t seed = 21;
    for (size_t t = 0; t < N; t++)
        ids[t] = (int32_t)random_below(&seed, 420);
    for (size_t t = 0; t < N; t++)
        targets[t] = t + 1 < N ? ids[t + 1] : PITH_NO_TARGET;
}

static struct pith_trainer *open_trainer(const struct pith_model *model,
                                         enum pith_trainer_mode mode,
                                         int layers, uint64_t seed)
{
    struct pith_trainer_options options = {
        .mode = mode, .lora_rank = 3, .lora_alpha = 6, .lora_layers = layers,
        .lora_seed = seed, .n_threads = 2, .max_tokens = N};
    struct pith_trainer *trainer;
    struct pith_error error;
    assert_ok(pith_trainer_create(&trainer, model, &options, &error), error);
    return trainer;
}

static void take_steps(struct pith_trainer *trainer, uint64_t n)
{
    struct pith_adamw adamw = {.lr = 3e-3, .beta1 = 0.9, .beta2 = 0.999,
                               .eps = 1e-8, .gradient_scale = 1};
    struct pith_error error;
    for (adamw.step = 1; adamw.step <= n; adamw.step++) {
        pith_trainer_zero_gradients(trainer);
        assert_ok(pith_trainer_accumulate(trainer, &batch, 1.0 / (N - 1), NULL,
                                          NULL, &error), error);
        pith_trainer_step(trainer, &adamw);
    }
}

static double loss_of(struct pith_trainer *trainer)
{
    struct pith_error error;
    double sum;
    assert_ok(pith_trainer_loss(trainer, &batch, &sum, NULL, &error), error);
    return sum;
}

/* By a session of the model as it is loaded from files. */
static double session_loss(const char *model_path, const char *adapter,
                           const char *precision)
{
    struct pith_load_options load = {.sizeof_options = sizeof load,
                                     .adapter = adapter};
    struct pith_session_options open = {.sizeof_options = sizeof open,
                                        .precision = precision};
    struct pith_model *model;
    struct pith_session *session;
    struct pith_error error;
    float losses[N];
    double sum = 0;
    assert_ok(pith_model_load(model_path, &load, &model, &error), error);
    assert_ok(pith_session_create(model, &open, &session, &error), error);
    assert_ok(pith_session_forward(session, NULL, ids, N, targets, losses,
                                   &error), error);
    for (size_t t = 0; t + 1 < N; t++)
        sum += (double)losses[t];
    pith_session_free(session);
    pith_model_free(model);
    return sum;
}

static struct pith_model *load(const char *path)
{
    struct pith_model *model;
    struct pith_error error;
    assert_ok(pith_model_load(path, NULL, &model, &error), error);
    return model;
}

/* The paths of one test: temporary_path() keeps one at a time. */
struct paths {
    char model[512], out[512];
};

static struct paths make_model(enum tiny_kind kind, enum pith_type type)
{
    struct paths paths;
    snprintf(paths.model, sizeof paths.model, "%s",
             temporary_path("base.pith"));
    snprintf(paths.out, sizeof paths.out, "%s", temporary_path("out"));
    tiny_model_write(paths.model, kind, type);
    return paths;
}

static void remove_files(const struct paths *paths)
{
    remove(paths->model);
    remove(paths->out);
}

START_TEST(full_training_writes_a_model)
{
    struct paths paths = make_model((enum tiny_kind)_i, PITH_F32);
    struct pith_model *model = load(paths.model), *made;
    struct pith_trainer *trainer = open_trainer(model, PITH_TRAIN_FULL, 0, 0);
    struct pith_model_info info;
    struct pith_error error;
    double before = loss_of(trainer);
    take_steps(trainer, 4);
    double after = loss_of(trainer);
    ck_assert_double_lt(after, before - 1);
    assert_ok(pith_trainer_write_model(trainer, paths.out, PITH_F32, "aligned",
                                       &error), error);
    ck_assert_double_eq_tol(session_loss(paths.out, NULL, "f32"), after, 1e-9);
    made = load(paths.out);
    assert_ok(pith_model_verify(made, &error), error);
    pith_model_describe(made, &info);
    ck_assert_str_eq(info.name, "aligned");
    pith_model_free(made);
    assert_ok(pith_trainer_write_model(trainer, paths.out, PITH_BF16, NULL,
                                       &error), error);
    ck_assert_double_eq_tol(session_loss(paths.out, NULL, "f32"), after,
                            0.01 * after);
    made = load(paths.out);
    for (size_t i = 0; i < pith_model_format(made)->n_tensors; i++) {
        const struct pith_tensor *view =
            &pith_model_format(made)->tensors[i].view;
        ck_assert_int_eq(view->type, view->rows > 1 ? PITH_BF16 : PITH_F32);
    }
    pith_model_describe(made, &info);
    ck_assert_str_eq(info.name, "tiny");
    pith_model_free(made);
    ck_assert_int_eq(pith_trainer_write_adapter(trainer, paths.out, &error),
                     PITH_ERR_ARGUMENT);
    pith_trainer_free(trainer);
    pith_model_free(model);
    remove_files(&paths);
}
END_TEST

START_TEST(adapters_are_applied_at_load)
{
    static const enum pith_type types[] = {PITH_F32, PITH_Q8, PITH_Q4};
    struct paths paths = make_model((enum tiny_kind)_i, types[_i]);
    struct pith_model *model = load(paths.model);
    struct pith_trainer *trainer = open_trainer(model, PITH_TRAIN_LORA,
                                                PITH_EVERY_LINEAR, 1);
    struct pith_error error;
    double base = session_loss(paths.model, NULL, "f32");
    ck_assert_double_eq_tol(loss_of(trainer), base, 1e-9);
    take_steps(trainer, 6);
    double tuned = loss_of(trainer);
    ck_assert_double_lt(tuned, base - 1);
    assert_ok(pith_trainer_write_adapter(trainer, paths.out, &error), error);
    ck_assert_double_eq_tol(session_loss(paths.model, paths.out, "f32"), tuned,
                            1e-5 * tuned);
    ck_assert_double_eq_tol(session_loss(paths.model, paths.out, "int8"),
                            tuned, 0.02 * tuned);
    ck_assert_int_eq(pith_trainer_write_model(trainer, paths.out, PITH_F32,
                                              NULL, &error),
                     PITH_ERR_ARGUMENT);
    pith_trainer_free(trainer);
    pith_model_free(model);
    remove_files(&paths);
}
END_TEST

START_TEST(a_merge_replaces_nothing_that_it_reads)
{
    struct pith_error error;
    size_t n_before, n_after;
    struct paths paths = make_model(TINY_GPT2, PITH_F32);
    struct pith_model *model = load(paths.model);
    struct pith_trainer *trainer =
        open_trainer(model, PITH_TRAIN_LORA, PITH_ATTN_V, 1);
    assert_ok(pith_trainer_write_adapter(trainer, paths.out, &error), error);
    const char *const both[] = {paths.model, paths.out};
    for (int i = 0; i < 2; i++) {
        char *before = read_whole_file(both[i], &n_before);
        ck_assert_int_eq(pith_merge(paths.model, paths.out, both[i], NULL,
                                    &error), PITH_ERR_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(error.detail, "is the same file"));
        char *after = read_whole_file(both[i], &n_after);
        ck_assert_uint_eq(n_before, n_after);
        ck_assert_mem_eq(before, after, n_after);
        free(before);
        free(after);
    }
    pith_trainer_free(trainer);
    pith_model_free(model);
    remove_files(&paths);
}
END_TEST

START_TEST(merged_models_score_as_adapted_ones)
{
    static const char *const dtypes[] = {"f32", NULL, "bf16"};
    struct paths paths = make_model((enum tiny_kind)_i, PITH_F32);
    char merged[600];
    struct pith_model *model = load(paths.model), *made;
    struct pith_trainer *trainer = open_trainer(
        model, PITH_TRAIN_LORA, PITH_ATTN_V | PITH_FFN_DOWN, 1);
    struct pith_merge_options options = {.sizeof_options = sizeof options,
                                         .dtype = dtypes[_i],
                                         .name = "merged"};
    struct pith_error error;
    take_steps(trainer, 6);
    assert_ok(pith_trainer_write_adapter(trainer, paths.out, &error), error);
    double tuned = loss_of(trainer);
    snprintf(merged, sizeof merged, "%s.merged", paths.out);
    assert_ok(pith_merge(paths.model, paths.out, merged, &options, &error),
              error);
    ck_assert_double_eq_tol(session_loss(merged, NULL, "f32"), tuned,
                            (_i == 2 ? 0.01 : 1e-5) * tuned);
    made = load(merged);
    assert_ok(pith_model_verify(made, &error), error);
    ck_assert_str_eq(pith_model_format(made)->model_name, "merged");
    for (size_t i = 0; i < pith_model_format(made)->n_tensors; i++) {
        const struct pith_tensor *view =
            &pith_model_format(made)->tensors[i].view;
        ck_assert_int_eq(view->type, view->rows > 1 && _i == 2 ? PITH_BF16
                                                               : PITH_F32);
    }
    pith_model_free(made);
    remove(merged);
    options.dtype = "q5";
    ck_assert_int_eq(pith_merge(paths.model, paths.out, merged, &options,
                                &error), PITH_ERR_ARGUMENT);
    ck_assert_int_eq(pith_merge(paths.model, paths.model, merged, NULL,
                                &error), PITH_ERR_FORMAT);
    ck_assert_int_eq(pith_merge(paths.out, paths.out, merged, NULL, &error),
                     PITH_ERR_FORMAT);
    ck_assert_ptr_null(fopen(merged, "rb"));
    pith_trainer_free(trainer);
    pith_model_free(model);
    remove_files(&paths);
}
END_TEST

/* --- files that are not what they should be ------------------------------- */

static enum pith_status load_with(const char *path, const char *adapter,
                                  struct pith_error *error)
{
    struct pith_load_options options = {.sizeof_options = sizeof options,
                                        .adapter = adapter};
    struct pith_model *model;
    enum pith_status status = pith_model_load(path, &options, &model, error);
    pith_model_free(model);
    return status;
}

/* With the checksum made to fit again. */
static void seal(char *bytes, size_t n)
{
    pith_store_u32((uint8_t *)bytes + 16, 0);
    pith_store_u32((uint8_t *)bytes + 16, pith_crc32(0, bytes, n));
}

START_TEST(damaged_adapters_are_refused)
{
    struct paths paths = make_model(TINY_GPT2, PITH_F32);
    struct pith_model *model = load(paths.model);
    struct pith_trainer *trainer = open_trainer(
        model, PITH_TRAIN_LORA, PITH_ATTN_Q | PITH_FFN_DOWN, 1);
    struct pith_error error;
    size_t n;
    assert_ok(pith_trainer_write_adapter(trainer, paths.out, &error), error);
    pith_trainer_free(trainer);
    pith_model_free(model);
    char *bytes = read_whole_file(paths.out, &n);
    ck_assert_uint_eq(n, 128 + 2 * 4 * 3 * (64 + 64 + 256 + 64));
    for (size_t at = 0; at < 128; at++) {
        bytes[at] ^= 4;
        write_bytes(paths.out, bytes, n);
        ck_assert_msg(load_with(paths.model, paths.out, &error) != PITH_OK,
                      "byte %zu", at);
        /* An intruder would make the checksum fit. */
        seal(bytes, n);
        write_bytes(paths.out, bytes, n);
        if (at >= 16 && at < 20)
            continue; /* the checksum itself */
        /* alpha may be any; one of two ways to know the model is enough */
        bool ignored = (at >= 64 && at < 68) || (at >= 72 && at < 80);
        ck_assert_msg((load_with(paths.model, paths.out, &error) == PITH_OK) ==
                          ignored,
                      "byte %zu", at);
        bytes[at] ^= 4;
        seal(bytes, n);
    }
    for (size_t size = 0; size < n; size += size < 140 ? 1 : 997) {
        write_bytes(paths.out, bytes, size);
        ck_assert(load_with(paths.model, paths.out, &error) != PITH_OK);
    }
    bytes[n - 1] ^= 1;
    write_bytes(paths.out, bytes, n);
    ck_assert_int_eq(load_with(paths.model, paths.out, &error),
                     PITH_ERR_CHECKSUM);
    tiny_model_write(paths.model, TINY_LLAMA, PITH_F32);
    bytes[n - 1] ^= 1;
    write_bytes(paths.out, bytes, n);
    ck_assert_int_eq(load_with(paths.model, paths.out, &error),
                     PITH_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.detail, "another model"));
    remove(paths.out);
    ck_assert_int_eq(load_with(paths.model, paths.out, &error), PITH_ERR_IO);
    free(bytes);
    remove_files(&paths);
}
END_TEST

/* The model in another type will do, another model of the same shape will not:
 * neither a tuned one nor one that has taken up the adapter. */
START_TEST(adapters_of_other_models_are_refused)
{
    struct paths paths = make_model((enum tiny_kind)_i, PITH_F32);
    struct pith_model *model = load(paths.model);
    struct pith_trainer *trainer =
        open_trainer(model, PITH_TRAIN_LORA, PITH_EVERY_LINEAR, 1);
    struct pith_error error;
    char other[600];
    size_t n;
    snprintf(other, sizeof other, "%s.other", paths.out);
    take_steps(trainer, 3);
    assert_ok(pith_trainer_write_adapter(trainer, paths.out, &error), error);
    pith_trainer_free(trainer);
    assert_ok(load_with(paths.model, paths.out, &error), error);
    for (int type = PITH_F32; type <= PITH_Q4; type++) {
        tiny_model_write(other, (enum tiny_kind)_i, (enum pith_type)type);
        assert_ok(load_with(other, paths.out, &error), error);
    }

    assert_ok(pith_merge(paths.model, paths.out, other, NULL, &error), error);
    ck_assert_int_eq(load_with(other, paths.out, &error), PITH_ERR_CHECKSUM);
    ck_assert_ptr_nonnull(strstr(error.detail, "another model of the same"));
    ck_assert_int_eq(pith_merge(other, paths.out, paths.model, NULL, &error),
                     PITH_ERR_CHECKSUM);
    trainer = open_trainer(model, PITH_TRAIN_FULL, 0, 0);
    take_steps(trainer, 1);
    for (int type = PITH_F32; type <= PITH_Q8; type++) {
        assert_ok(pith_trainer_write_model(trainer, other,
                                           (enum pith_type)type, NULL, &error),
                  error);
        ck_assert_int_eq(load_with(other, paths.out, &error),
                         PITH_ERR_CHECKSUM);
    }
    pith_trainer_free(trainer);

    /* An adapter of version 1 knows the very file only. */
    char *bytes = read_whole_file(paths.out, &n);
    pith_store_u32((uint8_t *)bytes + 8, 1);
    memset(bytes + 72, 0, 8);
    seal(bytes, n);
    write_bytes(paths.out, bytes, n);
    free(bytes);
    assert_ok(load_with(paths.model, paths.out, &error), error);
    tiny_model_write(other, (enum tiny_kind)_i, PITH_Q8);
    ck_assert_int_eq(load_with(other, paths.out, &error), PITH_ERR_CHECKSUM);
    ck_assert_ptr_nonnull(strstr(error.detail, "version 1"));
    pith_model_free(model);
    remove(other);
    remove_files(&paths);
}
END_TEST

START_TEST(adapted_models_are_not_trained)
{
    struct paths paths = make_model(TINY_GPT2, PITH_F32);
    struct pith_trainer_options options = {.max_tokens = 8};
    struct pith_load_options with = {.sizeof_options = sizeof with,
                                     .adapter = paths.out};
    struct pith_model *model = load(paths.model);
    struct pith_trainer *trainer = open_trainer(model, PITH_TRAIN_LORA,
                                                PITH_ATTN_V, 1);
    struct pith_error error;
    assert_ok(pith_trainer_write_adapter(trainer, paths.out, &error), error);
    pith_trainer_free(trainer);
    pith_model_free(model);
    assert_ok(pith_model_load(paths.model, &with, &model, &error), error);
    ck_assert_int_eq(pith_trainer_create(&trainer, model, &options, &error),
                     PITH_ERR_UNSUPPORTED);
    pith_model_free(model);
    remove_files(&paths);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("adapter");
    TCase *tests = tcase_create("adapter");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_loop_test(tests, full_training_writes_a_model, 0, TINY_ALL_KINDS);
    tcase_add_loop_test(tests, adapters_are_applied_at_load, 0, 3);
    tcase_add_loop_test(tests, merged_models_score_as_adapted_ones, 0, 3);
    tcase_add_test(tests, a_merge_replaces_nothing_that_it_reads);
    tcase_add_test(tests, damaged_adapters_are_refused);
    tcase_add_loop_test(tests, adapters_of_other_models_are_refused, 0,
                        TINY_ALL_KINDS);
    tcase_add_test(tests, adapted_models_are_not_trained);
    suite_add_tcase(suite, tests);
    return suite;
}
