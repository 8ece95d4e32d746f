/*
 * buffer.c - see buffer.h.
 */
#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decimal.h"
#include "memory.h"

/* Makes room for `more` elements of `size` bytes after the first n. */
static bool reserve(void **data, size_t *capacity, size_t n, size_t more,
                    size_t size)
{
    size_t need, grown;
    if (!pith_size_add(n, more, &need))
        return false;
    if (need <= *capacity)
        return true;
    if (!pith_size_add(*capacity, *capacity / 2 + 32, &grown) || grown < need)
        grown = need;
    void *moved = pith_array_resize(*data, grown, size);
    if (moved == NULL)
        return false;
    *data = moved;
    *capacity = grown;
    return true;
}

static bool buffer_reserve(struct pith_buffer *buffer, size_t more)
{
    void *data = buffer->data;
    if (buffer->failed ||
        !reserve(&data, &buffer->capacity, buffer->size, more, 1)) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    return true;
}

void pith_buffer_append(struct pith_buffer *buffer, const void *bytes,
                        size_t size)
{
    if (size == 0 || !buffer_reserve(buffer, size))
        return;
    memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
}

void pith_buffer_byte(struct pith_buffer *buffer, char byte)
{
    pith_buffer_append(buffer, &byte, 1);
}

void pith_buffer_string(struct pith_buffer *buffer, const char *string)
{
    pith_buffer_append(buffer, string, strlen(string));
}

void pith_buffer_printf(struct pith_buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int n = pith_format(NULL, 0, format, arguments);
    va_end(arguments);
    if (n < 0) {
        buffer->failed = true;
    } else if (buffer_reserve(buffer, (size_t)n + 1)) {
        pith_format(buffer->data + buffer->size, (size_t)n + 1, format, again);
        buffer->size += (size_t)n;
    }
    va_end(again);
}

void pith_buffer_free(struct pith_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct pith_buffer){0};
}

struct pith_text pith_buffer_text(const struct pith_buffer *buffer)
{
    return (struct pith_text){buffer->data, buffer->size};
}

enum pith_status pith_buffer_take(struct pith_buffer *buffer, char **bytes,
                                  size_t *size, struct pith_error *error)
{
    size_t n = buffer->size;
    pith_buffer_byte(buffer, '\0');
    if (buffer->failed) {
        pith_buffer_free(buffer);
        *bytes = NULL;
        return pith_no_memory(error, n, 1);
    }
    *bytes = buffer->data;
    if (size != NULL)
        *size = n;
    *buffer = (struct pith_buffer){0};
    return PITH_OK;
}

void pith_ids_append(struct pith_ids *ids, int32_t id)
{
    pith_ids_append_all(ids, &id, 1);
}

void pith_ids_append_all(struct pith_ids *ids, const int32_t *from, size_t n)
{
    void *data = ids->data;
    if (n == 0)
        return;
    if (ids->failed ||
        !reserve(&data, &ids->capacity, ids->n, n, sizeof *from)) {
        ids->failed = true;
        return;
    }
    ids->data = data;
    memcpy(ids->data + ids->n, from, n * sizeof *from);
    ids->n += n;
}

void pith_ids_free(struct pith_ids *ids)
{
    free(ids->data);
    *ids = (struct pith_ids){0};
}
