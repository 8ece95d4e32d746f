/*
 * threads_none.c - see threads.h.  The caller alone, in builds without threads.
 */
#include "threads.h"

#if !PITH_HAVE_THREADS

#include "pith.h"

int pith_processors(void)
{
    return 1;
}

struct pith_threads *pith_threads_create(int n_threads)
{
    (void)n_threads;
    return NULL;
}

void pith_threads_free(struct pith_threads *threads)
{
    (void)threads;
}

void pith_parallel_for(struct pith_threads *threads, size_t n_tasks,
                       void (*task)(void *user, size_t index, int thread),
                       void *user)
{
    (void)threads;
    for (size_t i = 0; i < n_tasks; i++)
        task(user, i, 0);
}

#endif
