/*
 * model.h - a loaded model: its file, its weights as views, its tokenizer.
 */
#ifndef PITH_MODEL_MODEL_H
#define PITH_MODEL_MODEL_H

#include "../kernels/kernels.h"
#include "../text/tokenizer.h"
#include "format.h"

/* Weights of one layer.  Vectors are floats, converted at load. */
struct pith_layer {
    const float *attn_norm, *attn_norm_bias; /* (C); bias NULL for LLaMA */
    struct pith_tensor attn_q;               /* (H D, C) */
    struct pith_tensor attn_k, attn_v;       /* (Hkv D, C) */
    struct pith_tensor attn_out;             /* (C, H D) */
    const float *attn_q_bias, *attn_k_bias, *attn_v_bias; /* NULL: none */
    const float *attn_q_norm, *attn_k_norm;  /* (D); NULL: none */
    const float *attn_out_bias;
    const float *ffn_norm, *ffn_norm_bias;   /* (C) */
    struct pith_tensor ffn_gate;             /* (F, C); LLaMA */
    struct pith_tensor ffn_up;               /* (F, C) */
    struct pith_tensor ffn_down;             /* (C, F) */
    const float *ffn_up_bias, *ffn_down_bias;
};

struct pith_weights {
    struct pith_tensor token_embedding;    /* (V, C) */
    struct pith_tensor position_embedding; /* (n_ctx, C); GPT-2 */
    const float *rope_factors;             /* (D/2); NULL: all 1 */
    struct pith_layer *layers;             /* (n_layer) */
    const float *output_norm, *output_norm_bias; /* (C) */
    struct pith_tensor output;             /* (V, C); the embedding if tied */
};

/* The token that a text is scored from: BOS, else end-of-text. */
int32_t pith_model_start_id(const struct pith_model *model);

/* The same, UNSUPPORTED when the model has neither. */
enum pith_status pith_model_find_start(const struct pith_model *model,
                                       int32_t *id, struct pith_error *error);

#endif
