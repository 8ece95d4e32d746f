/*
 * adapter.c - reading and writing adapter files; see adapter.h and
 * docs/FORMAT.md.
 */
#include "adapter.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/crc32.h"
#include "../base/memory.h"
#include "../base/writer.h"

#define MAGIC "\x89PTA\r\n\x1A\n"

enum {
    VERSION = 2, /* 1 has neither AT_VECTORS_CRC nor AT_TYPES_CRC */
    BYTE_ORDER_MARK = 0x01020304,
    MAX_RANK = 1 << 12,
    FLOATS_AT_ONCE = 1024 /* of writing */
};

/* Offsets in the header. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 8,
    AT_BYTE_ORDER = 12,
    AT_CRC = 16, /* of the whole file, with this field as zeros */
    AT_WEIGHTS_CRC = 20,
    AT_FILE_SIZE = 24,
    AT_ARCH = 32,
    AT_N_EMBD = 36,
    AT_N_LAYER = 40,
    AT_N_HEAD = 44,
    AT_N_KV_HEAD = 48,
    AT_HEAD_DIM = 52,
    AT_N_FF = 56,
    AT_RANK = 60,
    AT_ALPHA = 64,
    AT_LAYERS = 68,
    AT_VECTORS_CRC = 72,
    AT_TYPES_CRC = 76,
    AT_RESERVED = 80, /* zeros */
    HEADER_SIZE = 128
};

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
    bool exists = index != PITH_AT_GATE || config->arch == PITH_ARCH_LLAMA;
    *rows = exists ? shapes[index].rows : 0;
    *cols = exists ? shapes[index].cols : 0;
}

/* --- the header ----------------------------------------------------------- */

static uint64_t file_size(const struct pith_config *config,
                          const struct pith_adapter_head *head)
{
    uint64_t floats = 0;
    for (size_t i = 0; i < PITH_N_LINEAR; i++) {
        size_t rows, cols;
        pith_linear_shape(config, i, &rows, &cols);
        if ((head->layers >> i & 1) != 0)
            floats += (uint64_t)(rows + cols) * head->rank;
    }
    return HEADER_SIZE + 4 * floats * config->n_layer; /* < 2^48 */
}

static void fill_header(uint8_t *header, const struct pith_config *config,
                        const struct pith_adapter_head *head)
{
    memset(header, 0, HEADER_SIZE);
    memcpy(header + AT_MAGIC, MAGIC, strlen(MAGIC));
    pith_store_u32(header + AT_VERSION, VERSION);
    pith_store_u32(header + AT_BYTE_ORDER, BYTE_ORDER_MARK);
    pith_store_u32(header + AT_WEIGHTS_CRC, head->model.weights);
    pith_store_u32(header + AT_VECTORS_CRC, head->model.vectors);
    pith_store_u32(header + AT_TYPES_CRC, head->model.types);
    pith_store_u64(header + AT_FILE_SIZE, file_size(config, head));
    pith_store_u32(header + AT_ARCH, (uint32_t)config->arch);
    pith_store_u32(header + AT_N_EMBD, config->n_embd);
    pith_store_u32(header + AT_N_LAYER, config->n_layer);
    pith_store_u32(header + AT_N_HEAD, config->n_head);
    pith_store_u32(header + AT_N_KV_HEAD, config->n_kv_head);
    pith_store_u32(header + AT_HEAD_DIM, config->head_dim);
    pith_store_u32(header + AT_N_FF, config->n_ff);
    pith_store_u32(header + AT_RANK, (uint32_t)head->rank);
    pith_store_f32(header + AT_ALPHA, head->alpha);
    pith_store_u32(header + AT_LAYERS, head->layers);
}

/* --- reading -------------------------------------------------------------- */

static enum pith_status check_start(const struct pith_file *file,
                                    const char *path, struct pith_error *error)
{
    const uint8_t *data = file->data;
    if (file->size < HEADER_SIZE ||
        memcmp(data, MAGIC, strlen(MAGIC)) != 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: is not an adapter; expected a file that `pith "
                         "align` wrote with --lora", path);
    uint32_t version = pith_load_u32(data + AT_VERSION);
    if (version < 1 || version > VERSION ||
        pith_load_u32(data + AT_BYTE_ORDER) != BYTE_ORDER_MARK)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: adapter version %" PRIu32 "; this build reads "
                         "versions 1 to %d, little-endian", path, version,
                         VERSION);
    return PITH_OK;
}

static enum pith_status check_checksum(const struct pith_file *file,
                                       const char *path,
                                       struct pith_error *error)
{
    static const uint8_t zeros[4] = {0};
    uint64_t expected = pith_load_u64(file->data + AT_FILE_SIZE);
    uint32_t stored = pith_load_u32(file->data + AT_CRC), crc;

