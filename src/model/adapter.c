/*
 * adapter.c - reading adapter files; see adapter.h and docs/FORMAT.md.
 */
#include "adapter.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "../base/crc32.h"
#include "../base/memory.h"
#include "../base/store.h"
#include "adapter_layout.h"

static const char *const linear_names[PITH_N_LINEAR] = {
    "attn_q", "attn_k", "attn_v", "attn_out", "ffn_gate", "ffn_up", "ffn_down",
};

const char *pith_linear_name(size_t index)
{
    return linear_names[index];
}

void pith_linear_shape(const struct pith_config *config, size_t index,
                       size_t *rows, size_t *cols)
{
    size_t C = config->n_embd, F = config->n_ff;
    size_t width = (size_t)config->n_head * config->head_dim;
    size_t kv_width = (size_t)config->n_kv_head * config->head_dim;
    const struct { size_t rows, cols; } shapes[PITH_N_LINEAR] = {
        {width, C}, {kv_width, C}, {kv_width, C}, {C, width}, {F, C}, {F, C},
        {C, F}};
    bool exists = index != PITH_LINEAR_GATE || config->arch == PITH_ARCH_LLAMA;
    *rows = exists ? shapes[index].rows : 0;
    *cols = exists ? shapes[index].cols : 0;
}

uint64_t pith_adapter_file_size(const struct pith_config *config,
                                const struct pith_adapter_head *head)
{
    uint64_t floats = 0;
    for (size_t i = 0; i < PITH_N_LINEAR; i++) {
        size_t rows, cols;
        pith_linear_shape(config, i, &rows, &cols);
        if ((head->layers >> i & 1) != 0)
            floats += (uint64_t)(rows + cols) * head->rank;
    }
    return PITH_LORA_HEADER_SIZE + 4 * floats * config->n_layer; /* < 2^48 */
}

static enum pith_status check_start(const struct pith_file *file,
                                    const char *path, struct pith_error *error)
{
    const uint8_t *data = file->data;
    if (file->size < PITH_LORA_HEADER_SIZE ||
        memcmp(data, PITH_LORA_MAGIC, strlen(PITH_LORA_MAGIC)) != 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: is not an adapter; expected a file that `pith "
                         "align` wrote with --lora", path);
    uint32_t version = pith_load_u32(data + PITH_LORA_AT_VERSION);
    if (version < 1 || version > PITH_LORA_VERSION ||
        pith_load_u32(data + PITH_LORA_AT_BYTE_ORDER) !=
            PITH_LORA_BYTE_ORDER_MARK)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: adapter version %" PRIu32 "; this build reads "
                         "versions 1 to %d, little-endian", path, version,
                         PITH_LORA_VERSION);
    return PITH_OK;
}

static enum pith_status check_checksum(const struct pith_file *file,
                                       const char *path,
                                       struct pith_error *error)
{
    static const uint8_t zeros[4] = {0};
    uint64_t expected = pith_load_u64(file->data + PITH_LORA_AT_FILE_SIZE);
    uint32_t stored = pith_load_u32(file->data + PITH_LORA_AT_CRC), crc;

    if (file->size != expected)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: %zu bytes, and %" PRIu64 " expected; copy it "
                         "again", path, file->size, expected);
    crc = pith_crc32(0, file->data, PITH_LORA_AT_CRC);
    crc = pith_crc32(crc, zeros, sizeof zeros);
    crc = pith_crc32(crc, file->data + PITH_LORA_AT_CRC + sizeof zeros,
                     file->size - PITH_LORA_AT_CRC - sizeof zeros);
    if (crc != stored)
        return pith_fail(error, PITH_ERR_CHECKSUM,
                         "%s: checksum is %08" PRIX32 ", stored %08" PRIX32
                         "; the file is damaged: copy it again", path, crc,
                         stored);
    return PITH_OK;
}

/* Every number of the header that describes the shape of the model. */
static enum pith_status check_shape(const uint8_t *data, const char *path,
                                    const struct pith_config *config,
                                    struct pith_error *error)
{
    const struct { const char *what; size_t at; uint32_t expected; } facts[] = {
        {"architecture", PITH_LORA_AT_ARCH, (uint32_t)config->arch},
        {"width", PITH_LORA_AT_N_EMBD, config->n_embd},
        {"number of layers", PITH_LORA_AT_N_LAYER, config->n_layer},
        {"number of heads", PITH_LORA_AT_N_HEAD, config->n_head},
        {"number of key heads", PITH_LORA_AT_N_KV_HEAD, config->n_kv_head},
        {"head width", PITH_LORA_AT_HEAD_DIM, config->head_dim},
        {"feed-forward width", PITH_LORA_AT_N_FF, config->n_ff}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        uint32_t found = pith_load_u32(data + facts[i].at);
        if (found != facts[i].expected)
            return pith_fail(error, PITH_ERR_FORMAT,
                             "%s: made for another model: its %s is %" PRIu32
                             ", this model's %" PRIu32, path, facts[i].what,
                             found, facts[i].expected);
    }
    return PITH_OK;
}

/* Whether it is the model that the adapter was trained on. */
static enum pith_status check_model(const struct pith_adapter *adapter,
                                    const char *path,
                                    const struct pith_format *model,
                                    struct pith_error *error)
{
    const struct pith_identity *trained_on = &adapter->head.model;
    bool is_old = pith_load_u32(adapter->file.data + PITH_LORA_AT_VERSION) == 1;
    struct pith_identity given;
    PITH_TRY(pith_identity_of(model, &given, error));
    if (is_old ? trained_on->weights == given.weights
               : pith_identity_is_same(trained_on, &given))
        return PITH_OK;
    return pith_fail(error, PITH_ERR_CHECKSUM,
                     "%s: was trained on another model of the same shape: its "
                     "weights have the checksum %08" PRIX32 ", those of %s "
                     "%08" PRIX32 "; %s", path, trained_on->weights,
                     model->path, given.weights,
                     is_old ? "an adapter of version 1 goes with the very file "
                              "that it was trained on only"
                            : "give the model that it was trained on, in any "
                              "type");
}

