/*
 * config.c - see config.h.
 */
#include "config.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "model.h"

/* The numbers that shapes are made of. */
enum dimension {
    ONE, VOCAB, CONTEXT, EMBEDDING, QUERY, KEY, HEAD, HALF_HEAD, FEED_FORWARD
};

/* The models that have a tensor. */
enum owner { EVERY, GPT2, LLAMA, BIASED, NORMED, SCALED, UNTIED };

/* A tensor, or one for each layer. */
struct part {
    const char *name;
    enum dimension rows, cols;
    enum owner owner;
    size_t at; /* in struct pith_weights, or in struct pith_layer */
};

#define IN_MODEL(member) offsetof(struct pith_weights, member)
#define IN_LAYER(member) offsetof(struct pith_layer, member)

static const struct part first_parts[] = {
    {"token_embedding.weight", VOCAB, EMBEDDING, EVERY,
     IN_MODEL(token_embedding)},
    {"position_embedding.weight", CONTEXT, EMBEDDING, GPT2,
     IN_MODEL(position_embedding)},
    {"rope_factors.weight", ONE, HALF_HEAD, SCALED, IN_MODEL(rope_factors)},
};

static const struct part layer_parts[] = {
    {"attn_norm.weight", ONE, EMBEDDING, EVERY, IN_LAYER(attn_norm)},
    {"attn_norm.bias", ONE, EMBEDDING, GPT2, IN_LAYER(attn_norm_bias)},
    {"attn_q.weight", QUERY, EMBEDDING, EVERY, IN_LAYER(attn_q)},
    {"attn_q.bias", ONE, QUERY, BIASED, IN_LAYER(attn_q_bias)},
    {"attn_k.weight", KEY, EMBEDDING, EVERY, IN_LAYER(attn_k)},
    {"attn_k.bias", ONE, KEY, BIASED, IN_LAYER(attn_k_bias)},
    {"attn_v.weight", KEY, EMBEDDING, EVERY, IN_LAYER(attn_v)},
    {"attn_v.bias", ONE, KEY, BIASED, IN_LAYER(attn_v_bias)},
    {"attn_q_norm.weight", ONE, HEAD, NORMED, IN_LAYER(attn_q_norm)},
    {"attn_k_norm.weight", ONE, HEAD, NORMED, IN_LAYER(attn_k_norm)},
    {"attn_out.weight", EMBEDDING, QUERY, EVERY, IN_LAYER(attn_out)},
    {"attn_out.bias", ONE, EMBEDDING, GPT2, IN_LAYER(attn_out_bias)},
    {"ffn_norm.weight", ONE, EMBEDDING, EVERY, IN_LAYER(ffn_norm)},
    {"ffn_norm.bias", ONE, EMBEDDING, GPT2, IN_LAYER(ffn_norm_bias)},
    {"ffn_gate.weight", FEED_FORWARD, EMBEDDING, LLAMA, IN_LAYER(ffn_gate)},
    {"ffn_up.weight", FEED_FORWARD, EMBEDDING, EVERY, IN_LAYER(ffn_up)},
    {"ffn_up.bias", ONE, FEED_FORWARD, GPT2, IN_LAYER(ffn_up_bias)},
    {"ffn_down.weight", EMBEDDING, FEED_FORWARD, EVERY, IN_LAYER(ffn_down)},
    {"ffn_down.bias", ONE, EMBEDDING, GPT2, IN_LAYER(ffn_down_bias)},
};

static const struct part last_parts[] = {
    {"output_norm.weight", ONE, EMBEDDING, EVERY, IN_MODEL(output_norm)},
    {"output_norm.bias", ONE, EMBEDDING, GPT2, IN_MODEL(output_norm_bias)},
    {"output.weight", VOCAB, EMBEDDING, UNTIED, IN_MODEL(output)},
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static size_t size_of(const struct pith_config *config, enum dimension which)
{
    switch (which) {
    case ONE: return 1;
    case VOCAB: return config->n_vocab;
    case CONTEXT: return config->n_ctx;
    case EMBEDDING: return config->n_embd;
    case QUERY: return (size_t)config->n_head * config->head_dim;
    case KEY: return (size_t)config->n_kv_head * config->head_dim;
    case HEAD: return config->head_dim;
    case HALF_HEAD: return config->head_dim / 2;
    case FEED_FORWARD: return config->n_ff;
    }
    return 0;
}

static bool has_part(const struct pith_config *config, const struct part *part)
{
    bool gpt2 = config->arch == PITH_ARCH_GPT2;
    switch (part->owner) {
    case EVERY: return true;
    case GPT2: return gpt2;
    case LLAMA: return !gpt2;
    case BIASED: return gpt2 || config->qkv_biases;
    case NORMED: return config->qk_norms;
    case SCALED: return config->rope_factors;
    case UNTIED: return !config->tied;
    }
    return false;
}

static size_t count_parts(const struct pith_config *config,
                          const struct part *parts, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += has_part(config, &parts[i]);
    return count;
}

/* The index-th of those parts that the model has; index is below their
 * count. */
static const struct part *find_part(const struct pith_config *config,
                                    const struct part *parts, size_t index)
{
    for (;; parts++)
        if (has_part(config, parts) && index-- == 0)
            return parts;
}

bool pith_config_rotates(const struct pith_config *config, size_t layer)
{
    return config->rope_skip == 0 || (layer + 1) % config->rope_skip != 0;
}

size_t pith_config_n_tensors(const struct pith_config *config)
{
    return count_parts(config, first_parts, LENGTH(first_parts)) +
           count_parts(config, layer_parts, LENGTH(layer_parts)) *
               config->n_layer +
           count_parts(config, last_parts, LENGTH(last_parts));
}

void pith_config_tensor(const struct pith_config *config, size_t index,
                        struct pith_tensor_spec *spec)
{
    size_t n_first = count_parts(config, first_parts, LENGTH(first_parts));
    size_t per_layer = count_parts(config, layer_parts, LENGTH(layer_parts));
    size_t n_layered = per_layer * config->n_layer;
    const struct part *part;

    spec->layer = PITH_NO_LAYER;
    if (index >= n_first && index - n_first < n_layered) {
        size_t layer = spec->layer = (index - n_first) / per_layer;
        part = find_part(config, layer_parts, (index - n_first) % per_layer);
        snprintf(spec->name, sizeof spec->name, "layers.%zu.%s", layer,
                 part->name);
    } else {
        part = index < n_first
                   ? find_part(config, first_parts, index)
                   : find_part(config, last_parts, index - n_first - n_layered);
        snprintf(spec->name, sizeof spec->name, "%s", part->name);
    }
    spec->rows = size_of(config, part->rows);
    spec->cols = size_of(config, part->cols);
    spec->is_vector = part->rows == ONE;
    spec->at = part->at;
}

static enum pith_status check_range(const char *what, uint32_t value,
                                    uint32_t limit, const char *name,
                                    struct pith_error *error)
{
    if (value < 1 || value > limit)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: %s is %lu; expected 1 to %lu", name, what,
                         (unsigned long)value, (unsigned long)limit);
    return PITH_OK;
}

