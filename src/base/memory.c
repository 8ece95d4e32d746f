/*
 * memory.c - see memory.h.
 */
#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

bool pith_size_mul(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b) {
        *out = SIZE_MAX;
        return false;
    }
    *out = a * b;
    return true;
}

bool pith_size_add(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b) {
        *out = SIZE_MAX;
        return false;
    }
    *out = a + b;
    return true;
}

void *pith_array(size_t n, size_t size)
{
    size_t bytes;
    if (!pith_size_mul(n, size, &bytes))
        return NULL;
    return malloc(bytes > 0 ? bytes : 1);
}

void *pith_array_zero(size_t n, size_t size)
{
    return n > 0 && size > 0 ? calloc(n, size) : calloc(1, 1);
}

void *pith_array_resize(void *old, size_t n, size_t size)
{
    size_t bytes;
    if (!pith_size_mul(n, size, &bytes))
        return NULL;
    return realloc(old, bytes > 0 ? bytes : 1);
}

enum pith_status pith_grow(void *array, size_t n, size_t *capacity, size_t size,
                           struct pith_error *error)
{
    void *old;
    size_t grown;
    if (n <= *capacity)
        return PITH_OK;
    if (!pith_size_add(*capacity, *capacity / 2 + 32, &grown) || grown < n)
        grown = n;
    memcpy(&old, array, sizeof old);
    void *moved = pith_array_resize(old, grown, size);
    if (moved == NULL)
        return pith_no_memory(error, grown, size);
    memcpy(array, &moved, sizeof moved);
    *capacity = grown;
    return PITH_OK;
}

void *pith_array_aligned(size_t n, size_t size)
{
    size_t bytes;
    if (!pith_size_mul(n, size, &bytes) ||
        !pith_size_add(bytes, ALIGNMENT - 1, &bytes))
        return NULL;
    bytes -= bytes % ALIGNMENT;
    return aligned_alloc(ALIGNMENT, bytes > 0 ? bytes : ALIGNMENT);
}

void pith_free(void *pointer)
{
    free(pointer);
}
