/*
 * gpt2_training.c - a layer of GPT-2 for training: the forward pass of
 * model/gpt2.c over records side by side, keeping what the way back needs,
 * and the way back.
 *
 * Legend: T tokens, C width, H heads, D width of a head, F hidden width.
 */
#include <string.h>

#include "passes.h"

/* middle (T, C) = x + attention(norm(x)) W_out + b */
static void attention_forward(struct pith_trainer *trainer,
                              const struct pith_train_layer *weights,
                              struct pith_train_activations *a)
{
    const struct pith_train_linear *w = weights->linear;
    size_t T = trainer->batch.n_tokens;
    size_t C = trainer->model->format.config.n_embd;

    pith_train_norm(trainer, a->norm, a->x, &weights->attn_norm, T);
    pith_train_linear(trainer, a->q, a->low[PITH_AT_Q], a->norm,
                      &w[PITH_AT_Q], false);                      /* (T, H D) */
    pith_train_linear(trainer, a->k, a->low[PITH_AT_K], a->norm,
                      &w[PITH_AT_K], false);                      /* (T, H D) */
    pith_train_linear(trainer, a->v, a->low[PITH_AT_V], a->norm,
                      &w[PITH_AT_V], false);                      /* (T, H D) */
    pith_train_attention(trainer, a->attn, a->q, a->k, a->v);     /* (T, H D) */
    memcpy(a->middle, a->x, T * C * sizeof *a->x);
    pith_train_linear(trainer, a->middle, a->low[PITH_AT_OUT], a->attn,
                      &w[PITH_AT_OUT], true);                       /* (T, C) */
}

/* out (T, C) = middle + gelu(norm(middle) W_up + b) W_down + b */
static void feed_forward_forward(struct pith_trainer *trainer,
                                 const struct pith_train_layer *weights,
                                 struct pith_train_activations *a, float *out)
{
    const struct pith_config *config = &trainer->model->format.config;
    const struct pith_train_linear *w = weights->linear;
    size_t T = trainer->batch.n_tokens, C = config->n_embd, F = config->n_ff;

    pith_train_norm(trainer, a->ffn_norm, a->middle, &weights->ffn_norm, T);
    pith_train_linear(trainer, a->up, a->low[PITH_AT_UP], a->ffn_norm,
                      &w[PITH_AT_UP], false);                       /* (T, F) */
    memcpy(a->hidden, a->up, T * F * sizeof *a->up);
    pith_gelu(&trainer->compute, a->hidden, T * F);                 /* (T, F) */
    if (out != NULL)
        memcpy(out, a->middle, T * C * sizeof *out);
    pith_train_linear(trainer, out, a->low[PITH_AT_DOWN], a->hidden,
                      &w[PITH_AT_DOWN], true);                      /* (T, C) */
}

void pith_gpt2_train_forward(struct pith_trainer *trainer, size_t index,
                             float *out)
{
    const struct pith_train_layer *weights =
        &trainer->parameters.layers[index];
    struct pith_train_activations *a = &trainer->layers[index];
    attention_forward(trainer, weights, a);
    feed_forward_forward(trainer, weights, a, out);
}

/* dx (T, C) from that of out to that of middle. */
static void feed_forward_backward(struct pith_trainer *trainer,
                                  const struct pith_train_layer *weights,
                                  const struct pith_train_activations *a)
{
    const struct pith_train_linear *w = weights->linear;
    struct pith_train_gradients *g = &trainer->gradients;
    size_t T = trainer->batch.n_tokens;
    size_t F = trainer->model->format.config.n_ff;

    pith_train_linear_backward(trainer, g->dhidden, g->dx, a->hidden,
                               a->low[PITH_AT_DOWN], &w[PITH_AT_DOWN],
                               false);                              /* (T, F) */
    pith_gelu_backward(&trainer->backward, g->dhidden, a->up,
                       T * F);                                      /* (T, F) */
    pith_train_linear_backward(trainer, g->dnorm, g->dhidden, a->ffn_norm,
                               a->low[PITH_AT_UP], &w[PITH_AT_UP],
                               false);                              /* (T, C) */
    pith_train_norm_backward(trainer, g->dx, g->dnorm, a->middle,
                             &weights->ffn_norm, T);                /* (T, C) */
}

/* dx (T, C) from that of middle to that of x. */
static void attention_backward(struct pith_trainer *trainer,
                               const struct pith_train_layer *weights,
                               const struct pith_train_activations *a,
                               bool lowest)
{
    const struct pith_train_linear *w = weights->linear;
    struct pith_train_gradients *g = &trainer->gradients;
    float *dnorm = lowest ? NULL : g->dnorm;

    pith_train_linear_backward(trainer, g->dattn, g->dx, a->attn,
                               a->low[PITH_AT_OUT], &w[PITH_AT_OUT],
                               false);                            /* (T, H D) */
    pith_train_attention_backward(trainer, a);        /* dq, dk, dv (T, H D) */
    pith_train_linear_backward(trainer, dnorm, g->dq, a->norm,
                               a->low[PITH_AT_Q], &w[PITH_AT_Q], false);
    pith_train_linear_backward(trainer, dnorm, g->dk, a->norm,
                               a->low[PITH_AT_K], &w[PITH_AT_K], true);
    pith_train_linear_backward(trainer, dnorm, g->dv, a->norm,
                               a->low[PITH_AT_V], &w[PITH_AT_V], true);
    if (dnorm != NULL)
        pith_train_norm_backward(trainer, g->dx, dnorm, a->x,
                                 &weights->attn_norm,
                                 trainer->batch.n_tokens);          /* (T, C) */
}

void pith_gpt2_train_backward(struct pith_trainer *trainer, size_t index,
                              bool lowest)
{
    const struct pith_train_layer *weights =
        &trainer->parameters.layers[index];
    const struct pith_train_activations *a = &trainer->layers[index];
    feed_forward_backward(trainer, weights, a);
    attention_backward(trainer, weights, a, lowest);
}
