/*
 * loop.c - distribution alignment, eq. 8 of the paper:
 *
 *     min over theta of E[ (1/N) sum_i L(x_i, y_i^LLM; theta) ]
 *
 * with L the negative log-likelihood of the answer's tokens.  A step takes a
 * batch of records, adds up gradients over as many micro-batches as it needs,
 * clips them, and lets AdamW move the weights.  The loop decides when to
 * validate, to keep the best weights and to save its state; the numbers are
 * the trainer's.
 *
 * Several processes share a step by taking every n-th of its records; their
 * gradients meet in sum_gradients, and all of them make the same update.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/memory.h"
#include "log.h"
#include "pack.h"
#include "sampler.h"
#include "settings.h"
#include "state.h"

/* A list of records of one data set. */
struct selection {
    const struct pith_dataset *dataset;
    size_t *records; /* (n) */
    size_t n;
};

struct run {
    struct pith_align_options options;
    const struct pith_model *model;
    struct pith_trainer *trainer;
    struct selection train, held;
    struct pith_sampler sampler;
    struct pith_pack pack;
    struct pith_buffer settings; /* JSON */
    char *state_path, *log_path;
    struct pith_log log;
    struct pith_run_progress progress;
    size_t n_steps, validate_every, save_every;
    int rank, n_ranks;
    bool wants_stop; /* the report of this process */
    bool is_stopped; /* all processes know of it */
    size_t saved_step; /* of the state on disk; SIZE_MAX: none by this run */
    uint64_t n_tokens; /* since the start of this process */
    double start;
};

static struct pith_text settings_of(const struct run *run)
{
    return (struct pith_text){run->settings.data, run->settings.size};
}

/* --- several processes --------------------------------------------------- */

static enum pith_status group_failed(struct pith_error *error)
{
    return pith_fail(error, PITH_ERR_IO,
                     "communication with the other processes failed");
}

/* The one place where gradients of several processes meet. */
static enum pith_status sum_gradients(struct run *run, struct pith_error *error)
{
    const struct pith_align_group *group = run->options.group;
    if (run->n_ranks == 1)
        return PITH_OK;
    for (size_t t = 0; t < pith_trainer_n_tensors(run->trainer); t++) {
        struct pith_trainable tensor;
        pith_trainer_tensor(run->trainer, t, &tensor);
        if (group->sum_floats(group->user, tensor.gradient,
                              tensor.rows * tensor.cols) != 0)
            return group_failed(error);
    }
    return PITH_OK;
}

static enum pith_status sum_doubles(struct run *run, double *values, size_t n,
                                    struct pith_error *error)
{
    const struct pith_align_group *group = run->options.group;
    if (run->n_ranks > 1 && group->sum_doubles(group->user, values, n) != 0)
        return group_failed(error);
    return PITH_OK;
}

/* --- validation and files ------------------------------------------------ */

/* *loss: the mean over the targets of what is held out; NAN without any. */
static enum pith_status validate(struct run *run, double *loss,
                                 struct pith_error *error)
{
    const struct selection *held = &run->held;
    double sums[2] = {0, 0}; /* losses, targets */
    size_t at = (size_t)run->rank;
    *loss = (double)NAN;
    if (held->n == 0)
        return PITH_OK;
    while (pith_pack_fill(&run->pack, held->dataset, held->records, held->n,
                          (size_t)run->n_ranks, &at)) {
        double sum;
        size_t n_targets;
        PITH_TRY(pith_trainer_loss(run->trainer, &run->pack.batch, &sum,
                                   &n_targets, error));
        sums[0] += sum;
        sums[1] += (double)n_targets;
    }
    PITH_TRY(sum_doubles(run, sums, 2, error));
    *loss = sums[0] / sums[1];
    return PITH_OK;
}

