/*
 * run.c - a run before its first step; see run.h.
 */
#include "run.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/place.h"
#include "../base/writer.h"
#include "../model/access.h"
#include "settings.h"

struct pith_text pith_run_settings(const struct pith_run *run)
{
    return (struct pith_text){run->settings.data, run->settings.size};
}

/* --- records -------------------------------------------------------------- */

static enum pith_status make_selection(struct pith_selection *selection,
                                       const struct pith_dataset *dataset,
                                       size_t n, struct pith_error *error)
{
    size_t *records = pith_array(n, sizeof *records);
    *selection = (struct pith_selection){dataset, records, n};
    if (records == NULL)
        return pith_no_memory(error, n, sizeof *records);
    for (size_t i = 0; i < n; i++)
        records[i] = i;
    return PITH_OK;
}

/* Which records are trained on, which are held out. */
static enum pith_status select_records(struct pith_run *run,
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
                         n == 0 ? "no record with an answer: nothing to train "
                                  "on"
                                : "one record with an answer, which is held "
                                  "out for validation: nothing to train on; "
                                  "--validation-share 0 trains on it, "
                                  "--validation FILE names others to validate "
                                  "on");
    PITH_TRY(make_selection(&run->train, data, n - n_held, error));
    if (validation != NULL)
        return make_selection(&run->held, validation,
                              validation->info.n_records, error);
    PITH_TRY(make_selection(&run->held, data, n_held, error));
    return pith_sampler_split(n, n_held, run->options.seed, run->held.records,
                              run->train.records, error);
}

static size_t longest_record(const struct pith_selection *selection)
{
    size_t longest = 0;
    for (size_t i = 0; i < selection->n; i++) {
        size_t n =
            pith_dataset_length(selection->dataset, selection->records[i]);
        longest = n > longest ? n : longest;
    }
    return longest;
}

static void announce(void *user, const struct pith_trainer_size *trainer)
{
    const struct pith_align_options *options = user;
    struct pith_align_size size = {
        .n_weights = trainer->n_weights,
        .memory_bytes = trainer->state_bytes + trainer->batch_bytes,
        .state_bytes = pith_state_bytes(trainer->n_weights)};
    if (options->announce != NULL)
        options->announce(options->user, &size);
}

static enum pith_status make_trainer(struct pith_run *run,
                                     struct pith_error *error)
{
    const struct pith_align_options *options = &run->options;
    size_t longest =
        pith_max(longest_record(&run->train), longest_record(&run->held));
    struct pith_trainer_options trainer = {
        .mode = options->lora_rank > 0 ? PITH_TRAIN_LORA : PITH_TRAIN_FULL,
        .lora_rank = options->lora_rank,
        .lora_alpha = (float)options->lora_alpha,
        .lora_seed = options->seed,
        .checkpoint_activations = options->checkpoint_activations,
        .precision = options->precision,
        .n_threads = options->n_threads,
        .max_tokens = pith_max(options->batch_tokens, longest),
        .max_record = longest,
        .announce = announce,
        .user = &run->options};
    PITH_TRY(pith_settings_layers(options->lora_layers, &trainer.lora_layers,
                                  error));
    PITH_TRY(pith_pack_create(&run->pack, trainer.max_tokens, error));
    return pith_trainer_create(&run->trainer, run->model, &trainer, error);
}

/* --- files ---------------------------------------------------------------- */

enum pith_status pith_run_type(const struct pith_run *run, enum pith_type *type,
                                  struct pith_error *error)
{
    *type = pith_model_weights(run->model)->layers[0].attn_q.type;
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

/* path, or the output's with an ending; release with pith_free(). */
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

/* No file of a run may be the model, or another of them. */
static enum pith_status check_distinct(const struct pith_run *run,
                                       struct pith_error *error)
{
    const char *files[] = {pith_model_format(run->model)->path,
                           run->options.output, run->state_path,
                           run->log_path};
    for (size_t i = 1; i < sizeof files / sizeof *files; i++)
        for (size_t j = 0; j < i; j++)
            PITH_TRY(pith_place_check(files[i], files[j], error));
    return PITH_OK;
}

static enum pith_status check_output(const struct pith_align_options *options,
                                     struct pith_error *error)
{
    struct pith_place place;
    PITH_TRY(pith_place_find(options->output, &place, error));
    if (place.kind == PITH_FILE_PIPE ||
        pith_path_descriptor(options->output) >= 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s: is a pipe or an open descriptor; expected a "
                         "file, as it is written again whenever the weights "
                         "are better", options->output);
    if (place.kind == PITH_FILE_OTHER &&
        (options->state == NULL || options->log == NULL))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s: is a device; nothing is written beside it, so "
                         "give state and log their own names",
                         options->output);
    return PITH_OK;
}

