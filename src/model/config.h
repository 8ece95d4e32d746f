/*
 * config.h - the hyper-parameters of both architectures and the names of
 * their tensors.
 */
#ifndef PITH_MODEL_CONFIG_H
#define PITH_MODEL_CONFIG_H

#include "../base/error.h"

/* Limits of the format: they keep a lying file from asking for the absurd,
 * and every product of two of them within 64 bits. */
enum {
    PITH_MAX_VOCAB = 1 << 24,
    PITH_MAX_CTX = 1 << 24,
    PITH_MAX_EMBD = 1 << 16,
    PITH_MAX_LAYER = 1 << 10,
    PITH_MAX_HEAD = 1 << 10,
    PITH_MAX_HEAD_DIM = 1 << 10,
    PITH_MAX_FF = 1 << 20
};

struct pith_config {
    enum pith_arch arch;
    uint32_t n_vocab, n_ctx, n_embd, n_layer;
    uint32_t n_head, n_kv_head, head_dim, n_ff;
    float norm_eps, rope_theta;
    bool tied; /* no "output.weight": the embedding is the projection */
    /* What members of the LLaMA family differ in. */
    bool qkv_biases;    /* q, k and v have biases: Qwen2 */
    bool qk_norms;      /* each head of q and k is normed: Qwen3 */
    bool rope_factors;  /* rotary frequencies are divided: Llama 3.1 */
    uint32_t rope_skip; /* every rope_skip-th layer has no rotary positions:
                           SmolLM3; 0: all have them */
    uint32_t window;    /* positions that a token sees, its own the last:
                           Mistral; 0: all before it */
};

/* Refuses sizes that are zero, inconsistent or beyond the format's limits.
 * name: the file, for errors. */
enum pith_status pith_config_check(const struct pith_config *config,
                                   const char *name, struct pith_error *error);

/*
 * The tensors of a model, in the order of the file.  A matrix is (rows, cols)
 * with rows the outputs; a vector has rows 1.  In GPT-2 every norm and every
 * matrix of a layer is followed by its bias (".bias"), in LLaMA none has one,
 * but q, k and v with qkv_biases.
 *
 *   token_embedding.weight            (n_vocab, n_embd)
 *   position_embedding.weight         (n_ctx, n_embd)            GPT-2
 *   rope_factors.weight               (1, head_dim / 2)          rope_factors
 *   layers.L.attn_norm.weight         (1, n_embd)
 *   layers.L.attn_q.weight            (n_head * head_dim, n_embd)
 *   layers.L.attn_k.weight            (n_kv_head * head_dim, n_embd)
 *   layers.L.attn_v.weight            (n_kv_head * head_dim, n_embd)
 *   layers.L.attn_q_norm.weight       (1, head_dim)              qk_norms
 *   layers.L.attn_k_norm.weight       (1, head_dim)              qk_norms
 *   layers.L.attn_out.weight          (n_embd, n_head * head_dim)
 *   layers.L.ffn_norm.weight          (1, n_embd)
 *   layers.L.ffn_gate.weight          (n_ff, n_embd)             LLaMA
 *   layers.L.ffn_up.weight            (n_ff, n_embd)
 *   layers.L.ffn_down.weight          (n_embd, n_ff)
 *   output_norm.weight                (1, n_embd)
 *   output.weight                     (n_vocab, n_embd)          unless tied
 *
 * Rotary pairs are half a head apart (Hugging Face's order); the frequency of
 * pair i is divided by rope_factors[i].
 */
struct pith_tensor_spec {
    char name[64];
    size_t rows, cols;
    /* Where a loaded model has it (model.h): at this offset of its weights or
     * of this layer, a vector as floats, a matrix as a view. */
    size_t layer, at;
    bool is_vector;
};

#define PITH_NO_LAYER SIZE_MAX

/* Whether a layer turns q and k by their positions. */
bool pith_config_rotates(const struct pith_config *config, size_t layer);

/* The linear layers inside a layer of a model, in the order of an
 * adapter's file. */
enum pith_linear_index {
    PITH_LINEAR_Q,
    PITH_LINEAR_K,
    PITH_LINEAR_V,
    PITH_LINEAR_OUT,
    PITH_LINEAR_GATE, /* LLaMA */
    PITH_LINEAR_UP,
    PITH_LINEAR_DOWN,
    PITH_N_LINEAR
};

size_t pith_config_n_tensors(const struct pith_config *config);

/* The index-th tensor that such a model has. */
void pith_config_tensor(const struct pith_config *config, size_t index,
                        struct pith_tensor_spec *spec);

#endif
