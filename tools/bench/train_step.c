/*
 * train_step.c - time and memory of training steps on random tokens; made by
 * `make bench-train`, run by train.py beside PyTorch.
 *
 * usage: train_step MODEL.pith full|lora|lora-checkpoint RECORDS TOKENS
 *                   [STEPS] [THREADS] [PRECISION]
 *
 * One line of JSON: milliseconds of each step, its parts, and peak memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/align/trainer.h"
#include "../../src/base/clock.h"
#include "../../src/model/state.h"

enum { MAX_STEPS = 100 };

struct run {
    struct pith_trainer *trainer;
    struct pith_training_batch batch;
    double passes[MAX_STEPS], update[MAX_STEPS], loss;
};

static void fail(const struct pith_error *error)
{
    fprintf(stderr, "train_step: %s\n", error->detail);
    exit(1);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, ascending);
    return n % 2 == 1 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

/* The next token is the target of each, the records end to end. */
static void fill_batch(struct pith_training_batch *batch, size_t n_records,
                       size_t n_tokens, size_t n_vocab)
{
    size_t n = n_records * n_tokens;
    int32_t *ids = malloc(n * sizeof *ids);
    int32_t *targets = malloc(n * sizeof *targets);
    size_t *lengths = malloc(n_records * sizeof *lengths);
    uint32_t state = 1;
    if (ids == NULL || targets == NULL || lengths == NULL)
        exit(1);
    for (size_t t = 0; t < n; t++) {
        state = state * 1664525u + 1013904223u;
        ids[t] = (int32_t)((state >> 8) % n_vocab);
    }
    for (size_t t = 0; t < n; t++)
        targets[t] = (t + 1) % n_tokens != 0 ? ids[t + 1] : PITH_NO_TARGET;
    for (size_t i = 0; i < n_records; i++)
        lengths[i] = n_tokens;
    *batch = (struct pith_training_batch){ids, targets, n, lengths, n_records};
}

static void take_step(struct run *run, size_t index)
{
    struct pith_adamw adamw = {.lr = 1e-4, .beta1 = 0.9, .beta2 = 0.999,
                               .eps = 1e-8, .weight_decay = 0.01,
                               .gradient_scale = 1, .step = index + 1};
    struct pith_error error;
    size_t n = 0;
    double start = pith_seconds(), middle;
    pith_trainer_zero_gradients(run->trainer);
    if (pith_trainer_accumulate(run->trainer, &run->batch,
                                1.0 / (double)run->batch.n_tokens, &run->loss,
                                &n, &error) != PITH_OK)
        fail(&error);
    run->loss /= (double)n;
    middle = pith_seconds();
    double norm = pith_trainer_gradient_norm(run->trainer);
    adamw.gradient_scale = norm > 1 ? 1 / norm : 1;
    pith_trainer_step(run->trainer, &adamw);
    run->passes[index] = 1e3 * (middle - start);
    run->update[index] = 1e3 * (pith_seconds() - middle);
}

/* Linux only, else 0; that of getrusage() would count the parent's memory. */
static double peak_mib(void)
{
    char line[256];
    double kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtod(line + 6, NULL);
    if (file != NULL)
        fclose(file);
    return kib / 1024;
}

static void print(struct run *run, size_t n_steps)
{
    double total[MAX_STEPS], loss = run->loss;
    size_t n = n_steps > 1 ? n_steps - 1 : 1; /* the first touches memory */
    size_t first = n_steps > 1;
    for (size_t i = 0; i < n; i++)
        total[i] = run->passes[first + i] + run->update[first + i];
    printf("{\"tokens\": %zu, \"steps\": %zu, \"ms\": %.1f, ",
           run->batch.n_tokens, n, median(total, n));
    printf("\"best_ms\": %.1f, \"passes_ms\": %.1f, \"update_ms\": %.1f, ",
           total[0], median(run->passes + first, n),
           median(run->update + first, n));
    printf("\"loss\": %.5f, \"precision\": \"%s\", ", loss,
           pith_trainer_precision(run->trainer));
    printf("\"peak_rss_mib\": %.0f}\n", peak_mib());
}

int main(int n_arguments, char **arguments)
{
    if (n_arguments < 5) {
        fprintf(stderr, "usage: train_step MODEL.pith "
                        "full|lora|lora-checkpoint RECORDS TOKENS [STEPS] "
                        "[THREADS] [PRECISION]\n");
        return 2;
    }
    size_t n_records = (size_t)atoi(arguments[3]);
    size_t n_tokens = (size_t)atoi(arguments[4]);
    int n_steps = n_arguments > 5 ? atoi(arguments[5]) : 8;
    struct pith_trainer_options options = {
        .mode = strcmp(arguments[2], "full") == 0 ? PITH_TRAIN_FULL
                                                  : PITH_TRAIN_LORA,
        .lora_rank = 8, .lora_alpha = 16, .lora_layers = PITH_EVERY_LINEAR,
        .checkpoint_activations = strstr(arguments[2], "checkpoint") != NULL,
        .n_threads = n_arguments > 6 ? atoi(arguments[6]) : 0,
        .precision = n_arguments > 7 ? arguments[7] : NULL,
        .max_tokens = n_records * n_tokens, .max_record = n_tokens};
    struct run run = {0};
    struct pith_model *model;
    struct pith_error error;
    if (n_steps < 1 || n_steps > MAX_STEPS)
        n_steps = MAX_STEPS;
    if (pith_model_load(arguments[1], NULL, &model, &error) != PITH_OK ||
        pith_trainer_create(&run.trainer, model, &options, &error) != PITH_OK)
        fail(&error);
    fill_batch(&run.batch, n_records, n_tokens, model->format.config.n_vocab);
    for (int i = 0; i < n_steps; i++)
        take_step(&run, (size_t)i);
    print(&run, (size_t)n_steps);
    free((void *)(uintptr_t)run.batch.ids);
    free((void *)(uintptr_t)run.batch.targets);
    free((void *)(uintptr_t)run.batch.lengths);
    pith_trainer_free(run.trainer);
    pith_model_free(model);
    return 0;
}
