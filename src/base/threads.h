/*
 * threads.h - the one place where work is spread over threads.
 *
 * Work is cut into tasks that write to disjoint places; which thread runs a
 * task, and how many threads there are, cannot change a result.  A pool
 * belongs to the caller, so there is no global state.
 */
#ifndef PITH_BASE_THREADS_H
#define PITH_BASE_THREADS_H

#include <stddef.h>

/* Builds without threads: PITH_NO_THREADS, or a system that has none. */
#if defined __has_include && !defined __STDC_NO_ATOMICS__ && \
    !defined PITH_NO_THREADS
#if __has_include(<pthread.h>) && __has_include(<stdatomic.h>)
#define PITH_HAVE_THREADS 1
#endif
#endif
#ifndef PITH_HAVE_THREADS
#define PITH_HAVE_THREADS 0
#endif

/* The thread that calls and others that help it.  Used by one caller at a
 * time. */
struct pith_threads;

/* A pool of n_threads, the caller's included; free with pith_threads_free().
 * NULL, which stands for the caller alone, when n_threads is 1, in builds
 * without threads and when memory is short.  The threads start with the first
 * work; as many as the system allows. */
struct pith_threads *pith_threads_create(int n_threads);
void pith_threads_free(struct pith_threads *threads);

/* Runs task(user, index, thread) for index 0 .. n_tasks-1 and returns when all
 * are done; 0 <= thread < n_threads tells apart what runs at the same time,
 * for scratch memory. */
void pith_parallel_for(struct pith_threads *threads, size_t n_tasks,
                       void (*task)(void *user, size_t index, int thread),
                       void *user);

#endif