/* Each size alone, so that products of two of them fit in 64 bits. */
static enum pith_status check_ranges(const struct pith_config *config,
                                     const char *name,
                                     struct pith_error *error)
{
    PITH_TRY(check_range("n_vocab", config->n_vocab, PITH_MAX_VOCAB, name,
                         error));
    PITH_TRY(check_range("n_ctx", config->n_ctx, PITH_MAX_CTX, name, error));
    PITH_TRY(check_range("n_embd", config->n_embd, PITH_MAX_EMBD, name, error));
    PITH_TRY(check_range("n_layer", config->n_layer, PITH_MAX_LAYER, name,
                         error));
    PITH_TRY(check_range("n_head", config->n_head, PITH_MAX_HEAD, name, error));
    PITH_TRY(check_range("n_kv_head", config->n_kv_head, config->n_head, name,
                         error));
    PITH_TRY(check_range("head_dim", config->head_dim, PITH_MAX_HEAD_DIM, name,
                         error));
    return check_range("n_ff", config->n_ff, PITH_MAX_FF, name, error);
}

static bool is_positive(float value)
{
    return value > 0 && isfinite(value);
}

/* Positive and finite norm_eps; rope_theta the same for LLaMA, 0 for
 * GPT-2. */
static enum pith_status check_reals(const struct pith_config *config,
                                    const char *name, struct pith_error *error)
{
    bool rotary = config->arch == PITH_ARCH_LLAMA;
    if (!is_positive(config->norm_eps))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: norm_eps is %g; expected a positive number", name,
                         (double)config->norm_eps);
    if (rotary ? !is_positive(config->rope_theta)
               : config->rope_theta != 0 || signbit(config->rope_theta))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: rope_theta is %g; expected %s", name,
                         (double)config->rope_theta,
                         rotary ? "a positive number" : "0 for GPT-2");
    return PITH_OK;
}

/* rope_skip 1 would be a LLaMA without positions. */
static enum pith_status check_variant(const struct pith_config *config,
                                      const char *name,
                                      struct pith_error *error)
{
    if (config->arch == PITH_ARCH_GPT2 &&
        (config->qkv_biases || config->qk_norms || config->rope_factors ||
         config->rope_skip != 0 || config->window != 0))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: GPT-2 with biases, norms, rotary positions or a "
                         "window of the LLaMA family; expected none of them",
                         name);
    if (config->rope_skip == 1 || config->rope_skip > PITH_MAX_LAYER)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: rope_skip is %lu; expected 0 or 2 to %d", name,
                         (unsigned long)config->rope_skip, PITH_MAX_LAYER);
    if (config->window > PITH_MAX_CTX)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: window is %lu; expected 0 to %d", name,
                         (unsigned long)config->window, PITH_MAX_CTX);
    return PITH_OK;
}

enum pith_status pith_config_check(const struct pith_config *config,
                                   const char *name, struct pith_error *error)
{
    if (config->arch != PITH_ARCH_GPT2 && config->arch != PITH_ARCH_LLAMA)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: architecture %d is not known; expected 1 (GPT-2) "
                         "or 2 (LLaMA)", name, (int)config->arch);
    PITH_TRY(check_ranges(config, name, error));
    PITH_TRY(check_reals(config, name, error));
    PITH_TRY(check_variant(config, name, error));
    if (config->n_head % config->n_kv_head != 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: n_head %lu is not a multiple of n_kv_head %lu",
                         name,
                         (unsigned long)config->n_head,
                         (unsigned long)config->n_kv_head);
    if (config->arch == PITH_ARCH_LLAMA && config->head_dim % 2 != 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: head_dim %lu is odd; rotary embedding needs "
                         "pairs", name, (unsigned long)config->head_dim);
    if (config->arch == PITH_ARCH_GPT2 &&
        (config->n_kv_head != config->n_head ||
         (uint64_t)config->n_head * config->head_dim != config->n_embd))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: GPT-2 with n_embd %lu, n_head %lu, n_kv_head %lu "
                         "and head_dim %lu; expected n_head = n_kv_head and "
                         "n_head * head_dim = n_embd", name,
                         (unsigned long)config->n_embd,
                         (unsigned long)config->n_head,
                         (unsigned long)config->n_kv_head,
                         (unsigned long)config->head_dim);
    return PITH_OK;
}
