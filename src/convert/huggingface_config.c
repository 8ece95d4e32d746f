/*
 * huggingface_config.c - config.json: the families of models that are known.
 *
 * Every field that changes the computation is either understood or refused.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "json_values.h"
#include "readers.h"

struct reader {
    struct pith_source *source;
    const struct pith_json *root; /* of config.json */
    struct pith_error *error;
    enum pith_status status;      /* of the first field that was wrong */
};

static void refuse_field(struct reader *reader, const char *key,
                         const char *why)
{
    if (reader->status == PITH_OK)
        reader->status = pith_fail(reader->error, PITH_ERR_UNSUPPORTED,
                                   "%s/config.json: \"%s\" %s",
                                   reader->source->path, key, why);
}

/* A field whose value is a word that is not known. */
static void refuse_word(struct reader *reader, const char *key,
                        const struct pith_json *value, const char *known)
{
    char why[160];
    bool named = pith_json_is(value, PITH_JSON_STRING);
    size_t size = named ? value->string.size : 0;
    snprintf(why, sizeof why, "is \"%.*s\"; supported: %s",
             size < 40 ? (int)size : 40, named ? value->string.bytes : "",
             known);
    refuse_field(reader, key, why);
}

/* A whole number of 32 bits; fallback where the field is not set, which is
 * an error when fallback is 0. */
static uint32_t whole(struct reader *reader, const char *key,
                      uint32_t fallback)
{
    const struct pith_json *value = pith_json_get(reader->root, key);
    size_t size = fallback;
    bool set = pith_json_is_set(value);
    if ((set && (!pith_json_size(value, &size) || size > UINT32_MAX)) ||
        (!set && fallback == 0)) {
        refuse_field(reader, key, set ? "is not a whole number" : "is missing");
        return 0;
    }
    return (uint32_t)size;
}

static float real(struct reader *reader, const char *key, double fallback)
{
    const struct pith_json *value = pith_json_get(reader->root, key);
    if (!pith_json_is_set(value))
        return (float)fallback;
    if (!pith_json_is(value, PITH_JSON_NUMBER))
        refuse_field(reader, key, "is not a number");
    return (float)value->number;
}

static bool flag(struct reader *reader, const char *key, bool fallback)
{
    const struct pith_json *value = pith_json_get(reader->root, key);
    if (!pith_json_is_set(value))
        return fallback;
    if (value->kind != PITH_JSON_TRUE && value->kind != PITH_JSON_FALSE)
        refuse_field(reader, key, "is neither true nor false");
    return value->kind == PITH_JSON_TRUE;
}

static void want_flag(struct reader *reader, const char *key, bool wanted)
{
    if (flag(reader, key, wanted) != wanted)
        refuse_field(reader, key, wanted ? "is false; only true is supported"
                                         : "is true; only false is supported");
}

/* A field that must not be set: it stands for a different computation. */
static void want_unset(struct reader *reader, const char *key)
{
    if (pith_json_is_set(pith_json_get(reader->root, key)))
        refuse_field(reader, key, "is set, which changes the computation in "
                     "a way that is not supported");
}

static void want_activation(struct reader *reader, const char *key,
                            const char *const *words, const char *why)
{
    const struct pith_json *value = pith_json_get(reader->root, key);
    if (!pith_json_is_set(value))
        return;
    for (; *words != NULL; words++)
        if (pith_json_string_is(value, *words))
            return;
    refuse_field(reader, key, why);
}

static void read_gpt2(struct reader *reader)
{
    static const char *const tanh_gelu[] = {"gelu_new", "gelu_pytorch_tanh",
                                            "gelu_fast", NULL};
    struct pith_config *config = &reader->source->config;
    config->arch = PITH_ARCH_GPT2;
    config->n_vocab = whole(reader, "vocab_size", 50257);
    config->n_ctx = whole(reader, "n_positions", 1024);
    config->n_embd = whole(reader, "n_embd", 768);
    config->n_layer = whole(reader, "n_layer", 12);
    config->n_head = config->n_kv_head = whole(reader, "n_head", 12);
    config->head_dim =
        config->n_head > 0 ? config->n_embd / config->n_head : 0;
    if (config->n_embd > UINT32_MAX / 4)
        refuse_field(reader, "n_embd", "is too large");
    else
        config->n_ff = whole(reader, "n_inner", 4 * config->n_embd);
    config->norm_eps = real(reader, "layer_norm_epsilon", 1e-5);
    config->tied = flag(reader, "tie_word_embeddings", true);
    want_activation(reader, "activation_function", tanh_gelu,
                    "is not the tanh form of GELU (gelu_new)");
    want_flag(reader, "scale_attn_weights", true);
    want_flag(reader, "scale_attn_by_inverse_layer_idx", false);
    want_flag(reader, "add_cross_attention", false);
}

