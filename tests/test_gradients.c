/*
 * test_gradients.c - src/align: gradients, losses and steps of whole models
 * against PyTorch (goldens of shared) and central differences.
 */
#define _XOPEN_SOURCE 700 /* symlink, realpath */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../src/align/trainer.h"
#include "../src/base/memory.h"
#include "../src/json/json.h"
#include "../src/model/access.h"
#include "support.h"
#include "tiny_model.h"

/* --- batches -------------------------------------------------------------- */

enum { MAX_TOKENS = 512, MAX_RECORDS = 16 };

struct test_batch {
    struct pith_training_batch batch;
    int32_t ids[MAX_TOKENS], targets[MAX_TOKENS];
    size_t lengths[MAX_RECORDS];
};

static void point(struct test_batch *b)
{
    b->batch.ids = b->ids;
    b->batch.targets = b->targets;
    b->batch.lengths = b->lengths;
}

/* Records of the given lengths (0 ends), random ids; every token but the last
 * of a record has the next as its target, save a third that is masked. */
static void random_batch(struct test_batch *b, const size_t *lengths,
                         size_t n_vocab, uint64_t seed)
{
    memset(b, 0, sizeof *b);
    for (; *lengths > 0; lengths++) {
        size_t start = b->batch.n_tokens, n = *lengths;
        ck_assert_uint_le(start + n, MAX_TOKENS);
        for (size_t t = start; t < start + n; t++)
            b->ids[t] = (int32_t)random_below(&seed, n_vocab);
        for (size_t t = start; t < start + n; t++)
            b->targets[t] = t + 1 < start + n && random_below(&seed, 3) > 0
                                ? b->ids[t + 1] : PITH_NO_TARGET;
        b->lengths[b->batch.n_records++] = n;
        b->batch.n_tokens += n;
    }
    point(b);
}

/* The rows of a golden file, with the labels of row 1, positions 0 to 10,
 * masked. */
static void golden_batch(struct test_batch *b, const struct pith_json *root)
{
    const struct pith_json *row = pith_json_get(root, "ids")->first;
    memset(b, 0, sizeof *b);
    for (size_t r = 0; row != NULL; row = row->next, r++) {
        size_t n = row->n_children, start = b->batch.n_tokens;
        const struct pith_json *id = row->first;
        ck_assert_uint_le(start + n, MAX_TOKENS);
        for (size_t t = 0; t < n; t++, id = id->next) {
            b->ids[start + t] = (int32_t)id->number;
            b->targets[start + t] = PITH_NO_TARGET;
            if (t > 0 && !(r == 1 && t <= 10))
                b->targets[start + t - 1] = b->ids[start + t];
        }
        b->lengths[b->batch.n_records++] = n;
        b->batch.n_tokens += n;
    }
    point(b);
}

static struct pith_trainer *open_in(const char *precision,
                                    const struct pith_model *model,
                                    enum pith_trainer_mode mode,
                                    int n_threads, bool checkpoint)
{
    struct pith_trainer_options options = {
        .mode = mode, .lora_rank = 3, .lora_alpha = 5,
        .lora_layers = PITH_EVERY_LINEAR, .lora_seed = 11,
        .checkpoint_activations = checkpoint, .n_threads = n_threads,
        .precision = precision, .max_tokens = MAX_TOKENS};
    struct pith_trainer *trainer;
    struct pith_error error;
    assert_ok(pith_trainer_create(&trainer, model, &options, &error), error);
    return trainer;
}

static struct pith_trainer *open_trainer(const struct pith_model *model,
                                         enum pith_trainer_mode mode,
                                         int n_threads, bool checkpoint)
{
    return open_in(NULL, model, mode, n_threads, checkpoint);
}

/* --- PyTorch -------------------------------------------------------------- */

static const char *const names[] = {"gpt2", "llama_mha_untied",
                                    "llama_gqa_tied"};

struct golden {
    struct pith_json_document *document;
    char *text;
    struct pith_model *model, *gradients; /* gradients in place of weights */
    struct test_batch batch;
    size_t n_targets;
};

static struct pith_model *convert(const char *folder, const char *kernels)
{
    struct pith_load_options load = {.sizeof_options = sizeof load,
                                     .kernels = kernels};
    struct pith_model *model;
    struct pith_error error;
    const char *path = temporary_path("golden.pith");
    assert_ok(pith_convert(folder, path, NULL, &error), error);
    assert_ok(pith_model_load(path, &load, &model, &error), error);
    remove(path);
    return model;
}

