/*
 * huggingface.c - a Hugging Face folder: config.json, and which of the tensors
 * that it holds are ours.
 *
 * Every field of config.json that changes the computation is either
 * understood or refused.  The files of weights are found by
 * huggingface_weights.c, the tokenizer is read by huggingface_tokenizer.c.
 */
#include <stdio.h>
#include <string.h>

#include "folder.h"
#include "json_values.h"
#include "readers.h"

/* --- config.json -----------------------------------------------------------*/

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
        refuse_field(reader, key, wanted ? "is false; supported is true only"
                                         : "is true; supported is false only");
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

/* rope_scaling (or rope_parameters of newer files) may only say that there
 * is none. */
static void want_no_scaling(struct reader *reader, const char *key)
{
    const struct pith_json *value = pith_json_get(reader->root, key);
    if (!pith_json_is_set(value))
        return;
    const struct pith_json *kind = pith_json_get(value, "rope_type");
    if (!pith_json_is_set(kind))
        kind = pith_json_get(value, "type");
    if (!pith_json_is(value, PITH_JSON_OBJECT) ||
        !pith_json_string_is(kind, "default"))
        refuse_field(reader, key, "asks for RoPE scaling, which is not "
                     "supported; supported are null and type \"default\"");
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
}

static void read_llama(struct reader *reader)
{
    static const char *const silu[] = {"silu", "swish", NULL};
    struct pith_config *config = &reader->source->config;
    config->arch = PITH_ARCH_LLAMA;
    config->n_vocab = whole(reader, "vocab_size", 32000);
    config->n_ctx = whole(reader, "max_position_embeddings",
                          whole(reader, "max_sequence_length", 2048));
    config->n_embd = whole(reader, "hidden_size", 0);
    config->n_layer = whole(reader, "num_hidden_layers", 0);
    config->n_head = whole(reader, "num_attention_heads", 0);
    config->n_ff = whole(reader, "intermediate_size", 0);
    if (config->n_head == 0)
        return;
    config->n_kv_head = whole(reader, "num_key_value_heads", config->n_head);
    config->head_dim = whole(reader, "head_dim",
                             config->n_embd / config->n_head);
    config->norm_eps = real(reader, "rms_norm_eps", 1e-6);
    config->rope_theta = real(reader, "rope_theta", 10000);
    config->tied = flag(reader, "tie_word_embeddings", false);
    want_activation(reader, "hidden_act", silu, "is not silu");
    want_no_scaling(reader, "rope_scaling");
    want_no_scaling(reader, "rope_parameters");
    want_flag(reader, "attention_bias", false);
    want_flag(reader, "mlp_bias", false);
    want_unset(reader, "sliding_window");
    if (real(reader, "partial_rotary_factor", 1) != 1)
        refuse_field(reader, "partial_rotary_factor", "is not 1");
}

/* By model_type; files from before there was one name the class only. */
static bool is_of_kind(const struct pith_json *root, const char *type,
                       const char *const *classes)
{
    const struct pith_json *given = pith_json_get(root, "model_type");
    const struct pith_json *list = pith_json_get(root, "architectures");
    if (pith_json_is_set(given))
        return pith_json_string_is(given, type);
    for (; *classes != NULL; classes++)
        if (pith_json_is(list, PITH_JSON_ARRAY) &&
            pith_json_string_is(list->first, *classes))
            return true;
    return false;
}

static enum pith_status read_config(struct pith_source *source,
                                    const struct pith_json *root,
                                    struct pith_error *error)
{
    struct reader reader = {source, root, error, PITH_OK};
    static const char *const gpt2[] = {"GPT2LMHeadModel", "GPT2Model", NULL};
    static const char *const llama[] = {"LlamaForCausalLM", "LLaMAForCausalLM",
                                        "LlamaModel", NULL};
    const struct pith_json *type = pith_json_get(root, "model_type");
    if (is_of_kind(root, "gpt2", gpt2))
        read_gpt2(&reader);
    else if (is_of_kind(root, "llama", llama))
        read_llama(&reader);
    else
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s/config.json: model_type is \"%.*s\"; supported "
                         "are \"gpt2\" and \"llama\"", source->path,
                         type == NULL ? 0 : (int)type->string.size,
                         type == NULL ? "" : type->string.bytes);
    want_unset(&reader, "quantization_config");
    return reader.status;
}

/* --- tensors ---------------------------------------------------------------*/

static const char LM_HEAD[] = "lm_head.weight";

/* Our part, theirs below the layer (or at the top), and what GPT-2's Conv1D
 * and fused projection ask for. */
struct mapping {
    const char *part, *theirs;
    bool transposed;
    int third; /* of the fused q, k, v; -1: not fused */
};

static const struct mapping gpt2_mappings[] = {
    {"token_embedding", "wte", false, -1},
    {"position_embedding", "wpe", false, -1},
    {"attn_norm", "ln_1", false, -1},
    {"attn_q", "attn.c_attn", true, 0},
    {"attn_k", "attn.c_attn", true, 1},
    {"attn_v", "attn.c_attn", true, 2},
    {"attn_out", "attn.c_proj", true, -1},
    {"ffn_norm", "ln_2", false, -1},
    {"ffn_up", "mlp.c_fc", true, -1},
    {"ffn_down", "mlp.c_proj", true, -1},
    {"output_norm", "ln_f", false, -1},
    {NULL, NULL, false, -1},
};

