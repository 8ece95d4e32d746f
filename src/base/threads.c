/*
 * threads.c - see threads.h.
 */
#include "threads.h"

#ifdef _OPENMP
#include <omp.h>

void pith_parallel_for(int n_threads, size_t n_tasks,
                       void (*task)(void *user, size_t index, int thread),
                       void *user)
{
    if (n_threads <= 1 || n_tasks <= 1) {
        for (size_t i = 0; i < n_tasks; i++)
            task(user, i, 0);
        return;
    }
#pragma omp parallel for num_threads(n_threads) schedule(dynamic, 1)
    for (size_t i = 0; i < n_tasks; i++)
        task(user, i, omp_get_thread_num());
}

int pith_threads_available(void)
{
    return omp_get_max_threads();
}

#else

void pith_parallel_for(int n_threads, size_t n_tasks,
                       void (*task)(void *user, size_t index, int thread),
                       void *user)
{
    (void)n_threads;
    for (size_t i = 0; i < n_tasks; i++)
        task(user, i, 0);
}

int pith_threads_available(void)
{
    return 1;
}

#endif
