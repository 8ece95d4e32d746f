/*
 * format.h - the .pith model file (docs/FORMAT.md): reading it with every
 * bound checked.
 */
#ifndef PITH_MODEL_FORMAT_H
#define PITH_MODEL_FORMAT_H

#include "../kernels/tensor.h"
#include "config.h"

/* A tensor of an open file. */
struct pith_format_tensor {
    const char *name; /* borrowed */
    struct pith_tensor view;
    uint64_t offset, bytes;
};

/* A file in memory: its bytes and what its metadata say. */
struct pith_format {
    const uint8_t *data; /* size bytes, of any alignment, borrowed */
    size_t size;
    struct pith_file *file; /* that they are of (model_file.h); or NULL */
    char *path;
    char *model_name;
    struct pith_config config;
    struct pith_format_tensor *tensors; /* in the order of config.h */
    size_t n_tensors;
    const uint8_t *tokenizer; /* section, borrowed from file */
    size_t tokenizer_size;
    uint32_t weights_crc32; /* as stored */
};

/* Checks magic, version, metadata checksum, every size and that the tensors
 * are those of the config.  name: for messages. */
enum pith_status pith_format_open_bytes(struct pith_format *format,
                                        const char *name, const void *bytes,
                                        size_t size, struct pith_error *error);
void pith_format_close(struct pith_format *format);

#endif
