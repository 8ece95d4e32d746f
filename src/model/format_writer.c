/*
 * format_writer.c - writing a .pith file as a stream; see format.h and
 * docs/FORMAT.md.
 *
 * The metadata are known from the plan and kept in memory; tensors pass
 * through.  At the end the header, with the two checksums, is written again.
 */
#include <inttypes.h>
#include <string.h>

#include "../base/crc32.h"
#include "../base/memory.h"
#include "../base/store.h"
#include "../base/utf8.h"
#include "../base/writer.h"
#include "format.h"
#include "format_writer.h"
#include "layout.h"

struct pith_format_writer {
    struct pith_writer out;
    uint8_t *metadata;
    size_t metadata_size; /* also where the weights start */
    size_t n_tensors;
    size_t current;    /* tensor that is being written */
    uint64_t position; /* bytes of it written */
    uint32_t weights_crc;
};

static uint8_t *entry_of(const struct pith_format_writer *writer, size_t index)
{
    return writer->metadata + PITH_HEADER_SIZE + index * PITH_ENTRY_SIZE;
}

/* Enters every tensor into the table; *end becomes the size of the file. */
static enum pith_status fill_table(struct pith_format_writer *writer,
                                   const struct pith_format_plan *plan,
                                   uint64_t *end, struct pith_error *error)
{
    *end = writer->metadata_size;
    for (size_t i = 0; i < writer->n_tensors; i++) {
        uint8_t *entry = entry_of(writer, i);
        struct pith_tensor_spec spec;
        uint64_t bytes, offset = pith_format_align(*end);

        pith_config_tensor(&plan->config, i, &spec);
        PITH_TRY(pith_format_tensor_bytes(&spec, (uint32_t)plan->types[i],
                                          &bytes, writer->out.path, error));
        memcpy(entry + PITH_ENTRY_NAME, spec.name, strlen(spec.name));
        pith_store_u32(entry + PITH_ENTRY_TYPE, (uint32_t)plan->types[i]);
        pith_store_u64(entry + PITH_ENTRY_ROWS, spec.rows);
        pith_store_u64(entry + PITH_ENTRY_COLS, spec.cols);
        pith_store_u64(entry + PITH_ENTRY_OFFSET, offset);
        pith_store_u64(entry + PITH_ENTRY_BYTES, bytes);
        *end = offset + bytes;
    }
    return PITH_OK;
}

/* All but the checksums. */
static void fill_header(struct pith_format_writer *writer,
                        const struct pith_format_plan *plan, uint64_t file_size)
{
    const struct pith_config *config = &plan->config;
    uint8_t *header = writer->metadata;

    memcpy(header + PITH_OFFSET_MAGIC, PITH_FORMAT_MAGIC,
           strlen(PITH_FORMAT_MAGIC));
    pith_store_u32(header + PITH_OFFSET_VERSION, pith_format_version_of(config));
    pith_store_u32(header + PITH_OFFSET_BYTE_ORDER, PITH_FORMAT_BYTE_ORDER);
    pith_store_u64(header + PITH_OFFSET_FILE_SIZE, file_size);
    pith_store_u64(header + PITH_OFFSET_WEIGHTS, writer->metadata_size);
    pith_store_u32(header + PITH_OFFSET_ARCH, (uint32_t)config->arch);
    pith_store_u32(header + PITH_OFFSET_N_VOCAB, config->n_vocab);
    pith_store_u32(header + PITH_OFFSET_N_CTX, config->n_ctx);
    pith_store_u32(header + PITH_OFFSET_N_EMBD, config->n_embd);
    pith_store_u32(header + PITH_OFFSET_N_LAYER, config->n_layer);
    pith_store_u32(header + PITH_OFFSET_N_HEAD, config->n_head);
    pith_store_u32(header + PITH_OFFSET_N_KV_HEAD, config->n_kv_head);
    pith_store_u32(header + PITH_OFFSET_HEAD_DIM, config->head_dim);
    pith_store_u32(header + PITH_OFFSET_N_FF, config->n_ff);
    pith_store_f32(header + PITH_OFFSET_NORM_EPS, config->norm_eps);
    pith_store_f32(header + PITH_OFFSET_ROPE_THETA, config->rope_theta);
    pith_store_u32(header + PITH_OFFSET_FLAGS, pith_format_flags_of(config));
    pith_store_u32(header + PITH_OFFSET_WINDOW, config->window);
    pith_store_u32(header + PITH_OFFSET_ROPE_SKIP, config->rope_skip);
    pith_store_u32(header + PITH_OFFSET_N_TENSORS, (uint32_t)writer->n_tensors);
    pith_store_u32(header + PITH_OFFSET_NAME_SIZE,
                   (uint32_t)strlen(plan->model_name));
    pith_store_u64(header + PITH_OFFSET_TOKENIZER_SIZE, plan->tokenizer_size);
}

/* Everything before the weights, with the checksums left zero. */
static enum pith_status make_metadata(struct pith_format_writer *writer,
                                      const struct pith_format_plan *plan,
                                      struct pith_error *error)
{
    size_t name_size = strlen(plan->model_name);
    uint64_t size, file_size;
    uint8_t *name;

