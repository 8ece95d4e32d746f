/*
 * prefetch.h - memory brought into the cache while other work continues.
 *
 * A tile of a product runs for thousands of cycles out of the cache and
 * leaves the memory idle; a few lines that are needed next are asked for
 * before each tile.  Many at once would stall it.  Only ever a hint.
 */
#ifndef PITH_KERNELS_PREFETCH_H
#define PITH_KERNELS_PREFETCH_H

#include <stddef.h>
#include <stdint.h>

enum { PITH_CACHE_LINE = 64 };

static inline void pith_prefetch(const void *address)
{
#if defined(__GNUC__)
    __builtin_prefetch(address, 0, 2); /* the second-level cache */
#else
    (void)address;
#endif
}

/* A rectangle of memory, and how far it has been asked for. */
struct pith_prefetch_region {
    const uint8_t *bytes;
    size_t stride; /* from one row to the next */
    size_t n_rows, row_bytes;
    size_t row, offset; /* the next line to ask for */
};

/* Asks for the next n_lines. */
static inline void pith_prefetch_lines(struct pith_prefetch_region *region,
                                       size_t n_lines)
{
    for (size_t i = 0; i < n_lines && region->row < region->n_rows; i++) {
        pith_prefetch(region->bytes + region->row * region->stride +
                      region->offset);
        region->offset += PITH_CACHE_LINE;
        if (region->offset >= region->row_bytes) {
            region->offset = 0;
            region->row++;
        }
    }
}

/* How many lines a call has to ask for so that n_calls ask for all. */
static inline size_t
pith_prefetch_share(const struct pith_prefetch_region *region, size_t n_calls)
{
    size_t row_lines = region->row_bytes / PITH_CACHE_LINE + 1;
    return n_calls > 0 ? region->n_rows * row_lines / n_calls + 1 : 0;
}

#endif
