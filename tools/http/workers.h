/*
 * workers.h - threads with a session each, which answer what needs the model,
 * first come, first served.
 */
#ifndef PITH_HTTP_WORKERS_H
#define PITH_HTTP_WORKERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "../common.h"

/* Something to do; part of what its owner has. */
struct job {
    struct job *next;
    double deadline; /* tool_seconds(); 0: none */
};

/* What a worker does with a job, in its own thread. */
typedef void work_function(void *user, struct pith_session *session,
                           struct job *job);

struct worker {
    struct workers *all;
    struct pith_session *session;
    struct pith_progress progress;
    double deadline; /* of the job at hand */
    pthread_t thread;
    bool started;
};

struct workers {
    struct worker *items;
    size_t n;
    work_function *work;
    void *user;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct job *first, *last; /* the queue */
    size_t n_waiting, n_busy;
    bool ending, quiet;
};

/* Makes n sessions of the model and starts their threads.  Returns an exit
 * code; whatever it returns, http_workers_end must be called. */
int http_workers_start(struct workers *workers, size_t n,
                       const struct pith_model *model,
                       const struct model_options *options,
                       work_function *work, void *user);
/* Does what is in the queue, then ends the threads. */
void http_workers_end(struct workers *workers);

void http_workers_submit(struct workers *workers, struct job *job);
void http_workers_count(struct workers *workers, size_t *waiting, size_t *busy);

#endif
