/*
 * describe_source.c - pith_source_describe(): what a source holds, and
 * whether pith_convert() takes it.
 */
#include <string.h>

#include "../base/memory.h"
#include "../model/describe.h"
#include "readers.h"

/* What the caller gets, with all that it points to. */
struct description {
    struct pith_source_info info; /* the first member */
    struct pith_model_info model;
    struct pith_source_type *types;
    size_t n_types, capacity;
    struct pith_source source;
    struct pith_error error;
};

static const char *held_as(const struct pith_stored *stored)
{
    if (stored->type == PITH_STORED_OTHER)
        return NULL;
    return pith_type_name(stored->type == PITH_STORED_BLOCKS
                              ? stored->blocks->held_as
                              : (enum pith_type)stored->type);
}

/* The entry of a type, a new one where it is the first. */
static enum pith_status find_type(struct description *description,
                                  const char *name, const char *held_as,
                                  struct pith_source_type **type,
                                  struct pith_error *error)
{
    size_t i = 0;
    while (i < description->n_types &&
           strcmp(description->types[i].name, name) != 0)
        i++;
    if (i == description->n_types) {
        PITH_TRY(pith_grow(&description->types, i + 1, &description->capacity,
                           sizeof *description->types, error));
        description->types[i] =
            (struct pith_source_type){.name = name, .held_as = held_as};
        description->n_types++;
    }
    *type = &description->types[i];
    return PITH_OK;
}

static enum pith_status count_stored(struct description *description,
                                     struct pith_error *error)
{
    const struct pith_source *source = &description->source;
    struct pith_source_type *type;
    for (size_t i = 0; i < source->n_stored; i++) {
        const struct pith_stored *stored = &source->stored[i];
        uint64_t n = 1;
        PITH_TRY(find_type(description, stored->type_name, held_as(stored),
                           &type, error));
        for (size_t d = 0; d < stored->n_dims && stored->n_dims <= 2; d++)
            n *= stored->dims[d];
        type->n_tensors++;
        type->n_weights += n;
    }
    return PITH_OK;
}

/* A llama2.c checkpoint lists no tensors: all of it is F32. */
static enum pith_status count_unlisted(struct description *description,
                                       struct pith_error *error)
{
    struct pith_source_type *type;
    PITH_TRY(find_type(description, "F32", pith_type_name(PITH_F32), &type,
                       error));
    type->n_tensors = description->model.n_tensors;
    type->n_weights = description->model.n_parameters;
    return PITH_OK;
}

static uint64_t bytes_of_files(const struct pith_source *source)
{
    uint64_t bytes = 0;
    for (const struct pith_source_file *file = source->files; file != NULL;
         file = file->next)
        bytes += file->file.size;
    return bytes;
}

/* The model, as far as the reader came. */
static void describe_model(struct description *description)
{
    const struct pith_source *source = &description->source;
    struct pith_model_info *facts = &description->model;
    if (source->origins == NULL) /* the hyper-parameters were not all right */
        return;
    pith_describe_config(&source->config, facts);
    if (description->info.refusal == NULL)
        pith_describe_vocab(&source->vocabulary.vocab, facts);
    facts->name = source->name != NULL ? source->name : "";
    facts->file_bytes = bytes_of_files(source);
    description->info.model = facts;
}

static enum pith_status describe(struct description *description,
                                 const char *tokenizer,
                                 struct pith_error *error)
{
    struct pith_source *source = &description->source;
    struct pith_source_info *info = &description->info;
    enum pith_status status =
        pith_source_read(source, tokenizer, &description->error);
    if (status != PITH_OK && (source->format == NULL ||
                              status == PITH_ERR_MEMORY)) {
        *error = description->error;
        return status;
    }
    info->format = source->format;
    info->architecture = source->architecture;
    info->refusal = status != PITH_OK ? description->error.detail : NULL;
    describe_model(description);
    PITH_TRY(count_stored(description, error));
    if (source->n_stored == 0 && status == PITH_OK)
        PITH_TRY(count_unlisted(description, error));
    info->types = description->types;
    info->n_types = description->n_types;
    return PITH_OK;
}

enum pith_status pith_source_describe(const char *path, const char *tokenizer,
                                      struct pith_source_info **info,
                                      struct pith_error *error)
{
    PITH_REQUIRE(info, error);
    *info = NULL;
    PITH_REQUIRE(path, error);
    struct description *description = pith_array_zero(1, sizeof *description);
    if (description == NULL)
        return pith_no_memory(error, 1, sizeof *description);
    description->source.path = path;
    struct pith_error own;
    enum pith_status status = describe(description, tokenizer, &own);
    *info = &description->info;
    if (status != PITH_OK) {
        pith_source_info_free(*info);
        *info = NULL;
        return pith_fail(error, status, "%s", own.detail);
    }
    return PITH_OK;
}

void pith_source_info_free(struct pith_source_info *info)
{
    struct description *description = (struct description *)(void *)info;
    if (description == NULL)
        return;
    pith_source_close(&description->source);
    pith_free(description->types);
    pith_free(description);
}
