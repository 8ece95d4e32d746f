/*
 * output.c - what training made, as files: a complete model, or an adapter.
 */
#include <string.h>

#include "../base/memory.h"
#include "../model/access.h"
#include "../model/format_writer.h"
#include "passes.h"

/* --- a complete model ----------------------------------------------------- */

static enum pith_status append_tensor(struct pith_format_writer *writer,
                                      const struct pith_trainable *tensor,
                                      enum pith_type type,
                                      struct pith_error *error)
{
    size_t row_bytes = pith_row_bytes(type, tensor->cols);
    enum pith_status status = PITH_OK;
    uint8_t *row = pith_array(row_bytes, 1);
    if (row == NULL)
        return pith_no_memory(error, row_bytes, 1);
    for (size_t r = 0; r < tensor->rows && status == PITH_OK; r++) {
        pith_row_from_floats(row, type, tensor->value + r * tensor->cols,
                             tensor->cols);
        status = pith_format_append(writer, row, row_bytes, error);
    }
    pith_free(row);
    return status;
}

/* The file that the plan describes, types (n) of its tensors included. */
static enum pith_status write_model(struct pith_trainer *trainer,
                                    const char *path,
                                    const struct pith_format_plan *plan,
                                    struct pith_error *error)
{
    struct pith_format_writer *writer;
    enum pith_status status = PITH_OK;
    PITH_TRY(pith_format_begin(&writer, path, plan, error));
    for (size_t i = 0; i < trainer->parameters.n && status == PITH_OK; i++)
        status = append_tensor(writer, &trainer->parameters.all[i].view,
                               plan->types[i], error);
    if (status == PITH_OK)
        return pith_format_finish(writer, error);
    pith_format_abort(writer);
    return status;
}

enum pith_status pith_trainer_write_model(struct pith_trainer *trainer,
                                          const char *path,
                                          enum pith_type type,
                                          const char *name,
                                          struct pith_error *error)
{
    const struct pith_format *format = pith_model_format(trainer->model);
    const struct pith_parameters *p = &trainer->parameters;
    struct pith_format_plan plan = {
        .config = format->config,
        .model_name = name != NULL ? name : format->model_name,
        .tokenizer = format->tokenizer,
        .tokenizer_size = format->tokenizer_size};
    enum pith_status status;

    if (trainer->options.mode != PITH_TRAIN_FULL)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s: LoRA trains an adapter, not a model: write that, "
                         "and merge it with `pith merge`", path);
    enum pith_type *types = pith_array(p->n, sizeof *types);
    if (types == NULL)
        return pith_no_memory(error, p->n, sizeof *types);
    for (size_t i = 0; i < p->n; i++)
        types[i] = p->all[i].view.decays ? type : PITH_F32;
    plan.types = types;
    status = write_model(trainer, path, &plan, error);
    pith_free(types);
    return status;
}

/* --- an adapter ----------------------------------------------------------- */

/* The file has the order of the parameters. */
struct reader {
    const struct pith_parameter *next;
};

static const float *next_value(void *user, size_t n_floats)
{
    struct reader *reader = user;
    (void)n_floats;
    return reader->next++->view.value;
}

static enum pith_status check_lora(const struct pith_trainer *trainer,
                                   const char *path, struct pith_error *error)
{
    if (trainer->options.mode == PITH_TRAIN_LORA)
        return PITH_OK;
    return pith_fail(error, PITH_ERR_ARGUMENT,
                     "%s: full training has no adapter", path);
}

/* The layers that are adapted, without those that the model lacks. */
static uint32_t adapted_layers(const struct pith_trainer *trainer)
{
    const struct pith_train_linear *linear =
        trainer->parameters.layers[0].linear;
    uint32_t layers = 0;
    for (size_t i = 0; i < PITH_N_LINEAR; i++)
        layers |= (uint32_t)(linear[i].a.rows > 0) << i;
    return layers;
}

enum pith_status pith_trainer_write_adapter(struct pith_trainer *trainer,
                                            const char *path,
                                            struct pith_error *error)
{
    const struct pith_format *format = pith_model_format(trainer->model);
    struct pith_adapter_head head = {.rank = trainer->options.lora_rank,
                                     .alpha = trainer->options.lora_alpha};
    struct reader reader = {trainer->parameters.all};
    PITH_TRY(check_lora(trainer, path, error));
    PITH_TRY(pith_identity_of(format, &head.model, error));
    head.layers = adapted_layers(trainer);
    return pith_adapter_write(path, &format->config, &head, next_value,
                              &reader, error);
}
