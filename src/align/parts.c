/*
 * parts.c - linear layers with or without an adapter, norms and attention, as
 * both architectures use them; see passes.h.
 */
#include "../model/access.h"
#include "passes.h"

#include <string.h>

void pith_train_linear(struct pith_trainer *trainer, float *out, float *low,
                       const float *x, const struct pith_train_linear *linear,
                       bool accumulate)
{
    struct pith_compute *compute = &trainer->compute;
    size_t T = trainer->batch.n_tokens, rank = linear->a.rows;

    if (out != NULL)
        pith_linear(compute, out, x, &linear->weight, linear->bias, T,
                    accumulate);
    if (rank == 0)
        return;
    pith_linear(compute, low, x, &linear->a, NULL, T, false);    /* (T, rank) */
    pith_scale(&trainer->backward, low, T * rank,
               trainer->parameters.lora_scale);
    if (out != NULL)
        pith_linear(compute, out, low, &linear->b, NULL, T, true);  /* (T, N) */
}

/* With low = scale A x:  dB += dout^T low,  dlow = scale B^T dout,
 * dA += dlow^T x,  dx += A^T dlow. */
static void adapter_backward(struct pith_trainer *trainer, float *dx,
                             const float *dout, const float *x,
                             const float *low,
                             const struct pith_train_linear *linear)
{
    struct pith_backward *backward = &trainer->backward;
    size_t T = trainer->batch.n_tokens, rank = linear->a.rows;
    size_t N = linear->weight.rows, C = linear->weight.cols;
    float *dlow = trainer->gradients.dlow;

    pith_linear_backward_weight(backward, linear->db, dout, low, T, N, rank,
                                !trainer->gradients_zeroed);     /* (N, rank) */
    pith_linear_backward_input(backward, dlow, dout, &linear->b, T,
                               false);                           /* (T, rank) */
    pith_scale(backward, dlow, T * rank, trainer->parameters.lora_scale);
    pith_linear_backward_weight(backward, linear->da, dlow, x, T, rank, C,
                                !trainer->gradients_zeroed);     /* (rank, C) */
    if (dx != NULL)
        pith_linear_backward_input(backward, dx, dlow, &linear->a, T,
                                   true);                           /* (T, C) */
}

void pith_train_linear_backward(struct pith_trainer *trainer, float *dx,
                                const float *dout, const float *x,
                                const float *low,
                                const struct pith_train_linear *linear,
                                bool accumulate)
{
    struct pith_backward *backward = &trainer->backward;
    size_t T = trainer->batch.n_tokens;
    size_t N = linear->weight.rows, C = linear->weight.cols;

    if (linear->dweight != NULL)
        pith_linear_backward_weight(backward, linear->dweight, dout, x, T, N,
                                    C, !trainer->gradients_zeroed); /* (N, C) */
    if (linear->dbias != NULL)
        pith_linear_backward_bias(backward, linear->dbias, dout, T, N);
    if (dx != NULL)
        pith_linear_backward_input(backward, dx, dout, &linear->weight, T,
                                   accumulate);                     /* (T, C) */
    if (linear->a.rows > 0)
        adapter_backward(trainer, dx, dout, x, low, linear);
}

void pith_train_norm(struct pith_trainer *trainer, float *out, const float *x,
                     const struct pith_train_norm *norm, size_t T, size_t C)
{
    const struct pith_norm made = {
        norm->gain, norm->shift, pith_model_config(trainer->model)->norm_eps};
    pith_normalise(&trainer->compute, out, x, &made, T, C);
}

void pith_train_norm_backward(struct pith_trainer *trainer, float *dx,
                              const float *dout, const float *x,
                              const struct pith_train_norm *norm, size_t T)
{
    const struct pith_config *config = pith_model_config(trainer->model);
    if (norm->shift != NULL)
        pith_layer_norm_backward(&trainer->backward, dx, norm->dgain,
                                 norm->dshift, dout, x, norm->gain, T,
                                 config->n_embd, config->norm_eps);
    else
        pith_rms_norm_backward(&trainer->backward, dx, norm->dgain, dout, x,
                               norm->gain, T, config->n_embd,
                               config->norm_eps);
}

void pith_train_head_norm_backward(struct pith_trainer *trainer, float *dx,
                                   const float *dout, const float *x,
                                   const struct pith_train_norm *norm,
                                   size_t n_heads)
{
    const struct pith_config *config = pith_model_config(trainer->model);
    size_t T = trainer->batch.n_tokens, D = config->head_dim;
    pith_clear(&trainer->compute, dx, T * n_heads * D);
    for (size_t i = 0; i < n_heads; i++) /* T heads at a time */
        pith_rms_norm_backward(&trainer->backward, dx + i * T * D,
                               norm->dgain, dout + i * T * D, x + i * T * D,
                               norm->gain, T, D, config->norm_eps);
}

/* out (Hkv, T, D) = x (T, Hkv D), as pith_attention_runs() needs keys. */
static void gather_heads(float *out, const float *x, size_t T, size_t Hkv,
                         size_t D)
{
    for (size_t h = 0; h < Hkv; h++)
        for (size_t t = 0; t < T; t++)
            memcpy(out + (h * T + t) * D, x + (t * Hkv + h) * D,
                   D * sizeof *out);
}

void pith_train_attention(struct pith_trainer *trainer, float *out,
                          const float *q, const float *k, const float *v)
{
    const struct pith_config *config = pith_model_config(trainer->model);
    const struct pith_training_batch *batch = &trainer->batch;
    size_t T = batch->n_tokens, H = config->n_head, D = config->head_dim;
    size_t Hkv = config->n_kv_head, start = 0;

    gather_heads(trainer->keys, k, T, Hkv, D);
    gather_heads(trainer->values, v, T, Hkv, D);
    for (size_t i = 0; i < batch->n_records; start += batch->lengths[i++])
        pith_attention_runs(
            &trainer->compute, out + start * H * D, q + start * H * D,
            &(struct pith_attention_run){.keys = trainer->keys + start * D,
                                         .values = trainer->values + start * D,
                                         .stride = T,
                                         .T = batch->lengths[i],
                                         .n_keys = batch->lengths[i],
                                         .window = config->window},
            1, H, Hkv, D);
}

void pith_train_attention_backward(struct pith_trainer *trainer,
                                   const struct pith_train_activations *layer)
{
    const struct pith_config *config = pith_model_config(trainer->model);
    const struct pith_training_batch *batch = &trainer->batch;
    struct pith_train_gradients *g = &trainer->gradients;
    pith_attention_backward(&trainer->backward, g->dq, g->dk, g->dv, g->dattn,
                            layer->attn, layer->q, layer->k, layer->v,
                            batch->lengths, batch->n_records, config->window,
                            config->n_head, config->n_kv_head,
                            config->head_dim);
}
