/*
 * layers.c - tokens through the layers of a model:
 *
 *            positions             norm       feed-forward  biases
 *   GPT-2    learned, added first  LayerNorm  GELU          everywhere
 *   LLaMA    rotary, in q and k    RMSNorm    SwiGLU        none
 *
 * What a model lacks is NULL, or a matrix without rows, in its weights: a
 * bias, the shift of a norm, the gate.  Of the LLaMA family Qwen2 has biases in
 * q, k and v, Qwen3 norms of each head in q and k, Mistral a window, SmolLM3
 * layers without positions.
 *
 * Legend: T tokens, C width, H heads, Hkv key and value heads, D width of a
 * head, F hidden width.
 */
#include "forward.h"
#include "kvcache.h"

/* x (T, C) = embeddings of the tokens, and of their positions where those are
 * learned. */
static void embed(const struct pith_pass *pass, float *x, const int32_t *ids)
{
    const struct pith_weights *weights = &pass->session->model->weights;
    const struct pith_tensor *positions = &weights->position_embedding;
    size_t C = weights->token_embedding.cols, token = 0;

    pith_table_rows(&pass->compute, x, &weights->token_embedding, ids, 0,
                    pass->T, false);
    if (positions->rows == 0)
        return;
    for (size_t i = 0; i < pass->n_runs; token += pass->runs[i++].T)
        pith_table_rows(&pass->compute, x + token * C, positions, NULL,
                        pass->runs[i].position, pass->runs[i].T, true);
}

/* A norm of the model's kind. */
static struct pith_norm norm_of(const struct pith_pass *pass,
                                const float *gain, const float *shift)
{
    return (struct pith_norm){
        gain, shift, pass->session->model->format.config.norm_eps};
}

/* The norm before a linear layer, which takes it in; an adapter needs what
 * comes out of it. */
static struct pith_norm norm_before(const struct pith_pass *pass,
                                    const float *gain, const float *shift)
{
    const struct pith_activations *a = pass->session->activations;
    const struct pith_norm norm = norm_of(pass, gain, shift);
    if (pass->session->model->adapter_rank > 0)
        pith_normalise(&pass->compute, a->norm, a->x, &norm, pass->T,
                       pass->session->model->format.config.n_embd);
    return norm;
}

void pith_output_norm(const struct pith_pass *pass, float *out, size_t T)
{
    const struct pith_weights *weights = &pass->session->model->weights;
    const struct pith_norm norm =
        norm_of(pass, weights->output_norm, weights->output_norm_bias);
    pith_normalise(&pass->compute, out, pass->session->activations->x, &norm,
                   T, pass->session->model->format.config.n_embd);
}

/* Norms each head of q (T, H D) and k (T, Hkv D), where the model does. */
static void norm_heads(const struct pith_pass *pass,
                       const struct pith_layer *layer)
{
    const struct pith_config *config = &pass->session->model->format.config;
    const struct pith_norm q = norm_of(pass, layer->attn_q_norm, NULL);
    const struct pith_norm k = norm_of(pass, layer->attn_k_norm, NULL);
    struct pith_activations *a = pass->session->activations;

    if (q.gain == NULL)
        return;
    pith_normalise(&pass->compute, a->q, a->q, &q, pass->T * config->n_head,
                   config->head_dim);
    pith_normalise(&pass->compute, a->k, a->k, &k,
                   pass->T * config->n_kv_head, config->head_dim);
}

/* Turns q (T, H D) and k (T, Hkv D) by the positions of their tokens, where
 * those are rotary in this layer. */
static void rotate(const struct pith_pass *pass, size_t index)
{
    const struct pith_config *config = &pass->session->model->format.config;
    struct pith_activations *a = pass->session->activations;
    size_t H = config->n_head, Hkv = config->n_kv_head, D = config->head_dim;
    size_t token = 0;

    if (a->cosines == NULL || !pith_config_rotates(config, index))
        return;
    for (size_t i = 0; i < pass->n_runs; token += pass->runs[i++].T) {
        const struct pith_run *run = &pass->runs[i];
        const float *cosines = a->cosines + run->position * (D / 2);
        const float *sines = a->sines + run->position * (D / 2); /* (T, D/2) */
        pith_rope(&pass->compute, a->q + token * H * D, cosines, sines, run->T,
                  H, D);
        pith_rope(&pass->compute, a->k + token * Hkv * D, cosines, sines,
                  run->T, Hkv, D);
    }
}

