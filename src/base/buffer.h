/*
 * buffer.h - growable bytes and growable lists of token ids.
 *
 * Appending cannot be forgotten to be checked: a failed allocation sets
 * `failed`, later appends do nothing, and the owner looks once at the end.
 * {0} is an empty buffer.
 */
#ifndef PITH_BASE_BUFFER_H
#define PITH_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct pith_buffer {
    char *data; /* size bytes, not NUL-terminated until taken */
    size_t size, capacity;
    bool failed;
};

/* Makes room for `more` bytes; false: it failed. */
bool pith_buffer_reserve(struct pith_buffer *buffer, size_t more);

void pith_buffer_append(struct pith_buffer *buffer, const void *bytes,
                        size_t size);
void pith_buffer_byte(struct pith_buffer *buffer, char byte);
void pith_buffer_string(struct pith_buffer *buffer, const char *string);
void pith_buffer_printf(struct pith_buffer *buffer, const char *format, ...)
    PITH_PRINTF(2, 3);
void pith_buffer_free(struct pith_buffer *buffer);

/* What is in it, borrowed. */
struct pith_text pith_buffer_text(const struct pith_buffer *buffer);

/* Hands the bytes over, NUL-terminated, and leaves the buffer empty. */
enum pith_status pith_buffer_take(struct pith_buffer *buffer, char **bytes,
                                  size_t *size, struct pith_error *error);

struct pith_ids {
    int32_t *data;
    size_t n, capacity;
    bool failed;
};

void pith_ids_append(struct pith_ids *ids, int32_t id);
void pith_ids_append_all(struct pith_ids *ids, const int32_t *from, size_t n);
void pith_ids_free(struct pith_ids *ids);

#endif