static enum pith_status read_head(struct pith_adapter *adapter,
                                  const char *path,
                                  const struct pith_config *config,
                                  struct pith_error *error)
{
    const uint8_t *data = adapter->file.data;
    struct pith_adapter_head *head = &adapter->head;
    uint32_t known = (1u << PITH_N_LINEAR) - 1;
    uint8_t reserved = 0;

    PITH_TRY(check_start(&adapter->file, path, error));
    PITH_TRY(check_checksum(&adapter->file, path, error));
    PITH_TRY(check_shape(data, path, config, error));
    if (config->arch == PITH_ARCH_GPT2)
        known &= ~(1u << PITH_LINEAR_GATE);
    size_t at = pith_load_u32(data + PITH_LORA_AT_VERSION) == 1
                    ? PITH_LORA_AT_VECTORS_CRC : PITH_LORA_AT_RESERVED;
    for (; at < PITH_LORA_HEADER_SIZE; at++)
        reserved |= data[at];
    head->rank = pith_load_u32(data + PITH_LORA_AT_RANK);
    head->alpha = pith_load_f32(data + PITH_LORA_AT_ALPHA);
    head->layers = pith_load_u32(data + PITH_LORA_AT_LAYERS);
    head->model = (struct pith_identity){
        .weights = pith_load_u32(data + PITH_LORA_AT_WEIGHTS_CRC),
        .vectors = pith_load_u32(data + PITH_LORA_AT_VECTORS_CRC),
        .types = pith_load_u32(data + PITH_LORA_AT_TYPES_CRC)};
    if (head->rank == 0 || head->rank > PITH_LORA_MAX_RANK ||
        !(head->alpha > 0) || !isfinite(head->alpha) || head->layers == 0 ||
        (head->layers & ~known) != 0 || reserved != 0 ||
        pith_adapter_file_size(config, head) != adapter->file.size)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: rank %zu, alpha %g, layers %#" PRIx32 " and %zu "
                         "bytes do not go together", path, head->rank,
                         (double)head->alpha, head->layers,
                         adapter->file.size);
    return PITH_OK;
}

/* Views of every pair; the floats of all A are counted into *n_a. */
static void view_pairs(struct pith_adapter *adapter,
                       const struct pith_config *config, size_t *n_a)
{
    const uint8_t *at = adapter->file.data + PITH_LORA_HEADER_SIZE;
    size_t rank = adapter->head.rank;
    *n_a = 0;
    for (size_t l = 0; l < config->n_layer; l++)
        for (size_t i = 0; i < PITH_N_LINEAR; i++) {
            struct pith_adapter_pair *pair =
                &adapter->pairs[l * PITH_N_LINEAR + i];
            size_t rows, cols;
            if ((adapter->head.layers >> i & 1) == 0)
                continue;
            pith_linear_shape(config, i, &rows, &cols);
            pair->a = (struct pith_tensor){PITH_F32, rank, cols, at};
            at += 4 * rank * cols;
            pair->b = (struct pith_tensor){PITH_F32, rows, rank, at};
            at += 4 * rank * rows;
            *n_a += rank * cols;
        }
}

/* Points every A to a copy times alpha / rank. */
static void scale_pairs(struct pith_adapter *adapter, size_t n_pairs)
{
    float scale = adapter->head.alpha / (float)adapter->head.rank;
    uint8_t *to = adapter->scaled;
    for (size_t i = 0; i < n_pairs; i++) {
        struct pith_tensor *a = &adapter->pairs[i].a;
        size_t n = a->rows * a->cols;
        for (size_t j = 0; j < n; j++)
            pith_store_f32(to + 4 * j, scale * pith_load_f32(a->data + 4 * j));
        a->data = to;
        to += 4 * n;
    }
}

static enum pith_status open_adapter(struct pith_adapter *adapter,
                                     const char *path,
                                     const struct pith_format *model,
                                     bool scaled, struct pith_error *error)
{
    const struct pith_config *config = &model->config;
    size_t n_pairs = (size_t)config->n_layer * PITH_N_LINEAR, n_a;
    PITH_TRY(pith_file_open(&adapter->file, path, error));
    PITH_TRY(read_head(adapter, path, config, error));
    PITH_TRY(check_model(adapter, path, model, error));
    adapter->pairs = pith_array_zero(n_pairs, sizeof *adapter->pairs);
    if (adapter->pairs == NULL)
        return pith_no_memory(error, n_pairs, sizeof *adapter->pairs);
    view_pairs(adapter, config, &n_a);
    if (!scaled)
        return PITH_OK;
    adapter->scaled = pith_array(n_a, 4);
    if (adapter->scaled == NULL)
        return pith_no_memory(error, n_a, 4);
    scale_pairs(adapter, n_pairs);
    return PITH_OK;
}

enum pith_status pith_adapter_open(struct pith_adapter *adapter,
                                   const char *path,
                                   const struct pith_format *model,
                                   bool scaled, struct pith_error *error)
{
    enum pith_status status;
    memset(adapter, 0, sizeof *adapter);
    status = open_adapter(adapter, path, model, scaled, error);
    if (status != PITH_OK)
        pith_adapter_close(adapter);
    return status;
}

void pith_adapter_close(struct pith_adapter *adapter)
{
    pith_free(adapter->pairs);
    pith_free(adapter->scaled);
    pith_file_close(&adapter->file);
    memset(adapter, 0, sizeof *adapter);
}
