/*
 * threads.c - see threads.h; threads_none.c is for builds without threads.
 *
 * The caller publishes a job, takes part in it and returns when no task is
 * left and no helper is inside.  It never waits for a helper to arrive: one
 * that the system keeps from running costs nothing but its help.  Whoever has
 * nothing to do spins for SPIN_NS, which bridges the gaps between the layers
 * of a model, and then sleeps until woken.
 */
#ifdef __linux__
#define _GNU_SOURCE /* sched_getaffinity */
#endif

#include "threads.h"

#include "memory.h"
#include "pith.h"

#if PITH_HAVE_THREADS

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

enum {
    MAX_THREADS = 4096,
    SPIN_NS = 50000,
    PAUSES = 32 /* between two looks at the clock */
};

/* The state of a pool in one word, so that a helper enters a job only while
 * it is open: how many helpers are inside, two flags, and the number of the
 * job, by which a helper knows the one that it has left. */
#define INSIDE ((uint32_t)0x1fff)
#define OPEN   ((uint32_t)0x2000)
#define STOP   ((uint32_t)0x4000)
#define JOB    ((uint32_t)0x8000) /* one job; wraps around */

struct helper {
    struct pith_threads *threads;
    pthread_t id;
    int thread;
};

struct pith_threads {
    /* The job, written by the caller while no helper is inside. */
    void (*task)(void *user, size_t index, int thread);
    void *user;
    size_t n_tasks;
    atomic_size_t next; /* task to hand out */

    _Atomic uint32_t state;
    pthread_mutex_t mutex; /* of the two conditions */
    pthread_cond_t work, done;
    atomic_size_t n_asleep; /* helpers that wait for work */
    atomic_bool caller_asleep;

    pid_t process; /* where the helpers run: not in a child of fork() */
    size_t n_helpers, n_started;
    struct helper helpers[];
};

/* --- spinning -------------------------------------------------------------- */