/* Stores k, v (T, Hkv D) of a layer in the caches, then attn (T, H D) = what
 * each token of q (T, H D) sees. */
static void attend(const struct pith_pass *pass, size_t index)
{
    const struct pith_config *config = &pass->session->model->format.config;
    struct pith_activations *a = pass->session->activations;
    size_t Hkv = config->n_kv_head, D = config->head_dim, token = 0;

    for (size_t i = 0; i < pass->n_runs; token += pass->runs[i++].T) {
        const struct pith_run *run = &pass->runs[i];
        float *keys = pith_kv_keys(run->session, index);
        float *values = pith_kv_values(run->session, index);
        pith_store_heads(&pass->compute, keys + run->row * D,
                         values + run->row * D, run->session->n_ctx,
                         a->k + token * Hkv * D, a->v + token * Hkv * D, run->T,
                         Hkv, D);
        a->sights[i] = (struct pith_attention_run){
            .keys = keys,
            .values = values,
            .stride = run->session->n_ctx,
            .T = run->T,
            .window = config->window,
            .n_keys = run->position + run->T,
            .n_shared = run->n_shared,
            .row = run->row - (run->position - run->n_shared)};
    }
    pith_attention_runs(&pass->compute, a->attn, a->q, a->sights, pass->n_runs,
                        config->n_head, Hkv, D);
}

/* x (T, C) += attention(norm(x)) W_out + b */
static void attention_half(const struct pith_pass *pass, size_t index)
{
    const struct pith_layer *layer =
        &pass->session->model->weights.layers[index];
    struct pith_activations *a = pass->session->activations;

    const struct pith_norm norm = norm_before(pass, layer->attn_norm,
                                              layer->attn_norm_bias);
    const struct pith_linear_output qkv[] = {
        {a->q, &layer->attn_q, layer->attn_q_bias},       /* (T, H D) */
        {a->k, &layer->attn_k, layer->attn_k_bias},       /* (T, Hkv D) */
        {a->v, &layer->attn_v, layer->attn_v_bias}};      /* (T, Hkv D) */
    pith_linear_outputs(&pass->compute, qkv, 3, a->x, &norm, pass->T);
    pith_adapt(pass, a->q, a->norm, index, PITH_LINEAR_Q);
    pith_adapt(pass, a->k, a->norm, index, PITH_LINEAR_K);
    pith_adapt(pass, a->v, a->norm, index, PITH_LINEAR_V);
    norm_heads(pass, layer);
    rotate(pass, index);
    attend(pass, index);                                          /* (T, H D) */
    pith_linear(&pass->compute, a->x, a->attn, &layer->attn_out,
                layer->attn_out_bias, pass->T, true);               /* (T, C) */
    pith_adapt(pass, a->x, a->attn, index, PITH_LINEAR_OUT);
}

/* x (T, C) += gelu(norm(x) W_up + b) W_down + b, or
 *             (silu(norm(x) W_gate) * norm(x) W_up) W_down */
static void feed_forward_half(const struct pith_pass *pass, size_t index)
{
    const struct pith_layer *layer =
        &pass->session->model->weights.layers[index];
    struct pith_activations *a = pass->session->activations;
    const struct pith_feed_forward parts = {
        .up = &layer->ffn_up,
        .gate = layer->ffn_gate.rows > 0 ? &layer->ffn_gate : NULL,
        .down = &layer->ffn_down,
        .up_bias = layer->ffn_up_bias,
        .down_bias = layer->ffn_down_bias};

    const struct pith_norm norm = norm_before(pass, layer->ffn_norm,
                                              layer->ffn_norm_bias);
    if (!pith_adapted_feed_forward(pass, &parts, index))
        pith_feed_forward(&pass->compute, a->x, a->x, &norm, &parts,
                          pass->T);                                 /* (T, C) */
}

void pith_run_layers(const struct pith_pass *pass, const int32_t *ids)
{
    embed(pass, pass->session->activations->x, ids);                /* (T, C) */
    for (size_t i = 0; i < pass->session->model->format.config.n_layer; i++) {
        attention_half(pass, i);
        feed_forward_half(pass, i);
    }
}