static enum pith_status check_files(struct pith_run *run,
                                    struct pith_error *error)
{
    const struct pith_align_options *options = &run->options;
    enum pith_type type;
    PITH_TRY(pith_run_type(run, &type, error));
    PITH_TRY(name_file(options->state, options->output, ".state",
                       &run->state_path, error));
    PITH_TRY(name_file(options->log, options->output, ".jsonl",
                       &run->log_path, error));
    PITH_TRY(check_output(options, error));
    PITH_TRY(check_distinct(run, error));
    PITH_TRY(pith_state_check(run->state_path, &run->has_state, error));
    PITH_TRY(pith_log_check(run->log_path, error));
    if (run->rank != 0)
        return PITH_OK;
    PITH_TRY(check_writable(options->output, error));
    return check_writable(run->state_path, error);
}

/* --- where it begins ------------------------------------------------------ */

/* Continues from the state on disk. */
static enum pith_status resume(struct pith_run *run, struct pith_error *error)
{
    struct pith_run_progress *progress = &run->progress;
    PITH_TRY(pith_state_read(run->state_path, pith_run_settings(run), progress,
                             run->trainer, error));
    PITH_TRY(pith_sampler_seek(&run->sampler, &progress->place, error));
    if (progress->step > run->n_steps)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: was saved after step %zu, and the run has %zu",
                         run->state_path,
                         progress->step, run->n_steps);
    if (progress->best_step > 0 && !pith_path_exists(run->options.output))
        return pith_fail(error, PITH_ERR_IO,
                         "%s: is gone, and with it the best weights of the "
                         "run in %s; start over with --overwrite",
                         run->options.output, run->state_path);
    if (run->rank == 0)
        PITH_TRY(pith_log_continue(&run->log, run->log_path,
                                   progress->log_bytes, error));
    run->saved_step = progress->step;
    return PITH_OK;
}

/* Of a link to the state, what it leads to. */
static enum pith_status remove_state(const struct pith_run *run,
                                     struct pith_error *error)
{
    char *place = pith_path_follow(run->state_path);
    bool removed = place != NULL && remove(place) == 0;
    pith_free(place);
    return removed ? PITH_OK
                   : pith_fail(error, PITH_ERR_IO, "%s: cannot remove: %s",
                               run->state_path, strerror(errno));
}

static enum pith_status begin(struct pith_run *run, struct pith_error *error)
{
    run->progress = (struct pith_run_progress){.first_loss = (double)NAN,
                                               .best_loss = (double)INFINITY,
                                               .loss = (double)NAN};
    if (run->has_state && run->options.resume)
        return resume(run, error);
    if (run->has_state && !run->options.overwrite)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s: a run exists already; --resume continues it "
                         ", --overwrite starts over", run->state_path);
    if (run->rank != 0)
        return PITH_OK;
    if (run->has_state)
        PITH_TRY(remove_state(run, error));
    return pith_log_start(&run->log, run->log_path, pith_run_settings(run),
                          error);
}

enum pith_status pith_run_prepare(struct pith_run *run,
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
    pith_settings_write(options, pith_trainer_precision(run->trainer),
                        run->model, data, validation, &run->settings);
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

static void free_selection(struct pith_selection *selection)
{
    pith_free(selection->records);
    selection->records = NULL;
}

void pith_run_free(struct pith_run *run)
{
    pith_log_close(&run->log);
    pith_trainer_free(run->trainer);
    pith_pack_free(&run->pack);
    pith_sampler_free(&run->sampler);
    free_selection(&run->train);
    free_selection(&run->held);
    pith_buffer_free(&run->settings);
    pith_free(run->state_path);
    pith_free(run->log_path);
}
