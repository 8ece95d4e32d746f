/*
 * source.c - see source.h.
 */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/store.h"
#include "../kernels/tensor.h"

void pith_source_close(struct pith_source *source)
{
    pith_vocabulary_free(&source->vocabulary);
    pith_names_free(&source->stored_names);
    pith_free(source->stored);
    pith_free(source->origins);
    pith_free(source->name);
    pith_free(source->probe);
    pith_texts_free(&source->texts);
    while (source->files != NULL) {
        struct pith_source_file *next = source->files->next;
        pith_file_close(&source->files->file);
        pith_free(source->files->path);
        pith_free(source->files);
        source->files = next;
    }
    *source = (struct pith_source){0};
}

void pith_source_note(const struct pith_source *source,
                      const struct pith_error *what)
{
    if (source->note != NULL)
        source->note(source->user, what->detail);
}

/* What a clone without Git LFS has in place of large files. */
static enum pith_status check_is_whole(const struct pith_file *file,
                                       const char *path,
                                       struct pith_error *error)
{
    static const char pointer[] = "version https://git-lfs.github.com/spec/";
    size_t n = sizeof pointer - 1;
    if (file->size < n || memcmp(file->data, pointer, n) != 0)
        return PITH_OK;
    return pith_fail(error, PITH_ERR_FORMAT,
                     "%s: is a Git LFS pointer, not the file itself; run git "
                     "lfs pull in its folder, or download the file", path);
}

enum pith_status pith_source_open(struct pith_source *source, const char *path,
                                  const struct pith_source_file **file,
                                  struct pith_error *error)
{
    size_t length = strlen(path);
    struct pith_source_file *entry = pith_array_zero(1, sizeof *entry);
    if (entry == NULL || (entry->path = pith_array(length + 1, 1)) == NULL) {
        pith_free(entry);
        return pith_no_memory(error, length, 1);
    }
    memcpy(entry->path, path, length + 1);
    entry->next = source->files;
    source->files = entry;
    *file = entry;
    PITH_TRY(pith_file_open(&entry->file, path, error));
    return check_is_whole(&entry->file, path, error);
}

void pith_source_set_architecture(struct pith_source *source,
                                  struct pith_text word)
{
    snprintf(source->architecture, sizeof source->architecture, "%.*s",
             (int)word.size, word.bytes);
}

enum pith_status pith_source_set_name(struct pith_source *source,
                                      struct pith_text name,
                                      struct pith_error *error)
{
    char *copy = pith_array_zero(name.size + 1, 1);
    if (copy == NULL)
        return pith_no_memory(error, name.size, 1);
    if (name.size > 0)
        memcpy(copy, name.bytes, name.size);
    pith_free(source->name);
    source->name = copy;
    return PITH_OK;
}

enum pith_status pith_source_list(struct pith_source *source,
                                  const struct pith_stored *stored,
                                  struct pith_error *error)
{
    size_t known;
    if (pith_names_find(&source->stored_names, stored->name, &known))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: tensor \"%.*s\" occurs twice", stored->path,
                         (int)stored->name.size, stored->name.bytes);
    PITH_TRY(pith_grow(&source->stored, source->n_stored + 1,
                       &source->stored_capacity, sizeof *source->stored,
                       error));
    source->stored[source->n_stored] = *stored;
    return pith_names_add(&source->stored_names, stored->name,
                          source->n_stored++, error);
}

struct pith_stored *pith_source_find(struct pith_source *source,
                                     const char *name)
{
    size_t index;
    struct pith_text text = {name, strlen(name)};
    if (!pith_names_find(&source->stored_names, text, &index))
        return NULL;
    return &source->stored[index];
}

enum pith_status pith_source_set_factors(struct pith_source *source,
                                         const float *factors, size_t n,
                                         struct pith_error *error)
{
    static const char name[] = PITH_ROPE_FACTORS;
    uint8_t bytes[PITH_MAX_HEAD_DIM / 2 * 4];
    for (size_t i = 0; i < n; i++)
        pith_store_f32(bytes + 4 * i, factors[i]);
    const char *kept = pith_texts_keep(
        &source->texts, (struct pith_text){(const char *)bytes, 4 * n});
    if (kept == NULL)
        return pith_no_memory(error, n, 4);
    source->factors = (struct pith_file){(const uint8_t *)kept, 4 * n, false};
    source->config.rope_factors = true;
    struct pith_stored stored = {.name = {name, sizeof name - 1},
                                 .file = &source->factors,
                                 .path = source->path,
                                 .bytes = 4 * n,
                                 .type = PITH_STORED_F32,
                                 .n_dims = 1,
                                 .dims = {n}};
    return pith_source_list(source, &stored, error);
}

/* --- taking ----------------------------------------------------------------*/

size_t pith_stored_row_bytes(enum pith_stored_type type,
                             const struct pith_blocks *blocks, size_t cols)
{
    return type == PITH_STORED_BLOCKS
               ? pith_blocks_row_bytes(blocks, cols)
               : pith_row_bytes((enum pith_type)type, cols);
}

static bool is_block_type(enum pith_stored_type type)
{
    return type == PITH_STORED_Q8 || type == PITH_STORED_Q4 ||
           type == PITH_STORED_BLOCKS;
}

