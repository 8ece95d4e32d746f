/*
 * convert.c - pith_convert(): which format a source has, and from there to a
 * .pith file.
 */
#include <string.h>

#include "../base/options.h"
#include "../base/file.h"
#include "../base/place.h"
#include "../model/layout.h"
#include "readers.h"
#include "stream.h"

/* First bytes of files that people take for models, and what to do. */
static const struct {
    const char *bytes;
    size_t n;
    const char *is;
} other_files[] = {
    {"\x89PTH", 4, "is a .pith model already; convert from its source"},
    {"PK\x03\x04", 4, "is a PyTorch (zip) file; save the model as safetensors "
     "and give the folder"},
    {"\x80\x02", 2, "is a Python pickle; save the model as safetensors and "
     "give the folder"},
    {"tjgg", 4, "is a GGJT file, older than GGUF; convert it to GGUF first"},
    {"lmgg", 4, "is a GGML file, older than GGUF; convert it to GGUF first"},
    {"fmgg", 4, "is a GGMF file, older than GGUF; convert it to GGUF first"},
    {"24ka", 4, "is a llama2.c export of version 1 or later; export it with "
     "version 0"},
    {"{", 1, "is a JSON file; give the folder that holds it"},
};

static enum pith_status read_file(struct pith_source *source,
                                  const char *tokenizer,
                                  struct pith_error *error)
{
    const struct pith_source_file *file;
    size_t length = strlen(source->path);

    PITH_TRY(pith_source_open(source, source->path, &file, error));
    const uint8_t *data = file->file.data;
    size_t size = file->file.size;
    if (size >= 4 && memcmp(data, "GGUF", 4) == 0)
        return pith_gguf_read(source, error);
    for (size_t i = 0; i < sizeof other_files / sizeof *other_files; i++)
        if (size >= other_files[i].n &&
            memcmp(data, other_files[i].bytes, other_files[i].n) == 0)
            return pith_fail(error, PITH_ERR_UNSUPPORTED, "%s: %s",
                             source->path, other_files[i].is);
    if (length > 12 &&
        strcmp(source->path + length - 12, ".safetensors") == 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s: safetensors come with config.json and a "
                         "tokenizer; give the folder that holds them",
                         source->path);
    return pith_llama2c_read(source, tokenizer, error);
}

/* What is in the source's folder and was not made from it belongs to it, read
 * or not. */
static enum pith_status check_folder(const struct pith_source *source,
                                     const char *destination,
                                     struct pith_error *error)
{
    struct pith_place folder, from;
    PITH_TRY(pith_place_of_folder(destination, &folder, error));
    PITH_TRY(pith_place_find(source->path, &from, error));
    if (!pith_place_is_same(&folder, &from))
        return PITH_OK;
    return pith_file_check_kind(
        destination,
        (struct pith_text){PITH_FORMAT_MAGIC, strlen(PITH_FORMAT_MAGIC)},
        "a .pith model", error);
}

static enum pith_status check_destination(const struct pith_source *source,
                                          const char *destination,
                                          struct pith_error *error)
{
    if (pith_path_is_directory(destination))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s: is a folder; give the name of the .pith file to "
                         "write", destination);
    for (const struct pith_source_file *file = source->files; file != NULL;
         file = file->next)
        PITH_TRY(pith_place_check(destination, file->path, error));
    return check_folder(source, destination, error);
}

static enum pith_status find_type(const char *word, enum pith_type *type,
                                  struct pith_error *error)
{
    for (int i = PITH_F32; i <= PITH_Q4; i++)
        if (strcmp(word, pith_type_name((enum pith_type)i)) == 0) {
            *type = (enum pith_type)i;
            return PITH_OK;
        }
    return pith_fail(error, PITH_ERR_ARGUMENT,
                     "dtype \"%s\" is not known; expected f32, f16, bf16, q8 "
                     "or q4", word);
}

enum pith_status pith_convert(const char *source, const char *destination,
                              const struct pith_convert_options *options,
                              struct pith_error *error)
{
    struct pith_convert_options own = {.sizeof_options = sizeof own};
    struct pith_source from = {.path = source};
    enum pith_type dtype = PITH_F32;
    enum pith_status status = PITH_OK;

    PITH_REQUIRE(source, error);
    PITH_REQUIRE(destination, error);
    PITH_TRY(pith_options_copy(&own, sizeof own, options, error));
    from.note = own.note;
    from.user = own.user;
    if (own.dtype != NULL)
        PITH_TRY(find_type(own.dtype, &dtype, error));

    PITH_TRY_DONE(pith_path_is_directory(source)
                      ? pith_huggingface_read(&from, error)
                      : read_file(&from, own.tokenizer, error));
    PITH_TRY_DONE(check_destination(&from, destination, error));
    PITH_TRY_DONE(pith_vocabulary_finish(&from.vocabulary, error));
    status = pith_source_write(&from, destination,
                               own.dtype != NULL ? &dtype : NULL,
                               &own, error);
done:
    pith_source_close(&from);
    return status;
}
