/*
 * memory.c - see memory.h.
 */
#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

/* Set before there is anything to allocate; all NULL: the C library's. */
static struct pith_allocator custom;

enum pith_status pith_set_allocator(const struct pith_allocator *allocator,
                                    struct pith_error *error)
{
    if (allocator != NULL &&
        (allocator->allocate == NULL || allocator->resize == NULL ||
         allocator->release == NULL))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "an allocator needs allocate, resize and release; "
                         "one of them is NULL");
    custom = allocator != NULL ? *allocator : (struct pith_allocator){0};
    return PITH_OK;
}

static void *allocate(size_t bytes)
{
    return custom.allocate != NULL ? custom.allocate(custom.user, bytes)
                                   : malloc(bytes);
}

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
    return allocate(bytes > 0 ? bytes : 1);
}

void *pith_array_zero(size_t n, size_t size)
{
    if (custom.allocate == NULL)
        return n > 0 && size > 0 ? calloc(n, size) : calloc(1, 1);
    void *made = pith_array(n, size);
    return made != NULL ? memset(made, 0, n * size) : NULL;
}

void *pith_array_resize(void *old, size_t n, size_t size)
{
    size_t bytes;
    if (!pith_size_mul(n, size, &bytes))
        return NULL;
    bytes += bytes == 0;
    if (custom.allocate == NULL)
        return realloc(old, bytes);
    return old != NULL ? custom.resize(custom.user, old, bytes)
                       : allocate(bytes);
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

/* What was allocated precedes what is handed over. */
static bool aligned_bytes(size_t n, size_t size, size_t *bytes)
{
    return pith_size_mul(n, size, bytes) &&
           pith_size_add(*bytes, sizeof(char *) + ALIGNMENT - 1, bytes);
}

static void *align(char *start)
{
    if (start == NULL)
        return NULL;
    char *made = start + sizeof start;
    made += (ALIGNMENT - (uintptr_t)made % ALIGNMENT) % ALIGNMENT;
    memcpy(made - sizeof start, &start, sizeof start);
    return made;
}

void *pith_array_aligned(size_t n, size_t size)
{
    size_t bytes;
    return aligned_bytes(n, size, &bytes) ? align(allocate(bytes)) : NULL;
}

void *pith_array_aligned_zero(size_t n, size_t size)
{
    size_t bytes;
    return aligned_bytes(n, size, &bytes) ? align(pith_array_zero(1, bytes))
                                          : NULL;
}

void pith_free_aligned(void *pointer)
{
    char *start;
    if (pointer == NULL)
        return;
    memcpy(&start, (char *)pointer - sizeof start, sizeof start);
    pith_free(start);
}

void pith_free(void *pointer)
{
    if (custom.release == NULL)
        free(pointer);
    else if (pointer != NULL)
        custom.release(custom.user, pointer);
}
