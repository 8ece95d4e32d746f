/*
 * activations.c - the buffers of a forward pass; see forward.h.
 */
#include <math.h>

#include "../base/memory.h"
#include "forward.h"

/* Floats for `rows` rows; *ok stays true only when there is memory. */
static float *floats(bool *ok, size_t rows, size_t width)
{
    size_t n;
    float *made = NULL;
    if (pith_size_mul(rows, width, &n))
        made = pith_array_aligned(n, sizeof *made);
    *ok = *ok && made != NULL;
    return made;
}

/* Angle of pair i at position p: p * theta^(-2i/D) / factor, frequency and
 * angle rounded to float.  That is how PyTorch computes it, so what the weights
 * were trained with; exact angles are up to 1e-4 away from it at position 2000
 * and make ten times the difference of all other roundings
 * (docs/NUMERICS.md). */
void pith_fill_rotary(float *cosines, float *sines,
                      const struct pith_model *model, size_t n_ctx)
{
    const struct pith_config *config = &model->format.config;
    size_t half = config->head_dim / 2;
    for (size_t i = 0; i < half; i++) {
        double power = 2.0 * (double)i / (double)config->head_dim;
        float frequency = 1.0f / (float)pow((double)config->rope_theta, power);
        if (model->weights.rope_factors != NULL)
            frequency /= model->weights.rope_factors[i];
        for (size_t p = 0; p < n_ctx; p++) {
            float angle = (float)p * frequency;
            cosines[p * half + i] = (float)cos((double)angle);
            sines[p * half + i] = (float)sin((double)angle);
        }
    }
}

enum pith_status pith_activations_rotate(struct pith_activations *activations,
                                         const struct pith_model *model,
                                         size_t n_ctx,
                                         struct pith_error *error)
{
    const struct pith_config *config = &model->format.config;
    bool ok = true;
    if (config->arch != PITH_ARCH_LLAMA)
        return PITH_OK;
    float *cosines = floats(&ok, n_ctx, config->head_dim / 2);
    float *sines = floats(&ok, n_ctx, config->head_dim / 2);
    if (!ok) {
        pith_free_aligned(cosines);
        pith_free_aligned(sines);
        return pith_no_memory(error, n_ctx, config->head_dim);
    }
    pith_fill_rotary(cosines, sines, model, n_ctx);
    pith_free_aligned(activations->cosines);
    pith_free_aligned(activations->sines);
    activations->cosines = cosines;
    activations->sines = sines;
    return PITH_OK;
}

static bool allocate(struct pith_activations *a,
                     const struct pith_model *model, size_t T)
{
    const struct pith_config *config = &model->format.config;
    size_t rank = model->adapter_rank;
    size_t width = (size_t)config->n_head * config->head_dim;
    size_t kv_width = (size_t)config->n_kv_head * config->head_dim;
    bool ok = true;

    a->max_tokens = T;
    a->x = floats(&ok, T, config->n_embd);
    a->norm = floats(&ok, T, config->n_embd);
    a->q = floats(&ok, T, width);
    a->k = floats(&ok, T, kv_width);
    a->v = floats(&ok, T, kv_width);
    a->attn = floats(&ok, T, width);
    if (rank > 0) {
        a->low = floats(&ok, T, rank);
        a->hidden = floats(&ok, T, config->n_ff);
        a->gate = floats(&ok, T, config->n_ff);
    }
    a->losses = floats(&ok, T, 1);
    a->runs = pith_array(T, sizeof *a->runs);
    a->sights = pith_array(T, sizeof *a->sights);
    a->targets = pith_array(T, sizeof *a->targets);
    return ok && a->runs != NULL && a->sights != NULL && a->targets != NULL;
}

enum pith_status pith_activations_create(struct pith_activations **activations,
                                         const struct pith_model *model,
                                         size_t n_ctx,
                                         struct pith_error *error)
{
    struct pith_activations *made = pith_array_zero(1, sizeof *made);
    enum pith_status status;

    *activations = NULL;
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    if (allocate(made, model, PITH_FORWARD_TOKENS))
        status = pith_activations_rotate(made, model, n_ctx, error);
    else
        status = pith_no_memory(error, PITH_FORWARD_TOKENS,
                                model->format.config.n_ff * sizeof(float));
    if (status == PITH_OK)
        *activations = made;
    else
        pith_activations_free(made);
    return status;
}

void pith_activations_free(struct pith_activations *activations)
{
    if (activations == NULL)
        return;
    pith_free_aligned(activations->x);
    pith_free_aligned(activations->norm);
    pith_free_aligned(activations->q);
    pith_free_aligned(activations->k);
    pith_free_aligned(activations->v);
    pith_free_aligned(activations->attn);
    pith_free_aligned(activations->low);
    pith_free_aligned(activations->hidden);
    pith_free_aligned(activations->gate);
    pith_free(activations->runs);
    pith_free(activations->sights);
    pith_free(activations->targets);
    pith_free_aligned(activations->losses);
    pith_free_aligned(activations->cosines);
    pith_free_aligned(activations->sines);
    pith_free(activations);
}
