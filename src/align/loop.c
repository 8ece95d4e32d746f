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
#include <math.h>

#include "../base/clock.h"
#include "run.h"
#include "settings.h"

/* --- several processes --------------------------------------------------- */

static enum pith_status group_failed(struct pith_error *error)
{
    return pith_fail(error, PITH_ERR_IO,
                     "communication with the other processes failed");
}

/* The one place where gradients of several processes meet. */
static enum pith_status sum_gradients(struct pith_run *run,
                                      struct pith_error *error)
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

static enum pith_status sum_doubles(struct pith_run *run, double *values,
                                    size_t n, struct pith_error *error)
{
    const struct pith_align_group *group = run->options.group;
    if (run->n_ranks > 1 && group->sum_doubles(group->user, values, n) != 0)
        return group_failed(error);
    return PITH_OK;
}

/* --- validation and files ------------------------------------------------ */

/* *loss: the mean over the targets of what is held out; NAN without any. */
static enum pith_status validate(struct pith_run *run, double *loss,
                                 struct pith_error *error)
{
    const struct pith_selection *held = &run->held;
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

static enum pith_status write_output(struct pith_run *run,
                                     struct pith_error *error)
{
    enum pith_type type;
    if (run->rank != 0)
        return PITH_OK;
    if (run->options.lora_rank > 0)
        return pith_trainer_write_adapter(run->trainer, run->options.output,
                                          error);
    PITH_TRY(pith_run_type(run, &type, error));
    return pith_trainer_write_model(run->trainer, run->options.output, type,
                                    NULL, error);
}

static enum pith_status save(struct pith_run *run, struct pith_error *error)
{
    if (run->rank != 0 || run->saved_step == run->progress.step)
        return PITH_OK;
    run->progress.place = run->sampler.place;
    run->saved_step = run->progress.step;
    run->progress.log_bytes = run->log.n_bytes;
    return pith_state_write(run->state_path, pith_run_settings(run),
                            &run->progress, run->trainer, error);
}

/* --- one step ------------------------------------------------------------ */

/* Gradients of the mean loss of a batch of records, however many processes
 * and micro-batches share it; *loss is that mean. */
static enum pith_status add_gradients(struct pith_run *run,
                                      const size_t *records, size_t n,
                                      double *loss,
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

static enum pith_status make_step(struct pith_run *run,
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

static struct pith_align_event new_event(const struct pith_run *run)
{
    return (struct pith_align_event){.n_steps = run->n_steps,
                                     .loss = (double)NAN,
                                     .validation_loss = (double)NAN};
}

/* Validates; keeps the weights that are better than all before. */
static enum pith_status compare_with_best(struct pith_run *run,
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
static enum pith_status record(struct pith_run *run,
                               struct pith_align_event *event,
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

static void report(struct pith_run *run, const struct pith_align_event *event)
{
    const struct pith_align_options *options = &run->options;
    if (options->report != NULL && options->report(options->user, event) != 0)
        run->wants_stop = true;
    if (run->n_ranks == 1)
        run->is_stopped = run->wants_stop;
}

/* What follows a step, or comes before the first. */
static enum pith_status finish_step(struct pith_run *run,
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

static enum pith_status train(struct pith_run *run, struct pith_error *error)
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
                     "stopped after step %zu of %zu; --resume continues from "
                     "%s", run->progress.step, run->n_steps, run->state_path);
}

enum pith_status pith_align(const struct pith_model *model,
                            const struct pith_dataset *data,
                            const struct pith_dataset *validation,
                            const struct pith_align_options *options,
                            struct pith_align_result *result,
                            struct pith_error *error)
{
    struct pith_run run = {.model = model, .n_ranks = 1};
    enum pith_status status;
    PITH_REQUIRE(result, error);
    *result = (struct pith_align_result){0};
    PITH_REQUIRE(model, error);
    PITH_REQUIRE(data, error);
    PITH_TRY(pith_settings_check(&run.options, options, error));
    if (run.options.group != NULL) {
        run.rank = run.options.group->rank;
        run.n_ranks = run.options.group->n_ranks;
    }
    PITH_TRY_DONE(pith_run_prepare(&run, data, validation, error));
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
    pith_run_free(&run);
    return status;
}
