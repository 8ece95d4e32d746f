/*
 * format.h - the .pith model file (docs/FORMAT.md): reading it with every
 * bound checked, and writing it as a stream.
 */
#ifndef PITH_MODEL_FORMAT_H
#define PITH_MODEL_FORMAT_H

#include "../base/file.h"
#include "../kernels/tensor.h"
#include "config.h"

/* A tensor of an open file. */
struct pith_format_tensor {
    const char *name; /* borrowed */
    struct pith_tensor view;
    uint64_t offset, bytes;
};

/* An open file: its bytes and what its metadata say. */
struct pith_format {
    struct pith_file file;
    char *path;
    char *model_name;
    struct pith_config config;
    struct pith_format_tensor *tensors; /* in the order of config.h */
    size_t n_tensors;
    const uint8_t *tokenizer; /* section, borrowed from file */
    size_t tokenizer_size;
    uint32_t weights_crc32; /* as stored */
};

/* Opens and checks magic, version, metadata checksum, every size and that
 * the tensors are those of the config. */
enum pith_status pith_format_open(struct pith_format *format, const char *path,
                                  struct pith_error *error);
/* The same of a file in memory, borrowed; name is for messages. */
enum pith_status pith_format_open_bytes(struct pith_format *format,
                                        const char *name, const void *bytes,
                                        size_t size, struct pith_error *error);
enum pith_status pith_format_verify(const struct pith_format *format,
                                    struct pith_error *error);
void pith_format_close(struct pith_format *format);

/* Writing.  What a file will hold is declared first; then each tensor's
 * rows are given in the order of config.h, as many rows at a time as one
 * likes. */
struct pith_format_plan {
    struct pith_config config;
    const char *model_name;      /* borrowed */
    const uint8_t *tokenizer;    /* section, borrowed */
    size_t tokenizer_size;
    const enum pith_type *types; /* of each tensor, borrowed */
};

struct pith_format_writer;

enum pith_status pith_format_begin(struct pith_format_writer **writer,
                                   const char *path,
                                   const struct pith_format_plan *plan,
                                   struct pith_error *error);
/* n_bytes of the current tensor, already in its type. */
enum pith_status pith_format_append(struct pith_format_writer *writer,
                                    const void *bytes, size_t n_bytes,
                                    struct pith_error *error);
/* Completes the header: the file is whole, except for its name.
 *   path  where it can be read; borrowed; NULL: nowhere, as with a pipe */
enum pith_status pith_format_complete(struct pith_format_writer *writer,
                                      const char **path,
                                      struct pith_error *error);
/* Completes the header and renames; frees the writer whatever happens. */
enum pith_status pith_format_finish(struct pith_format_writer *writer,
                                    struct pith_error *error);
/* Removes what was written; accepts NULL. */
void pith_format_abort(struct pith_format_writer *writer);

#endif
