/*
 * describe.c - facts about a loaded model.
 */
#include "describe.h"

#include "../base/options.h"
#include "adapter_layout.h"
#include "layout.h"
#include "state.h"

void pith_model_headers(const struct pith_model *model, struct pith_text *file,
                        struct pith_text *adapter)
{
    *file = (struct pith_text){(const char *)model->format.data,
                               PITH_HEADER_SIZE};
    *adapter = (struct pith_text){0};
    if (model->adapter != NULL)
        *adapter = (struct pith_text){(const char *)model->adapter->file.data,
                                      PITH_LORA_HEADER_SIZE};
}

void pith_describe_config(const struct pith_config *config,
                          struct pith_model_info *info)
{
    struct pith_tensor_spec spec;
    info->n_tensors = pith_config_n_tensors(config);
    for (size_t i = 0; i < info->n_tensors; i++) {
        pith_config_tensor(config, i, &spec);
        info->n_parameters += (uint64_t)spec.rows * spec.cols;
    }
    info->arch = config->arch;
    info->n_vocab = config->n_vocab;
    info->n_ctx = config->n_ctx;
    info->n_embd = config->n_embd;
    info->n_layer = config->n_layer;
    info->n_head = config->n_head;
    info->n_kv_head = config->n_kv_head;
    info->head_dim = config->head_dim;
    info->n_ff = config->n_ff;
    info->norm_eps = config->norm_eps;
    info->rope_theta = config->rope_theta;
    info->tied = config->tied;
    info->qkv_biases = config->qkv_biases;
    info->qk_norms = config->qk_norms;
    info->rope_factors = config->rope_factors;
    info->rope_skip = config->rope_skip;
    info->window = config->window;
}

static const char *tokenizer_name(enum pith_tokenizer_kind kind)
{
    switch (kind) {
    case PITH_TOKENIZER_NONE: return "none";
    case PITH_TOKENIZER_BYTE_BPE: return "byte-level BPE";
    case PITH_TOKENIZER_SENTENCEPIECE: return "SentencePiece BPE";
    }
    return "unknown";
}

static const char *pre_tokenizer_name(enum pith_pre_tokenizer which)
{
    switch (which) {
    case PITH_PRE_NONE: return "none";
    case PITH_PRE_GPT2: return "gpt2";
    case PITH_PRE_SMOLLM: return "smollm";
    case PITH_PRE_LLAMA3: return "llama3";
    case PITH_PRE_QWEN2: return "qwen2";
    }
    return "unknown";
}

void pith_describe_vocab(const struct pith_vocab *vocab,
                         struct pith_model_info *info)
{
    info->tokenizer = tokenizer_name(vocab->kind);
    info->pre_tokenizer = pre_tokenizer_name(vocab->pre_tokenizer);
    info->n_pieces = vocab->n_pieces;
    info->n_merges = vocab->n_merges;
    info->bos_id = vocab->bos_id;
    info->eos_id = vocab->eos_id;
    info->unk_id = vocab->unk_id;
    info->pad_id = vocab->pad_id;
    info->add_bos = vocab->flags & PITH_VOCAB_ADD_BOS;
}

void pith_model_describe_sized(const struct pith_model *model,
                               struct pith_model_info *given,
                               size_t sizeof_info)
{
    if (model == NULL || given == NULL)
        return;
    const struct pith_format *format = &model->format;
    struct pith_vocab facts;
    struct pith_model_info info = {
        .name = format->model_name,
        .file_bytes = format->size,
        .kernels = pith_kernels_get_name(model->kernels),
        .auto_precision = pith_precision_get_name(
            pith_precision_get(model->kernels, "auto"))};
    pith_tokenizer_describe(model->tokenizer, &facts);
    pith_describe_config(&format->config, &info);
    pith_describe_vocab(&facts, &info);
    pith_struct_give(given, sizeof_info, &info, sizeof info);
}

bool pith_model_tensor_sized(const struct pith_model *model, size_t index,
                             struct pith_tensor_info *given,
                             size_t sizeof_info)
{
    if (model == NULL || given == NULL || index >= model->format.n_tensors)
        return false;
    const struct pith_format *format = &model->format;
    const struct pith_format_tensor *tensor = &format->tensors[index];
    const struct pith_tensor_info info = {
        tensor->name,      tensor->view.type, tensor->view.rows,
        tensor->view.cols, tensor->offset,    tensor->bytes};
    pith_struct_give(given, sizeof_info, &info, sizeof info);
    return true;
}