static const struct mapping llama_mappings[] = {
    {"token_embedding", "embed_tokens", false, -1},
    {"attn_norm", "input_layernorm", false, -1},
    {"attn_q", "self_attn.q_proj", false, -1},
    {"attn_k", "self_attn.k_proj", false, -1},
    {"attn_v", "self_attn.v_proj", false, -1},
    {"attn_out", "self_attn.o_proj", false, -1},
    {"ffn_norm", "post_attention_layernorm", false, -1},
    {"ffn_gate", "mlp.gate_proj", false, -1},
    {"ffn_up", "mlp.up_proj", false, -1},
    {"ffn_down", "mlp.down_proj", false, -1},
    {"output_norm", "norm", false, -1},
    {NULL, NULL, false, -1},
};

static enum pith_status take_tensor(struct pith_source *source,
                                    const char *prefix,
                                    const struct pith_tensor_spec *spec,
                                    struct pith_error *error)
{
    bool gpt2 = source->config.arch == PITH_ARCH_GPT2;
    const struct mapping *mapping = gpt2 ? gpt2_mappings : llama_mappings;
    const char *layers = gpt2 ? "h" : "layers";
    struct pith_part part;
    char name[160];

    pith_part_of(spec, &part);
    while (mapping->part != NULL && strcmp(mapping->part, part.name) != 0)
        mapping++;
    const char *kind = part.bias ? "bias" : "weight";
    if (mapping->part == NULL) /* "output": outside the prefix */
        snprintf(name, sizeof name, "%s", LM_HEAD);
    else if (part.layer < 0)
        snprintf(name, sizeof name, "%s%s.%s", prefix, mapping->theirs, kind);
    else
        snprintf(name, sizeof name, "%s%s.%ld.%s.%s", prefix, layers,
                 part.layer, mapping->theirs, kind);
    /* Of a tied pair a file may hold the one or the other. */
    bool by_head = source->config.tied && strcmp(part.name,
                                                 "token_embedding") == 0 &&
                   pith_source_find(source, name) == NULL &&
                   pith_source_find(source, LM_HEAD) != NULL;
    struct pith_taking taking = {.name = by_head ? LM_HEAD : name,
                                 .transposed = mapping->transposed};
    if (mapping->third >= 0) {
        size_t third = source->config.n_embd;
        taking.first = (size_t)mapping->third * third;
        taking.total = 3 * third;
    }
    return pith_source_take(source, spec, &taking, error);
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);
    return n >= m && strcmp(name + n - m, suffix) == 0;
}

/* Buffers that old files hold: the causal mask, rotary frequencies and their
 * tables; and the copy of a tied output projection. */
static bool is_of_no_effect(struct pith_source *source, const char *name)
{
    static const char *const gpt2[] = {".attn.bias", ".attn.masked_bias", NULL};
    static const char *const llama[] = {"rotary_emb.inv_freq",
                                        "rotary_emb.cos_cached",
                                        "rotary_emb.sin_cached", NULL};
    const char *const *ending =
        source->config.arch == PITH_ARCH_GPT2 ? gpt2 : llama;
    for (; *ending != NULL; ending++)
        if (ends_with(name, *ending))
            return true;
    return source->config.tied && strcmp(name, LM_HEAD) == 0;
}

static enum pith_status take_tensors(struct pith_source *source,
                                     struct pith_error *error)
{
    bool gpt2 = source->config.arch == PITH_ARCH_GPT2;
    const char *prefix = gpt2 ? "transformer." : "model.";
    const char *bare = gpt2 ? "ln_f.weight" : "norm.weight";
    struct pith_tensor_spec spec;

    if (pith_source_find(source, bare) != NULL)
        prefix = ""; /* saved as a model without a language-model head */
    PITH_TRY(pith_source_begin_taking(source, error));
    size_t n_tensors = pith_config_n_tensors(&source->config);
    for (size_t i = 0; i < n_tensors; i++) {
        pith_config_tensor(&source->config, i, &spec);
        PITH_TRY(take_tensor(source, prefix, &spec, error));
    }
    return pith_source_end_taking(source, is_of_no_effect, error);
}

/* --- the folder ------------------------------------------------------------*/

/* The folder's own name. */
static enum pith_status name_after_folder(struct pith_source *source,
                                          struct pith_error *error)
{
    size_t end = strlen(source->path);
    while (end > 1 && source->path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && source->path[start - 1] != '/')
        start--;
    return pith_source_set_name(
        source, (struct pith_text){source->path + start, end - start}, error);
}

enum pith_status pith_huggingface_read(struct pith_source *source,
                                       struct pith_error *error)
{
    struct pith_json_document *document = NULL;
    enum pith_status status = PITH_OK;

    PITH_TRY(name_after_folder(source, error));
    PITH_TRY(pith_folder_prepare(source, error));
    if (!pith_folder_has(source, "config.json"))
        return pith_folder_refuse(source, "config.json", error);
    PITH_TRY(pith_folder_json(source, "config.json", &document, error));
    const struct pith_json *root = pith_json_root(document);
    PITH_TRY_DONE(read_config(source, root, error));
    PITH_TRY_DONE(pith_config_check(&source->config, source->path, error));
    PITH_TRY_DONE(pith_huggingface_weights(source, error));
    PITH_TRY_DONE(take_tensors(source, error));
    status = pith_huggingface_vocabulary(source, root, error);
done:
    pith_json_free(document);
    return status;
}
