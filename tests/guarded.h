/*
 * guarded.h - memory that ends exactly where it should: the last byte is
 * before a page that cannot be touched; where there are no such pages, before
 * bytes that must not change.
 */
#ifndef PITH_TESTS_GUARDED_H
#define PITH_TESTS_GUARDED_H

#include "support.h"

#if defined(__wasi__) || defined(_WIN32)
#define GUARDED_BY_BYTES
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

/* The floats start on a multiple of 4 bytes and, mostly, of nothing more. */
struct guarded {
    char *mapping;
    size_t mapped;
    float *floats;
    uint8_t *bytes;
};

#ifdef GUARDED_BY_BYTES

enum { GUARD_SIZE = 64, GUARD = 0xA5 };

static inline struct guarded guard(size_t n_bytes)
{
    struct guarded g = {.mapped = n_bytes};
    g.mapping = malloc(n_bytes + GUARD_SIZE);
    ck_assert_ptr_nonnull(g.mapping);
    memset(g.mapping + n_bytes, GUARD, GUARD_SIZE);
    g.bytes = (uint8_t *)g.mapping;
    g.floats = (float *)(void *)g.mapping;
    return g;
}

static inline void release(struct guarded *g)
{
    for (size_t i = 0; i < GUARD_SIZE; i++)
        ck_assert_int_eq((uint8_t)g->mapping[g->mapped + i], GUARD);
    free(g->mapping);
}

#else

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

static inline void release(struct guarded *g)
{
    munmap(g->mapping, g->mapped);
}

#endif

static inline struct guarded guarded_normals(size_t n, uint64_t *seed)
{
    struct guarded g = guard(n * sizeof(float));
    for (size_t i = 0; i < n; i++)
        g.floats[i] = random_normal(seed);
    return g;
}

#endif