static enum pith_status find_type(const struct run *run, enum pith_type *type,
                                  struct pith_error *error)
{
    *type = run->model->layers[0].attn_q.type;
    if (run->options.dtype == NULL)
        return PITH_OK;
    for (int i = PITH_F32; i <= PITH_Q4; i++)
        if (strcmp(run->options.dtype, pith_type_name((enum pith_type)i)) ==
            0) {
            *type = (enum pith_type)i;
            return PITH_OK;
        }
    return pith_fail(error, PITH_ERR_ARGUMENT,
                     "dtype \"%.40s\": expected f32, f16, bf16, q8 or q4",
                     run->options.dtype);
}

static enum pith_status write_output(struct run *run, struct pith_error *error)
{
    enum pith_type type;
    if (run->rank != 0)
        return PITH_OK;
    if (run->options.lora_rank > 0)
        return pith_trainer_write_adapter(run->trainer, run->options.output,
                                          error);
    PITH_TRY(find_type(run, &type, error));
    return pith_trainer_write_model(run->trainer, run->options.output, type,
                                    NULL, error);
}

static enum pith_status save(struct run *run, struct pith_error *error)
{
    if (run->rank != 0 || run->saved_step == run->progress.step)
        return PITH_OK;
    run->progress.place = run->sampler.place;
    run->saved_step = run->progress.step;
    PITH_TRY(pith_log_size(&run->log, &run->progress.log_bytes, error));
    return pith_state_write(run->state_path, settings_of(run), &run->progress,
                            run->trainer, error);
}

/* --- one step ------------------------------------------------------------ */

/* Gradients of the mean loss of a batch of records, however many processes
 * and micro-batches share it; *loss is that mean. */
static enum pith_status add_gradients(struct run *run, const size_t *records,
                                      size_t n, double *loss,
                                      struct pith_error *error)
{
    const struct pith_dataset *dataset = run->train.dataset;
    size_t n_targets = pith_pack_count_targets(dataset, records, n);
    size_t at = (size_t)run->rank;
    double sums[3] = {0, 0, run->wants_stop}; /* losses, tokens, stops */
    pith_trainer_zero_gradients(run->trainer);
    while (pith_pack_fill(&run->pack, dataset, records, n,
                          (size_t)run->n_ranks, &at)) {
        double sum;
        PITH_TRY(pith_trainer_accumulate(run->trainer, &run->pack.batch,
                                         1.0 / (double)n_targets, &sum, NULL,
                                         error));
        sums[0] += sum;
        sums[1] += (double)run->pack.batch.n_tokens;
    }
    PITH_TRY(sum_gradients(run, error));
    PITH_TRY(sum_doubles(run, sums, 3, error));
    run->n_tokens += (uint64_t)sums[1];
    run->is_stopped = sums[2] > 0;
    *loss = sums[0] / (double)n_targets;
    return PITH_OK;
}

static enum pith_status make_step(struct run *run,
                                  struct pith_align_event *event,
                                  struct pith_error *error)
{
    const struct pith_align_options *options = &run->options;
    size_t n;
    const size_t *records =
        pith_sampler_next(&run->sampler, options->batch_records, &n);
    PITH_TRY(add_gradients(run, records, n, &event->loss, error));
    event->gradient_norm = pith_trainer_gradient_norm(run->trainer);
    if (!isfinite(event->loss) || !isfinite(event->gradient_norm))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "step %zu: loss %g, gradient norm %g: training "
                         "diverged; try a lower lr than %g or a longer "
                         "warm-up", run->progress.step + 1, event->loss,
                         event->gradient_norm, options->lr);
    event->lr = pith_settings_lr(options, run->progress.step, run->n_steps);
    bool clips = options->clip > 0 && event->gradient_norm > options->clip;
    struct pith_adamw adamw = {
        .lr = event->lr,
        .beta1 = options->beta1,
        .beta2 = options->beta2,
        .eps = options->eps,
        .weight_decay = options->weight_decay,
        .gradient_scale = clips ? options->clip / event->gradient_norm : 1,
        .step = run->progress.step + 1};
    pith_trainer_step(run->trainer, &adamw);
    run->progress.step++;
    run->progress.loss = event->loss;
    return PITH_OK;
}

