/*
 * llama.c - the forward pass of LLaMA: rotary positions, RMSNorm in front of
 * each half of a layer, grouped key and value heads, SwiGLU, no biases.
 *
 * Legend: T tokens, C width, H heads, Hkv key and value heads, D width of a
 * head, F hidden width.
 */
#include "forward.h"
#include "kvcache.h"

/* x (T, C) += attention(norm(x)) W_out */
static void attention_half(struct pith_session *session, size_t index, size_t T)
{
    const struct pith_config *config = &session->model->format.config;
    const struct pith_layer *layer = &session->model->layers[index];
    struct pith_activations *a = session->activations;
    struct pith_compute *compute = &session->compute;
    size_t C = config->n_embd, H = config->n_head, D = config->head_dim;
    size_t Hkv = config->n_kv_head;
    const float *cosines = a->cosines + session->n_past * (D / 2);
    const float *sines = a->sines + session->n_past * (D / 2); /* (T, D/2) */

    pith_rms_norm(compute, a->norm, a->x, layer->attn_norm, T, C,
                  config->norm_eps);                                /* (T, C) */
    pith_linear(compute, a->q, a->norm, &layer->attn_q, NULL, T,
                false);                                           /* (T, H D) */
    pith_linear(compute, a->k, a->norm, &layer->attn_k, NULL, T,
                false);                                         /* (T, Hkv D) */
    pith_linear(compute, a->v, a->norm, &layer->attn_v, NULL, T,
                false);                                         /* (T, Hkv D) */
    pith_rope(compute, a->q, cosines, sines, T, H, D);
    pith_rope(compute, a->k, cosines, sines, T, Hkv, D);
    pith_kv_store(session, index, a->k, a->v, T);
    pith_attention(compute, a->attn, a->q, pith_kv_keys(session, index),
                   pith_kv_values(session, index), T, H, Hkv, D,
                   session->n_past + T, session->n_ctx);          /* (T, H D) */
    pith_linear(compute, a->x, a->attn, &layer->attn_out, NULL, T,
                true);                                              /* (T, C) */
}

/* x (T, C) += (silu(norm(x) W_gate) * norm(x) W_up) W_down */
static void feed_forward_half(struct pith_session *session, size_t index,
                              size_t T)
{
    const struct pith_config *config = &session->model->format.config;
    const struct pith_layer *layer = &session->model->layers[index];
    struct pith_activations *a = session->activations;
    struct pith_compute *compute = &session->compute;
    size_t C = config->n_embd, F = config->n_ff;

    pith_rms_norm(compute, a->norm, a->x, layer->ffn_norm, T, C,
                  config->norm_eps);                                /* (T, C) */
    pith_linear(compute, a->gate, a->norm, &layer->ffn_gate, NULL, T,
                false);                                             /* (T, F) */
    pith_linear(compute, a->hidden, a->norm, &layer->ffn_up, NULL, T,
                false);                                             /* (T, F) */
    pith_silu_mul(compute, a->gate, a->hidden, T * F);              /* (T, F) */
    pith_linear(compute, a->x, a->gate, &layer->ffn_down, NULL, T,
                true);                                              /* (T, C) */
}

void pith_llama_forward(struct pith_session *session, const int32_t *ids,
                        size_t T)
{
    const struct pith_model *model = session->model;

    pith_embed(model, session->activations->x, ids, T);             /* (T, C) */
    for (size_t i = 0; i < model->format.config.n_layer; i++) {
        attention_half(session, i, T);
        feed_forward_half(session, i, T);
    }
}