/* The gradients have the names and shapes of the weights, so that the
 * converter can bring them into our order. */
static struct pith_model *convert_gradients(const char *folder)
{
    char made[4096], from[4300], to[4300];
    snprintf(made, sizeof made, "%s", temporary_path("gradients"));
    ck_assert_int_eq(mkdir(made, 0700), 0);
    snprintf(from, sizeof from, "%s/config.json", folder);
    snprintf(to, sizeof to, "%s/config.json", made);
    ck_assert_int_eq(symlink(from, to), 0);
    snprintf(from, sizeof from, "%s/grads.safetensors", folder);
    snprintf(to, sizeof to, "%s/model.safetensors", made);
    ck_assert_int_eq(symlink(from, to), 0);
    struct pith_model *model = convert(made, NULL);
    unlink(to);
    snprintf(to, sizeof to, "%s/config.json", made);
    unlink(to);
    rmdir(made);
    return model;
}

/* tests/goldens/families/NAME, else what the shared data have; false when
 * those are not there. */
static bool open_golden(struct golden *golden, const char *name,
                        const char *kernels)
{
    char path[4200], folder[4096], *real;
    struct pith_error error;
    size_t size;
    snprintf(path, sizeof path, "tests/goldens/families/%s", name);
    const char *found = path;
    if (access(path, F_OK) != 0) {
        snprintf(path, sizeof path, "goldens/tiny/%s", name);
        found = shared_path(path);
    }
    if (found == NULL)
        return false;
    real = realpath(found, NULL);
    snprintf(folder, sizeof folder, "%s", real);
    free(real);
    snprintf(path, sizeof path, "%s/golden.json", folder);
    golden->text = read_whole_file(path, &size);
    assert_ok(pith_json_parse((struct pith_text){golden->text, size}, path,
                              &golden->document, &error), error);
    golden->model = convert(folder, kernels);
    golden->gradients = convert_gradients(folder);
    golden_batch(&golden->batch, pith_json_root(golden->document));
    golden->n_targets = 0;
    for (size_t t = 0; t < golden->batch.batch.n_tokens; t++)
        golden->n_targets += golden->batch.targets[t] != PITH_NO_TARGET;
    return true;
}

static void close_golden(struct golden *golden)
{
    pith_model_free(golden->model);
    pith_model_free(golden->gradients);
    pith_json_free(golden->document);
    free(golden->text);
}

/* |got - want| / |want|, Euclidean. */
static double relative_error(const float *got, const struct pith_tensor *want)
{
    double difference = 0, length = 0;
    float *row = pith_array(want->cols, sizeof *row);
    for (size_t r = 0; r < want->rows; r++, got += want->cols) {
        pith_row_to_floats(row, want, r);
        for (size_t c = 0; c < want->cols; c++) {
            difference += ((double)got[c] - row[c]) * ((double)got[c] - row[c]);
            length += (double)row[c] * row[c];
        }
    }
    free(row);
    return sqrt(difference / length);
}

/* The keys' biases move every score of a query alike where they are not
 * turned, and have no gradient but rounding; rope factors are not trained. */
static bool vanishes(const struct pith_config *config, const char *name)
{
    return (config->arch == PITH_ARCH_GPT2 &&
            strstr(name, "attn_k.bias") != NULL) ||
           strcmp(name, "rope_factors.weight") == 0;
}

/* How far a precision may be from PyTorch. */
struct limits {
    const char *precision;
    double loss, gradient;   /* of one pass; gradient: relative */
    double step_loss, step_norm; /* of twelve steps; norm: relative */
};

static const struct limits LIMITS[] = {
    {"f32", 1e-5, 1e-4, 1e-4, 1e-4},
    {"bf16x3", 1e-5, 1e-4, 1e-4, 1e-4},
    {"int16", 1e-4, 3e-3, 2e-3, 3e-2},
};

