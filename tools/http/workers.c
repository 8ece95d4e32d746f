/*
 * workers.c - see workers.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "workers.h"

#include <stdlib.h>
#include <string.h>

/* A job whose time is over is stopped at the next pass of the model. */
static int is_late(void *user, const char *stage, size_t done, size_t total)
{
    const struct worker *worker = user;
    (void)stage, (void)done, (void)total;
    return worker->deadline > 0 && tool_seconds() > worker->deadline;
}

/* The next job; NULL when there is none any more. */
static struct job *take(struct workers *workers, bool was_busy)
{
    pthread_mutex_lock(&workers->lock);
    workers->n_busy -= was_busy;
    while (workers->first == NULL && !workers->ending)
        pthread_cond_wait(&workers->more, &workers->lock);
    struct job *job = workers->first;
    if (job != NULL) {
        workers->first = job->next;
        if (job->next == NULL)
            workers->last = NULL;
        workers->n_waiting--;
        workers->n_busy++;
    }
    pthread_mutex_unlock(&workers->lock);
    return job;
}

static void *run(void *given)
{
    struct worker *worker = given;
    struct workers *workers = worker->all;
    struct job *job = take(workers, false);
    while (job != NULL) {
        worker->deadline = job->deadline;
        workers->work(workers->user, worker->session, job);
        job = take(workers, true);
    }
    return NULL;
}

static int start_one(struct worker *worker, const struct pith_model *model,
                     const struct model_options *options)
{
    struct pith_error error;
    worker->progress = (struct pith_progress){is_late, worker};
    struct pith_session_options session = {
        .sizeof_options = sizeof session,
        .n_threads = (int)options->n_threads,
        .progress = &worker->progress,
        .precision = options->precision};
    if (pith_session_create(model, &session, &worker->session, &error) !=
        PITH_OK)
        return tool_library(&error);
    int code = tool_open_cache(worker->session, options);
    if (code != TOOL_OK)
        return code;
    int failure = pthread_create(&worker->thread, NULL, run, worker);
    if (failure != 0)
        return tool_fail("cannot start a thread: %s", strerror(failure));
    worker->started = true;
    return TOOL_OK;
}

int http_workers_start(struct workers *workers, size_t n,
                       const struct pith_model *model,
                       const struct model_options *options,
                       work_function *work, void *user)
{
    int code = TOOL_OK;
    *workers = (struct workers){.work = work, .user = user,
                                .quiet = options->quiet};
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->more, NULL);
    workers->items = calloc(n, sizeof *workers->items);
    if (workers->items == NULL)
        return tool_no_memory();
    for (; code == TOOL_OK && workers->n < n; workers->n++) {
        workers->items[workers->n].all = workers;
        code = start_one(&workers->items[workers->n], model, options);
    }
    return code;
}

void http_workers_end(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->ending = true;
    pthread_cond_broadcast(&workers->more);
    pthread_mutex_unlock(&workers->lock);
    for (size_t i = 0; i < workers->n; i++) {
        if (workers->items[i].started)
            pthread_join(workers->items[i].thread, NULL);
        if (!workers->quiet)
            tool_note_cache(workers->items[i].session);
        pith_session_free(workers->items[i].session);
    }
    free(workers->items);
    pthread_cond_destroy(&workers->more);
    pthread_mutex_destroy(&workers->lock);
}

void http_workers_submit(struct workers *workers, struct job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&workers->lock);
    if (workers->last != NULL)
        workers->last->next = job;
    else
        workers->first = job;
    workers->last = job;
    workers->n_waiting++;
    pthread_cond_signal(&workers->more);
    pthread_mutex_unlock(&workers->lock);
}

void http_workers_count(struct workers *workers, size_t *waiting, size_t *busy)
{
    pthread_mutex_lock(&workers->lock);
    *waiting = workers->n_waiting;
    *busy = workers->n_busy;
    pthread_mutex_unlock(&workers->lock);
}