/* --- rotary scaling --------------------------------------------------------*/

/* A number of the object that describes the scaling, which must be there. */
static float scaling_number(struct reader *reader, const char *key,
                            const struct pith_json *scaling, const char *name)
{
    const struct pith_json *value = pith_json_get(scaling, name);
    char why[80];
    if (pith_json_is(value, PITH_JSON_NUMBER) && value->number > 0)
        return (float)value->number;
    snprintf(why, sizeof why, "lacks a positive \"%s\"", name);
    refuse_field(reader, key, why);
    return 1;
}

/* "llama3": wavelengths of more than old / low positions are stretched by
 * factor, those below old / high not at all, the others by a mean of
 * the two. */
static void llama3_factors(struct reader *reader, const char *key,
                           const struct pith_json *scaling, float *factors)
{
    const struct pith_config *config = &reader->source->config;
    double factor = (double)scaling_number(reader, key, scaling, "factor");
    double low =
        (double)scaling_number(reader, key, scaling, "low_freq_factor");
    double high =
        (double)scaling_number(reader, key, scaling, "high_freq_factor");
    double old = (double)scaling_number(reader, key, scaling,
                                        "original_max_position_embeddings");
    if (!(low < high)) {
        refuse_field(reader, key, "has a low_freq_factor that is not below "
                     "its high_freq_factor");
        return;
    }
    for (size_t i = 0; i < config->head_dim / 2; i++) {
        double power = 2.0 * (double)i / config->head_dim;
        double turns = old * pow((double)config->rope_theta, -power) /
                       6.283185307179586; /* in the old positions */
        double smooth = (turns - low) / (high - low);
        if (turns < low)
            factors[i] = (float)factor;
        else if (turns > high)
            factors[i] = 1;
        else
            factors[i] = (float)(1 / ((1 - smooth) / factor + smooth));
    }
}

static void read_factors(struct reader *reader, const char *key,
                         const struct pith_json *scaling, bool llama3)
{
    struct pith_source *source = reader->source;
    float factors[PITH_MAX_HEAD_DIM / 2], factor;
    size_t n = source->config.head_dim / 2;
    if (reader->status != PITH_OK || n > PITH_MAX_HEAD_DIM / 2)
        return; /* which is refused in a moment */
    if (source->config.rope_factors) {
        refuse_field(reader, key, "gives a second RoPE scaling");
        return;
    }
    if (llama3) {
        llama3_factors(reader, key, scaling, factors);
    } else {
        factor = scaling_number(reader, key, scaling, "factor");
        for (size_t i = 0; i < n; i++)
            factors[i] = factor;
    }
    if (reader->status == PITH_OK)
        reader->status = pith_source_set_factors(source, factors, n,
                                                 reader->error);
}

/* rope_scaling, or rope_parameters of newer files. */
static void read_scaling(struct reader *reader, const char *key)
{
    const struct pith_json *value = pith_json_get(reader->root, key);
    if (!pith_json_is_set(value))
        return;
    const struct pith_json *kind = pith_json_get(value, "rope_type");
    if (!pith_json_is_set(kind))
        kind = pith_json_get(value, "type");
    const struct pith_json *part =
        pith_json_get(value, "partial_rotary_factor");
    if (pith_json_is_set(part) &&
        (!pith_json_is(part, PITH_JSON_NUMBER) || part->number != 1))
        refuse_field(reader, key, "rotates a part of each head only");
    const struct pith_json *theta = pith_json_get(value, "rope_theta");
    if (pith_json_is_set(theta)) {
        if (pith_json_is(theta, PITH_JSON_NUMBER))
            reader->source->config.rope_theta = (float)theta->number;
        else
            refuse_field(reader, key, "has a rope_theta that is not a number");
    }
    if (pith_json_string_is(kind, "linear"))
        read_factors(reader, key, value, false);
    else if (pith_json_string_is(kind, "llama3"))
        read_factors(reader, key, value, true);
    else if (!pith_json_string_is(kind, "default"))
        refuse_word(reader, key, kind,
                    "RoPE types \"default\", \"linear\" and \"llama3\"");
}

