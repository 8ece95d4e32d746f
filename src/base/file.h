/*
 * file.h - whole files as bytes.
 */
#ifndef PITH_BASE_FILE_H
#define PITH_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* A file's bytes: mapped where the system can, read into memory elsewhere, or
 * borrowed from who has them already. */
struct pith_file {
    const uint8_t *data; /* size bytes, of any alignment; NULL when empty */
    size_t size;
    bool owned; /* released by pith_file_close */
};

enum pith_status pith_file_open(struct pith_file *file, const char *path,
                                struct pith_error *error);
/* The same for a text: *text is what is in it, without a byte-order mark.
 * Errors: also FORMAT, when it is in UTF-16. */
enum pith_status pith_file_open_text(struct pith_file *file,
                                     struct pith_text *text, const char *path,
                                     struct pith_error *error);
void pith_file_close(struct pith_file *file);

bool pith_path_is_directory(const char *path);

/* Whether the file, if there is one and it is not empty, starts with these
 * bytes, so that it may be replaced or added to; a FORMAT error says that it
 * is not `what`.  Devices and pipes hold nothing. */
enum pith_status pith_file_check_kind(const char *path, struct pith_text head,
                                      const char *what,
                                      struct pith_error *error);

/* Tells the system that these bytes are not needed soon, so that streaming
 * through a large file stays small in memory.  A hint; the bytes stay
 * readable. */
void pith_file_drop(const struct pith_file *file, size_t offset, size_t size);

#endif
