/*
 * gguf.c - see gguf.h.
 */
#include "gguf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/memory.h"
#include "../kernels/tensor.h"

struct cursor {
    const uint8_t *at, *end;
};

static size_t left(const struct cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

static bool take_u32(struct cursor *cursor, uint32_t *out)
{
    if (left(cursor) < 4)
        return false;
    *out = pith_load_u32(cursor->at);
    cursor->at += 4;
    return true;
}

static bool take_u64(struct cursor *cursor, uint64_t *out)
{
    if (left(cursor) < 8)
        return false;
    *out = pith_load_u64(cursor->at);
    cursor->at += 8;
    return true;
}

static bool take_string(struct cursor *cursor, struct pith_text *out)
{
    uint64_t size;
    if (!take_u64(cursor, &size) || size > left(cursor))
        return false;
    *out = (struct pith_text){(const char *)cursor->at, (size_t)size};
    cursor->at += size;
    return true;
}

struct pith_text pith_gguf_next_string(const uint8_t **at)
{
    struct pith_text text = {(const char *)*at + 8, (size_t)pith_load_u64(*at)};
    *at += 8 + text.size;
    return text;
}

/* --- metadata --------------------------------------------------------------*/

/* Bytes of one element; 0 for strings and arrays, -1 for what is not a type. */
static int element_size(uint32_t type)
{
    static const signed char sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return type < sizeof sizes ? sizes[type] : -1;
}

/* n elements after each other. */
static bool skip_elements(struct cursor *cursor, uint32_t type, uint64_t n)
{
    struct pith_text text;
    int size = element_size(type);
    if (type == PITH_GGUF_STRING) {
        for (uint64_t i = 0; i < n; i++)
            if (!take_string(cursor, &text))
                return false;
        return true;
    }
    if (size <= 0 || n > left(cursor) / (size_t)size) /* arrays of arrays too */
        return false;
    cursor->at += (size_t)n * (size_t)size;
    return true;
}

static bool read_value(struct cursor *cursor, struct pith_gguf_value *value)
{
    uint32_t type;
    uint64_t n = 1;
    if (!take_string(cursor, &value->key) || !take_u32(cursor, &type))
        return false;
    if (type == PITH_GGUF_ARRAY) {
        value->is_array = true;
        if (!take_u32(cursor, &type) || !take_u64(cursor, &n))
            return false;
    }
    value->bytes = cursor->at;
    if (!skip_elements(cursor, type, n))
        return false;
    value->end = cursor->at;
    value->type = (enum pith_gguf_type)type;
    value->n = (size_t)n; /* no more than there are bytes, or strings */
    return true;
}

static enum pith_status cut_off(const struct pith_gguf *gguf, const char *where,
                                struct pith_error *error)
{
    return pith_fail(error, PITH_ERR_FORMAT,
                     "%s: %s is damaged or cut off", gguf->file->path, where);
}

static enum pith_status read_metadata(struct pith_gguf *gguf,
                                      struct cursor *cursor, uint64_t n,
                                      struct pith_error *error)
{
    /* A key-value pair takes 13 bytes or more. */
    if (n > left(cursor) / 13)
        return cut_off(gguf, "the metadata", error);
    gguf->values = pith_array_zero((size_t)n, sizeof *gguf->values);
    if (gguf->values == NULL)
        return pith_no_memory(error, (size_t)n, sizeof *gguf->values);
    for (; gguf->n_values < n; gguf->n_values++) {
        struct pith_gguf_value *value = &gguf->values[gguf->n_values];
        size_t known;
        if (!read_value(cursor, value))
            return cut_off(gguf, "the metadata", error);
        if (pith_names_find(&gguf->keys, value->key, &known))
            return pith_fail(error, PITH_ERR_FORMAT,
                             "%s: key \"%.*s\" occurs twice",
                             gguf->file->path, (int)value->key.size,
                             value->key.bytes);
        PITH_TRY(pith_names_add(&gguf->keys, value->key, gguf->n_values,
                                error));
    }
    return PITH_OK;
}

const struct pith_gguf_value *pith_gguf_get(const struct pith_gguf *gguf,
                                            const char *key)
{
    size_t index;
    struct pith_text text = {key, strlen(key)};
    if (!pith_names_find(&gguf->keys, text, &index))
        return NULL;
    gguf->values[index].used = true;
    return &gguf->values[index];
}

static enum pith_status wrong_value(const struct pith_gguf *gguf,
                                    const char *key, const char *what,
                                    struct pith_error *error)
{
    return pith_fail(error, PITH_ERR_FORMAT, "%s: key \"%s\" %s",
                     gguf->file->path, key, what);
}

/* A number of any of GGUF's types; false for what is not a number. */
static bool number_of(const struct pith_gguf_value *value, double *out)
{
    const uint8_t *p = value->bytes;
    double real;
    uint64_t bits;
    if (value->is_array)
        return false;
    switch (value->type) {
    case PITH_GGUF_U8: *out = p[0]; return true;
    case PITH_GGUF_I8: *out = (int8_t)p[0]; return true;
    case PITH_GGUF_U16: *out = pith_load_u16(p); return true;
    case PITH_GGUF_I16: *out = (int16_t)pith_load_u16(p); return true;
    case PITH_GGUF_U32: *out = pith_load_u32(p); return true;
    case PITH_GGUF_I32: *out = (int32_t)pith_load_u32(p); return true;
    case PITH_GGUF_F32: *out = (double)pith_load_f32(p); return true;
    case PITH_GGUF_U64: *out = (double)pith_load_u64(p); return true;
    case PITH_GGUF_I64: *out = (double)(int64_t)pith_load_u64(p); return true;
    case PITH_GGUF_F64:
        bits = pith_load_u64(p);
        memcpy(&real, &bits, sizeof real);
        *out = real;
        return true;
    default: return false;
    }
}

enum pith_status pith_gguf_whole(const struct pith_gguf *gguf, const char *key,
                                 const uint32_t *fallback, uint32_t *out,
                                 struct pith_error *error)
{
    const struct pith_gguf_value *value = pith_gguf_get(gguf, key);
    double number;
    if (value == NULL && fallback != NULL) {
        *out = *fallback;
        return PITH_OK;
    }
    if (value == NULL)
        return wrong_value(gguf, key, "is missing", error);
    if (!number_of(value, &number) || !(number >= 0) ||
        number > (double)UINT32_MAX || number != (double)(uint32_t)number)
        return wrong_value(gguf, key, "is not a whole number (a list with one "
                           "value for each layer is not supported)", error);
    *out = (uint32_t)number;
    return PITH_OK;
}

enum pith_status pith_gguf_real(const struct pith_gguf *gguf, const char *key,
                                const float *fallback, float *out,
                                struct pith_error *error)
{
    const struct pith_gguf_value *value = pith_gguf_get(gguf, key);
    double number;
    if (value == NULL && fallback != NULL) {
        *out = *fallback;
        return PITH_OK;
    }
    if (value == NULL || !number_of(value, &number))
        return wrong_value(gguf, key,
                           value == NULL ? "is missing" : "is not a number",
                           error);
    *out = (float)number;
    return PITH_OK;
}

enum pith_status pith_gguf_flag(const struct pith_gguf *gguf, const char *key,
                                bool fallback, bool *out,
                                struct pith_error *error)
{
    const struct pith_gguf_value *value = pith_gguf_get(gguf, key);
    *out = fallback;
    if (value == NULL)
        return PITH_OK;
    if (value->is_array || value->type != PITH_GGUF_BOOL)
        return wrong_value(gguf, key, "is neither true nor false", error);
    *out = value->bytes[0] != 0;
    return PITH_OK;
}

enum pith_status pith_gguf_text(const struct pith_gguf *gguf, const char *key,
                                struct pith_text *out,
                                struct pith_error *error)
{
    const struct pith_gguf_value *value = pith_gguf_get(gguf, key);
    *out = (struct pith_text){"", 0};
    if (value == NULL)
        return PITH_OK;
    if (value->is_array || value->type != PITH_GGUF_STRING)
        return wrong_value(gguf, key, "is not text", error);
    const uint8_t *at = value->bytes;
    *out = pith_gguf_next_string(&at);
    return PITH_OK;
}

enum pith_status pith_gguf_array(const struct pith_gguf *gguf, const char *key,
                                 enum pith_gguf_type type,
                                 const struct pith_gguf_value **out,
                                 struct pith_error *error)
{
    *out = pith_gguf_get(gguf, key);
    if (*out == NULL)
        return wrong_value(gguf, key, "is missing", error);
    if (!(*out)->is_array || (*out)->type != type)
        return wrong_value(gguf, key, "is not a list of the right type", error);
    return PITH_OK;
}

/* --- tensors ---------------------------------------------------------------*/

/* GGUF's numbers of the types that there have been, for errors. */
static const char *const type_names[] = {
    "F32", "F16", "Q4_0", "Q4_1", "Q4_2", "Q4_3", "Q5_0", "Q5_1", "Q8_0",
    "Q8_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_K", "IQ2_XXS",
    "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS", "I8",
    "I16", "I32", "I64", "F64", "IQ1_M", "BF16", "Q4_0_4_4", "Q4_0_4_8",
    "Q4_0_8_8", "TQ1_0", "TQ2_0", "IQ4_NL_4_4", "IQ4_NL_4_8", "IQ4_NL_8_8",
    "MXFP4", "NVFP4", "Q1_0"};

static void set_type(struct pith_stored *stored, uint32_t type)
{
    bool known = type < sizeof type_names / sizeof *type_names;
    stored->blocks = pith_blocks_find(type);
    switch (type) {
    case 0: stored->type = PITH_STORED_F32; break;
    case 1: stored->type = PITH_STORED_F16; break;
    case 3: stored->type = PITH_STORED_Q4; break;
    case 8: stored->type = PITH_STORED_Q8; break;
    case 30: stored->type = PITH_STORED_BF16; break;
    default:
        stored->type = stored->blocks != NULL ? PITH_STORED_BLOCKS
                                              : PITH_STORED_OTHER;
    }
    if (stored->type != PITH_STORED_OTHER)
        snprintf(stored->type_name, sizeof stored->type_name, "%s",
                 type_names[type]);
    else
        snprintf(stored->type_name, sizeof stored->type_name, "%s (%" PRIu32
                 ")", known ? type_names[type] : "unknown", type);
}

/* Bytes of a tensor of that shape; false when there is no such size. */
static bool size_of(const struct pith_stored *stored, size_t *bytes)
{
    size_t rows = stored->n_dims == 2 ? stored->dims[0] : 1;
    size_t cols = stored->dims[stored->n_dims - 1];
    size_t row_bytes =
        pith_stored_row_bytes(stored->type, stored->blocks, cols);
    return row_bytes > 0 && pith_size_mul(rows, row_bytes, bytes);
}

static enum pith_status bad_tensor(const struct pith_stored *stored,
                                   const char *what, struct pith_error *error)
{
    return pith_fail(error, PITH_ERR_FORMAT, "%s: tensor \"%.*s\": %s",
                     stored->path, (int)stored->name.size, stored->name.bytes,
                     what);
}

/* An entry of the table; its offset counts from the data section. */
static enum pith_status read_tensor(struct pith_gguf *gguf,
                                    struct cursor *cursor,
                                    struct pith_stored *stored,
                                    struct pith_error *error)
{
    uint32_t n_dims, type;
    uint64_t dim, offset;
    *stored = (struct pith_stored){.file = &gguf->file->file,
                                   .path = gguf->file->path};
    if (!take_string(cursor, &stored->name) || !take_u32(cursor, &n_dims))
        return cut_off(gguf, "the table of tensors", error);
    if (n_dims < 1 || n_dims > 4)
        return bad_tensor(stored, "does not have 1 to 4 dimensions", error);
    for (uint32_t i = 0; i < n_dims; i++) { /* fastest first in GGUF */
        if (!take_u64(cursor, &dim))
            return cut_off(gguf, "the table of tensors", error);
        if (dim == 0 || dim > SIZE_MAX)
            return bad_tensor(stored, "has an impossible size", error);
        if (n_dims <= 2)
            stored->dims[n_dims - 1 - i] = (size_t)dim;
    }
    if (!take_u32(cursor, &type) || !take_u64(cursor, &offset))
        return cut_off(gguf, "the table of tensors", error);
    stored->n_dims = n_dims;
    if (offset > SIZE_MAX)
        return bad_tensor(stored, "is outside the file", error);
    stored->offset = (size_t)offset;
    set_type(stored, type);
    return PITH_OK;
}

/* Now that the data section is known: is the tensor in it? */
static enum pith_status place_tensor(const struct pith_gguf *gguf,
                                     struct pith_stored *stored, size_t data,
                                     size_t alignment,
                                     struct pith_error *error)
{
    size_t file_size = gguf->file->file.size;
    if (stored->type == PITH_STORED_OTHER || stored->n_dims > 2)
        return PITH_OK; /* refused where it is needed */
    if (!size_of(stored, &stored->bytes))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: tensor \"%.*s\": its rows of %zu weights are not "
                         "whole blocks of type %s", stored->path,
                         (int)stored->name.size, stored->name.bytes,
                         stored->dims[stored->n_dims - 1], stored->type_name);
    if (stored->offset % alignment != 0)
        return bad_tensor(stored, "is not aligned", error);
    if (data > file_size || stored->offset > file_size - data ||
        stored->bytes > file_size - data - stored->offset)
        return bad_tensor(stored, "is outside the file (is it cut off?)",
                          error);
    stored->offset += data;
    return PITH_OK;
}