/* --- between steps ------------------------------------------------------- */

static struct pith_align_event new_event(const struct run *run)
{
    return (struct pith_align_event){.n_steps = run->n_steps,
                                     .loss = (double)NAN,
                                     .validation_loss = (double)NAN};
}

/* Validates; keeps the weights that are better than all before. */
static enum pith_status compare_with_best(struct run *run,
                                          struct pith_align_event *event,
                                          struct pith_error *error)
{
    struct pith_run_progress *progress = &run->progress;
    PITH_TRY(validate(run, &event->validation_loss, error));
    if (progress->step == 0) {
        progress->first_loss = event->validation_loss;
        return PITH_OK;
    }
    if (isnan(event->validation_loss) ||
        event->validation_loss >= progress->best_loss)
        return PITH_OK;
    progress->best_loss = event->validation_loss;
    progress->best_step = progress->step;
    event->is_best = true;
    return write_output(run, error);
}

/* Log first, then the state, which counts the log's bytes. */
static enum pith_status record(struct run *run, struct pith_align_event *event,
                               struct pith_error *error)
{
    const struct pith_sampler *sampler = &run->sampler;
    event->step = run->progress.step;
    event->epoch = (double)sampler->place.epoch +
                   (double)sampler->place.n_used / (double)sampler->n;
    event->n_tokens = run->n_tokens;
    event->seconds = pith_seconds() - run->start;
    if (run->rank == 0)
        PITH_TRY(pith_log_event(&run->log, event, error));
    return event->is_saved ? save(run, error) : PITH_OK;
}

static void report(struct run *run, const struct pith_align_event *event)
{
    const struct pith_align_options *options = &run->options;
    if (options->report != NULL && options->report(options->user, event) != 0)
        run->wants_stop = true;
    if (run->n_ranks == 1)
        run->is_stopped = run->wants_stop;
}

/* What follows a step, or comes before the first. */
static enum pith_status finish_step(struct run *run,
                                    struct pith_align_event *event,
                                    struct pith_error *error)
{
    size_t step = run->progress.step;
    bool is_last = step == run->n_steps;
    if (step % run->validate_every == 0 || is_last)
        PITH_TRY(compare_with_best(run, event, error));
    if (is_last && run->held.n == 0) {
        run->progress.best_step = step;
        PITH_TRY(write_output(run, error));
    }
    event->is_saved = step > 0 && (step % run->save_every == 0 || is_last);
    PITH_TRY(record(run, event, error));
    report(run, event);
    return PITH_OK;
}

static enum pith_status train(struct run *run, struct pith_error *error)
{
    struct pith_align_event event = new_event(run);
    if (run->progress.step == 0 && run->saved_step != 0)
        PITH_TRY(finish_step(run, &event, error));
    while (run->progress.step < run->n_steps && !run->is_stopped) {
        event = new_event(run);
        PITH_TRY(make_step(run, &event, error));
        PITH_TRY(finish_step(run, &event, error));
    }
    PITH_TRY(save(run, error));
    if (run->progress.step == run->n_steps)
        return PITH_OK;
    return pith_fail(error, PITH_ERR_CANCELLED,
                     "stopped behind step %zu of %zu; --resume goes on from "
                     "%s", run->progress.step, run->n_steps, run->state_path);
}

/* --- before the first step ----------------------------------------------- */

static void free_selection(struct selection *selection)
{
    free(selection->records);
    selection->records = NULL;
}

static enum pith_status make_selection(struct selection *selection,
                                       const struct pith_dataset *dataset,
                                       size_t n, struct pith_error *error)
{
    *selection = (struct selection){dataset, pith_array(n, sizeof(size_t)), n};
    if (selection->records == NULL)
        return pith_no_memory(error, n, sizeof(size_t));
    for (size_t i = 0; i < n; i++)
        selection->records[i] = i;
    return PITH_OK;
}

