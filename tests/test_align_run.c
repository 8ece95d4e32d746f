/*
 * test_align_run.c - src/align: settings, batches, states, logs, and
 * whole runs on tiny models: that they learn, and that a run which is stopped
 * or killed ends with the bytes of one that is not.
 */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../src/align/pack.h"
#include "../src/align/settings.h"
#include "../src/align/state.h"
#include "../src/base/file.h"
#include "../src/base/place.h"
#include "../src/model/access.h"
#include "support.h"
#include "tiny_model.h"

enum { N_RECORDS = 32 };

static struct pith_error error;
static struct pith_model *models[TINY_KINDS];
static struct pith_dataset *datasets[TINY_KINDS];
static char model_paths[TINY_KINDS][256];

static struct pith_text text_of(const char *string)
{
    return (struct pith_text){string, strlen(string)};
}

/* Records with answers that only memory can give. */
static char *make_records(void)
{
    static const char *const words[] = {" the",  " cat", " of",  " you", " is",
                                        " what", " for", " and", " to",  " on"};
    static char json[N_RECORDS * 256];
    uint64_t seed = 5;
    size_t n = 0;
    for (int r = 0; r < N_RECORDS; r++) {
        n += (size_t)sprintf(json + n, "{\"prompt\": \"%d:\", \"completion\": \"",
                             r);
        for (size_t i = 3 + random_below(&seed, 8); i > 0; i--)
            n += (size_t)sprintf(json + n, "%s",
                                 words[random_below(&seed, 10)]);
        n += (size_t)sprintf(json + n, "\"}\n");
    }
    return json;
}

static void set_up(void)
{
    for (int kind = 0; kind < TINY_KINDS; kind++) {
        struct pith_dataset_options options = {
            .sizeof_options = sizeof options, .template_name = "plain"};
        snprintf(model_paths[kind], sizeof model_paths[kind], "%s-%d",
                 temporary_path("model"), kind);
        tiny_model_write(model_paths[kind], (enum tiny_kind)kind,
                         kind == TINY_GPT2 ? PITH_F32 : PITH_Q8);
        assert_ok(pith_model_load(model_paths[kind], NULL, &models[kind],
                                  &error), error);
        assert_ok(pith_dataset_create(models[kind], &options, &datasets[kind],
                                      &error), error);
        assert_ok(pith_dataset_add(datasets[kind], text_of(make_records()),
                                   "f", &error), error);
    }
}

static void tear_down(void)
{
    for (int kind = 0; kind < TINY_KINDS; kind++) {
        pith_dataset_free(datasets[kind]);
        pith_model_free(models[kind]);
        remove(model_paths[kind]);
    }
}

/* --- settings ---------------------------------------------------------------- */

START_TEST(the_learning_rate_warms_up_and_comes_down)
{
    struct pith_align_options options;
    pith_align_options_default(&options);
    options.schedule = "cosine";
    options.lr = 2;
    options.lr_end = 1;
    options.warmup_steps = 4;
    static const double want[] = {0.5, 1, 1.5, 2, 2, 1.5};
    static const size_t steps[] = {0, 1, 2, 3, 4, 8};
    for (size_t i = 0; i < 6; i++)
        ck_assert_double_eq_tol(pith_settings_lr(&options, steps[i], 12),
                                want[i], 1e-12);
    ck_assert_double_eq_tol(pith_settings_lr(&options, 12, 12), 1, 1e-12);
    options.schedule = "constant";
    ck_assert_double_eq(pith_settings_lr(&options, 11, 12), 2);
    /* By itself 3 % of the steps, rounded up. */
    options.warmup_steps = SIZE_MAX;
    ck_assert_double_eq_tol(pith_settings_lr(&options, 0, 200), 2.0 / 6, 1e-12);
    ck_assert_double_eq_tol(pith_settings_lr(&options, 0, 201), 2.0 / 7, 1e-12);
    ck_assert_double_eq(pith_settings_lr(&options, 0, 1), 2);
}
END_TEST

START_TEST(steps_follow_from_epochs)
{
    struct pith_align_options options;
    pith_align_options_default(&options);
    options.batch_records = 10;
    ck_assert_uint_eq(pith_settings_steps(&options, 95), 30);
    options.epochs = 0.25;
    ck_assert_uint_eq(pith_settings_steps(&options, 95), 3);
    options.steps = 7;
    ck_assert_uint_eq(pith_settings_steps(&options, 95), 7);
    pith_align_options_paper(&options);
    ck_assert_uint_eq(pith_settings_steps(&options, 95), 80);
    ck_assert_double_eq(options.lr, 1e-4);
}
END_TEST