static enum pith_status read_tensors(struct pith_gguf *gguf,
                                     struct cursor *cursor, uint64_t n,
                                     struct pith_error *error)
{
    static const uint32_t default_alignment = 32;
    struct pith_source *source = gguf->source;
    uint32_t alignment;

    /* An entry takes 32 bytes or more. */
    if (n > left(cursor) / 32)
        return cut_off(gguf, "the table of tensors", error);
    PITH_TRY(pith_gguf_whole(gguf, "general.alignment", &default_alignment,
                             &alignment, error));
    if (alignment == 0 || (alignment & (alignment - 1)) != 0)
        return wrong_value(gguf, "general.alignment", "is not a power of two",
                           error);
    size_t first = source->n_stored; /* of this file */
    for (uint64_t i = 0; i < n; i++) {
        struct pith_stored stored;
        PITH_TRY(read_tensor(gguf, cursor, &stored, error));
        PITH_TRY(pith_source_list(source, &stored, error));
    }
    size_t data = (size_t)(cursor->at - gguf->file->file.data);
    data += (alignment - data % alignment) % alignment;
    for (size_t i = first; i < source->n_stored; i++)
        PITH_TRY(place_tensor(gguf, &source->stored[i], data, alignment,
                              error));
    return PITH_OK;
}

enum pith_status pith_gguf_open(struct pith_gguf *gguf,
                                struct pith_source *source,
                                const struct pith_source_file *opened,
                                struct pith_error *error)
{
    uint32_t version;
    uint64_t n_tensors, n_values;

    *gguf = (struct pith_gguf){.source = source, .file = opened};
    const struct pith_file *file = &gguf->file->file;
    if (file->size < 8)
        return cut_off(gguf, "the header", error);
    struct cursor cursor = {file->data + 4, file->data + file->size};
    take_u32(&cursor, &version);
    if (version != 2 && version != 3)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: GGUF version %" PRIu32 "%s; supported: 2 and "
                         "3 (little-endian)", gguf->file->path, version,
                         version > 0xFFFF ? " (a big-endian file)" : "");
    if (!take_u64(&cursor, &n_tensors) || !take_u64(&cursor, &n_values))
        return cut_off(gguf, "the header", error);
    PITH_TRY(read_metadata(gguf, &cursor, n_values, error));
    return read_tensors(gguf, &cursor, n_tensors, error);
}

void pith_gguf_close(struct pith_gguf *gguf)
{
    pith_free(gguf->values);
    pith_names_free(&gguf->keys);
    *gguf = (struct pith_gguf){0};
}
