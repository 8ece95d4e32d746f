/*
 * activations.c - the memory of a trainer: what the layers keep for the way
 * back, and the gradients in flight; see passes.h.
 */
#include "../base/memory.h"
#include "../model/access.h"
#include "../model/forward.h"
#include "passes.h"

/* Hands out pieces of memory; with memory NULL it only counts them. */
struct carver {
    float *memory;
    size_t used, rows;
    bool fits;
};

enum { ALIGN_FLOATS = 16 };

/* (rows, width) floats, in whole cache lines. */
static void carve(struct carver *carver, float **piece, size_t width)
{
    size_t n = 0;
    carver->fits = carver->fits && pith_size_mul(carver->rows, width, &n) &&
                   pith_size_add(n, ALIGN_FLOATS - 1, &n);
    n -= n % ALIGN_FLOATS;
    if (carver->memory != NULL)
        *piece = carver->memory + carver->used;
    carver->fits = carver->fits &&
                   pith_size_add(carver->used, n, &carver->used);
}

/* What a layer keeps but its x. */
static void carve_layer(struct carver *carver,
                        struct pith_train_activations *a,
                        const struct pith_trainer *trainer, size_t index)
{
    const struct pith_config *config = pith_model_config(trainer->model);
    size_t width = (size_t)config->n_head * config->head_dim;
    size_t kv_width = (size_t)config->n_kv_head * config->head_dim;
    carve(carver, &a->norm, config->n_embd);
    carve(carver, &a->q, width);
    carve(carver, &a->k, kv_width);
    carve(carver, &a->v, kv_width);
    if (config->qk_norms) {
        carve(carver, &a->raw_q, width);
        carve(carver, &a->raw_k, kv_width);
    }
    carve(carver, &a->attn, width);
    carve(carver, &a->middle, config->n_embd);
    carve(carver, &a->ffn_norm, config->n_embd);
    if (config->arch == PITH_ARCH_LLAMA)
        carve(carver, &a->gate, config->n_ff);
    carve(carver, &a->up, config->n_ff);
    carve(carver, &a->hidden, config->n_ff);
    for (size_t i = 0; i < PITH_N_LINEAR; i++)
        carve(carver, &a->low[i],
              pith_parameters_rank(&trainer->parameters, &trainer->options,
                                   index, i));
}

static void carve_layers(struct carver *carver, struct pith_trainer *trainer)
{
    size_t n_layer = pith_model_config(trainer->model)->n_layer;
    for (size_t i = 0; i < n_layer; i++) {
        struct pith_train_activations *a = &trainer->layers[i];
        if (i > 0 && trainer->options.checkpoint_activations)
            *a = trainer->layers[0];
        else
            carve_layer(carver, a, trainer, i);
        carve(carver, &a->x, pith_model_config(trainer->model)->n_embd);
    }
}

static void carve_gradients(struct carver *carver,
                            struct pith_trainer *trainer)
{
    const struct pith_config *config = pith_model_config(trainer->model);
    struct pith_train_gradients *g = &trainer->gradients;
    size_t width = (size_t)config->n_head * config->head_dim;
    size_t kv_width = (size_t)config->n_kv_head * config->head_dim;
    carve(carver, &g->dx, config->n_embd);
    carve(carver, &g->dnorm, config->n_embd);
    carve(carver, &g->dq, width);
    carve(carver, &g->dattn, width);
    carve(carver, &g->dk, kv_width);
    carve(carver, &g->dv, kv_width);
    if (config->qk_norms) {
        carve(carver, &g->draw_q, width);
        carve(carver, &g->draw_k, kv_width);
    }
    carve(carver, &g->dhidden, config->n_ff);
    if (config->arch == PITH_ARCH_LLAMA)
        carve(carver, &g->dup, config->n_ff);
    carve(carver, &g->dlow, trainer->options.lora_rank);
}

static void carve_all(struct carver *carver, struct pith_trainer *trainer)
{
    const struct pith_config *config = pith_model_config(trainer->model);
    size_t kv_width = (size_t)config->n_kv_head * config->head_dim;
    carver->rows = trainer->options.max_tokens;
    carve_layers(carver, trainer);
    carve_gradients(carver, trainer);
    carve(carver, &trainer->stream, config->n_embd);
    carve(carver, &trainer->picked, config->n_embd);
    carve(carver, &trainer->normed, config->n_embd);
    carve(carver, &trainer->keys, kv_width);
    carve(carver, &trainer->values, kv_width);
    carve(carver, &trainer->losses, 1);
    if (config->arch == PITH_ARCH_LLAMA) {
        carve(carver, &trainer->cosines, config->head_dim / 2);
        carve(carver, &trainer->sines, config->head_dim / 2);
        carve(carver, &trainer->back_sines, config->head_dim / 2);
        carver->rows = trainer->options.max_record;
        carve(carver, &trainer->angles, config->head_dim);
    }
}

enum pith_status pith_train_count(struct pith_trainer *trainer,
                                  size_t *n_floats, struct pith_error *error)
{
    size_t n_layer = pith_model_config(trainer->model)->n_layer;
    struct carver count = {NULL, 0, 0, true};
    trainer->layers = pith_array_zero(n_layer, sizeof *trainer->layers);
    if (trainer->layers == NULL)
        return pith_no_memory(error, n_layer, sizeof *trainer->layers);
    carve_all(&count, trainer);
    *n_floats = count.used;
    return count.fits ? PITH_OK
                      : pith_no_memory(error, trainer->options.max_tokens,
                                       n_layer * sizeof(float));
}

enum pith_status pith_train_allocate(struct pith_trainer *trainer,
                                     size_t n_floats, struct pith_error *error)
{
    const struct pith_config *config = pith_model_config(trainer->model);
    size_t T = trainer->options.max_tokens;
    size_t n_record = trainer->options.max_record;

    trainer->targets = pith_array(T, sizeof *trainer->targets);
    trainer->positions = pith_array(T, sizeof *trainer->positions);
    if (trainer->targets == NULL || trainer->positions == NULL)
        return pith_no_memory(error, T, sizeof *trainer->targets);
    trainer->memory = pith_array_aligned(n_floats, sizeof(float));
    if (trainer->memory == NULL)
        return pith_no_memory(error, n_floats, sizeof(float));
    struct carver carver = {trainer->memory, 0, 0, true};
    carve_all(&carver, trainer);
    if (config->arch == PITH_ARCH_LLAMA)
        pith_fill_rotary(trainer->angles,
                         trainer->angles + n_record * (config->head_dim / 2),
                         trainer->model, n_record);
    return PITH_OK;
}
