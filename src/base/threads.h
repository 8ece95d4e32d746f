/*
 * threads.h - the one place where work is spread over threads.
 *
 * Work is cut into tasks that write to disjoint places; which thread runs a
 * task, and how many threads there are, cannot change a result.  With OpenMP
 * the tasks run in parallel, without it one after the other.
 */
#ifndef PITH_BASE_THREADS_H
#define PITH_BASE_THREADS_H

#include <stddef.h>

/* Runs task(user, index, thread) for index 0 .. n_tasks-1 on at most
 * n_threads threads; 0 <= thread < n_threads tells apart what runs at the
 * same time, for scratch memory. */
void pith_parallel_for(int n_threads, size_t n_tasks,
                       void (*task)(void *user, size_t index, int thread),
                       void *user);

/* Threads worth starting here: 1 without OpenMP. */
int pith_threads_available(void);

#endif