START_TEST(layers_have_names)
{
    int layers;
    assert_ok(pith_settings_layers(NULL, &layers, &error), error);
    ck_assert_int_eq(layers, PITH_EVERY_LINEAR);
    assert_ok(pith_settings_layers("q,v,down", &layers, &error), error);
    ck_assert_int_eq(layers, PITH_ATTN_Q | PITH_ATTN_V | PITH_FFN_DOWN);
    ck_assert_int_eq(pith_settings_layers("q,,v", &layers, &error),
                     PITH_ERR_ARGUMENT);
    ck_assert_int_eq(pith_settings_layers("qv", &layers, &error),
                     PITH_ERR_ARGUMENT);
}
END_TEST

/* --- batches ----------------------------------------------------------------- */

START_TEST(packs_hold_whole_records_in_order)
{
    const struct pith_dataset *data = datasets[0];
    size_t records[N_RECORDS], at = 1, total = 0, longest = 0, n_targets = 0;
    struct pith_pack pack;
    for (size_t r = 0; r < N_RECORDS; r++) {
        size_t n = pith_dataset_length(data, r);
        records[r] = N_RECORDS - 1 - r;
        longest = n > longest ? n : longest;
    }
    assert_ok(pith_pack_create(&pack, longest + 5, &error), error);
    for (size_t next = 1; pith_pack_fill(&pack, data, records, N_RECORDS, 2,
                                         &at);) {
        const struct pith_training_batch *batch = &pack.batch;
        size_t row = 0;
        ck_assert_uint_le(batch->n_tokens, longest + 5);
        for (size_t r = 0; r < batch->n_records; r++, next += 2) {
            size_t start = data->starts[records[next]];
            ck_assert_uint_eq(batch->lengths[r],
                              pith_dataset_length(data, records[next]));
            ck_assert_mem_eq(batch->ids + row, data->ids.data + start,
                             batch->lengths[r] * sizeof(int32_t));
            ck_assert_mem_eq(batch->targets + row, data->targets.data + start,
                             batch->lengths[r] * sizeof(int32_t));
            for (size_t i = 0; i < batch->lengths[r]; i++)
                n_targets += batch->targets[row + i] != PITH_NO_TARGET;
            row += batch->lengths[r];
        }
        ck_assert_uint_eq(row, batch->n_tokens);
        total += batch->n_records;
    }
    ck_assert_uint_eq(total, N_RECORDS / 2);
    for (size_t r = 0; r < N_RECORDS / 2; r++)
        records[r] = records[2 * r + 1];
    ck_assert_uint_eq(pith_pack_count_targets(data, records, N_RECORDS / 2),
                      n_targets);
    pith_pack_free(&pack);
}
END_TEST

/* --- whole runs -------------------------------------------------------------- */

static const char *output_path(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s", temporary_path(name));
    return path;
}

static void remove_run(const char *output)
{
    char path[600];
    static const char *const endings[] = {"", ".state", ".jsonl"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", output, endings[i]);
        remove(path);
    }
}

static struct pith_align_options options_for(const char *output)
{
    struct pith_align_options options;
    pith_align_options_default(&options);
    options.output = output;
    options.steps = 11;
    options.batch_records = 5;
    options.batch_tokens = 64;
    options.lr = 2e-3;
    options.weight_decay = 0.01;
    options.validation_share = 0.1;
    options.validate_every = 3;
    options.save_every = 2;
    options.n_threads = 1;
    return options;
}

static enum pith_status run(int kind, const struct pith_align_options *options,
                            struct pith_align_result *result)
{
    return pith_align(models[kind], datasets[kind], NULL, options, result,
                      &error);
}

static void expect_same_file(const char *a, const char *b, const char *ending)
{
    char path_a[600], path_b[600];
    size_t n_a, n_b;
    snprintf(path_a, sizeof path_a, "%s%s", a, ending);
    snprintf(path_b, sizeof path_b, "%s%s", b, ending);
    char *bytes_a = read_whole_file(path_a, &n_a);
    char *bytes_b = read_whole_file(path_b, &n_b);
    ck_assert_msg(n_a == n_b && memcmp(bytes_a, bytes_b, n_a) == 0,
                  "%s and %s differ", path_a, path_b);
    free(bytes_a);
    free(bytes_b);
}

