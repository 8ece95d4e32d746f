/*
 * adapter_writer.c - writing adapter files; see adapter.h.
 */
#include <string.h>

#include "../base/crc32.h"
#include "../base/store.h"
#include "../base/writer.h"
#include "adapter_layout.h"

enum { FLOATS_AT_ONCE = 1024 };

static void fill_header(uint8_t *header, const struct pith_config *config,
                        const struct pith_adapter_head *head)
{
    memset(header, 0, PITH_LORA_HEADER_SIZE);
    memcpy(header + PITH_LORA_AT_MAGIC, PITH_LORA_MAGIC,
           strlen(PITH_LORA_MAGIC));
    pith_store_u32(header + PITH_LORA_AT_VERSION, PITH_LORA_VERSION);
    pith_store_u32(header + PITH_LORA_AT_BYTE_ORDER, PITH_LORA_BYTE_ORDER_MARK);
    pith_store_u32(header + PITH_LORA_AT_WEIGHTS_CRC, head->model.weights);
    pith_store_u32(header + PITH_LORA_AT_VECTORS_CRC, head->model.vectors);
    pith_store_u32(header + PITH_LORA_AT_TYPES_CRC, head->model.types);
    pith_store_u64(header + PITH_LORA_AT_FILE_SIZE,
                   pith_adapter_file_size(config, head));
    pith_store_u32(header + PITH_LORA_AT_ARCH, (uint32_t)config->arch);
    pith_store_u32(header + PITH_LORA_AT_N_EMBD, config->n_embd);
    pith_store_u32(header + PITH_LORA_AT_N_LAYER, config->n_layer);
    pith_store_u32(header + PITH_LORA_AT_N_HEAD, config->n_head);
    pith_store_u32(header + PITH_LORA_AT_N_KV_HEAD, config->n_kv_head);
    pith_store_u32(header + PITH_LORA_AT_HEAD_DIM, config->head_dim);
    pith_store_u32(header + PITH_LORA_AT_N_FF, config->n_ff);
    pith_store_u32(header + PITH_LORA_AT_RANK, (uint32_t)head->rank);
    pith_store_f32(header + PITH_LORA_AT_ALPHA, head->alpha);
    pith_store_u32(header + PITH_LORA_AT_LAYERS, head->layers);
}

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
    uint8_t header[PITH_LORA_HEADER_SIZE];
    enum pith_status status;

    fill_header(header, config, head);
    PITH_TRY(pith_writer_open_seekable(&out.writer, path, error));
    PITH_TRY_DONE(put(&out, header, sizeof header, error));
    PITH_TRY_DONE(put_pairs(&out, config, head, next, user, error));
    pith_store_u32(header + PITH_LORA_AT_CRC, out.crc);
    PITH_TRY_DONE(pith_writer_seek(&out.writer, PITH_LORA_AT_CRC, error));
    PITH_TRY_DONE(pith_writer_write(&out.writer, header + PITH_LORA_AT_CRC, 4,
                                    error));
    status = pith_writer_commit(&out.writer, error);
done:
    if (status != PITH_OK)
        pith_writer_abort(&out.writer);
    return status;
}
