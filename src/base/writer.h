/*
 * writer.h - what the library's own files need of a writer besides
 * pith_files.h: bytes with a status, and going back to complete a header.
 */
#ifndef PITH_BASE_WRITER_H
#define PITH_BASE_WRITER_H

#include "error.h"
#include "pith_files.h"

/* As pith_writer_open; a pipe gets its bytes on commit, as nobody can go back
 * in it. */
enum pith_status pith_writer_open_seekable(struct pith_writer *writer,
                                           const char *path,
                                           struct pith_error *error);
enum pith_status pith_writer_write(struct pith_writer *writer,
                                   const void *bytes, size_t n,
                                   struct pith_error *error);
/* Moves back to an offset inside what was written. */
enum pith_status pith_writer_seek(struct pith_writer *writer, uint64_t offset,
                                  struct pith_error *error);

/* Hands what was written to the system, so that others can read it. */
enum pith_status pith_writer_flush(struct pith_writer *writer,
                                   struct pith_error *error);

#endif