/* The log without its times, which no two runs share. */
static char *log_of(const char *output)
{
    char path[600];
    snprintf(path, sizeof path, "%s.jsonl", output);
    char *log = read_whole_file(path, NULL), *to = log;
    for (const char *from = log; *from != '\0';) {
        if (strncmp(from, ",\"tokens\":", 10) == 0)
            from += strcspn(from, "}");
        *to++ = *from++;
    }
    *to = '\0';
    return log;
}

static void expect_same_run(const char *a, const char *b)
{
    char *log_a = log_of(a), *log_b = log_of(b);
    expect_same_file(a, b, "");
    ck_assert_msg(strcmp(log_a, log_b) == 0, "the logs differ");
    free(log_a);
    free(log_b);
}

/* Weights, moments and data position; the sizes of the logs differ with
 * their times. */
static void expect_same_state(const char *a, const char *b)
{
    char path[600];
    const char *names[2] = {a, b};
    char *bytes[2];
    size_t sizes[2];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s.state", names[i]);
        bytes[i] = read_whole_file(path, &sizes[i]);
    }
    struct pith_file file = {(const uint8_t *)bytes[0], sizes[0], false};
    size_t numbers = 0;
    for (int byte = 7; byte >= 0; byte--)
        numbers = numbers << 8 | file.data[40 + byte];
    numbers *= 12;
    ck_assert_uint_lt(numbers, sizes[0]);
    ck_assert_mem_eq(bytes[0] + sizes[0] - numbers,
                     bytes[1] + sizes[1] - numbers, numbers);
    const char *place_a = strstr(bytes[0] + 48, "{\"step\"");
    const char *place_b = strstr(bytes[1] + 48, "{\"step\"");
    const char *end = strstr(place_a, ",\"log_bytes\"");
    ck_assert_mem_eq(place_a, place_b, (size_t)(end - place_a));
    free(bytes[0]);
    free(bytes[1]);
}

/* Ways to be interrupted: asks to stop, or dies, after a step. */
struct interruption {
    size_t step;
    bool dies;
};

static int interrupt(void *user, const struct pith_align_event *event)
{
    const struct interruption *interruption = user;
    if (event->step != interruption->step)
        return 0;
    if (interruption->dies)
        raise(SIGKILL);
    return 1;
}

/* Runs to its end, stopped or killed after each of the steps on the way. */
static void run_interrupted(int kind, struct pith_align_options options,
                            bool dies)
{
    static const size_t steps[] = {0, 1, 3, 6, 7, 10};
    struct pith_align_result result;
    options.resume = true;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct interruption interruption = {steps[i], dies};
        options.report = interrupt;
        options.user = &interruption;
        if (!dies) {
            ck_assert_int_eq(run(kind, &options, &result), PITH_ERR_CANCELLED);
            ck_assert_uint_eq(result.n_steps, steps[i]);
            continue;
        }
        pid_t child = fork();
        if (child == 0)
            _exit(run(kind, &options, &result) == PITH_OK ? 0 : 1);
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
                      "step %zu: status %d", steps[i], status);
    }
    options.report = NULL;
    assert_ok(run(kind, &options, &result), error);
    ck_assert_uint_eq(result.n_steps, options.steps);
}

/* _i: kind of model, LoRA or not, stopped or killed. */
START_TEST(an_interrupted_run_ends_with_the_same_bytes)
{
    int kind = _i % 3;
    const char *a = output_path("a"), *b = output_path("b");
    struct pith_align_options options = options_for(a);
    struct pith_align_result result;
    options.lora_rank = _i / 3 % 2 == 1 ? 2 : 0;
    remove_run(a);
    remove_run(b);
    assert_ok(run(kind, &options, &result), error);
    options.output = b;
    run_interrupted(kind, options, _i / 6 == 1);
    expect_same_run(a, b);
    expect_same_state(a, b);
    /* Resuming what is finished changes nothing. */
    options.resume = true;
    assert_ok(run(kind, &options, &result), error);
    ck_assert_uint_eq(result.n_steps, options.steps);
    expect_same_run(a, b);
    remove_run(a);
    remove_run(b);
}
END_TEST

