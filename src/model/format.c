/*
 * format.c - reading a .pith file; see format.h and docs/FORMAT.md.
 *
 * Nothing in the file is believed before it is checked: first the header's
 * sizes against the file's, then the checksum of the metadata, then every
 * field.  A checksum keeps out accidents only, so each check stands alone.
 */
#include "format.h"

#include <inttypes.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/crc32.h"
#include "../base/memory.h"
#include "../base/utf8.h"
#include "layout.h"

uint32_t pith_format_metadata_crc(const uint8_t *metadata, size_t size)
{
    static const uint8_t zeros[4] = {0};
    size_t after = PITH_OFFSET_METADATA_CRC + sizeof zeros;
    uint32_t crc = pith_crc32(0, metadata, PITH_OFFSET_METADATA_CRC);
    crc = pith_crc32(crc, zeros, sizeof zeros);
    return pith_crc32(crc, metadata + after, size - after);
}

enum pith_status pith_format_tensor_bytes(const struct pith_tensor_spec *spec,
                                          uint32_t type, uint64_t *bytes,
                                          const char *name,
                                          struct pith_error *error)
{
    size_t row_bytes = 0;
    if (type > PITH_Q4)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: %s has type %" PRIu32 "; expected 0 (f32) to 4 "
                         "(q4)", name, spec->name, type);
    row_bytes = pith_row_bytes((enum pith_type)type, spec->cols);
    if (row_bytes == 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: %s has rows of %zu, which type %s cannot store; "
                         "expected a multiple of %d", name, spec->name,
                         spec->cols, pith_type_name((enum pith_type)type),
                         PITH_Q_BLOCK);
    *bytes = (uint64_t)spec->rows * row_bytes; /* < 2^24 * 2^22 */
    return PITH_OK;
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static enum pith_status check_magic(const struct pith_format *format,
                                    struct pith_error *error)
{
    const uint8_t *data = format->data;
    size_t size = format->size, length = strlen(PITH_FORMAT_MAGIC);

    if (size == 0)
        return pith_fail(error, PITH_ERR_FORMAT, "%s: the file is empty",
                         format->path);
    if (size >= length && memcmp(data, PITH_FORMAT_MAGIC, length) != 0) {
        bool damaged = memcmp(data + 1, "PTH", 3) == 0;
        return pith_fail(error, PITH_ERR_FORMAT, "%s: %s", format->path,
                         damaged ? "its first bytes are damaged as by a "
                                   "transfer in text mode; copy it again in "
                                   "binary mode"
                                 : "is not a .pith model; convert it with "
                                   "`pith convert`");
    }
    if (size < PITH_HEADER_SIZE)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: truncated: %zu bytes, at least %zu are missing "
                         "(of the header alone); copy it again", format->path,
                         size, PITH_HEADER_SIZE - size);
    return PITH_OK;
}

static enum pith_status check_version(const struct pith_format *format,
                                      struct pith_error *error)
{
    const uint8_t *data = format->data;
    uint32_t version = pith_load_u32(data + PITH_OFFSET_VERSION);
    uint32_t order = pith_load_u32(data + PITH_OFFSET_BYTE_ORDER);

    if (version < 1 || version > PITH_FORMAT_VERSION)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: format version %" PRIu32 "; this build reads "
                         "versions 1 to %d: convert the model again",
                         format->path, version, PITH_FORMAT_VERSION);
    if (order != PITH_FORMAT_BYTE_ORDER)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: byte-order mark is %08" PRIX32 "; expected "
                         "%08" PRIX32 " (.pith files are little-endian)",
                         format->path, order, (uint32_t)PITH_FORMAT_BYTE_ORDER);
    return PITH_OK;
}

/* The size that the file should have, and that its metadata fit in it. */
static enum pith_status check_size(const struct pith_format *format,
                                   struct pith_error *error)
{
    const uint8_t *data = format->data;
    uint64_t size = format->size;
    uint64_t expected = pith_load_u64(data + PITH_OFFSET_FILE_SIZE);
    uint64_t weights = pith_load_u64(data + PITH_OFFSET_WEIGHTS);

