/*
 * file.h - whole files as bytes, and files that appear complete or not at
 * all.
 */
#ifndef PITH_BASE_FILE_H
#define PITH_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* A file's bytes: mapped where the system can, read into memory elsewhere. */
struct pith_file {
    const uint8_t *data; /* size bytes, 64-byte aligned; NULL when empty */
    size_t size;
    bool mapped;
};

enum pith_status pith_file_open(struct pith_file *file, const char *path,
                                struct pith_error *error);
void pith_file_close(struct pith_file *file);

/* Tells the system that these bytes are not needed soon, so that streaming
 * through a large file stays small in memory.  A hint; the bytes stay
 * readable. */
void pith_file_drop(const struct pith_file *file, size_t offset, size_t size);

bool pith_path_is_directory(const char *path);
bool pith_path_exists(const char *path);
/* Whether both names lead to one existing file (links included). */
bool pith_path_is_same(const char *a, const char *b);

/* Writes to PATH.tmp-PID and renames on commit. */
struct pith_writer {
    void *stream; /* FILE, NULL when closed */
    char *path, *temporary;
};

enum pith_status pith_writer_open(struct pith_writer *writer, const char *path,
                                  struct pith_error *error);
enum pith_status pith_writer_write(struct pith_writer *writer,
                                   const void *bytes, size_t n,
                                   struct pith_error *error);
/* Moves back to an offset inside what was written, to complete a header. */
enum pith_status pith_writer_seek(struct pith_writer *writer, uint64_t offset,
                                  struct pith_error *error);
/* Closes and renames; after a failure nothing is left behind. */
enum pith_status pith_writer_commit(struct pith_writer *writer,
                                    struct pith_error *error);
/* Removes the temporary file; does nothing after a commit. */
void pith_writer_abort(struct pith_writer *writer);

#endif