/* Which records are trained on, which are held out. */
static enum pith_status select_records(struct run *run,
                                       const struct pith_dataset *data,
                                       const struct pith_dataset *validation,
                                       struct pith_error *error)
{
    double share = run->options.validation_share;
    size_t n = data->info.n_records, n_held = 0;
    if (data->model != run->model ||
        (validation != NULL && validation->model != run->model))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "the data were tokenized for another model");
    if (validation == NULL && share > 0)
        n_held = (size_t)ceil(share * (double)n);
    if (n <= n_held)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%zu records with an answer, of which %zu are held "
                         "out for validation: nothing to train on", n, n_held);
    PITH_TRY(make_selection(&run->train, data, n - n_held, error));
    if (validation != NULL)
        return make_selection(&run->held, validation,
                              validation->info.n_records, error);
    PITH_TRY(make_selection(&run->held, data, n_held, error));
    return pith_sampler_split(n, n_held, run->options.seed, run->held.records,
                              run->train.records, error);
}

static size_t longest_record(const struct selection *selection)
{
    size_t longest = 0;
    for (size_t i = 0; i < selection->n; i++) {
        size_t n =
            pith_dataset_length(selection->dataset, selection->records[i]);
        longest = n > longest ? n : longest;
    }
    return longest;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static enum pith_status make_trainer(struct run *run, struct pith_error *error)
{
    const struct pith_align_options *options = &run->options;
    size_t longest =
        larger(longest_record(&run->train), longest_record(&run->held));
    struct pith_trainer_options trainer = {
        .mode = options->lora_rank > 0 ? PITH_TRAIN_LORA : PITH_TRAIN_FULL,
        .lora_rank = options->lora_rank,
        .lora_alpha = (float)options->lora_alpha,
        .lora_seed = options->seed,
        .checkpoint_activations = options->checkpoint_activations,
        .n_threads = options->n_threads,
        .max_tokens = larger(options->batch_tokens, longest),
        .max_record = longest};
    PITH_TRY(pith_settings_layers(options->lora_layers, &trainer.lora_layers,
                                  error));
    PITH_TRY(pith_pack_create(&run->pack, trainer.max_tokens, error));
    return pith_trainer_create(&run->trainer, run->model, &trainer, error);
}

/* path, or the output's with an ending; release with free(). */
static enum pith_status name_file(const char *path, const char *output,
                                  const char *ending, char **name,
                                  struct pith_error *error)
{
    struct pith_buffer buffer = {0};
    pith_buffer_string(&buffer, path != NULL ? path : output);
    pith_buffer_string(&buffer, path != NULL ? "" : ending);
    return pith_buffer_take(&buffer, name, NULL, error);
}

/* Whether a file of this name can be written: better known before hours of
 * work than after them. */
static enum pith_status check_writable(const char *path,
                                       struct pith_error *error)
{
    struct pith_writer writer;
    PITH_TRY(pith_writer_open(&writer, path, error));
    pith_writer_abort(&writer);
    return PITH_OK;
}

static enum pith_status check_files(struct run *run, struct pith_error *error)
{
    const struct pith_align_options *options = &run->options;
    enum pith_type type;
    PITH_TRY(find_type(run, &type, error));
    if (pith_path_is_same(options->output, run->model->format.path))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s: is the model itself; expected another name for "
                         "the output", options->output);
    PITH_TRY(name_file(options->state, options->output, ".state",
                       &run->state_path, error));
    PITH_TRY(name_file(options->log, options->output, ".jsonl",
                       &run->log_path, error));
    if (run->rank != 0)
        return PITH_OK;
    PITH_TRY(check_writable(options->output, error));
    return check_writable(run->state_path, error);
}

