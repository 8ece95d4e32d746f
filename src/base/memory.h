/*
 * memory.h - checked sizes and allocation.
 *
 * Every size that comes from a file or a user goes through these: a product
 * that does not fit in size_t is an error, not a small number.
 */
#ifndef PITH_BASE_MEMORY_H
#define PITH_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/* *out = a * b (a + b); false, with *out = SIZE_MAX, on overflow. */
bool pith_size_mul(size_t a, size_t b, size_t *out);
bool pith_size_add(size_t a, size_t b, size_t *out);

static inline size_t pith_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t pith_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* n elements of size bytes, uninitialised or zeroed; NULL when out of memory
 * or too large.  n = 0 gives a pointer that may be freed.  Release with
 * pith_free(). */
void *pith_array(size_t n, size_t size);
void *pith_array_zero(size_t n, size_t size);

/* Grows or shrinks; on failure the result is NULL and old is untouched. */
void *pith_array_resize(void *old, size_t n, size_t size);

/* Makes room for n elements of size bytes in *array, where `array` is the
 * address of the pointer and *capacity the elements that it has room for.
 * Grows by half at least; on failure both are untouched. */
enum pith_status pith_grow(void *array, size_t n, size_t *capacity, size_t size,
                           struct pith_error *error);

/* The same as pith_array, on a 64-byte boundary (a cache line, a 512-bit
 * vector).  Release with pith_free_aligned(). */
void *pith_array_aligned(size_t n, size_t size);
/* The same, all zero: what is never written to may take no memory. */
void *pith_array_aligned_zero(size_t n, size_t size);
void pith_free_aligned(void *pointer);

#endif