static void check_tensors(struct pith_trainer *trainer,
                          const struct pith_model *want, double limit,
                          const char *what)
{
    const struct pith_format *format = pith_model_format(want);
    double worst = 0;
    ck_assert_uint_eq(pith_trainer_n_tensors(trainer), format->n_tensors);
    for (size_t i = 0; i < format->n_tensors; i++) {
        const struct pith_format_tensor *tensor = &format->tensors[i];
        struct pith_trainable got;
        pith_trainer_tensor(trainer, i, &got);
        ck_assert_str_eq(got.name, tensor->name);
        ck_assert_uint_eq(got.rows, tensor->view.rows);
        ck_assert_uint_eq(got.cols, tensor->view.cols);
        ck_assert_int_eq(got.decays, got.rows > 1);
        if (vanishes(&format->config, got.name)) {
            for (size_t c = 0; c < got.cols; c++)
                ck_assert_float_le(fabsf(got.gradient[c]), 1e-7f);
            continue;
        }
        double error = relative_error(got.gradient, &tensor->view);
        worst = fmax(worst, error);
        ck_assert_msg(error <= limit, "%s: %s: relative error %g", what,
                      got.name, error);
    }
    if (getenv("PITH_VERBOSE") != NULL)
        fprintf(stderr, "%s: largest relative error %g\n", what, worst);
}

static void check_gradients(const char *name, const char *kernels,
                            const struct limits *limits, bool checkpoint)
{
    struct golden golden;
    struct pith_error error;
    char what[64];
    double sum;
    size_t n;
    snprintf(what, sizeof what, "%s, %s, %s", name, kernels,
             limits->precision);
    if (!open_golden(&golden, name, kernels))
        return;
    struct pith_trainer *trainer = open_in(limits->precision, golden.model,
                                           PITH_TRAIN_FULL, 2, checkpoint);
    assert_ok(pith_trainer_accumulate(trainer, &golden.batch.batch,
                                      1 / (double)golden.n_targets, &sum, &n,
                                      &error), error);
    ck_assert_uint_eq(n, golden.n_targets);
    double want = pith_json_get(pith_json_root(golden.document),
                                "masked_loss")->number;
    ck_assert_double_eq_tol(sum / (double)n, want, limits->loss);
    check_tensors(trainer, golden.gradients, limits->gradient, what);
    pith_trainer_free(trainer);
    close_golden(&golden);
}

START_TEST(gradients_agree_with_pytorch)
{
    for (size_t k = 0; pith_kernels_name(k) != NULL; k++)
        for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++)
            check_gradients(names[_i], pith_kernels_name(k), &LIMITS[i],
                            i == 0 && k % 2 == 1);
}
END_TEST

static const char *const families[] = {"llama3", "mistral", "qwen2",
                                       "qwen3", "smollm3"};

START_TEST(families_agree_with_pytorch)
{
    for (size_t k = 0; pith_kernels_name(k) != NULL; k++)
        check_gradients(families[_i], pith_kernels_name(k), &LIMITS[0],
                        k % 2 == 1);
}
END_TEST

static void check_steps(const char *name, const char *kernels,
                        const struct limits *limits)
{
    struct golden golden;
    struct pith_error error;
    struct pith_adamw adamw = {.lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999,
                               .eps = 1e-8, .weight_decay = 0.01};
    if (!open_golden(&golden, name, kernels))
        return;
    struct pith_trainer *trainer = open_in(limits->precision, golden.model,
                                           PITH_TRAIN_FULL, 2, false);
    const struct pith_json *step =
        pith_json_get(pith_json_get(pith_json_root(golden.document), "adamw"),
                      "loss_and_gradnorm")->first;
    for (adamw.step = 1; step != NULL; step = step->next, adamw.step++) {
        double sum;
        pith_trainer_zero_gradients(trainer);
        assert_ok(pith_trainer_accumulate(trainer, &golden.batch.batch,
                                          1 / (double)golden.n_targets, &sum,
                                          NULL, &error), error);
        double norm = pith_trainer_gradient_norm(trainer);
        adamw.gradient_scale = norm > 1 ? 1 / norm : 1;
        double loss = sum / (double)golden.n_targets;
        ck_assert_double_eq_tol(loss, step->first->number, limits->step_loss);
        ck_assert_double_eq_tol(norm, step->first->next->number,
                                limits->step_norm * (1 + norm));
        pith_trainer_step(trainer, &adamw);
    }
    ck_assert_uint_eq(adamw.step, 13);
    pith_trainer_free(trainer);
    close_golden(&golden);
}

START_TEST(twelve_steps_agree_with_pytorch)
{
    for (size_t k = 0; pith_kernels_name(k) != NULL; k++)
        for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++)
            check_steps(names[_i], pith_kernels_name(k), &LIMITS[i]);
}
END_TEST

/* --- the promises of trainer.h -------------------------------------------- */