static enum pith_status
check_shape(const struct pith_stored *stored, size_t rows, size_t cols,
            struct pith_error *error)
{
    char found[64];
    if (stored->n_dims == 1 && rows == 1 && stored->dims[0] == cols)
        return PITH_OK;
    if (stored->n_dims == 2 && stored->dims[0] == rows &&
        stored->dims[1] == cols)
        return PITH_OK;
    if (stored->n_dims == 1)
        snprintf(found, sizeof found, "(%zu)", stored->dims[0]);
    else if (stored->n_dims == 2)
        snprintf(found, sizeof found, "(%zu, %zu)", stored->dims[0],
                 stored->dims[1]);
    else
        snprintf(found, sizeof found, "%zu dimensions", stored->n_dims);
    return pith_fail(error, PITH_ERR_FORMAT,
                     "%s: tensor \"%.*s\" is %s, the hyper-parameters require "
                     "(%zu, %zu)", stored->path, (int)stored->name.size,
                     stored->name.bytes, found, rows, cols);
}

static enum pith_status check_type(const struct pith_stored *stored,
                                   bool by_element, struct pith_error *error)
{
    if (stored->type == PITH_STORED_OTHER)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: tensor \"%.*s\" has type %s; read are F32, F16, "
                         "BF16 and, from GGUF, Q2_K to Q8_K, Q4_0 to Q8_0, "
                         "IQ4_NL and IQ4_XS", stored->path,
                         (int)stored->name.size, stored->name.bytes,
                         stored->type_name);
    if (by_element && is_block_type(stored->type))
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: tensor \"%.*s\" is a vector of type %s; vectors "
                         "are read as F32, F16 and BF16", stored->path,
                         (int)stored->name.size, stored->name.bytes,
                         stored->type_name);
    return PITH_OK;
}

enum pith_status pith_source_begin_taking(struct pith_source *source,
                                          struct pith_error *error)
{
    PITH_TRY(pith_config_check(&source->config, source->path, error));
    size_t n = pith_config_n_tensors(&source->config);
    pith_free(source->origins);
    source->n_origins = 0;
    source->origins = pith_array_zero(n, sizeof *source->origins);
    return source->origins == NULL
               ? pith_no_memory(error, n, sizeof *source->origins)
               : PITH_OK;
}

enum pith_status pith_source_take(struct pith_source *source,
                                  const struct pith_tensor_spec *spec,
                                  const struct pith_taking *taking,
                                  struct pith_error *error)
{
    struct pith_stored *stored = pith_source_find(source, taking->name);
    bool vector = spec->rows == 1;
    size_t ours = vector ? spec->cols : spec->rows;
    size_t total = taking->total > 0 ? taking->total : ours;

    if (stored == NULL)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: there is no tensor \"%s\"", source->path,
                         taking->name);
    size_t rows = vector ? 1 : taking->transposed ? spec->cols : total;
    size_t cols = vector || taking->transposed ? total : spec->cols;
    PITH_TRY(check_type(stored, vector || taking->transposed, error));
    PITH_TRY(check_shape(stored, rows, cols, error));
    stored->taken = true;

    struct pith_origin *origin = &source->origins[source->n_origins++];
    *origin = (struct pith_origin){
        .name = stored->name, .path = stored->path, .file = stored->file,
        .offset = stored->offset, .type = stored->type,
        .blocks = stored->blocks,
        .stored_cols = cols, .first = taking->first,
        .transposed = taking->transposed && !vector,
        .rotary_dim = vector ? 0 : taking->rotary_dim};
    memcpy(origin->type_name, stored->type_name, sizeof origin->type_name);
    if (vector) { /* a slice of a vector is a vector further on */
        origin->offset += taking->first *
                          pith_row_bytes((enum pith_type)stored->type, 1);
        origin->stored_cols = spec->cols;
        origin->skipped = taking->first;
        origin->first = 0;
    }
    return PITH_OK;
}

enum pith_status
pith_source_end_taking(struct pith_source *source,
                       bool (*ignore)(struct pith_source *source,
                                      const char *name),
                       struct pith_error *error)
{
    char name[256];
    for (size_t i = 0; i < source->n_stored; i++) {
        const struct pith_stored *stored = &source->stored[i];
        snprintf(name, sizeof name, "%.*s", (int)stored->name.size,
                 stored->name.bytes);
        if (!stored->taken && !ignore(source, name))
            return pith_fail(error, PITH_ERR_UNSUPPORTED,
                             "%s: tensor \"%s\" does not belong to any model "
                             "that this program knows; converting without it "
                             "would change what the model computes", stored->path,
                             name);
    }
    return PITH_OK;
}

void pith_part_of(const struct pith_tensor_spec *spec, struct pith_part *part)
{
    const char *name = spec->name;
    char *end;
    *part = (struct pith_part){.layer = -1};
    if (strncmp(name, "layers.", 7) == 0) {
        part->layer = strtol(name + 7, &end, 10);
        name = end + 1;
    }
    size_t length = strcspn(name, ".");
    if (length >= sizeof part->name)
        length = sizeof part->name - 1;
    memcpy(part->name, name, length);
    part->bias = strcmp(name + length, ".bias") == 0;
}