START_TEST(threads_and_memory_do_not_change_a_run)
{
    const char *a = output_path("a"), *b = output_path("b");
    struct pith_align_options options = options_for(a);
    struct pith_align_result result;
    remove_run(a);
    remove_run(b);
    assert_ok(run(_i, &options, &result), error);
    options.output = b;
    options.n_threads = 2;
    options.checkpoint_activations = true;
    assert_ok(run(_i, &options, &result), error);
    expect_same_run(a, b);
    expect_same_state(a, b);
    remove_run(a);
    remove_run(b);
}
END_TEST

/* Gradients of a step do not depend on the rounds that it takes, beyond
 * rounding; other options do change a run. */
START_TEST(micro_batches_add_up)
{
    const char *a = output_path("a");
    struct pith_align_options options = options_for(a);
    struct pith_align_result first, second, other;
    remove_run(a);
    options.overwrite = true;
    assert_ok(run(0, &options, &first), error);
    options.batch_tokens = 1000;
    assert_ok(run(0, &options, &second), error);
    ck_assert_double_eq_tol(first.loss, second.loss, 1e-4);
    ck_assert_double_eq_tol(first.best_validation_loss,
                            second.best_validation_loss, 1e-4);
    options.seed = 2;
    assert_ok(run(0, &options, &other), error);
    ck_assert(fabs(first.loss - other.loss) > 1e-4);
    remove_run(a);
}
END_TEST

START_TEST(a_run_learns_its_records_by_heart)
{
    const char *a = output_path("a");
    struct pith_align_options options = options_for(a);
    struct pith_align_result result;
    remove_run(a);
    options.steps = 150;
    options.batch_records = N_RECORDS;
    options.batch_tokens = 2048;
    options.validation_share = 0;
    options.lr = 1e-2;
    options.schedule = "constant";
    options.lora_rank = _i % 2 == 1 ? 16 : 0;
    assert_ok(run(_i / 2, &options, &result), error);
    ck_assert_msg(result.loss < 0.05, "loss %g", result.loss);
    ck_assert(isnan(result.best_validation_loss));
    remove_run(a);
}
END_TEST

/* What the library says of the written model is what the run said of it. */
static struct pith_align_size told;

static void keep_size(void *user, const struct pith_align_size *size)
{
    (void)user;
    told = *size;
}

/* The state that is told of beforehand is the one on disk. */
START_TEST(a_run_says_how_large_it_will_be)
{
    const char *output = output_path("size");
    for (int lora = 0; lora < 3; lora++) {
        struct pith_align_options options = options_for(output);
        struct pith_align_result result;
        char path[600];
        size_t size;
        options.steps = 1;
        options.lora_rank = lora > 0 ? 3 : 0;
        options.lora_layers = "q,down";
        options.checkpoint_activations = lora > 1;
        options.announce = keep_size;
        uint64_t before = told.memory_bytes;
        assert_ok(run(TINY_LLAMA, &options, &result), error);
        snprintf(path, sizeof path, "%s.state", output);
        free(read_whole_file(path, &size));
        ck_assert_uint_gt(size, told.state_bytes);
        ck_assert_uint_lt(size, told.state_bytes + 4096);
        ck_assert_uint_gt(told.memory_bytes, 16 * told.n_weights);
        if (lora > 0) /* fewer weights, then fewer activations */
            ck_assert_uint_lt(told.memory_bytes, before);
        remove_run(output);
    }
    const struct pith_config *config = pith_model_config(models[TINY_LLAMA]);
    size_t width = (size_t)config->n_head * config->head_dim;
    ck_assert_uint_eq(told.n_weights,
                      3 * config->n_layer *
                          (2 * (size_t)config->n_embd + width + config->n_ff));
}
END_TEST