    if (file->size != expected)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: %zu bytes, and %" PRIu64 " expected; copy it "
                         "again", path, file->size, expected);
    crc = pith_crc32(0, file->data, AT_CRC);
    crc = pith_crc32(crc, zeros, sizeof zeros);
    crc = pith_crc32(crc, file->data + AT_CRC + sizeof zeros,
                     file->size - AT_CRC - sizeof zeros);
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
        {"architecture", AT_ARCH, (uint32_t)config->arch},
        {"width", AT_N_EMBD, config->n_embd},
        {"number of layers", AT_N_LAYER, config->n_layer},
        {"number of heads", AT_N_HEAD, config->n_head},
        {"number of key heads", AT_N_KV_HEAD, config->n_kv_head},
        {"head width", AT_HEAD_DIM, config->head_dim},
        {"feed-forward width", AT_N_FF, config->n_ff}};
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
    bool is_old = pith_load_u32(adapter->file.data + AT_VERSION) == 1;
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
        known &= ~(1u << PITH_AT_GATE);
    size_t at = pith_load_u32(data + AT_VERSION) == 1 ? AT_VECTORS_CRC
                                                      : AT_RESERVED;
    for (; at < HEADER_SIZE; at++)
        reserved |= data[at];
    head->rank = pith_load_u32(data + AT_RANK);
    head->alpha = pith_load_f32(data + AT_ALPHA);
    head->layers = pith_load_u32(data + AT_LAYERS);
    head->model = (struct pith_identity){
        .weights = pith_load_u32(data + AT_WEIGHTS_CRC),
        .vectors = pith_load_u32(data + AT_VECTORS_CRC),
        .types = pith_load_u32(data + AT_TYPES_CRC)};
    if (head->rank == 0 || head->rank > MAX_RANK || !(head->alpha > 0) ||
        !isfinite(head->alpha) || head->layers == 0 ||
        (head->layers & ~known) != 0 || reserved != 0 ||
        file_size(config, head) != adapter->file.size)
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
    const uint8_t *at = adapter->file.data + HEADER_SIZE;
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
    free(adapter->pairs);
    free(adapter->scaled);
    pith_file_close(&adapter->file);
    memset(adapter, 0, sizeof *adapter);
}

/* --- writing -------------------------------------------------------------- */

struct output {
    struct pith_writer writer;
    uint32_t crc;
};

static enum pith_status put(struct output *out, const uint8_t *bytes, size_t n,
                            struct pith_error *error)
{
    out->crc = pith_crc32(out->crc, bytes, n);
    return pith_writer_write(&out->writer, bytes, n, error);
}

static enum pith_status put_floats(struct output *out, const float *x,
                                   size_t n, struct pith_error *error)
{
    uint8_t bytes[4 * FLOATS_AT_ONCE];
    for (size_t at = 0; at < n; at += FLOATS_AT_ONCE) {
        size_t part = n - at < FLOATS_AT_ONCE ? n - at : FLOATS_AT_ONCE;
        for (size_t i = 0; i < part; i++)
            pith_store_f32(bytes + 4 * i, x[at + i]);
        PITH_TRY(put(out, bytes, 4 * part, error));
    }
    return PITH_OK;
}

static enum pith_status
put_pairs(struct output *out, const struct pith_config *config,
          const struct pith_adapter_head *head,
          const float *(*next)(void *user, size_t n_floats), void *user,
          struct pith_error *error)
{
    for (size_t l = 0; l < config->n_layer; l++)
        for (size_t i = 0; i < PITH_N_LINEAR; i++) {
            size_t rows, cols;
            if ((head->layers >> i & 1) == 0)
                continue;
            pith_linear_shape(config, i, &rows, &cols);
            size_t n_a = head->rank * cols, n_b = head->rank * rows;
            PITH_TRY(put_floats(out, next(user, n_a), n_a, error));
            PITH_TRY(put_floats(out, next(user, n_b), n_b, error));
        }
    return PITH_OK;
}

enum pith_status
pith_adapter_write(const char *path, const struct pith_config *config,
                   const struct pith_adapter_head *head,
                   const float *(*next)(void *user, size_t n_floats),
                   void *user, struct pith_error *error)
{
    struct output out = {.crc = 0};
    uint8_t header[HEADER_SIZE];
    enum pith_status status;

    fill_header(header, config, head);
    PITH_TRY(pith_writer_open_seekable(&out.writer, path, error));
    PITH_TRY_DONE(put(&out, header, sizeof header, error));
    PITH_TRY_DONE(put_pairs(&out, config, head, next, user, error));
    pith_store_u32(header + AT_CRC, out.crc);
    PITH_TRY_DONE(pith_writer_seek(&out.writer, AT_CRC, error));
    PITH_TRY_DONE(pith_writer_write(&out.writer, header + AT_CRC, 4, error));
    status = pith_writer_commit(&out.writer, error);
done:
    if (status != PITH_OK)
        pith_writer_abort(&out.writer);
    return status;
}
