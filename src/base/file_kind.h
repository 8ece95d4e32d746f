/*
 * file_kind.h - what is in a file, by its first bytes.
 */
#ifndef PITH_BASE_FILE_KIND_H
#define PITH_BASE_FILE_KIND_H

#include "file.h"

/* pith_file_open() for a text: *text is what is in it, without a byte-order
 * mark.
 * Errors: also FORMAT, when it is in UTF-16. */
enum pith_status pith_file_open_text(struct pith_file *file,
                                     struct pith_text *text, const char *path,
                                     struct pith_error *error);

/* Whether the file, if there is one and it is not empty, starts with these
 * bytes, so that it may be replaced or added to; a FORMAT error says that it
 * is not `what`.  Devices and pipes hold nothing. */
enum pith_status pith_file_check_kind(const char *path, struct pith_text head,
                                      const char *what,
                                      struct pith_error *error);

#endif
