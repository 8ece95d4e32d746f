/*
 * format_writer.h - writing a .pith model file (docs/FORMAT.md) as a stream.
 */
#ifndef PITH_MODEL_FORMAT_WRITER_H
#define PITH_MODEL_FORMAT_WRITER_H

#include "format.h"

/* What a file will hold is declared first; then each tensor's
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