    if (size < expected)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: truncated: %" PRIu64 " bytes, %" PRIu64
                         " of %" PRIu64 " are missing; copy it again",
                         format->path, size, expected - size, expected);
    if (size > expected)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: %" PRIu64 " bytes follow the %" PRIu64
                         " that its header states; copy it again",
                         format->path, size - expected, expected);
    if (weights < PITH_HEADER_SIZE || weights > size)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: weights start at byte %" PRIu64 "; expected "
                         "%d to %" PRIu64, format->path, weights,
                         PITH_HEADER_SIZE, size);
    return PITH_OK;
}

static enum pith_status check_metadata_crc(const struct pith_format *format,
                                           struct pith_error *error)
{
    const uint8_t *data = format->data;
    size_t size = (size_t)pith_load_u64(data + PITH_OFFSET_WEIGHTS);
    uint32_t stored = pith_load_u32(data + PITH_OFFSET_METADATA_CRC);
    uint32_t computed = pith_format_metadata_crc(data, size);

    if (stored != computed)
        return pith_fail(error, PITH_ERR_CHECKSUM,
                         "%s: checksum of the metadata is %08" PRIX32
                         ", stored is %08" PRIX32 ": the file is damaged; "
                         "copy or convert it again", format->path, computed,
                         stored);
    return PITH_OK;
}

uint32_t pith_format_flags_of(const struct pith_config *config)
{
    return (config->tied ? PITH_FORMAT_TIED : 0) |
           (config->qkv_biases ? PITH_FORMAT_QKV_BIASES : 0) |
           (config->qk_norms ? PITH_FORMAT_QK_NORMS : 0) |
           (config->rope_factors ? PITH_FORMAT_ROPE_FACTORS : 0);
}

uint32_t pith_format_version_of(const struct pith_config *config)
{
    return (pith_format_flags_of(config) & ~(uint32_t)PITH_FORMAT_TIED) != 0 ||
                   config->window != 0 || config->rope_skip != 0
               ? 2 : 1;
}

static enum pith_status read_config(struct pith_format *format,
                                    struct pith_error *error)
{
    const uint8_t *data = format->data;
    struct pith_config *config = &format->config;
    uint32_t flags = pith_load_u32(data + PITH_OFFSET_FLAGS);
    uint32_t version = pith_load_u32(data + PITH_OFFSET_VERSION);

    config->arch = (enum pith_arch)pith_load_u32(data + PITH_OFFSET_ARCH);
    config->n_vocab = pith_load_u32(data + PITH_OFFSET_N_VOCAB);
    config->n_ctx = pith_load_u32(data + PITH_OFFSET_N_CTX);
    config->n_embd = pith_load_u32(data + PITH_OFFSET_N_EMBD);
    config->n_layer = pith_load_u32(data + PITH_OFFSET_N_LAYER);
    config->n_head = pith_load_u32(data + PITH_OFFSET_N_HEAD);
    config->n_kv_head = pith_load_u32(data + PITH_OFFSET_N_KV_HEAD);
    config->head_dim = pith_load_u32(data + PITH_OFFSET_HEAD_DIM);
    config->n_ff = pith_load_u32(data + PITH_OFFSET_N_FF);
    config->norm_eps = pith_load_f32(data + PITH_OFFSET_NORM_EPS);
    config->rope_theta = pith_load_f32(data + PITH_OFFSET_ROPE_THETA);
    config->tied = flags & PITH_FORMAT_TIED;
    config->qkv_biases = flags & PITH_FORMAT_QKV_BIASES;
    config->qk_norms = flags & PITH_FORMAT_QK_NORMS;
    config->rope_factors = flags & PITH_FORMAT_ROPE_FACTORS;
    config->window = pith_load_u32(data + PITH_OFFSET_WINDOW);
    config->rope_skip = pith_load_u32(data + PITH_OFFSET_ROPE_SKIP);
    if ((flags & ~(uint32_t)PITH_FORMAT_FLAGS) != 0 ||
        version != pith_format_version_of(config) ||
        !is_zero(data + PITH_OFFSET_RESERVED, PITH_HEADER_SIZE - PITH_OFFSET_RESERVED))
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: flags %08" PRIX32 " or the header bytes after "
                         "them are not those of version %" PRIu32,
                         format->path, flags, version);
    return pith_config_check(config, format->path, error);
}