static const size_t LENGTHS[] = {5, 1, 40, 17, 0};

/* All gradients, one after the other; the loss into *sum. */
static float *gradients_of(const struct pith_model *model,
                           enum pith_trainer_mode mode, const char *precision,
                           int n_threads, bool checkpoint,
                           const struct pith_training_batch *batches, size_t n_batches,
                           size_t *n, double *sum)
{
    struct pith_trainer *trainer = open_in(precision, model, mode, n_threads,
                                           checkpoint);
    struct pith_trainable tensor;
    struct pith_error error;
    float *all = NULL;
    *n = 0;
    *sum = 0;
    for (size_t i = 0; mode == PITH_TRAIN_LORA &&
                       i < pith_trainer_n_tensors(trainer); i++) {
        uint64_t seed = 3 + i; /* B is zeros, which would hide dA */
        pith_trainer_tensor(trainer, i, &tensor);
        for (size_t j = 0; j < tensor.rows * tensor.cols; j++)
            tensor.value[j] = 0.2f * random_normal(&seed);
    }
    pith_trainer_values_changed(trainer);
    pith_trainer_zero_gradients(trainer);
    for (size_t i = 0; i < n_batches; i++) {
        double part;
        assert_ok(pith_trainer_accumulate(trainer, &batches[i], 0.25, &part,
                                          NULL, &error), error);
        *sum += part;
    }
    for (size_t i = 0; i < pith_trainer_n_tensors(trainer); i++) {
        pith_trainer_tensor(trainer, i, &tensor);
        size_t size = tensor.rows * tensor.cols;
        all = realloc(all, (*n + size) * sizeof *all);
        ck_assert_ptr_nonnull(all);
        memcpy(all + *n, tensor.gradient, size * sizeof *all);
        *n += size;
    }
    pith_trainer_free(trainer);
    return all;
}

START_TEST(threads_and_checkpoints_change_no_bit)
{
    enum pith_trainer_mode mode = _i >= TINY_ALL_KINDS ? PITH_TRAIN_LORA
                                                   : PITH_TRAIN_FULL;
    struct pith_model *model = tiny_model_load(
        (enum tiny_kind)(_i % TINY_ALL_KINDS), PITH_Q8, NULL);
    struct test_batch batch;
    size_t n, n_again;
    double sum, sum_again;
    random_batch(&batch, LENGTHS, 420, 9);
    for (size_t p = 0; p < sizeof LIMITS / sizeof *LIMITS; p++) {
        const char *precision = LIMITS[p].precision;
        float *want = gradients_of(model, mode, precision, 1, false,
                                   &batch.batch, 1, &n, &sum);
        ck_assert(isfinite(sum) && sum > 0);
        for (int i = 0; i < 4; i++) {
            float *got = gradients_of(model, mode, precision, i + 1,
                                      i % 2 == 1, &batch.batch, 1, &n_again,
                                      &sum_again);
            ck_assert(n == n_again && sum == sum_again);
            ck_assert(memcmp(got, want, n * sizeof *got) == 0);
            free(got);
        }
        free(want);
    }
    pith_model_free(model);
}
END_TEST

/* Records beside each other do not see each other, and batches add up. */
START_TEST(records_are_apart)
{
    enum pith_trainer_mode mode = _i >= TINY_ALL_KINDS ? PITH_TRAIN_LORA
                                                   : PITH_TRAIN_FULL;
    struct pith_model *model = tiny_model_load(
        (enum tiny_kind)(_i % TINY_ALL_KINDS), PITH_F32, NULL);
    struct test_batch batch;
    struct pith_training_batch single[4];
    size_t n, n_again, start = 0;
    double sum, sum_again, difference = 0, length = 0;
    random_batch(&batch, LENGTHS, 420, 10);
    for (size_t r = 0; r < 4; r++) {
        single[r] = (struct pith_training_batch){batch.ids + start,
                                        batch.targets + start,
                                        batch.lengths[r], &batch.lengths[r],
                                        1};
        start += batch.lengths[r];
    }
    float *want = gradients_of(model, mode, "f32", 2, false, &batch.batch, 1,
                               &n, &sum);
    float *got = gradients_of(model, mode, "f32", 2, false, single, 4,
                              &n_again, &sum_again);
    ck_assert_uint_eq(n, n_again);
    ck_assert_double_eq_tol(sum, sum_again, 1e-6 * sum);
    for (size_t i = 0; i < n; i++) {
        difference += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        length += (double)want[i] * want[i];
    }
    ck_assert_double_le(sqrt(difference / length), 1e-6);
    free(want);
    free(got);
    pith_model_free(model);
}
END_TEST

