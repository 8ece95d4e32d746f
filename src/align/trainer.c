/*
 * trainer.c - trainers made and freed, and what they train; see trainer.h.
 */
#include "trainer.h"

#include <math.h>
#include <string.h>

#include "../base/memory.h"
#include "../model/access.h"
#include "passes.h"

enum { MAX_TOKENS = 1 << 20, MAX_RANK = 1 << 12 };

/* --- options -------------------------------------------------------------- */

static enum pith_status check_lora(const struct pith_trainer_options *options,
                                   enum pith_arch arch,
                                   struct pith_error *error)
{
    int layers = options->lora_layers;
    if (options->lora_rank == 0 || options->lora_rank > MAX_RANK)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "LoRA rank is %zu; expected 1 to %d",
                         options->lora_rank, MAX_RANK);
    if (!(options->lora_alpha > 0) || !isfinite(options->lora_alpha))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "LoRA alpha is %g; expected a positive number",
                         (double)options->lora_alpha);
    if (arch == PITH_ARCH_GPT2)
        layers &= ~PITH_FFN_GATE;
    if (layers <= 0 || layers > PITH_EVERY_LINEAR)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "LoRA: no linear layer of this model is chosen; "
                         "choose some of attn_q, attn_k, attn_v, attn_out, "
                         "ffn_gate (LLaMA), ffn_up, ffn_down");
    return PITH_OK;
}

/* Checks the options and settles what they leave open. */
static enum pith_status settle(struct pith_trainer_options *options,
                               const struct pith_config *config,
                               struct pith_error *error)
{
    if (options->n_threads < 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "n_threads is %d; expected 0 (all) or more",
                         options->n_threads);
    options->n_threads = pith_compute_threads(options->n_threads);
    if (options->max_tokens == 0 || options->max_tokens > MAX_TOKENS)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "a batch of %zu tokens; expected 1 to %d",
                         options->max_tokens, MAX_TOKENS);
    if (options->max_record == 0)
        options->max_record = options->max_tokens < config->n_ctx
                                  ? options->max_tokens : config->n_ctx;
    if (options->max_record > options->max_tokens)
        options->max_record = options->max_tokens;
    if (config->arch == PITH_ARCH_GPT2 && options->max_record > config->n_ctx)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "records of %zu tokens; the model has positions for "
                         "%lu", options->max_record,
                         (unsigned long)config->n_ctx);
    if (options->mode == PITH_TRAIN_LORA)
        return check_lora(options, config->arch, error);
    return PITH_OK;
}

static bool is_named(const struct pith_precision *precision, const char *name)
{
    return precision != NULL &&
           strcmp(pith_precision_get_name(precision), name) == 0;
}

/* The others round too much for gradients. */
static bool is_trainable(const struct pith_precision *precision)
{
    return is_named(precision, "f32") || is_named(precision, "bf16x3") ||
           is_named(precision, "int16");
}

/* What "auto" stands for: bf16x3 where scoring would take that, or a faster one
 * that works where it does; elsewhere float32. */
static const struct pith_precision *
automatic(const struct pith_kernels *kernels)
{
    const struct pith_precision *precision =
        pith_precision_take(kernels, "auto");
    return pith_precision_take(
        kernels, is_named(precision, "bf16x3") || is_named(precision, "int8x3")
                     ? "bf16x3" : "f32");
}

static enum pith_status choose_precision(struct pith_trainer *trainer,
                                         struct pith_error *error)
{
    const struct pith_kernels *kernels = pith_model_kernels(trainer->model);
    const char *name = trainer->options.precision;
    const struct pith_precision *precision =
        name != NULL && strcmp(name, "auto") == 0
            ? automatic(kernels)
            : pith_precision_take(kernels, name != NULL ? name : "f32");
    if (!is_trainable(precision))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "precision: \"%.40s\" cannot be trained in; expected "
                         "f32, bf16x3, int16 or auto", name);
    if (trainer->parameters.mirror != NULL && !is_named(precision, "f32"))
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "precision: %s is for little-endian machines only; "
                         "use f32", pith_precision_get_name(precision));
    trainer->compute.precision = precision;
    return PITH_OK;
}