/* Goes on from the state on disk. */
static enum pith_status resume(struct run *run, struct pith_error *error)
{
    struct pith_run_progress *progress = &run->progress;
    PITH_TRY(pith_state_read(run->state_path, settings_of(run), progress,
                             run->trainer, error));
    PITH_TRY(pith_sampler_seek(&run->sampler, &progress->place, error));
    if (progress->step > run->n_steps)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: is behind step %zu of %zu", run->state_path,
                         progress->step, run->n_steps);
    if (progress->best_step > 0 && !pith_path_exists(run->options.output))
        return pith_fail(error, PITH_ERR_IO,
                         "%s: is gone, and with it the best weights of the "
                         "run in %s; start anew with --overwrite",
                         run->options.output, run->state_path);
    if (run->rank == 0)
        PITH_TRY(pith_log_continue(&run->log, run->log_path,
                                   progress->log_bytes, error));
    run->saved_step = progress->step;
    return PITH_OK;
}

static enum pith_status begin(struct run *run, struct pith_error *error)
{
    bool exists = pith_path_exists(run->state_path);
    run->progress = (struct pith_run_progress){.first_loss = (double)NAN,
                                               .best_loss = (double)INFINITY,
                                               .loss = (double)NAN};
    if (exists && run->options.resume)
        return resume(run, error);
    if (exists && !run->options.overwrite)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s: there is a run already; --resume goes on with "
                         "it, --overwrite starts anew", run->state_path);
    if (run->rank != 0)
        return PITH_OK;
    if (exists && remove(run->state_path) != 0)
        return pith_fail(error, PITH_ERR_IO, "%s: cannot remove: %s",
                         run->state_path, strerror(errno));
    return pith_log_start(&run->log, run->log_path, settings_of(run), error);
}

static enum pith_status prepare(struct run *run,
                                const struct pith_dataset *data,
                                const struct pith_dataset *validation,
                                struct pith_error *error)
{
    const struct pith_align_options *options = &run->options;
    PITH_TRY(check_files(run, error));
    PITH_TRY(select_records(run, data, validation, error));
    PITH_TRY(pith_sampler_create(&run->sampler, run->train.records,
                                 run->train.n, options->seed, error));
    PITH_TRY(make_trainer(run, error));
    pith_settings_write(options, run->model, data, validation, &run->settings);
    if (run->settings.failed)
        return pith_no_memory(error, run->settings.size, 1);
    run->n_steps = pith_settings_steps(options, run->train.n);
    size_t tenth = run->n_steps / 10 + (run->n_steps % 10 != 0);
    run->validate_every = options->validate_every > 0 ? options->validate_every
                                                      : tenth;
    run->save_every =
        options->save_every > 0 ? options->save_every : run->validate_every;
    run->saved_step = SIZE_MAX;
    return begin(run, error);
}

static void free_run(struct run *run)
{
    pith_log_close(&run->log);
    pith_trainer_free(run->trainer);
    pith_pack_free(&run->pack);
    pith_sampler_free(&run->sampler);
    free_selection(&run->train);
    free_selection(&run->held);
    pith_buffer_free(&run->settings);
    free(run->state_path);
    free(run->log_path);
}

enum pith_status pith_align(const struct pith_model *model,
                            const struct pith_dataset *data,
                            const struct pith_dataset *validation,
                            const struct pith_align_options *options,
                            struct pith_align_result *result,
                            struct pith_error *error)
{
    struct run run = {.model = model, .n_ranks = 1};
    enum pith_status status;
    *result = (struct pith_align_result){0};
    PITH_TRY(pith_settings_check(&run.options, options, error));
    if (run.options.group != NULL) {
        run.rank = run.options.group->rank;
        run.n_ranks = run.options.group->n_ranks;
    }
    PITH_TRY_DONE(prepare(&run, data, validation, error));
    run.start = pith_seconds();
    PITH_TRY_DONE(train(&run, error));
done:
    *result = (struct pith_align_result){
        .n_steps = run.progress.step,
        .first_validation_loss = run.progress.first_loss,
        .best_validation_loss = isfinite(run.progress.best_loss)
                                    ? run.progress.best_loss
                                    : (double)NAN,
        .best_step = run.progress.best_step,
        .loss = run.progress.loss};
    free_run(&run);
    return status;
}
