/*
 * metrics.h - what the server counts, as Prometheus reads it.
 */
#ifndef PITH_HTTP_METRICS_H
#define PITH_HTTP_METRICS_H

#include <pthread.h>
#include <stdio.h>

#include "pith_service.h"

enum route {
    ROUTE_OTHER, /* a path that is not there */
    ROUTE_HEALTH,
    ROUTE_METRICS,
    ROUTE_COMPRESS, /* /compress */
    ROUTE_CHAT,     /* /v1/compress */
    ROUTE_RETRIEVE, /* /v1/retrieve/HASH */
    N_ROUTES
};

enum { N_STATUSES = 600, N_BUCKETS = 12 };

struct metrics {
    pthread_mutex_t lock;
    unsigned long long replies[N_ROUTES][N_STATUSES]; /* by status code */
    unsigned long long cut; /* requests whose client went before the reply */
    /* Seconds from a request's last byte to its reply, of the two routes that
     * compress: how many are in each bucket, without those below. */
    unsigned long long buckets[N_BUCKETS + 1];
    double seconds;
    /* Of chats: tokens, and texts by what became of them. */
    unsigned long long tokens_before, tokens_after;
    unsigned long long compressed, known, passed;
};

void http_metrics_reply(struct metrics *metrics, enum route route,
                        unsigned status);
void http_metrics_cut(struct metrics *metrics);
/* A chat that was answered. */
void http_metrics_chat(struct metrics *metrics,
                       const struct pith_chat_summary *summary);
void http_metrics_time(struct metrics *metrics, double seconds);

void http_metrics_write(struct metrics *metrics, FILE *out);
/* One more value that the metrics do not hold. */
void http_metrics_write_one(FILE *out, const char *name, const char *type,
                            const char *help, double value);

#endif