/* --- the LLaMA family ------------------------------------------------------*/

/* The default of a class for a field that is absent; 0: it is required. */
struct defaults {
    uint32_t n_vocab, n_ctx, n_kv_head, head_dim;
    double norm_eps, rope_theta;
    bool tied;
};

static void read_family(struct reader *reader, const struct defaults *defaults)
{
    static const char *const silu[] = {"silu", "swish", NULL};
    struct pith_config *config = &reader->source->config;
    config->arch = PITH_ARCH_LLAMA;
    config->n_vocab = whole(reader, "vocab_size", defaults->n_vocab);
    config->n_ctx = whole(reader, "max_position_embeddings", defaults->n_ctx);
    config->n_embd = whole(reader, "hidden_size", 0);
    config->n_layer = whole(reader, "num_hidden_layers", 0);
    config->n_head = whole(reader, "num_attention_heads", 0);
    config->n_ff = whole(reader, "intermediate_size", 0);
    if (config->n_head == 0)
        return;
    config->n_kv_head = whole(reader, "num_key_value_heads",
                              defaults->n_kv_head);
    uint32_t head_dim = defaults->head_dim > 0
                            ? defaults->head_dim
                            : config->n_embd / config->n_head;
    config->head_dim = whole(reader, "head_dim", head_dim);
    config->norm_eps = real(reader, "rms_norm_eps", defaults->norm_eps);
    config->rope_theta = real(reader, "rope_theta", defaults->rope_theta);
    config->tied = flag(reader, "tie_word_embeddings", defaults->tied);
    want_activation(reader, "hidden_act", silu, "is not silu");
    read_scaling(reader, "rope_scaling");
    read_scaling(reader, "rope_parameters");
    want_flag(reader, "attention_bias", false);
    want_flag(reader, "mlp_bias", false);
    if (real(reader, "partial_rotary_factor", 1) != 1)
        refuse_field(reader, "partial_rotary_factor", "is not 1");
}

/* Of models that can mix windows with full attention: none may. */
static void want_full_attention(struct reader *reader)
{
    const struct pith_json *types = pith_json_get(reader->root, "layer_types");
    want_flag(reader, "use_sliding_window", false);
    if (!pith_json_is_set(types))
        return;
    const struct pith_json *type =
        pith_json_is(types, PITH_JSON_ARRAY) ? types->first : types;
    for (; type != NULL; type = type->next)
        if (!pith_json_string_is(type, "full_attention"))
            refuse_word(reader, "layer_types", type,
                        "layers of \"full_attention\"");
}

static void read_llama(struct reader *reader)
{
    const struct defaults defaults = {
        .n_vocab = 32000,
        .n_ctx = whole(reader, "max_sequence_length", 2048),
        .n_kv_head = whole(reader, "num_attention_heads", 0),
        .norm_eps = 1e-6, .rope_theta = 10000};
    read_family(reader, &defaults);
    want_unset(reader, "sliding_window");
    want_full_attention(reader);
}

static void read_mistral(struct reader *reader)
{
    static const struct defaults defaults = {
        .n_vocab = 32000, .n_ctx = 131072, .n_kv_head = 8, .norm_eps = 1e-6,
        .rope_theta = 10000};
    const struct pith_json *window =
        pith_json_get(reader->root, "sliding_window");
    read_family(reader, &defaults);
    want_unset(reader, "layer_types");
    if (window == NULL || pith_json_is_set(window)) /* null: none */
        reader->source->config.window = whole(reader, "sliding_window", 4096);
}

static void read_qwen2(struct reader *reader)
{
    static const struct defaults defaults = {
        .n_vocab = 151936, .n_ctx = 32768, .n_kv_head = 32, .norm_eps = 1e-6,
        .rope_theta = 10000};
    read_family(reader, &defaults);
    want_full_attention(reader);
    reader->source->config.qkv_biases = true;
}

