/*
 * llama.c - the forward pass of LLaMA: rotary positions, RMSNorm in front of
 * each half of a layer, grouped key and value heads, SwiGLU; and what its
 * family adds: biases of q, k and v, norms of their heads, layers without
 * positions (config.h).
 *
 * Legend: T tokens, C width, H heads, Hkv key and value heads, D width of a
 * head, F hidden width.
 */
#include "forward.h"
#include "kvcache.h"

/* Norms each head of q (T, H D) and k (T, Hkv D). */
static void norm_heads(struct pith_session *session,
                       const struct pith_layer *layer, size_t T)
{
    const struct pith_config *config = &session->model->format.config;
    struct pith_activations *a = session->activations;
    size_t D = config->head_dim;
    pith_rms_norm(&session->compute, a->q, a->q, layer->attn_q_norm,
                  T * config->n_head, D, config->norm_eps);
    pith_rms_norm(&session->compute, a->k, a->k, layer->attn_k_norm,
                  T * config->n_kv_head, D, config->norm_eps);
}

/* Turns q (T, H D) and k (T, Hkv D) by the positions of their tokens. */
static void rotate(struct pith_session *session, const struct pith_pass *pass)
{
    const struct pith_config *config = &session->model->format.config;
    struct pith_activations *a = session->activations;
    size_t H = config->n_head, Hkv = config->n_kv_head, D = config->head_dim;
    size_t token = 0;
    for (size_t i = 0; i < pass->n_runs; token += pass->runs[i++].T) {
        const struct pith_run *run = &pass->runs[i];
        const float *cosines = a->cosines + run->position * (D / 2);
        const float *sines = a->sines + run->position * (D / 2); /* (T, D/2) */
        pith_rope(&session->compute, a->q + token * H * D, cosines, sines,
                  run->T, H, D);
        pith_rope(&session->compute, a->k + token * Hkv * D, cosines, sines,
                  run->T, Hkv, D);
    }
}

/* x (T, C) += attention(norm(x)) W_out */
static void attention_half(struct pith_session *session,
                           const struct pith_pass *pass, size_t index)
{
    const struct pith_config *config = &session->model->format.config;
    const struct pith_layer *layer = &session->model->weights.layers[index];
    struct pith_activations *a = session->activations;
    struct pith_compute *compute = &session->compute;
    size_t C = config->n_embd, T = pass->T;

    pith_rms_norm(compute, a->norm, a->x, layer->attn_norm, T, C,
                  config->norm_eps);                                /* (T, C) */
    struct pith_linear_output qkv[] = {
        {a->q, &layer->attn_q, layer->attn_q_bias},
        {a->k, &layer->attn_k, layer->attn_k_bias},
        {a->v, &layer->attn_v, layer->attn_v_bias}};
    pith_linear_outputs(compute, qkv, 3, a->norm, T); /* (T, H D), (T, Hkv D) */
    pith_adapt(session, a->q, a->norm, index, PITH_LINEAR_Q, T);
    pith_adapt(session, a->k, a->norm, index, PITH_LINEAR_K, T);
    pith_adapt(session, a->v, a->norm, index, PITH_LINEAR_V, T);
    if (layer->attn_q_norm != NULL)
        norm_heads(session, layer, T);
    if (pith_config_rotates(config, index))
        rotate(session, pass);
    pith_attend(session, pass, index);                            /* (T, H D) */
    pith_linear(compute, a->x, a->attn, &layer->attn_out, NULL, T,
                true);                                              /* (T, C) */
    pith_adapt(session, a->x, a->attn, index, PITH_LINEAR_OUT, T);
}

/* x (T, C) += (silu(norm(x) W_gate) * norm(x) W_up) W_down */
static void feed_forward_half(struct pith_session *session, size_t index,
                              size_t T)
{
    const struct pith_config *config = &session->model->format.config;
    const struct pith_layer *layer = &session->model->weights.layers[index];
    struct pith_activations *a = session->activations;
    struct pith_compute *compute = &session->compute;
    size_t C = config->n_embd;

    pith_rms_norm(compute, a->norm, a->x, layer->ffn_norm, T, C,
                  config->norm_eps);                                /* (T, C) */
    struct pith_feed_forward swiglu = {.gate = &layer->ffn_gate,
                                       .up = &layer->ffn_up,
                                       .down = &layer->ffn_down};
    if (!pith_adapted_feed_forward(session, &swiglu, index, T))
        pith_feed_forward(compute, a->x, a->norm, &swiglu, T);      /* (T, C) */
}

void pith_llama_forward(struct pith_session *session,
                        const struct pith_pass *pass, const int32_t *ids)
{
    const struct pith_model *model = session->model;

    pith_embed(session, session->activations->x, ids, pass->T);     /* (T, C) */
    for (size_t i = 0; i < model->format.config.n_layer; i++) {
        attention_half(session, pass, i);
        feed_forward_half(session, i, pass->T);
    }
}
