/*
 * formats.c - which format a source has, told from its bytes.
 */
#include <string.h>

#include "readers.h"
#include "safetensors.h"

/* First bytes of files that people take for models, and what to do. */
static const struct {
    const char *bytes;
    size_t n;
    const char *format; /* NULL: nothing to describe here */
    const char *is;
} other_files[] = {
    {"\x89PTH", 4, NULL, "is a .pith model already; convert from its source"},
    {"PK\x03\x04", 4, "PyTorch", "is a PyTorch (zip) file; save the model as "
     "safetensors and give the folder"},
    {"\x80\x02", 2, "pickle", "is a Python pickle; save the model as "
     "safetensors and give the folder"},
    {"tjgg", 4, "GGJT", "is a GGJT file, older than GGUF; convert it to GGUF "
     "first"},
    {"lmgg", 4, "GGML", "is a GGML file, older than GGUF; convert it to GGUF "
     "first"},
    {"fmgg", 4, "GGMF", "is a GGMF file, older than GGUF; convert it to GGUF "
     "first"},
    {"24ka", 4, "llama2.c", "is a llama2.c export of version 1 or later; "
     "export it with version 0"},
    {"{", 1, "JSON", "is a JSON file; give the folder that holds it"},
};

/* Weights without what they belong to; listed for pith_source_describe(). */
static enum pith_status
read_safetensors(struct pith_source *source,
                 const struct pith_source_file *file, struct pith_error *error)
{
    source->format = "safetensors";
    PITH_TRY(pith_safetensors_read(source, file, error));
    return pith_fail(error, PITH_ERR_ARGUMENT,
                     "%s: safetensors come with config.json and a tokenizer; "
                     "give the folder that holds them", source->path);
}

static enum pith_status read_file(struct pith_source *source,
                                  const char *tokenizer,
                                  struct pith_error *error)
{
    const struct pith_source_file *file;
    size_t length = strlen(source->path);

    PITH_TRY(pith_source_open(source, source->path, &file, error));
    const uint8_t *data = file->file.data;
    size_t size = file->file.size;
    if (size >= 4 && memcmp(data, "GGUF", 4) == 0) {
        source->format = "GGUF";
        return pith_gguf_read(source, error);
    }
    for (size_t i = 0; i < sizeof other_files / sizeof *other_files; i++)
        if (size >= other_files[i].n &&
            memcmp(data, other_files[i].bytes, other_files[i].n) == 0) {
            source->format = other_files[i].format;
            return pith_fail(error, PITH_ERR_UNSUPPORTED, "%s: %s",
                             source->path, other_files[i].is);
        }
    if (length > 12 && strcmp(source->path + length - 12, ".safetensors") == 0)
        return read_safetensors(source, file, error);
    PITH_TRY(pith_llama2c_read(source, tokenizer, error));
    source->format = "llama2.c"; /* which has no mark: it is one if it fits */
    pith_source_set_architecture(source, (struct pith_text){"llama", 5});
    return PITH_OK;
}

enum pith_status pith_source_read(struct pith_source *source,
                                  const char *tokenizer,
                                  struct pith_error *error)
{
    PITH_TRY(pith_path_is_directory(source->path)
                 ? pith_huggingface_read(source, error)
                 : read_file(source, tokenizer, error));
    return pith_vocabulary_finish(&source->vocabulary, error);
}