    writer->n_tensors = pith_config_n_tensors(&plan->config);
    size = pith_format_weights(writer->n_tensors, name_size,
                               plan->tokenizer_size);
    writer->metadata_size = (size_t)size;
    if (size <= SIZE_MAX)
        writer->metadata = pith_array_zero(writer->metadata_size, 1);
    if (writer->metadata == NULL)
        return pith_no_memory(error, writer->metadata_size, 1);
    PITH_TRY(fill_table(writer, plan, &file_size, error));
    fill_header(writer, plan, file_size);
    name = entry_of(writer, writer->n_tensors);
    memcpy(name, plan->model_name, name_size);
    if (plan->tokenizer_size > 0)
        memcpy(name + name_size, plan->tokenizer, plan->tokenizer_size);
    return PITH_OK;
}

static enum pith_status check_plan(const char *path,
                                   const struct pith_format_plan *plan,
                                   struct pith_error *error)
{
    size_t name_size = strlen(plan->model_name);
    PITH_TRY(pith_config_check(&plan->config, path, error));
    if (name_size > PITH_FORMAT_MAX_NAME ||
        !pith_utf8_is_valid(plan->model_name, name_size))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s: the model's name must be UTF-8 of at most %d "
                         "bytes; it is \"%s\"", path, PITH_FORMAT_MAX_NAME,
                         plan->model_name);
    return PITH_OK;
}

enum pith_status pith_format_begin(struct pith_format_writer **writer,
                                   const char *path,
                                   const struct pith_format_plan *plan,
                                   struct pith_error *error)
{
    struct pith_format_writer *made;
    enum pith_status status;

    *writer = NULL;
    PITH_TRY(check_plan(path, plan, error));
    made = pith_array_zero(1, sizeof *made);
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    PITH_TRY_DONE(pith_writer_open_seekable(&made->out, path, error));
    PITH_TRY_DONE(make_metadata(made, plan, error));
    PITH_TRY_DONE(pith_writer_write(&made->out, made->metadata,
                                    made->metadata_size, error));
    *writer = made;
done:
    if (status != PITH_OK)
        pith_format_abort(made);
    return status;
}

static enum pith_status write_weights(struct pith_format_writer *writer,
                                      const void *bytes, size_t n,
                                      struct pith_error *error)
{
    writer->weights_crc = pith_crc32(writer->weights_crc, bytes, n);
    return pith_writer_write(&writer->out, bytes, n, error);
}

/* Zeros from the end of the current tensor to the start of the next. */
static enum pith_status write_gap(struct pith_format_writer *writer,
                                  struct pith_error *error)
{
    static const uint8_t zeros[PITH_FORMAT_ALIGNMENT] = {0};
    const uint8_t *entry = entry_of(writer, writer->current);
    uint64_t end = pith_load_u64(entry + PITH_ENTRY_OFFSET) +
                   pith_load_u64(entry + PITH_ENTRY_BYTES);
    return write_weights(writer, zeros, (size_t)(pith_format_align(end) - end),
                         error);
}

enum pith_status pith_format_append(struct pith_format_writer *writer,
                                    const void *bytes, size_t n_bytes,
                                    struct pith_error *error)
{
    uint64_t left = 0;
    if (writer->current < writer->n_tensors)
        left = pith_load_u64(entry_of(writer, writer->current) +
                             PITH_ENTRY_BYTES) - writer->position;
    if (n_bytes > left)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s: %zu bytes given for tensor %zu of %zu, which "
                         "lacks %" PRIu64, writer->out.path, n_bytes,
                          writer->current, writer->n_tensors, left);
    if (n_bytes == 0)
        return PITH_OK;
    PITH_TRY(write_weights(writer, bytes, n_bytes, error));
    writer->position += n_bytes;
    if (n_bytes < left)
        return PITH_OK;
    if (writer->current + 1 < writer->n_tensors)
        PITH_TRY(write_gap(writer, error));
    writer->current++;
    writer->position = 0;
    return PITH_OK;
}

/* The header again, now with both checksums. */
static enum pith_status write_header(struct pith_format_writer *writer,
                                     struct pith_error *error)
{
    pith_store_u32(writer->metadata + PITH_OFFSET_WEIGHTS_CRC,
                   writer->weights_crc);
    pith_store_u32(writer->metadata + PITH_OFFSET_METADATA_CRC,
                   pith_format_metadata_crc(writer->metadata,
                                            writer->metadata_size));
    PITH_TRY(pith_writer_seek(&writer->out, 0, error));
    return pith_writer_write(&writer->out, writer->metadata, PITH_HEADER_SIZE,
                             error);
}

enum pith_status pith_format_complete(struct pith_format_writer *writer,
                                      const char **path,
                                      struct pith_error *error)
{
    *path = writer->out.temporary;
    if (writer->current < writer->n_tensors)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s: only %zu of %zu tensors were given",
                         writer->out.path, writer->current,
                         writer->n_tensors);
    PITH_TRY(write_header(writer, error));
    return pith_writer_flush(&writer->out, error);
}

enum pith_status pith_format_finish(struct pith_format_writer *writer,
                                    struct pith_error *error)
{
    const char *path;
    enum pith_status status = pith_format_complete(writer, &path, error);
    if (status == PITH_OK)
        status = pith_writer_commit(&writer->out, error);
    pith_format_abort(writer);
    return status;
}

void pith_format_abort(struct pith_format_writer *writer)
{
    if (writer == NULL)
        return;
    pith_writer_abort(&writer->out);
    pith_free(writer->metadata);
    pith_free(writer);
}
