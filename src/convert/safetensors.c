/*
 * safetensors.c - see safetensors.h.
 */
#include "safetensors.h"

#include <stdio.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/memory.h"
#include "../kernels/tensor.h"
#include "json_values.h"

static enum pith_stored_type type_of(const struct pith_json *dtype)
{
    if (pith_json_string_is(dtype, "F32"))
        return PITH_STORED_F32;
    if (pith_json_string_is(dtype, "F16"))
        return PITH_STORED_F16;
    if (pith_json_string_is(dtype, "BF16"))
        return PITH_STORED_BF16;
    return PITH_STORED_OTHER;
}

static enum pith_status bad_entry(const struct pith_stored *stored,
                                  const char *what, struct pith_error *error)
{
    return pith_fail(error, PITH_ERR_FORMAT, "%s: tensor \"%.*s\": %s",
                     stored->path, (int)stored->name.size, stored->name.bytes,
                     what);
}

/* Shape and, from it and the type, the size in bytes that it should have. */
static enum pith_status read_shape(struct pith_stored *stored,
                                   const struct pith_json *shape,
                                   size_t *n_bytes, struct pith_error *error)
{
    if (!pith_json_is(shape, PITH_JSON_ARRAY))
        return bad_entry(stored, "has no shape", error);
    *n_bytes = stored->type == PITH_STORED_OTHER
                   ? 0 : pith_row_bytes((enum pith_type)stored->type, 1);
    for (const struct pith_json *d = shape->first; d != NULL; d = d->next) {
        size_t dim;
        if (!pith_json_size(d, &dim) || !pith_size_mul(*n_bytes, dim, n_bytes))
            return bad_entry(stored, "its shape is not a list of sizes", error);
        if (stored->n_dims < 2)
            stored->dims[stored->n_dims] = dim;
        stored->n_dims++;
    }
    return PITH_OK;
}

static enum pith_status read_entry(struct pith_source *source,
                                   const struct pith_source_file *file,
                                   const struct pith_json *entry, size_t data,
                                   struct pith_error *error)
{
    const struct pith_json *dtype = pith_json_get(entry, "dtype");
    const struct pith_json *offsets = pith_json_get(entry, "data_offsets");
    struct pith_stored stored = {.file = &file->file, .path = file->path,
                                 .type = type_of(dtype)};
    size_t wanted, from, to;

    char *name = pith_texts_keep(&source->texts, entry->key);
    if (name == NULL)
        return pith_no_memory(error, entry->key.size, 1);
    stored.name = (struct pith_text){name, entry->key.size};
    if (!pith_json_is(dtype, PITH_JSON_STRING))
        return bad_entry(&stored, "has no dtype", error);
    snprintf(stored.type_name, sizeof stored.type_name, "%.*s",
             (int)dtype->string.size, dtype->string.bytes);
    PITH_TRY(read_shape(&stored, pith_json_get(entry, "shape"), &wanted,
                        error));
    if (!pith_json_is(offsets, PITH_JSON_ARRAY) || offsets->n_children != 2 ||
        !pith_json_size(offsets->first, &from) ||
        !pith_json_size(offsets->first->next, &to) || from > to ||
        to > file->file.size - data)
        return bad_entry(&stored, "data_offsets are outside the file (is it "
                         "cut off?)", error);
    if (stored.type != PITH_STORED_OTHER && to - from != wanted)
        return bad_entry(&stored, "data_offsets and shape disagree", error);
    stored.offset = data + from;
    stored.bytes = to - from;
    return pith_source_list(source, &stored, error);
}

static bool is_metadata(const struct pith_json *entry)
{
    static const char name[] = "__metadata__";
    return entry->key.size == sizeof name - 1 &&
           memcmp(entry->key.bytes, name, sizeof name - 1) == 0;
}

/* A tensor that shares the memory of another is stored once; the metadata
 * then say {"its name": "name of the stored one"}. */
static enum pith_status read_shared(struct pith_source *source,
                                    const struct pith_json *metadata,
                                    struct pith_error *error)
{
    size_t index;
    if (!pith_json_is(metadata, PITH_JSON_OBJECT))
        return PITH_OK;
    for (const struct pith_json *entry = metadata->first; entry != NULL;
         entry = entry->next) {
        if (!pith_json_is(entry, PITH_JSON_STRING) ||
            !pith_names_find(&source->stored_names, entry->string, &index) ||
            pith_names_find(&source->stored_names, entry->key, &(size_t){0}))
            continue;
        struct pith_stored stored = source->stored[index];
        char *name = pith_texts_keep(&source->texts, entry->key);
        if (name == NULL)
            return pith_no_memory(error, entry->key.size, 1);
        stored.name = (struct pith_text){name, entry->key.size};
        PITH_TRY(pith_source_list(source, &stored, error));
    }
    return PITH_OK;
}

static enum pith_status read_entries(struct pith_source *source,
                                     const struct pith_source_file *file,
                                     const struct pith_json *root, size_t data,
                                     struct pith_error *error)
{
    const struct pith_json *metadata = NULL;
    if (!pith_json_is(root, PITH_JSON_OBJECT))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: the safetensors header is not an object",
                         file->path);
    for (const struct pith_json *entry = root->first; entry != NULL;
         entry = entry->next) {
        if (is_metadata(entry))
            metadata = entry;
        else
            PITH_TRY(read_entry(source, file, entry, data, error));
    }
    return read_shared(source, metadata, error);
}

enum pith_status pith_safetensors_read(struct pith_source *source,
                                       const struct pith_source_file *file,
                                       struct pith_error *error)
{
    const char *path = file->path;
    struct pith_json_document *document = NULL;

    const uint8_t *bytes = file->file.data;
    if (file->file.size < 8 ||
        pith_load_u64(bytes) > (uint64_t)(file->file.size - 8))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: is not a safetensors file, or cut off inside its "
                         "header", path);
    size_t header = (size_t)pith_load_u64(bytes);
    struct pith_text text = {(const char *)bytes + 8, header};
    PITH_TRY(pith_json_parse(text, path, &document, error));
    enum pith_status status = read_entries(source, file,
                                           pith_json_root(document),
                                           8 + header, error);
    pith_json_free(document);
    return status;
}