static void read_qwen3(struct reader *reader)
{
    static const struct defaults defaults = {
        .n_vocab = 151936, .n_ctx = 32768, .n_kv_head = 32, .head_dim = 128,
        .norm_eps = 1e-6, .rope_theta = 10000};
    read_family(reader, &defaults);
    want_full_attention(reader);
    reader->source->config.qk_norms = true;
}

/* no_rope_layers lists a 0 for each layer without positions; every n-th is
 * understood. */
static void read_skipped_layers(struct reader *reader,
                                struct pith_config *config)
{
    const struct pith_json *list =
        pith_json_get(reader->root, "no_rope_layers");
    config->rope_skip = whole(reader, "no_rope_layer_interval", 4);
    if (!pith_json_is_set(list))
        return;
    const struct pith_json *turned =
        pith_json_is(list, PITH_JSON_ARRAY) ? list->first : NULL;
    config->rope_skip = 0;
    for (uint32_t i = 0; i < config->n_layer; i++, turned = turned->next) {
        if (!pith_json_is(turned, PITH_JSON_NUMBER)) {
            refuse_field(reader, "no_rope_layers",
                         "does not have a number for each layer");
            return;
        }
        if (turned->number == 0 && config->rope_skip == 0)
            config->rope_skip = i + 1;
        if ((turned->number != 0) != pith_config_rotates(config, i))
            refuse_field(reader, "no_rope_layers", "does not name every n-th "
                         "layer; other choices are not supported");
    }
}

static void read_smollm3(struct reader *reader)
{
    static const struct defaults defaults = {
        .n_vocab = 128256, .n_ctx = 32768, .n_kv_head = 4, .norm_eps = 1e-6,
        .rope_theta = 2000000, .tied = true};
    read_family(reader, &defaults);
    want_full_attention(reader);
    read_skipped_layers(reader, &reader->source->config);
}

/* --- choosing --------------------------------------------------------------*/

static const struct family {
    const char *type;
    const char *classes[4]; /* of files that do not say the type */
    void (*read)(struct reader *reader);
} families[] = {
    {"gpt2", {"GPT2LMHeadModel", "GPT2Model"}, read_gpt2},
    {"llama", {"LlamaForCausalLM", "LLaMAForCausalLM", "LlamaModel"},
     read_llama},
    {"mistral", {"MistralForCausalLM", "MistralModel"}, read_mistral},
    {"qwen2", {"Qwen2ForCausalLM", "Qwen2Model"}, read_qwen2},
    {"qwen3", {"Qwen3ForCausalLM", "Qwen3Model"}, read_qwen3},
    {"smollm3", {"SmolLM3ForCausalLM", "SmolLM3Model"}, read_smollm3},
};

/* By model_type; files from before there was one name the class only. */
static bool is_of_family(const struct pith_json *root,
                         const struct family *family)
{
    const struct pith_json *given = pith_json_get(root, "model_type");
    const struct pith_json *list = pith_json_get(root, "architectures");
    if (pith_json_is_set(given))
        return pith_json_string_is(given, family->type);
    for (const char *const *name = family->classes; *name != NULL; name++)
        if (pith_json_is(list, PITH_JSON_ARRAY) &&
            pith_json_string_is(list->first, *name))
            return true;
    return false;
}

enum pith_status pith_huggingface_config(struct pith_source *source,
                                         const struct pith_json *root,
                                         struct pith_error *error)
{
    struct reader reader = {source, root, error, PITH_OK};
    const struct pith_json *type = pith_json_get(root, "model_type");
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (!is_of_family(root, &families[i]))
            continue;
        families[i].read(&reader);
        want_unset(&reader, "quantization_config");
        return reader.status;
    }
    return pith_fail(error, PITH_ERR_UNSUPPORTED,
                     "%s/config.json: model_type is \"%.*s\"; supported: "
                     "\"gpt2\", \"llama\", \"mistral\", \"qwen2\", "
                     "\"qwen3\" and \"smollm3\"", source->path,
                     type == NULL ? 0 : (int)type->string.size,
                     type == NULL ? "" : type->string.bytes);
}
