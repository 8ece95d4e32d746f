/*
 * gpt2.c - the forward pass of GPT-2: learned positions, LayerNorm in front
 * of each half of a layer, GELU, biases everywhere.
 *
 * Legend: T tokens, C width, H heads, D width of a head, F hidden width.
 */
#include "forward.h"
#include "kvcache.h"

/* x (T, C) += attention(norm(x)) W_out + b */
static void attention_half(struct pith_session *session,
                           const struct pith_pass *pass, size_t index)
{
    const struct pith_config *config = &session->model->format.config;
    const struct pith_layer *layer = &session->model->weights.layers[index];
    struct pith_activations *a = session->activations;
    struct pith_compute *compute = &session->compute;
    size_t C = config->n_embd, T = pass->T;

    pith_layer_norm(compute, a->norm, a->x, layer->attn_norm,
                    layer->attn_norm_bias, T, C, config->norm_eps); /* (T, C) */
    struct pith_linear_output qkv[] = {
        {a->q, &layer->attn_q, layer->attn_q_bias},
        {a->k, &layer->attn_k, layer->attn_k_bias},
        {a->v, &layer->attn_v, layer->attn_v_bias}};
    pith_linear_outputs(compute, qkv, 3, a->norm, T);              /* (T, H D) */
    pith_adapt(session, a->q, a->norm, index, PITH_LINEAR_Q, T);
    pith_adapt(session, a->k, a->norm, index, PITH_LINEAR_K, T);
    pith_adapt(session, a->v, a->norm, index, PITH_LINEAR_V, T);
    pith_attend(session, pass, index);                            /* (T, H D) */
    pith_linear(compute, a->x, a->attn, &layer->attn_out, layer->attn_out_bias,
                T, true);                                           /* (T, C) */
    pith_adapt(session, a->x, a->attn, index, PITH_LINEAR_OUT, T);
}

/* x (T, C) += gelu(norm(x) W_up + b) W_down + b */
static void feed_forward_half(struct pith_session *session, size_t index,
                              size_t T)
{
    const struct pith_config *config = &session->model->format.config;
    const struct pith_layer *layer = &session->model->weights.layers[index];
    struct pith_activations *a = session->activations;
    struct pith_compute *compute = &session->compute;
    size_t C = config->n_embd;

    pith_layer_norm(compute, a->norm, a->x, layer->ffn_norm,
                    layer->ffn_norm_bias, T, C, config->norm_eps); /* (T, C) */
    struct pith_feed_forward mlp = {.up = &layer->ffn_up,
                                    .down = &layer->ffn_down,
                                    .up_bias = layer->ffn_up_bias,
                                    .down_bias = layer->ffn_down_bias};
    if (!pith_adapted_feed_forward(session, &mlp, index, T))
        pith_feed_forward(compute, a->x, a->norm, &mlp, T);         /* (T, C) */
}

void pith_gpt2_forward(struct pith_session *session,
                       const struct pith_pass *pass, const int32_t *ids)
{
    const struct pith_model *model = session->model;
    struct pith_activations *a = session->activations;
    size_t C = model->format.config.n_embd, token = 0;

    pith_embed(session, a->x, ids, pass->T);                        /* (T, C) */
    for (size_t i = 0; i < pass->n_runs; token += pass->runs[i++].T)
        pith_add_positions(session, a->x + token * C, pass->runs[i].position,
                           pass->runs[i].T);
    for (size_t i = 0; i < model->format.config.n_layer; i++) {
        attention_half(session, pass, i);
        feed_forward_half(session, i, pass->T);
    }
}
