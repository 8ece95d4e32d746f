/*
 * gguf_model.c - GGUF's hyper-parameters and tensors of the architectures
 * that are known.
 *
 * Every key below the architecture's name is understood or refused.  GPT-2's
 * matrices are (out, in) already, with q, k and v fused; where `paired` says
 * so, q and k have the elements of a rotary pair side by side.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/text.h"
#include "gguf.h"
#include "readers.h"

/* --- hyper-parameters ------------------------------------------------------*/

static const struct family {
    const char *name; /* general.architecture */
    bool gpt2, paired, qkv_biases, qk_norms;
    uint32_t rope_skip;
} families[] = {
    {.name = "gpt2", .gpt2 = true},
    {.name = "llama", .paired = true}, /* Mistral too */
    {.name = "qwen2", .qkv_biases = true},
    {.name = "qwen3", .qk_norms = true},
    {.name = "smollm3", .paired = true, .rope_skip = 4},
};

struct reader {
    struct pith_gguf *gguf;
    const struct family *family;
    const char *arch; /* its name */
    char key[64];
    struct pith_error *error;
};

static const char *key_of(struct reader *reader, const char *name)
{
    snprintf(reader->key, sizeof reader->key, "%s.%s", reader->arch, name);
    return reader->key;
}

static enum pith_status whole(struct reader *reader, const char *name,
                              const uint32_t *fallback, uint32_t *out)
{
    return pith_gguf_whole(reader->gguf, key_of(reader, name), fallback, out,
                           reader->error);
}

static enum pith_status refuse(struct reader *reader, const char *why)
{
    return pith_fail(reader->error, PITH_ERR_UNSUPPORTED,
                     "%s: key \"%s\" %s", reader->gguf->file->path,
                     reader->key, why);
}

/* A number that must have this value where it is set. */
static enum pith_status want_number(struct reader *reader, const char *name,
                                    float wanted, const char *why)
{
    float value;
    PITH_TRY(pith_gguf_real(reader->gguf, key_of(reader, name), &wanted,
                            &value, reader->error));
    return value == wanted ? PITH_OK : refuse(reader, why);
}

/* Linear scaling: by the old key, or with a type that says so. */
static enum pith_status read_linear(struct reader *reader, bool named)
{
    static const float one = 1;
    struct pith_source *source = reader->gguf->source;
    float old, factor, factors[PITH_MAX_HEAD_DIM / 2];
    size_t n = source->config.head_dim / 2;
    PITH_TRY(pith_gguf_real(reader->gguf, key_of(reader, "rope.scale_linear"),
                            &one, &old, reader->error));
    PITH_TRY(pith_gguf_real(reader->gguf,
                            key_of(reader, "rope.scaling.factor"),
                            named ? &old : &one, &factor, reader->error));
    if (!named && factor != 1)
        return refuse(reader, "asks for RoPE scaling of a type that "
                      "\"rope.scaling.type\" does not name");
    if (!named)
        factor = old;
    if (!(factor > 0) || !isfinite(factor))
        return refuse(reader, "is not a positive number");
    if (factor == 1 || n > PITH_MAX_HEAD_DIM / 2)
        return PITH_OK;
    if (pith_source_find(source, PITH_ROPE_FACTORS) != NULL)
        return refuse(reader, "asks for RoPE scaling, and the tensor "
                      "\"" PITH_ROPE_FACTORS "\" for another");
    for (size_t i = 0; i < n; i++)
        factors[i] = factor;
    return pith_source_set_factors(source, factors, n, reader->error);
}

static enum pith_status read_scaling(struct reader *reader)
{
    struct pith_source *source = reader->gguf->source;
    struct pith_text type;
    PITH_TRY(pith_gguf_text(reader->gguf, key_of(reader, "rope.scaling.type"),
                            &type, reader->error));
    bool linear = pith_text_is(type, "linear");
    if (!linear && type.size > 0 && !pith_text_is(type, "none")) {
        char why[120];
        snprintf(why, sizeof why, "is \"%.*s\"; supported: \"none\" and "
                 "\"linear\"", type.size < 40 ? (int)type.size : 40,
                 type.bytes);
        return refuse(reader, why);
    }
    PITH_TRY(want_number(reader, "rope.scaling.attn_factor", 1,
                         "is not 1, which is not supported"));
    source->config.rope_factors =
        pith_source_find(source, PITH_ROPE_FACTORS) != NULL;
    return read_linear(reader, linear);
}

