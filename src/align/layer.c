/*
 * layer.c - a layer for training: the forward pass of model/layers.c over
 * records side by side, keeping what the way back needs, and the way back.
 *
 * Legend: T tokens, C width, H heads, Hkv key and value heads (H in GPT-2), D
 * width of a head, F hidden width.
 */
#include <string.h>

#include "../kernels/ops_single.h"
#include "../model/access.h"
#include "passes.h"

static bool is_llama(const struct pith_trainer *trainer)
{
    return pith_model_config(trainer->model)->arch == PITH_ARCH_LLAMA;
}

/* LLaMA: turns q (T, H D) and k (T, Hkv D) by the angles of their positions,
 * in layers that have them; with back_sines a gradient is turned back. */
static void rotate(struct pith_trainer *trainer, size_t index, float *q,
                   float *k, const float *sines)
{
    const struct pith_config *config = pith_model_config(trainer->model);
    size_t T = trainer->batch.n_tokens;
    if (!is_llama(trainer) || !pith_config_rotates(config, index))
        return;
    pith_rope(&trainer->compute, q, trainer->cosines, sines, T, config->n_head,
              config->head_dim);
    pith_rope(&trainer->compute, k, trainer->cosines, sines, T,
              config->n_kv_head, config->head_dim);
}

/* Norms each head of q and k; what they were goes to raw_q and raw_k. */
static void norm_heads(struct pith_trainer *trainer,
                       const struct pith_train_layer *weights,
                       struct pith_train_activations *a)
{
    const struct pith_config *config = pith_model_config(trainer->model);
    size_t T = trainer->batch.n_tokens, D = config->head_dim;
    size_t n_q = T * config->n_head, n_k = T * config->n_kv_head;
    memcpy(a->raw_q, a->q, n_q * D * sizeof *a->q);
    memcpy(a->raw_k, a->k, n_k * D * sizeof *a->k);
    pith_train_norm(trainer, a->q, a->raw_q, &weights->q_norm, n_q, D);
    pith_train_norm(trainer, a->k, a->raw_k, &weights->k_norm, n_k, D);
}

/* middle (T, C) = x + attention(norm(x)) W_out + b */
static void attention_forward(struct pith_trainer *trainer, size_t index,
                              const struct pith_train_layer *weights,
                              struct pith_train_activations *a)
{
    const struct pith_train_linear *w = weights->linear;
    size_t T = trainer->batch.n_tokens;
    size_t C = pith_model_config(trainer->model)->n_embd;

    pith_train_norm(trainer, a->norm, a->x, &weights->attn_norm, T, C);
    pith_train_linear(trainer, a->q, a->low[PITH_LINEAR_Q], a->norm,
                      &w[PITH_LINEAR_Q], false);                  /* (T, H D) */
    pith_train_linear(trainer, a->k, a->low[PITH_LINEAR_K], a->norm,
                      &w[PITH_LINEAR_K], false);                /* (T, Hkv D) */
    pith_train_linear(trainer, a->v, a->low[PITH_LINEAR_V], a->norm,
                      &w[PITH_LINEAR_V], false);                /* (T, Hkv D) */
    if (weights->q_norm.gain != NULL)
        norm_heads(trainer, weights, a);
    rotate(trainer, index, a->q, a->k, trainer->sines);
    pith_train_attention(trainer, a->attn, a->q, a->k, a->v);     /* (T, H D) */
    memcpy(a->middle, a->x, T * C * sizeof *a->x);
    pith_train_linear(trainer, a->middle, a->low[PITH_LINEAR_OUT], a->attn,
                      &w[PITH_LINEAR_OUT], true);                   /* (T, C) */
}

/* GPT-2: hidden (T, F) = gelu(ffn_norm W_up + b)
 * LLaMA: hidden (T, F) = silu(ffn_norm W_gate) * ffn_norm W_up */
static void hidden_forward(struct pith_trainer *trainer,
                           const struct pith_train_linear *w,
                           struct pith_train_activations *a)
{
    size_t n =
        trainer->batch.n_tokens * pith_model_config(trainer->model)->n_ff;

    if (is_llama(trainer))
        pith_train_linear(trainer, a->gate, a->low[PITH_LINEAR_GATE],
                          a->ffn_norm, &w[PITH_LINEAR_GATE],
                          false); /* (T, F) */
    pith_train_linear(trainer, a->up, a->low[PITH_LINEAR_UP], a->ffn_norm,
                      &w[PITH_LINEAR_UP], false);                   /* (T, F) */
    memcpy(a->hidden, is_llama(trainer) ? a->gate : a->up,
           n * sizeof *a->hidden);
    if (is_llama(trainer))
        pith_silu_mul(&trainer->compute, a->hidden, a->up, n);
    else
        pith_gelu(&trainer->compute, a->hidden, n);
}