START_TEST(the_output_is_the_best_model)
{
    const char *a = output_path("a");
    struct pith_align_options options = options_for(a);
    struct pith_align_result result, again;
    struct pith_model *tuned;
    struct pith_dataset *data;
    remove_run(a);
    options.dtype = "f32";
    options.validation_share = 0.25;
    options.steps = 60;
    options.lr = 1e-2;
    assert_ok(run(0, &options, &result), error);
    ck_assert(result.best_validation_loss < result.first_validation_loss);
    assert_ok(pith_model_load(a, NULL, &tuned, &error), error);
    struct pith_dataset_options data_options = {
        .sizeof_options = sizeof data_options, .template_name = "plain"};
    assert_ok(pith_dataset_create(tuned, &data_options, &data, &error), error);
    assert_ok(pith_dataset_add(data, text_of(make_records()), "f", &error),
              error);
    const char *b = output_path("b");
    options.output = b;
    options.steps = 1;
    remove_run(b);
    assert_ok(pith_align(tuned, data, NULL, &options, &again, &error), error);
    ck_assert_double_eq_tol(again.first_validation_loss,
                            result.best_validation_loss, 1e-5);
    pith_dataset_free(data);
    pith_model_free(tuned);
    remove_run(a);
    remove_run(b);
}
END_TEST

/* --- what goes wrong --------------------------------------------------------- */

static void expect_failure(const struct pith_align_options *options,
                           enum pith_status status, const char *detail)
{
    struct pith_align_result result;
    enum pith_status got = run(0, options, &result);
    ck_assert_msg(got == status && strstr(error.detail, detail) != NULL,
                  "%s: \"%s\", want \"%s\"", pith_status_name(got),
                  error.detail, detail);
}

START_TEST(wrong_options_are_refused)
{
    const char *a = output_path("a");
    struct pith_align_options options = options_for(a);
    remove_run(a);
#define WITH(member, value, detail)                                            \
    options.member = value;                                                    \
    expect_failure(&options, PITH_ERR_ARGUMENT, detail);                       \
    options = options_for(a)
    WITH(output, NULL, "no name for the output");
    WITH(output, model_paths[0], "is the same file");
    WITH(schedule, "linear", "expected cosine or constant");
    WITH(dtype, "f64", "expected f32, f16");
    WITH(lora_layers, "w", "expected some of q,k,v");
    WITH(batch_records, 0, "batch_records: 0 is not");
    WITH(lr, -1, "lr: -1 is not");
    WITH(lr_end, 1, "lr_end: 1 is not from 0 to 0.002");
    WITH(clip, (double)NAN, "clip");
    WITH(beta1, 1, "beta1");
    WITH(validation_share, 0.6, "validation_share");
#undef WITH
    struct pith_align_result result;
    ck_assert_int_eq(pith_align(models[1], datasets[0], NULL, &options, &result,
                                &error), PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "for another model"));
    options.output = "/no/such/folder/x";
    expect_failure(&options, PITH_ERR_IO, "/no/such/folder/x");
    options = options_for(a);
    options.log = "/no/such/folder/log";
    expect_failure(&options, PITH_ERR_IO, "/no/such/folder/log");
    ck_assert(!pith_path_exists(a));
    remove_run(a);
}
END_TEST

START_TEST(a_run_that_diverges_says_so)
{
    const char *a = output_path("a");
    struct pith_align_options options = options_for(a);
    remove_run(a);
    options.lr = 10;
    options.clip = 0;
    options.weight_decay = 10;
    options.steps = 200;
    options.schedule = "constant";
    options.warmup_steps = 0;
    expect_failure(&options, PITH_ERR_ARGUMENT, "training diverged");
    remove_run(a);
}
END_TEST

static char *state_path(const char *output)
{
    static char path[600];
    snprintf(path, sizeof path, "%s.state", output);
    return path;
}

START_TEST(a_state_is_of_one_run)
{
    const char *a = output_path("a");
    struct pith_align_options options = options_for(a);
    struct pith_align_result result;
    remove_run(a);
    options.precision = "f32";
    assert_ok(run(0, &options, &result), error);
    expect_failure(&options, PITH_ERR_ARGUMENT, "a run exists already");
    options.resume = true;
    options.lr = 1e-3;
    expect_failure(&options, PITH_ERR_ARGUMENT,
                   "of a run with lr 0.002, this run has 0.001");
    options.lr = 2e-3;
    options.lora_rank = 1;
    expect_failure(&options, PITH_ERR_ARGUMENT,
                   "of a run with lora_rank 0, this run has 1");
    options.lora_rank = 0;
    options.precision = "bf16x3";
    expect_failure(&options, PITH_ERR_ARGUMENT,
                   "of a run with precision f32, this run has bf16x3");
    options.precision = "f32";
    ck_assert_int_eq(pith_align(models[2], datasets[2], NULL, &options, &result,
                                &error), PITH_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.detail, "of a run with weights "));
    remove(a);
    expect_failure(&options, PITH_ERR_IO, "is gone");
    options.resume = false;
    options.overwrite = true;
    options.lr = 1e-3;
    assert_ok(run(0, &options, &result), error);
    remove_run(a);
}
END_TEST

