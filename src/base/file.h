/*
 * file.h - whole files as bytes.
 */
#ifndef PITH_BASE_FILE_H
#define PITH_BASE_FILE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "error.h"

/* A file's bytes: mapped where the system can, read into memory elsewhere. */
struct pith_file {
    const uint8_t *data; /* size bytes, of any alignment; NULL when empty */
    size_t size;
    bool owned; /* released by pith_file_close */
};

enum pith_status pith_file_open(struct pith_file *file, const char *path,
                                struct pith_error *error);

void pith_file_close(struct pith_file *file);

/* What errno says: "PATH: cannot WHAT: ..." */
static inline enum pith_status pith_file_cannot(struct pith_error *error,
                                                const char *what,
                                                const char *path)
{
    return pith_fail(error, errno == ENOMEM ? PITH_ERR_MEMORY : PITH_ERR_IO,
                     "%s: cannot %s: %s", path, what, strerror(errno));
}

bool pith_path_is_directory(const char *path);

/* Tells the system that these bytes are not needed soon, so that streaming
 * through a large file stays small in memory.  A hint; the bytes stay
 * readable. */
void pith_file_drop(const struct pith_file *file, size_t offset, size_t size);

#endif
