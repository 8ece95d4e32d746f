/*
 * buffer.c - see buffer.h.
 */
#include "buffer.h"

#include <string.h>

#include "memory.h"

bool pith_buffer_reserve(struct pith_buffer *buffer, size_t more)
{
    size_t need;
    buffer->failed = buffer->failed ||
                     !pith_size_add(buffer->size, more, &need) ||
                     pith_grow(&buffer->data, need, &buffer->capacity, 1,
                               NULL) != PITH_OK;
    return !buffer->failed;
}

void pith_buffer_append(struct pith_buffer *buffer, const void *bytes,
                        size_t size)
{
    if (size == 0 || !pith_buffer_reserve(buffer, size))
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

void pith_buffer_free(struct pith_buffer *buffer)
{
    pith_free(buffer->data);
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
    size_t need;
    if (n == 0)
        return;
    ids->failed = ids->failed || !pith_size_add(ids->n, n, &need) ||
                  pith_grow(&ids->data, need, &ids->capacity, sizeof *from,
                            NULL) != PITH_OK;
    if (ids->failed)
        return;
    memcpy(ids->data + ids->n, from, n * sizeof *from);
    ids->n += n;
}

void pith_ids_free(struct pith_ids *ids)
{
    pith_free(ids->data);
    *ids = (struct pith_ids){0};
}