/* out (T, C) = middle + hidden W_down + b, hidden that of norm(middle). */
void pith_train_layer_forward(struct pith_trainer *trainer, size_t index,
                              float *out)
{
    const struct pith_train_layer *weights =
        &trainer->parameters.layers[index];
    struct pith_train_activations *a = &trainer->layers[index];
    const struct pith_train_linear *w = weights->linear;
    size_t T = trainer->batch.n_tokens;
    size_t C = pith_model_config(trainer->model)->n_embd;

    attention_forward(trainer, index, weights, a);
    pith_train_norm(trainer, a->ffn_norm, a->middle, &weights->ffn_norm, T, C);
    hidden_forward(trainer, w, a);
    if (out != NULL)
        memcpy(out, a->middle, T * C * sizeof *out);
    pith_train_linear(trainer, out, a->low[PITH_LINEAR_DOWN], a->hidden,
                      &w[PITH_LINEAR_DOWN], true);                  /* (T, C) */
}

/* dnorm (T, C), that of ffn_norm, from dhidden (T, F), which is used up. */
static void hidden_backward(struct pith_trainer *trainer,
                            const struct pith_train_linear *w,
                            const struct pith_train_activations *a)
{
    struct pith_train_gradients *g = &trainer->gradients;
    size_t n =
        trainer->batch.n_tokens * pith_model_config(trainer->model)->n_ff;

    if (!is_llama(trainer)) {
        pith_gelu_backward(&trainer->backward, g->dhidden, a->up, n);
        pith_train_linear_backward(trainer, g->dnorm, g->dhidden, a->ffn_norm,
                                   a->low[PITH_LINEAR_UP], &w[PITH_LINEAR_UP],
                                   false);
        return;
    }
    pith_silu_mul_backward(&trainer->backward, g->dhidden, g->dup, g->dhidden,
                           a->gate, a->up, n);         /* dhidden: of the gate */
    pith_train_linear_backward(trainer, g->dnorm, g->dhidden, a->ffn_norm,
                               a->low[PITH_LINEAR_GATE], &w[PITH_LINEAR_GATE],
                               false);
    pith_train_linear_backward(trainer, g->dnorm, g->dup, a->ffn_norm,
                               a->low[PITH_LINEAR_UP], &w[PITH_LINEAR_UP],
                               true);
}

/* dx (T, C) from that of middle to that of x. */
static void attention_backward(struct pith_trainer *trainer, size_t index,
                               const struct pith_train_layer *weights,
                               const struct pith_train_activations *a,
                               bool lowest)
{
    const struct pith_config *config = pith_model_config(trainer->model);
    const struct pith_train_linear *w = weights->linear;
    struct pith_train_gradients *g = &trainer->gradients;
    float *dnorm = lowest ? NULL : g->dnorm, *dq = g->dq, *dk = g->dk;

    pith_train_linear_backward(trainer, g->dattn, g->dx, a->attn,
                               a->low[PITH_LINEAR_OUT], &w[PITH_LINEAR_OUT],
                               false);                            /* (T, H D) */
    pith_train_attention_backward(trainer, a);
    rotate(trainer, index, dq, dk, trainer->back_sines);
    if (weights->q_norm.gain != NULL) {
        pith_train_head_norm_backward(trainer, g->draw_q, dq, a->raw_q,
                                      &weights->q_norm, config->n_head);
        pith_train_head_norm_backward(trainer, g->draw_k, dk, a->raw_k,
                                      &weights->k_norm, config->n_kv_head);
        dq = g->draw_q;
        dk = g->draw_k;
    }
    pith_train_linear_backward(trainer, dnorm, dq, a->norm,
                               a->low[PITH_LINEAR_Q], &w[PITH_LINEAR_Q], false);
    pith_train_linear_backward(trainer, dnorm, dk, a->norm,
                               a->low[PITH_LINEAR_K], &w[PITH_LINEAR_K], true);
    pith_train_linear_backward(trainer, dnorm, g->dv, a->norm,
                               a->low[PITH_LINEAR_V], &w[PITH_LINEAR_V], true);
    if (dnorm != NULL)
        pith_train_norm_backward(trainer, g->dx, dnorm, a->x,
                                 &weights->attn_norm,
                                 trainer->batch.n_tokens);          /* (T, C) */
}

/* dx (T, C) from that of out to that of x. */
void pith_train_layer_backward(struct pith_trainer *trainer, size_t index,
                               bool lowest)
{
    const struct pith_train_layer *weights =
        &trainer->parameters.layers[index];
    const struct pith_train_activations *a = &trainer->layers[index];
    const struct pith_train_linear *w = weights->linear;
    struct pith_train_gradients *g = &trainer->gradients;

    pith_train_linear_backward(trainer, g->dhidden, g->dx, a->hidden,
                               a->low[PITH_LINEAR_DOWN], &w[PITH_LINEAR_DOWN],
                               false);                              /* (T, F) */
    hidden_backward(trainer, w, a);
    pith_train_norm_backward(trainer, g->dx, g->dnorm, a->middle,
                             &weights->ffn_norm,
                             trainer->batch.n_tokens);              /* (T, C) */
    attention_backward(trainer, index, weights, a, lowest);
}
