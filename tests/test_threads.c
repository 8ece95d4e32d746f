/*
 * test_threads.c - the pool of threads: every task once, threads that arrive
 * late or not at all, children of fork().  The Makefile links this program
 * with --wrap=pthread_create.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../src/base/threads.h"
#include "../src/kernels/ops.h"
#include "support.h"

/* ThreadSanitizer loses count of them there. */
#if defined __has_feature
#if __has_feature(thread_sanitizer)
#define NO_THREADS_AFTER_FORK 1
#endif
#elif defined __SANITIZE_THREAD__
#define NO_THREADS_AFTER_FORK 1
#endif

enum { N_TASKS = 1000, MAX_THREADS = 5 };

static int n_allowed = INT_MAX; /* threads that can still be created */

int __real_pthread_create(pthread_t *id, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *user);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *user);

int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *user)
{
    if (n_allowed-- <= 0) {
        memset(id, 0xff, sizeof *id); /* nothing that can be joined */
        return EAGAIN;
    }
    return __real_pthread_create(id, attributes, start, user);
}

/* What tasks do to `counts`; `busy` tells that no two run as one thread. */
struct tally {
    int counts[N_TASKS];
    atomic_flag busy[MAX_THREADS];
    atomic_int n_wrong, n_done;
};

static void count_task(void *user, size_t index, int thread)
{
    struct tally *tally = user;
    if (thread < 0 || thread >= MAX_THREADS ||
        atomic_flag_test_and_set(&tally->busy[thread])) {
        atomic_fetch_add(&tally->n_wrong, 1);
        return;
    }
    tally->counts[index]++;
    atomic_flag_clear(&tally->busy[thread]);
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
}

/* Jobs of every size, some after the helpers have gone to sleep. */
static bool all_run_once(struct pith_threads *threads)
{
    struct tally tally = {.n_wrong = 0};
    int expected[N_TASKS] = {0};
    for (size_t n = 0; n <= N_TASKS; n = n * 2 + (n < 4)) {
        pith_parallel_for(threads, n, count_task, &tally);
        for (size_t i = 0; i < n; i++)
            expected[i]++;
        if (n % 16 == 0)
            nap();
    }
    return tally.n_wrong == 0 &&
           memcmp(tally.counts, expected, sizeof expected) == 0;
}

START_TEST(every_task_runs_once)
{
    for (int n_threads = 0; n_threads <= MAX_THREADS; n_threads++) {
        struct pith_threads *threads = pith_threads_create(n_threads);
        ck_assert(n_threads > 1 || threads == NULL);
        for (int i = 0; i < 10; i++)
            ck_assert(all_run_once(threads));
        pith_threads_free(threads);
    }
    pith_threads_free(pith_threads_create(3)); /* never started */
}
END_TEST

START_TEST(threads_that_cannot_be_created_are_done_without)
{
    for (int allowed = 0; allowed < MAX_THREADS; allowed++) {
        struct pith_threads *threads = pith_threads_create(MAX_THREADS);
        n_allowed = allowed;
        ck_assert(all_run_once(threads));
        pith_threads_free(threads);
    }
    n_allowed = INT_MAX;
}
END_TEST

/* Task 0 ends when all others have. */
static void wait_for_others(void *user, size_t index, int thread)
{
    struct tally *tally = user;
    (void)thread;
    while (index == 0 && atomic_load(&tally->n_done) < N_TASKS - 1)
        sched_yield();
    atomic_fetch_add(&tally->n_done, 1);
}

/* Every task ends when another one has begun. */
static void meet(void *user, size_t index, int thread)
{
    struct tally *tally = user;
    (void)index;
    (void)thread;
    atomic_fetch_add(&tally->n_done, 1);
    while (atomic_load(&tally->n_done) < 2)
        sched_yield();
}

START_TEST(a_thread_that_is_held_up_holds_up_nobody)
{
    struct pith_threads *threads = pith_threads_create(2);
    for (int i = 0; i < 100 && threads != NULL; i++) {
        struct tally tally = {.n_done = 0};
        pith_parallel_for(threads, N_TASKS, wait_for_others, &tally);
        ck_assert_int_eq(tally.n_done, N_TASKS);
    }
    pith_threads_free(threads);
}
END_TEST

START_TEST(helpers_that_sleep_are_woken)
{
    struct pith_threads *threads = pith_threads_create(2);
    for (int i = 0; i < 1000 && threads != NULL; i++) {
        struct tally tally = {.n_done = 0};
        pith_parallel_for(threads, 2, meet, &tally);
        if (i % 2 == 0)
            nap();
    }
    pith_threads_free(threads);
}
END_TEST

#ifndef NO_THREADS_AFTER_FORK
/* A child of fork() has none of its parent's threads. */
START_TEST(a_child_starts_threads_of_its_own)
{
    struct pith_threads *threads = pith_threads_create(3);
    for (int i = 0; i < 50; i++) {
        struct tally tally = {.n_done = 0};
        int status;
        pith_parallel_for(threads, N_TASKS, count_task, &tally);
        pid_t child = fork();
        if (child == 0) {
            bool right = i % 2 == 0 || all_run_once(threads);
            if (threads != NULL && i % 2 != 0)
                pith_parallel_for(threads, 2, meet, &tally);
            pith_threads_free(threads);
            _exit(right ? 0 : 1);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
    }
    ck_assert(all_run_once(threads));
    pith_threads_free(threads);
}
END_TEST
#endif

START_TEST(threads_are_bounded_by_the_processors)
{
    int n = pith_processors();
    ck_assert_int_ge(n, 1);
    ck_assert_int_eq(pith_compute_threads(0), n);
    ck_assert_int_eq(pith_compute_threads(1), 1);
    ck_assert_int_eq(pith_compute_threads(n + 1), n);
    ck_assert_int_eq(pith_compute_threads(1000000), n);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("threads");
    TCase *tcase = tcase_create("threads");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, every_task_runs_once);
    tcase_add_test(tcase, threads_that_cannot_be_created_are_done_without);
    tcase_add_test(tcase, a_thread_that_is_held_up_holds_up_nobody);
    tcase_add_test(tcase, helpers_that_sleep_are_woken);
#ifndef NO_THREADS_AFTER_FORK
    tcase_add_test(tcase, a_child_starts_threads_of_its_own);
#endif
    tcase_add_test(tcase, threads_are_bounded_by_the_processors);
    suite_add_tcase(suite, tcase);
    return suite;
}