START_TEST(damaged_states_are_refused)
{
    const char *a = output_path("a");
    struct pith_align_options options = options_for(a);
    struct pith_align_result result;
    uint64_t seed = 3;
    size_t n;
    remove_run(a);
    options.steps = 2;
    assert_ok(run(0, &options, &result), error);
    options.resume = true;
    const char *path = state_path(a);
    char *bytes = read_whole_file(path, &n);
    for (size_t i = 0; i < 80; i++) {
        /* Cut anywhere, but in every place of the header. */
        size_t cut = i < 60 ? i : random_below(&seed, n);
        write_bytes(path, bytes, cut);
        enum pith_status status = run(0, &options, &result);
        ck_assert_msg(status == PITH_ERR_FORMAT, "%zu bytes: %s", cut,
                      error.detail);
        ck_assert_ptr_nonnull(strstr(error.detail, path));
    }
    for (size_t i = 0; i < 120; i++) {
        size_t at = i < 60 ? i : random_below(&seed, n);
        char flip = (char)(1 << random_below(&seed, 8));
        bytes[at] ^= flip;
        write_bytes(path, bytes, n);
        enum pith_status status = run(0, &options, &result);
        ck_assert_msg(status == PITH_ERR_FORMAT ||
                          status == PITH_ERR_CHECKSUM ||
                          status == PITH_ERR_UNSUPPORTED,
                      "byte %zu: %s", at, error.detail);
        bytes[at] ^= flip;
    }
    write_bytes(path, bytes, n);
    assert_ok(run(0, &options, &result), error);
    free(bytes);
    remove_run(a);
}
END_TEST

/* No file may grow past the limit: what a full disk does.  What was there
 * stays complete. */
START_TEST(a_full_disk_leaves_whole_files)
{
    const char *a = output_path("a");
    struct pith_align_options options = options_for(a);
    struct pith_align_result result;
    struct rlimit limit, small;
    remove_run(a);
    struct interruption interruption = {4, false};
    options.report = interrupt;
    options.user = &interruption;
    ck_assert_int_eq(run(0, &options, &result), PITH_ERR_CANCELLED);
    size_t n, again;
    char *before = read_whole_file(state_path(a), &n);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 100000;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    options.report = NULL;
    options.resume = true;
    enum pith_status status = run(0, &options, &result);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(status, PITH_ERR_IO);
    ck_assert_ptr_nonnull(strstr(error.detail, "cannot write"));
    char *after = read_whole_file(state_path(a), &again);
    ck_assert_uint_eq(again, n);
    ck_assert_mem_eq(after, before, n);
    assert_ok(run(0, &options, &result), error);
    free(before);
    free(after);
    remove_run(a);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("align_run");
    TCase *tcase = tcase_create("align_run");
    tcase_set_timeout(tcase, 300);
    tcase_add_unchecked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, the_learning_rate_warms_up_and_comes_down);
    tcase_add_test(tcase, steps_follow_from_epochs);
    tcase_add_test(tcase, layers_have_names);
    tcase_add_test(tcase, packs_hold_whole_records_in_order);
    tcase_add_loop_test(tcase, an_interrupted_run_ends_with_the_same_bytes, 0,
                        12);
    tcase_add_loop_test(tcase, threads_and_memory_do_not_change_a_run, 0,
                        TINY_KINDS);
    tcase_add_test(tcase, micro_batches_add_up);
    tcase_add_loop_test(tcase, a_run_learns_its_records_by_heart, 0, 4);
    tcase_add_test(tcase, a_run_says_how_large_it_will_be);
    tcase_add_test(tcase, the_output_is_the_best_model);
    tcase_add_test(tcase, wrong_options_are_refused);
    tcase_add_test(tcase, a_run_that_diverges_says_so);
    tcase_add_test(tcase, a_state_is_of_one_run);
    tcase_add_test(tcase, damaged_states_are_refused);
    tcase_add_test(tcase, a_full_disk_leaves_whole_files);
    suite_add_tcase(suite, tcase);
    return suite;
}
