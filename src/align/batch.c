/*
 * batch.c - a batch on its way into a trainer: checked, and every token given
 * its position; see passes.h.
 */
#include <string.h>

#include "../model/access.h"
#include "passes.h"

static enum pith_status check_lengths(const struct pith_trainer *trainer,
                                      const struct pith_training_batch *batch,
                                      struct pith_error *error)
{
    size_t total = 0;
    if (batch->n_tokens > trainer->options.max_tokens)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "a batch of %zu tokens; the trainer was made for at "
                         "most %zu", batch->n_tokens,
                         trainer->options.max_tokens);
    for (size_t i = 0; i < batch->n_records; i++) {
        size_t length = batch->lengths[i];
        if (length == 0 || length > trainer->options.max_record)
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "record %zu of the batch has %zu tokens; expected "
                             "1 to %zu", i, length,
                             trainer->options.max_record);
        total += length;
    }
    if (total != batch->n_tokens)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "the records of the batch have %zu tokens together; "
                         "the batch has %zu", total, batch->n_tokens);
    return PITH_OK;
}

static enum pith_status check_batch(const struct pith_trainer *trainer,
                                    const struct pith_training_batch *batch,
                                    struct pith_error *error)
{
    int64_t n_vocab = pith_model_config(trainer->model)->n_vocab;
    PITH_TRY(check_lengths(trainer, batch, error));
    for (size_t t = 0; t < batch->n_tokens; t++) {
        int32_t id = batch->ids[t], target = batch->targets[t];
        if (id < 0 || id >= n_vocab ||
            (target != PITH_NO_TARGET && (target < 0 || target >= n_vocab)))
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "token %zu of the batch has id %ld and target "
                             "%ld; the model has ids 0 to %ld", t, (long)id,
                             (long)target, (long)n_vocab - 1);
    }
    return PITH_OK;
}

/* The positions of the batch's tokens, and what rotary embedding makes of
 * them. */
static void place_tokens(struct pith_trainer *trainer)
{
    const struct pith_training_batch *batch = &trainer->batch;
    const struct pith_config *config = pith_model_config(trainer->model);
    size_t half = config->head_dim / 2, t = 0;
    const float *sines = trainer->angles + trainer->options.max_record * half;

    for (size_t r = 0; r < batch->n_records; r++)
        for (size_t p = 0; p < batch->lengths[r]; p++)
            trainer->positions[t++] = (int32_t)p;
    if (config->arch != PITH_ARCH_LLAMA)
        return;
    for (t = 0; t < batch->n_tokens; t++) {
        size_t p = (size_t)trainer->positions[t] * half;
        memcpy(trainer->cosines + t * half, trainer->angles + p,
               half * sizeof(float));
        memcpy(trainer->sines + t * half, sines + p, half * sizeof(float));
        for (size_t i = 0; i < half; i++)
            trainer->back_sines[t * half + i] = -sines[p + i];
    }
}

enum pith_status pith_train_take_batch(struct pith_trainer *trainer,
                                       const struct pith_training_batch *batch,
                                       struct pith_error *error)
{
    PITH_TRY(check_batch(trainer, batch, error));
    trainer->batch = *batch;
    place_tokens(trainer);
    return PITH_OK;
}