/* Keys that say nothing about the computation, or nothing by themselves. */
static bool is_harmless(const char *name)
{
    static const char *const names[] = {
        "vocab_size", "tensor_data_layout", "rope.scaling.finetuned",
        "rope.scaling.original_context_length", "expert_count",
        "expert_used_count"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* What nobody asked for below the architecture's name is unknown. */
static enum pith_status refuse_unknown_keys(struct reader *reader)
{
    size_t prefix = strlen(reader->arch);
    char name[128];
    for (size_t i = 0; i < reader->gguf->n_values; i++) {
        const struct pith_gguf_value *value = &reader->gguf->values[i];
        if (value->used || value->key.size <= prefix + 1 ||
            memcmp(value->key.bytes, reader->arch, prefix) != 0 ||
            value->key.bytes[prefix] != '.')
            continue;
        snprintf(name, sizeof name, "%.*s",
                 (int)(value->key.size - prefix - 1),
                 value->key.bytes + prefix + 1);
        if (!is_harmless(name))
            return pith_fail(reader->error, PITH_ERR_UNSUPPORTED,
                             "%s: key \"%s.%s\" is not known; the model may "
                             "compute something other than %s does",
                             reader->gguf->file->path, reader->arch, name,
                             reader->arch);
    }
    return PITH_OK;
}

static enum pith_status read_sizes(struct reader *reader,
                                   struct pith_config *config)
{
    PITH_TRY(whole(reader, "context_length", NULL, &config->n_ctx));
    PITH_TRY(whole(reader, "embedding_length", NULL, &config->n_embd));
    PITH_TRY(whole(reader, "block_count", NULL, &config->n_layer));
    PITH_TRY(whole(reader, "feed_forward_length", NULL, &config->n_ff));
    PITH_TRY(whole(reader, "attention.head_count", NULL, &config->n_head));
    if (config->n_head == 0)
        return refuse(reader, "is 0");
    PITH_TRY(whole(reader, "attention.head_count_kv", &config->n_head,
                   &config->n_kv_head));
    uint32_t head_dim = config->n_embd / config->n_head, value_dim, rotated;
    PITH_TRY(whole(reader, "attention.key_length", &head_dim,
                   &config->head_dim));
    PITH_TRY(whole(reader, "attention.value_length", &config->head_dim,
                   &value_dim));
    if (value_dim != config->head_dim)
        return refuse(reader, "differs from the key length");
    PITH_TRY(whole(reader, "rope.dimension_count", &config->head_dim,
                   &rotated));
    if (config->arch == PITH_ARCH_LLAMA && rotated != config->head_dim)
        return refuse(reader, "rotates a part of each head only");
    return PITH_OK;
}

static enum pith_status read_llama(struct reader *reader,
                                   struct pith_config *config)
{
    static const float theta = 10000;
    static const uint32_t none = 0;
    const struct family *family = reader->family;
    uint32_t n_experts;
    config->qkv_biases = family->qkv_biases;
    config->qk_norms = family->qk_norms;
    config->rope_skip = family->rope_skip;
    PITH_TRY(pith_gguf_real(reader->gguf, key_of(reader, "rope.freq_base"),
                            &theta, &config->rope_theta, reader->error));
    PITH_TRY(pith_gguf_real(reader->gguf,
                            key_of(reader, "attention.layer_norm_rms_epsilon"),
                            NULL, &config->norm_eps, reader->error));
    PITH_TRY(whole(reader, "expert_count", &none, &n_experts));
    if (n_experts > 0)
        return refuse(reader, "asks for a mixture of experts");
    if (strcmp(reader->arch, "llama") == 0) /* Mistral's */
        PITH_TRY(whole(reader, "attention.sliding_window", &none,
                       &config->window));
    return read_scaling(reader);
}

static enum pith_status read_config(struct reader *reader,
                                    struct pith_config *config)
{
    struct pith_source *source = reader->gguf->source;
    const struct pith_stored *embedding =
        pith_source_find(source, "token_embd.weight");
    bool gpt2 = config->arch == PITH_ARCH_GPT2;

    if (embedding == NULL || embedding->n_dims != 2 ||
        embedding->dims[0] > UINT32_MAX)
        return pith_fail(reader->error, PITH_ERR_FORMAT,
                         "%s: there is no matrix \"token_embd.weight\"",
                         source->path);
    config->n_vocab = (uint32_t)embedding->dims[0];
    config->tied = pith_source_find(source, "output.weight") == NULL;
    PITH_TRY(read_sizes(reader, config));
    if (gpt2)
        PITH_TRY(pith_gguf_real(reader->gguf,
                                key_of(reader, "attention.layer_norm_epsilon"),
                                NULL, &config->norm_eps, reader->error));
    else
        PITH_TRY(read_llama(reader, config));
    return refuse_unknown_keys(reader);
}

/* --- tensors ---------------------------------------------------------------*/

static const struct {
    const char *part, *theirs;
} mappings[] = {
    {"token_embedding", "token_embd"}, {"position_embedding", "position_embd"},
    {"attn_norm", "attn_norm"},        {"attn_q", "attn_q"},
    {"attn_k", "attn_k"},              {"attn_v", "attn_v"},
    {"attn_q_norm", "attn_q_norm"},    {"attn_k_norm", "attn_k_norm"},
    {"attn_out", "attn_output"},       {"ffn_norm", "ffn_norm"},
    {"ffn_gate", "ffn_gate"},          {"ffn_up", "ffn_up"},
    {"ffn_down", "ffn_down"},          {"output_norm", "output_norm"},
    {"output", "output"},              {"rope_factors", "rope_freqs"},
};

static enum pith_status take_tensor(const struct reader *reader,
                                    const struct pith_tensor_spec *spec)
{
    struct pith_source *source = reader->gguf->source;
    static const char *const fused[] = {"attn_q", "attn_k", "attn_v"};
    struct pith_taking taking = {0};
    struct pith_part part;
    char name[96];
    size_t i = 0;

    pith_part_of(spec, &part);
    while (strcmp(mappings[i].part, part.name) != 0)
        i++;
    const char *theirs = mappings[i].theirs;
    for (size_t third = 0; third < 3; third++) {
        if (strcmp(part.name, fused[third]) != 0)
            continue;
        if (reader->family->gpt2) {
            theirs = "attn_qkv";
            taking.first = third * source->config.n_embd;
            taking.total = 3 * (size_t)source->config.n_embd;
        } else if (third < 2 && reader->family->paired) {
            taking.rotary_dim = source->config.head_dim;
        }
    }
    const char *kind = part.bias ? "bias" : "weight";
    if (part.layer < 0)
        snprintf(name, sizeof name, "%s.%s", theirs, kind);
    else
        snprintf(name, sizeof name, "blk.%ld.%s.%s", part.layer, theirs, kind);
    taking.name = name;
    return pith_source_take(source, spec, &taking, reader->error);
}

static bool has_no_effect(struct pith_source *source, const char *name)
{
    size_t n = strlen(name);
    (void)source; /* rotary frequencies of early files */
    return n > 14 && strcmp(name + n - 14, ".attn_rot_embd") == 0;
}

static enum pith_status take_tensors(const struct reader *reader)
{
    struct pith_source *source = reader->gguf->source;
    struct pith_tensor_spec spec;
    PITH_TRY(pith_source_begin_taking(source, reader->error));
    size_t n_tensors = pith_config_n_tensors(&source->config);
    for (size_t i = 0; i < n_tensors; i++) {
        pith_config_tensor(&source->config, i, &spec);
        PITH_TRY(take_tensor(reader, &spec));
    }
    return pith_source_end_taking(source, has_no_effect, reader->error);
}

/* --- the file --------------------------------------------------------------*/

static enum pith_status find_family(struct reader *reader)
{
    struct pith_source *source = reader->gguf->source;
    struct pith_text arch;
    PITH_TRY(pith_gguf_text(reader->gguf, "general.architecture", &arch,
                            reader->error));
    pith_source_set_architecture(source, arch);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (!pith_text_is(arch, families[i].name))
            continue;
        reader->family = &families[i];
        reader->arch = families[i].name;
        source->config.arch =
            families[i].gpt2 ? PITH_ARCH_GPT2 : PITH_ARCH_LLAMA;
        return PITH_OK;
    }
    return pith_fail(reader->error, PITH_ERR_UNSUPPORTED,
                     "%s: general.architecture is \"%.*s\"; supported: "
                     "\"gpt2\", \"llama\" (Mistral too), \"qwen2\", "
                     "\"qwen3\" and \"smollm3\"", source->path,
                     (int)arch.size, arch.bytes);
}

static enum pith_status read_model(struct pith_gguf *gguf,
                                   struct pith_error *error)
{
    struct pith_source *source = gguf->source;
    struct reader reader = {.gguf = gguf, .error = error};
    struct pith_text name;

    PITH_TRY(find_family(&reader));
    PITH_TRY(pith_gguf_text(gguf, "general.name", &name, error));
    PITH_TRY(pith_source_set_name(source, name, error));
    PITH_TRY(read_config(&reader, &source->config));
    PITH_TRY(take_tensors(&reader));
    return pith_gguf_vocabulary(gguf, error);
}

enum pith_status pith_gguf_read(struct pith_source *source,
                                struct pith_error *error)
{
    struct pith_gguf gguf;
    enum pith_status status =
        pith_gguf_open(&gguf, source, source->files, error);
    if (status == PITH_OK)
        status = pith_gguf_open_parts(&gguf, error);
    if (status == PITH_OK)
        status = read_model(&gguf, error);
    pith_gguf_close(&gguf);
    return status;
}
