/*
 * gunzip.h - what is in a file of gzip (RFC 1952), for data sets that come in
 * one.
 */
#ifndef PITH_EVAL_GUNZIP_H
#define PITH_EVAL_GUNZIP_H

#include <stdint.h>

#include "../base/buffer.h"
#include "../base/error.h"

bool pith_is_gzip(const uint8_t *data, size_t size);

/* Appends the members of a file to out.
 *   name  of the file, for errors
 * Errors: FORMAT (damaged, cut off, another method than deflate), MEMORY. */
enum pith_status pith_gunzip(const uint8_t *data, size_t size,
                             const char *name, struct pith_buffer *out,
                             struct pith_error *error);

#endif