/* The variable part of the metadata fills exactly the room before the
 * weights. */
static enum pith_status check_sections(struct pith_format *format,
                                       struct pith_error *error)
{
    const uint8_t *data = format->data;
    uint64_t weights = pith_load_u64(data + PITH_OFFSET_WEIGHTS);
    uint32_t n_tensors = pith_load_u32(data + PITH_OFFSET_N_TENSORS);
    uint32_t name_size = pith_load_u32(data + PITH_OFFSET_NAME_SIZE);
    uint64_t tokenizer_size = pith_load_u64(data + PITH_OFFSET_TOKENIZER_SIZE);

    format->n_tensors = pith_config_n_tensors(&format->config);
    if (n_tensors != format->n_tensors)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: %" PRIu32 " tensors; expected %zu", format->path,
                         n_tensors, format->n_tensors);
    if (name_size > PITH_FORMAT_MAX_NAME)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: model name of %" PRIu32 " bytes; at most %d",
                         format->path, name_size, PITH_FORMAT_MAX_NAME);
    if (tokenizer_size > weights ||
        pith_format_weights(n_tensors, name_size, tokenizer_size) != weights)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: %" PRIu32 " tensors, a name of %" PRIu32
                         " and a tokenizer of %" PRIu64 " bytes do not end "
                         "where the weights start, at byte %" PRIu64,
                         format->path, n_tensors, name_size, tokenizer_size,
                         weights);
    format->tokenizer_size = (size_t)tokenizer_size;
    return PITH_OK;
}

static enum pith_status read_name(struct pith_format *format, size_t offset,
                                  size_t size, struct pith_error *error)
{
    const char *name = (const char *)format->data + offset;
    if (memchr(name, '\0', size) != NULL || !pith_utf8_is_valid(name, size))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: the model's name at byte %zu is not valid text",
                         format->path, offset);
    format->model_name = pith_array(size + 1, 1);
    if (format->model_name == NULL)
        return pith_no_memory(error, size + 1, 1);
    memcpy(format->model_name, name, size);
    format->model_name[size] = '\0';
    return PITH_OK;
}

/* Name, then tokenizer, then zeros up to the weights. */
static enum pith_status read_sections(struct pith_format *format,
                                      struct pith_error *error)
{
    const uint8_t *data = format->data;
    size_t weights = (size_t)pith_load_u64(data + PITH_OFFSET_WEIGHTS);
    size_t name_size = pith_load_u32(data + PITH_OFFSET_NAME_SIZE);
    size_t name = PITH_HEADER_SIZE + format->n_tensors * PITH_ENTRY_SIZE;
    size_t tokenizer = name + name_size;
    size_t end = tokenizer + format->tokenizer_size;

    if (!is_zero(data + end, weights - end))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: bytes %zu to %zu before the weights are not zero",
                         format->path, end, weights);
    format->tokenizer = data + tokenizer;
    return read_name(format, name, name_size, error);
}

/* One entry of the table: it must be the tensor that the config has there,
 * at the first aligned offset after the one before. */