static void pause_processor(void)
{
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Waits until the state is as wanted; false when it was not for SPIN_NS. */
static bool spin(struct pith_threads *threads,
                 bool (*wanted)(uint32_t state, uint32_t job), uint32_t job)
{
    int64_t end = nanoseconds() + SPIN_NS;
    do
        for (int i = 0; i < PAUSES; i++) {
            if (wanted(atomic_load(&threads->state), job))
                return true;
            pause_processor();
        }
    while (nanoseconds() < end);
    return false;
}

/* --- helpers --------------------------------------------------------------- */

static void run_tasks(struct pith_threads *threads, int thread)
{
    size_t index;
    while ((index = atomic_fetch_add(&threads->next, 1)) < threads->n_tasks)
        threads->task(threads->user, index, thread);
}

/* Something to do for a helper that has left the job given. */
static bool is_called(uint32_t state, uint32_t job)
{
    return (state & STOP) != 0 ||
           ((state & OPEN) != 0 && state / JOB != job);
}

static bool is_empty(uint32_t state, uint32_t job)
{
    (void)job;
    return (state & INSIDE) == 0;
}

static void await_call(struct pith_threads *threads, uint32_t job)
{
    if (spin(threads, is_called, job))
        return;
    pthread_mutex_lock(&threads->mutex);
    atomic_fetch_add(&threads->n_asleep, 1);
    while (!is_called(atomic_load(&threads->state), job))
        pthread_cond_wait(&threads->work, &threads->mutex);
    atomic_fetch_sub(&threads->n_asleep, 1);
    pthread_mutex_unlock(&threads->mutex);
}

/* The last one out wakes the caller. */
static void leave(struct pith_threads *threads)
{
    uint32_t left = atomic_fetch_sub(&threads->state, 1) - 1;
    if (is_empty(left, 0) && atomic_load(&threads->caller_asleep)) {
        pthread_mutex_lock(&threads->mutex);
        pthread_cond_signal(&threads->done);
        pthread_mutex_unlock(&threads->mutex);
    }
}

static void *help(void *user)
{
    struct helper *helper = user;
    struct pith_threads *threads = helper->threads;
    uint32_t job = 0, state;
    for (;;) {
        await_call(threads, job);
        state = atomic_load(&threads->state);
        if ((state & STOP) != 0)
            return NULL;
        if (is_called(state, job) &&
            atomic_compare_exchange_strong(&threads->state, &state,
                                           state + 1)) {
            job = state / JOB;
            run_tasks(threads, helper->thread);
            leave(threads);
        }
    }
}

/* --- the pool -------------------------------------------------------------- */

struct pith_threads *pith_threads_create(int n_threads)
{
    struct pith_threads *threads;
    if (n_threads > MAX_THREADS)
        n_threads = MAX_THREADS;
    if (n_threads <= 1)
        return NULL;
    size_t n_helpers = (size_t)n_threads - 1;
    threads = pith_array_zero(
        1, sizeof *threads + n_helpers * sizeof *threads->helpers);
    if (threads != NULL)
        threads->n_helpers = n_helpers;
    return threads;
}

static void create_helpers(struct pith_threads *threads)
{
    for (size_t i = 0; i < threads->n_helpers; i++) {
        struct helper *helper = &threads->helpers[i];
        helper->threads = threads;
        helper->thread = (int)i + 1;
        if (pthread_create(&helper->id, NULL, help, helper) != 0)
            break;
        threads->n_started++;
    }
}

#ifdef _WIN32

static void create_helpers_without_signals(struct pith_threads *threads)
{
    create_helpers(threads); /* threads have no signals there */
}

#else

/* Signals of the process are for threads of the program; what an instruction
 * of a helper's own raises is not held back. */
static void create_helpers_without_signals(struct pith_threads *threads)
{
    sigset_t before, blocked;
    sigfillset(&blocked);
    sigdelset(&blocked, SIGSEGV);
    sigdelset(&blocked, SIGBUS);
    sigdelset(&blocked, SIGFPE);
    sigdelset(&blocked, SIGILL);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    create_helpers(threads);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

#endif

/* Starts the helpers, or those that a child of fork() is without. */
static void start(struct pith_threads *threads)
{
    threads->process = getpid();
    threads->n_started = 0;
    atomic_store(&threads->state, 0);
    atomic_store(&threads->n_asleep, 0);
    atomic_store(&threads->caller_asleep, false);
    if (pthread_mutex_init(&threads->mutex, NULL) != 0 ||
        pthread_cond_init(&threads->work, NULL) != 0 ||
        pthread_cond_init(&threads->done, NULL) != 0)
        return;
    create_helpers_without_signals(threads);
}

static void wake_helpers(struct pith_threads *threads)
{
    if (atomic_load(&threads->n_asleep) == 0)
        return;
    pthread_mutex_lock(&threads->mutex);
    pthread_mutex_unlock(&threads->mutex);
    pthread_cond_broadcast(&threads->work);
}

void pith_threads_free(struct pith_threads *threads)
{
    if (threads == NULL)
        return;
    if (threads->n_started > 0 && threads->process == getpid()) {
        atomic_fetch_or(&threads->state, STOP);
        wake_helpers(threads);
        for (size_t i = 0; i < threads->n_started; i++)
            pthread_join(threads->helpers[i].id, NULL);
        pthread_cond_destroy(&threads->done);
        pthread_cond_destroy(&threads->work);
        pthread_mutex_destroy(&threads->mutex);
    }
    pith_free(threads);
}

/* No helper enters any more; those inside finish their tasks. */
static void close_job(struct pith_threads *threads)
{
    atomic_fetch_and(&threads->state, ~OPEN);
    if (spin(threads, is_empty, 0))
        return;
    pthread_mutex_lock(&threads->mutex);
    atomic_store(&threads->caller_asleep, true);
    while (!is_empty(atomic_load(&threads->state), 0))
        pthread_cond_wait(&threads->done, &threads->mutex);
    atomic_store(&threads->caller_asleep, false);
    pthread_mutex_unlock(&threads->mutex);
}

void pith_parallel_for(struct pith_threads *threads, size_t n_tasks,
                       void (*task)(void *user, size_t index, int thread),
                       void *user)
{
    if (threads != NULL && n_tasks > 1 && threads->process != getpid())
        start(threads);
    if (threads == NULL || n_tasks <= 1 || threads->n_started == 0) {
        for (size_t i = 0; i < n_tasks; i++)
            task(user, i, 0);
        return;
    }
    threads->task = task;
    threads->user = user;
    threads->n_tasks = n_tasks;
    atomic_store(&threads->next, 0);
    atomic_fetch_add(&threads->state, JOB | OPEN); /* it was not open */
    wake_helpers(threads);
    run_tasks(threads, 0);
    close_job(threads);
}

int pith_processors(void)
{
    long n;
#ifdef CPU_COUNT
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        return CPU_COUNT(&allowed);
#endif
#ifdef _WIN32
    n = pthread_num_processors_np();
#else
    n = sysconf(_SC_NPROCESSORS_ONLN);
#endif
    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (int)n;
}

#endif
