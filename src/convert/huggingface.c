/*
 * huggingface.c - a Hugging Face folder, and which of the tensors that it
 * holds are ours.
 *
 * config.json is read by huggingface_config.c, the files of weights are found
 * by huggingface_weights.c, the tokenizer is read by huggingface_tokenizer.c.
 */
#include <stdio.h>
#include <string.h>

#include "../base/place.h"
#include "folder.h"
#include "readers.h"

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
    {"attn_q_norm", "self_attn.q_norm", false, -1},
    {"attn_k_norm", "self_attn.k_norm", false, -1},
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
    if (strcmp(part.name, "rope_factors") == 0)
        snprintf(name, sizeof name, "%s", PITH_ROPE_FACTORS);
    else if (mapping->part == NULL) /* "output": outside the prefix */
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
static bool has_no_effect(struct pith_source *source, const char *name)
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
    return pith_source_end_taking(source, has_no_effect, error);
}

/* --- the folder ------------------------------------------------------------*/

enum pith_status pith_huggingface_read(struct pith_source *source,
                                       struct pith_error *error)
{
    struct pith_json_document *document = NULL;
    enum pith_status status = PITH_OK;

    PITH_TRY(pith_source_set_name(source, pith_path_name(source->path), error));
    PITH_TRY(pith_folder_prepare(source, error));
    if (!pith_folder_has(source, "config.json"))
        return pith_folder_refuse(source, "config.json", error);
    PITH_TRY(pith_folder_json(source, "config.json", &document, error));
    const struct pith_json *root = pith_json_root(document);
    const struct pith_json *type = pith_json_get(root, "model_type");
    source->format = "Hugging Face folder";
    if (pith_json_is(type, PITH_JSON_STRING))
        pith_source_set_architecture(source, type->string);
    PITH_TRY_DONE(pith_huggingface_config(source, root, error));
    PITH_TRY_DONE(pith_config_check(&source->config, source->path, error));
    PITH_TRY_DONE(pith_huggingface_weights(source, error));
    PITH_TRY_DONE(take_tensors(source, error));
    status = pith_huggingface_vocabulary(source, root, error);
done:
    pith_json_free(document);
    return status;
}