/* The losses are those of scoring, record by record. */
START_TEST(losses_are_those_of_a_session)
{
    struct pith_model *model = tiny_model_load((enum tiny_kind)_i, PITH_Q4,
                                               NULL);
    struct pith_trainer *trainer = open_trainer(model, PITH_TRAIN_LORA, 2,
                                                false);
    struct pith_session_options exact = {.sizeof_options = sizeof exact,
                                         .precision = "f32"};
    struct pith_session *session;
    struct test_batch batch;
    struct pith_error error;
    float want[MAX_TOKENS];
    double sum, total = 0;
    size_t start = 0, n;
    random_batch(&batch, LENGTHS, 420, 12);
    assert_ok(pith_session_create(model, &exact, &session, &error), error);
    for (size_t r = 0; r < batch.batch.n_records; r++) {
        struct pith_training_batch record = {batch.ids + start, batch.targets + start,
                                    batch.lengths[r], &batch.lengths[r], 1};
        double alone = 0;
        pith_session_truncate(session, 0);
        assert_ok(pith_session_forward(session, NULL, record.ids,
                                       record.n_tokens, record.targets, want,
                                       &error), error);
        for (size_t t = 0; t < record.n_tokens; t++) {
            alone += isnan(want[t]) ? 0 : (double)want[t];
            total += isnan(want[t]) ? 0 : (double)want[t];
        }
        assert_ok(pith_trainer_loss(trainer, &record, &sum, &n, &error),
                  error);
        ck_assert(sum == alone);
        start += record.n_tokens;
    }
    assert_ok(pith_trainer_loss(trainer, &batch.batch, &sum, &n, &error),
              error);
    ck_assert(sum == total && n > 0);
    pith_session_free(session);
    pith_trainer_free(trainer);
    pith_model_free(model);
}
END_TEST

/* "auto" is what it says that it is, bit for bit. */
START_TEST(precisions_have_names)
{
    static const char *const asked[] = {NULL, "f32", "bf16x3", "auto",
                                        "int16"};
    struct pith_model *model = tiny_model_load(TINY_GPT2, PITH_F32, NULL);
    struct test_batch batch;
    struct pith_error error;
    const char *found[5];
    double sums[5];
    random_batch(&batch, LENGTHS, 420, 16);
    for (int i = 0; i < 5; i++) {
        struct pith_trainer *trainer =
            open_in(asked[i], model, PITH_TRAIN_FULL, 2, false);
        found[i] = pith_trainer_precision(trainer);
        assert_ok(pith_trainer_loss(trainer, &batch.batch, &sums[i], NULL,
                                    &error), error);
        pith_trainer_free(trainer);
    }
    ck_assert_str_eq(found[0], "f32");
    ck_assert_str_eq(found[1], "f32");
    ck_assert_str_eq(found[2], "bf16x3");
    ck_assert_str_eq(found[4], "int16");
    ck_assert(sums[0] == sums[1] && sums[0] != sums[2] && sums[0] != sums[4]);
    ck_assert(strcmp(found[3], "f32") == 0 || strcmp(found[3], "bf16x3") == 0);
    ck_assert(sums[3] == sums[strcmp(found[3], "f32") == 0 ? 1 : 2]);
    pith_model_free(model);
}
END_TEST

/* --- LoRA by central differences ------------------------------------------ */

/* The loss as a function of one element. */
static double loss_at(struct pith_trainer *trainer,
                      const struct pith_training_batch *batch, float *element,
                      float value)
{
    struct pith_error error;
    float before = *element;
    double sum;
    *element = value;
    pith_trainer_values_changed(trainer);
    assert_ok(pith_trainer_loss(trainer, batch, &sum, NULL, &error), error);
    *element = before;
    return sum;
}

/* Along the gradient of one tensor: a step of size h changes the loss by h
 * times the gradient's length.  Losses are floats, so single elements would
 * drown in rounding. */
