/*
 * model_file.h - models from the file system.
 */
#ifndef PITH_MODEL_MODEL_FILE_H
#define PITH_MODEL_MODEL_FILE_H

#include "format.h"

/* pith_format_open_bytes() of a file, which stays open with the format. */
enum pith_status pith_format_open(struct pith_format *format, const char *path,
                                  struct pith_error *error);

/* Reads the weights and compares their checksum with that stored. */
enum pith_status pith_format_verify(const struct pith_format *format,
                                    struct pith_error *error);

/* pith_format_close(), and of the file. */
void pith_format_close_file(struct pith_format *format);

#endif
