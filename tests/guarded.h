/*
 * guarded.h - memory that ends exactly where it should: the last byte is
 * before a page that cannot be touched.
 */
#ifndef PITH_TESTS_GUARDED_H
#define PITH_TESTS_GUARDED_H

#include <sys/mman.h>
#include <unistd.h>

#include "support.h"

/* The floats start on a multiple of 4 bytes and, mostly, of nothing more. */
struct guarded {
    char *mapping;
    size_t mapped;
    float *floats;
    uint8_t *bytes;
};

static inline struct guarded guard(size_t n_bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t inner = (n_bytes + page) / page * page;
    struct guarded g;
    g.mapped = inner + page;
    g.mapping = mmap(NULL, g.mapped, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(g.mapping != MAP_FAILED);
    ck_assert_int_eq(mprotect(g.mapping + inner, page, PROT_NONE), 0);
    g.bytes = (uint8_t *)g.mapping + inner - n_bytes;
    g.floats = (float *)(void *)(g.mapping + inner - n_bytes / 4 * 4);
    return g;
}

static inline struct guarded guarded_normals(size_t n, uint64_t *seed)
{
    struct guarded g = guard(n * sizeof(float));
    for (size_t i = 0; i < n; i++)
        g.floats[i] = random_normal(seed);
    return g;
}

static inline void release(struct guarded *g)
{
    munmap(g->mapping, g->mapped);
}

#endif