static enum pith_status open_compute(struct pith_trainer *trainer,
                                     struct pith_error *error)
{
    const struct pith_config *config = pith_model_config(trainer->model);
    const struct pith_trainer_options *options = &trainer->options;
    struct pith_compute_limits limits = {
        .max_tokens = options->max_tokens,
        .max_width = pith_max(pith_max(config->n_embd, config->n_ff),
                              pith_max((size_t)config->n_head *
                                           config->head_dim,
                                       options->lora_rank)),
        .max_context = options->max_record,
        .max_head_dim = config->head_dim};
    PITH_TRY(pith_compute_init(&trainer->compute,
                               pith_model_kernels(trainer->model),
                               options->n_threads, &limits, error));
    PITH_TRY(choose_precision(trainer, error));
    return pith_backward_init(&trainer->backward, &trainer->compute, &limits,
                              error);
}

/* Says what is going to be allocated. */
static void announce(const struct pith_trainer *trainer, size_t n_floats)
{
    const struct pith_parameters *p = &trainer->parameters;
    struct pith_trainer_size size = {
        .batch_bytes = (uint64_t)n_floats * sizeof(float)};
    for (size_t i = 0; i < p->n; i++)
        size.n_weights += (uint64_t)p->all[i].view.rows * p->all[i].view.cols;
    size.state_bytes = 4 * sizeof(float) * size.n_weights;
    if (trainer->options.announce != NULL)
        trainer->options.announce(trainer->options.user, &size);
}

/* --- creation ------------------------------------------------------------- */

enum pith_status
pith_trainer_create(struct pith_trainer **trainer,
                    const struct pith_model *model,
                    const struct pith_trainer_options *options,
                    struct pith_error *error)
{
    enum pith_status status;
    struct pith_trainer *made;
    size_t n_floats;

    *trainer = NULL;
    if (pith_model_is_adapted(model))
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s was loaded with an adapter, which cannot be "
                         "trained on; merge it first with `pith merge`",
                         pith_model_format(model)->path);
    made = pith_array_zero(1, sizeof *made);
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    made->model = model;
    made->options = *options;
    made->gradients_zeroed = true;
    if (options->mode == PITH_TRAIN_FULL)
        made->options.lora_rank = 0;
    PITH_TRY_DONE(settle(&made->options, pith_model_config(model), error));
    PITH_TRY_DONE(pith_parameters_create(&made->parameters, model,
                                         &made->options, error));
    PITH_TRY_DONE(pith_train_count(made, &n_floats, error));
    announce(made, n_floats);
    PITH_TRY_DONE(pith_parameters_fill(&made->parameters, model,
                                       &made->options, error));
    PITH_TRY_DONE(open_compute(made, error));
    PITH_TRY_DONE(pith_train_allocate(made, n_floats, error));
    *trainer = made;
    made = NULL;
done:
    pith_trainer_free(made);
    return status;
}

void pith_trainer_free(struct pith_trainer *trainer)
{
    if (trainer == NULL)
        return;
    pith_parameters_free(&trainer->parameters);
    pith_backward_free(&trainer->backward);
    pith_compute_free(&trainer->compute);
    pith_free(trainer->layers);
    pith_free(trainer->targets);
    pith_free(trainer->positions);
    pith_free_aligned(trainer->memory);
    pith_free(trainer);
}

/* --- what is trained ------------------------------------------------------ */

const char *pith_trainer_precision(const struct pith_trainer *trainer)
{
    return pith_precision_get_name(trainer->compute.precision);
}

size_t pith_trainer_n_tensors(const struct pith_trainer *trainer)
{
    return trainer->parameters.n;
}

void pith_trainer_tensor(struct pith_trainer *trainer, size_t index,
                         struct pith_trainable *tensor)
{
    pith_train_settle(trainer);
    *tensor = trainer->parameters.all[index].view;
}

void pith_trainer_values_changed(struct pith_trainer *trainer)
{
    pith_parameters_publish(&trainer->parameters);
}
