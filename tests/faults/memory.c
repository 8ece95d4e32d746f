/*
 * memory.c - a library to preload: the Nth allocation of a program fails, of
 * its own and of the C library's.
 *
 *   PITH_FAIL_AT     N; 0 or not set: none
 *   PITH_FAIL_COUNT  file that gets the number of allocations at the end
 */
#define _GNU_SOURCE

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_long counted;
static long fail_at = -1;
static bool counts; /* main is about to be entered */

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("PITH_FAIL_AT");
    fail_at = at != NULL ? strtol(at, NULL, 10) : 0;
    unsetenv("LD_PRELOAD"); /* programs that it starts have theirs */
    counts = true;
}

/* What comes after the handlers of exit() is not the program's: gcov, say. */
static void stop(void)
{
    counts = false;
}

static bool fails(void)
{
    if (!counts)
        return false;
    long n = atomic_fetch_add(&counted, 1) + 1;
    if (n == 1)
        atexit(stop);
    if (n != fail_at)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *made = fails() ? NULL : __libc_memalign(alignment, size);
    if (made == NULL)
        return ENOMEM;
    *out = made;
    return 0;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("PITH_FAIL_COUNT");
    stop();
    FILE *out = path != NULL ? fopen(path, "w") : NULL;
    if (out == NULL)
        return;
    fprintf(out, "%ld\n", atomic_load(&counted));
    fclose(out);
}