static enum pith_status read_tensor(struct pith_format *format, size_t index,
                                    uint64_t *end, struct pith_error *error)
{
    const uint8_t *entry = format->data + PITH_HEADER_SIZE +
                           index * PITH_ENTRY_SIZE;
    const char *name = (const char *)entry + PITH_ENTRY_NAME;
    struct pith_format_tensor *tensor = &format->tensors[index];
    struct pith_tensor_spec spec = {.name = ""}; /* NUL-padded */
    uint32_t type = pith_load_u32(entry + PITH_ENTRY_TYPE);
    uint64_t rows = pith_load_u64(entry + PITH_ENTRY_ROWS);
    uint64_t cols = pith_load_u64(entry + PITH_ENTRY_COLS);
    uint64_t bytes, offset = pith_format_align(*end);

    pith_config_tensor(&format->config, index, &spec);
    if (strncmp(name, spec.name, sizeof spec.name) != 0 ||
        !is_zero(entry + strlen(spec.name),
                 sizeof spec.name - strlen(spec.name)))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: tensor %zu is \"%.63s\"; expected \"%s\"",
                         format->path, index, name, spec.name);
    if (rows != spec.rows || cols != spec.cols)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: %s is (%" PRIu64 ", %" PRIu64 "); expected "
                         "(%zu, %zu)", format->path, spec.name, rows, cols,
                         spec.rows, spec.cols);
    PITH_TRY(pith_format_tensor_bytes(&spec, type, &bytes, format->path,
                                      error));
    tensor->offset = pith_load_u64(entry + PITH_ENTRY_OFFSET);
    tensor->bytes = pith_load_u64(entry + PITH_ENTRY_BYTES);
    if (tensor->offset != offset || tensor->bytes != bytes ||
        pith_load_u32(entry + PITH_ENTRY_RESERVED) != 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: the table gives %s %" PRIu64 " bytes at %" PRIu64
                         "; expected %" PRIu64 " at %" PRIu64, format->path,
                         spec.name, tensor->bytes, tensor->offset, bytes,
                         offset);
    *end = offset + bytes;
    if (*end > format->size)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: %s ends at byte %" PRIu64 " of %zu",
                         format->path, spec.name, *end, format->size);
    tensor->name = name;
    tensor->view = (struct pith_tensor){(enum pith_type)type, spec.rows,
                                        spec.cols, format->data + offset};
    return PITH_OK;
}

static enum pith_status read_tensors(struct pith_format *format,
                                     struct pith_error *error)
{
    uint64_t end = pith_load_u64(format->data + PITH_OFFSET_WEIGHTS);

    format->tensors = pith_array(format->n_tensors, sizeof *format->tensors);
    if (format->tensors == NULL)
        return pith_no_memory(error, format->n_tensors,
                              sizeof *format->tensors);
    for (size_t i = 0; i < format->n_tensors; i++)
        PITH_TRY(read_tensor(format, i, &end, error));
    if (end != format->size)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: the last tensor ends at byte %" PRIu64 " of %zu",
                         format->path, end, format->size);
    return PITH_OK;
}

static enum pith_status read_metadata(struct pith_format *format,
                                      struct pith_error *error)
{
    PITH_TRY(check_magic(format, error));
    PITH_TRY(check_version(format, error));
    PITH_TRY(check_size(format, error));
    PITH_TRY(check_metadata_crc(format, error));
    PITH_TRY(read_config(format, error));
    PITH_TRY(check_sections(format, error));
    PITH_TRY(read_sections(format, error));
    PITH_TRY(read_tensors(format, error));
    format->weights_crc32 =
        pith_load_u32(format->data + PITH_OFFSET_WEIGHTS_CRC);
    return PITH_OK;
}

static enum pith_status copy_name(char **copy, const char *name,
                                  struct pith_error *error)
{
    size_t size = strlen(name) + 1;
    *copy = pith_array(size, 1);
    if (*copy == NULL)
        return pith_no_memory(error, size, 1);
    memcpy(*copy, name, size);
    return PITH_OK;
}

enum pith_status pith_format_open_bytes(struct pith_format *format,
                                        const char *name, const void *bytes,
                                        size_t size, struct pith_error *error)
{
    *format = (struct pith_format){.data = bytes, .size = size};
    enum pith_status status = copy_name(&format->path, name, error);
    if (status == PITH_OK)
        status = read_metadata(format, error);
    if (status != PITH_OK)
        pith_format_close(format);
    return status;
}

void pith_format_close(struct pith_format *format)
{
    pith_free(format->path);
    pith_free(format->model_name);
    pith_free(format->tensors);
    *format = (struct pith_format){0};
}