static void check_direction(struct pith_trainer *trainer,
                            const struct pith_training_batch *batch,
                            const struct pith_trainable *tensor)
{
    size_t n = tensor->rows * tensor->cols;
    float *before = pith_array(n, sizeof *before);
    double length = 0, h = 0.02;
    memcpy(before, tensor->value, n * sizeof *before);
    for (size_t i = 0; i < n; i++)
        length += (double)tensor->gradient[i] * tensor->gradient[i];
    length = sqrt(length);
    ck_assert_msg(length > 0, "%s: no gradient", tensor->name);
    double losses[2];
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++)
            tensor->value[i] =
                before[i] + (float)((side ? h : -h) *
                                    (double)tensor->gradient[i] / length);
        losses[side] = loss_at(trainer, batch, tensor->value,
                               tensor->value[0]);
    }
    memcpy(tensor->value, before, n * sizeof *before);
    pith_trainer_values_changed(trainer);
    double slope = (losses[1] - losses[0]) / (2 * h);
    ck_assert_msg(fabs(slope - length) <= 2e-3 * length + 2e-3,
                  "%s: slope %g, gradient %g", tensor->name, slope, length);
    free(before);
}

START_TEST(lora_gradients_match_differences)
{
    static const enum pith_type types[] = {PITH_F32, PITH_BF16, PITH_Q8,
                                           PITH_Q4};
    struct pith_model *model = tiny_model_load((enum tiny_kind)(_i / 4),
                                               types[_i % 4], NULL);
    struct pith_trainer *trainer = open_trainer(model, PITH_TRAIN_LORA, 2,
                                                true);
    struct pith_trainable tensor;
    struct test_batch batch;
    struct pith_error error;
    size_t n = pith_trainer_n_tensors(trainer);
    uint64_t seed = 5;

    random_batch(&batch, LENGTHS, 420, 13);
    ck_assert_uint_eq(n, 2u * 2u * (_i / 4 == TINY_GPT2 ? 6u : 7u));
    for (size_t i = 0; i < n; i++) {
        pith_trainer_tensor(trainer, i, &tensor);
        ck_assert(tensor.decays);
        ck_assert_str_eq(strrchr(tensor.name, '.'),
                         i % 2 == 0 ? ".lora_a" : ".lora_b");
        for (size_t j = 0; j < tensor.rows * tensor.cols; j++) {
            ck_assert((tensor.value[j] == 0) == (i % 2 == 1));
            tensor.value[j] = 0.1f * random_normal(&seed);
        }
    }
    pith_trainer_values_changed(trainer);
    assert_ok(pith_trainer_accumulate(trainer, &batch.batch, 1, NULL, NULL,
                                      &error), error);
    for (size_t i = 0; i < n; i++) {
        pith_trainer_tensor(trainer, i, &tensor);
        check_direction(trainer, &batch.batch, &tensor);
    }
    pith_trainer_free(trainer);
    pith_model_free(model);
}
END_TEST

/* --- edges ---------------------------------------------------------------- */

START_TEST(batches_without_targets_change_nothing)
{
    struct pith_model *model = tiny_model_load(TINY_GPT2, PITH_F32, NULL);
    struct pith_trainer *trainer = open_trainer(model, PITH_TRAIN_FULL, 1,
                                                false);
    struct test_batch batch;
    struct pith_error error;
    double sum = 1;
    size_t n = 1;
    random_batch(&batch, LENGTHS, 420, 14);
    assert_ok(pith_trainer_accumulate(trainer, &batch.batch, 1, NULL, NULL,
                                      &error), error);
    ck_assert_double_gt(pith_trainer_gradient_norm(trainer), 0.1);
    pith_trainer_zero_gradients(trainer);
    for (size_t t = 0; t < batch.batch.n_tokens; t++)
        batch.targets[t] = PITH_NO_TARGET;
    assert_ok(pith_trainer_accumulate(trainer, &batch.batch, 1, &sum, &n,
                                      &error), error);
    ck_assert(sum == 0 && n == 0);
    batch.batch.n_tokens = batch.batch.n_records = 0;
    assert_ok(pith_trainer_accumulate(trainer, &batch.batch, 1, &sum, &n,
                                      &error), error);
    ck_assert(pith_trainer_gradient_norm(trainer) == 0);
    pith_trainer_free(trainer);
    pith_trainer_free(NULL);
    pith_model_free(model);
}
END_TEST

static void refuse_batch(struct pith_trainer *trainer,
                         const struct pith_training_batch *batch, const char *detail)
{
    struct pith_error error;
    ck_assert_int_eq(pith_trainer_accumulate(trainer, batch, 1, NULL, NULL,
                                             &error), PITH_ERR_ARGUMENT);
    ck_assert_msg(strstr(error.detail, detail) != NULL, "%s", error.detail);
}

START_TEST(bad_batches_are_refused)
{
    struct pith_model *model = tiny_model_load(TINY_LLAMA, PITH_F32, NULL);
    struct pith_trainer *trainer = open_trainer(model, PITH_TRAIN_FULL, 1,
                                                false);
    struct test_batch b;
    size_t many[] = {MAX_TOKENS + 1};
    random_batch(&b, LENGTHS, 420, 15);
    b.ids[7] = 420;
    refuse_batch(trainer, &b.batch, "token 7 of the batch has id 420");
    b.ids[7] = 0;
    b.targets[9] = -2;
    refuse_batch(trainer, &b.batch, "target -2");
    b.targets[9] = 0;
    b.lengths[1] = 0;
    refuse_batch(trainer, &b.batch, "record 1 of the batch has 0 tokens");
    b.lengths[1] = 257;
    refuse_batch(trainer, &b.batch, "record 1 of the batch has 257 tokens");
    b.lengths[1] = 2;
    refuse_batch(trainer, &b.batch, "64 tokens together");
    b.batch.n_tokens = many[0];
    refuse_batch(trainer, &b.batch, "a batch of 513 tokens");
    pith_trainer_free(trainer);
    pith_model_free(model);
}
END_TEST

static void refuse_options(const struct pith_model *model,
                           const struct pith_trainer_options *options,
                           const char *detail)
{
    struct pith_trainer *trainer;
    struct pith_error error;
    ck_assert_int_eq(pith_trainer_create(&trainer, model, options, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_ptr_null(trainer);
    ck_assert_msg(strstr(error.detail, detail) != NULL, "%s", error.detail);
}

START_TEST(bad_options_are_refused)
{
    const struct pith_trainer_options good = {
        .mode = PITH_TRAIN_LORA, .lora_rank = 4, .lora_alpha = 8,
        .lora_layers = PITH_ATTN_Q, .max_tokens = 100};
    struct pith_model *model = tiny_model_load(TINY_GPT2, PITH_F32, NULL);
    struct pith_trainer_options options = good;
    options.lora_rank = 0;
    refuse_options(model, &options, "LoRA rank is 0");
    options = good;
    options.lora_alpha = NAN;
    refuse_options(model, &options, "LoRA alpha");
    options = good;
    options.lora_layers = PITH_FFN_GATE;
    refuse_options(model, &options, "no linear layer");
    options = good;
    options.precision = "int8";
    refuse_options(model, &options, "precision: \"int8\"");
    options.precision = "fast";
    refuse_options(model, &options, "precision: \"fast\"");
    options = good;
    options.n_threads = -1;
    refuse_options(model, &options, "n_threads");
    options = good;
    options.max_tokens = 0;
    refuse_options(model, &options, "a batch of 0 tokens");
    options.max_tokens = options.max_record = 257;
    refuse_options(model, &options, "records of 257 tokens");
    pith_model_free(model);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("gradients");
    TCase *golden = tcase_create("golden");
    tcase_set_timeout(golden, 300);
    tcase_add_loop_test(golden, gradients_agree_with_pytorch, 0, 3);
    tcase_add_loop_test(golden, families_agree_with_pytorch, 0,
                        sizeof families / sizeof *families);
    tcase_add_loop_test(golden, twelve_steps_agree_with_pytorch, 0, 3);
    suite_add_tcase(suite, golden);
    TCase *promises = tcase_create("promises");
    tcase_set_timeout(promises, 300);
    tcase_add_loop_test(promises, threads_and_checkpoints_change_no_bit, 0,
                        2 * TINY_ALL_KINDS);
    tcase_add_loop_test(promises, records_are_apart, 0, 2 * TINY_ALL_KINDS);
    tcase_add_loop_test(promises, losses_are_those_of_a_session, 0,
                        TINY_ALL_KINDS);
    tcase_add_test(promises, precisions_have_names);
    tcase_add_loop_test(promises, lora_gradients_match_differences, 0,
                        4 * TINY_ALL_KINDS);
    tcase_add_test(promises, batches_without_targets_change_nothing);
    tcase_add_test(promises, bad_batches_are_refused);
    tcase_add_test(promises, bad_options_are_refused);
    suite_add_tcase(suite, promises);
    return suite;
}
