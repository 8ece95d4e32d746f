/*
 * server.h - what the files of the server share.
 */
#ifndef PITH_HTTP_SERVER_H
#define PITH_HTTP_SERVER_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "../serve_http.h"
#include "connections.h"
#include "metrics.h"
#include "store.h"
#include "token.h"
#include "workers.h"

struct server {
    const struct http_options *http;
    const struct pith_compress_options *defaults;
    struct opened opened; /* the model */
    struct token token;
    struct connections connections;
    struct workers workers;
    struct metrics metrics;
    struct store store;
    struct pith_messages_options chats; /* what becomes of /v1/compress */
    atomic_size_t held;   /* bytes of bodies in memory */
    atomic_bool stopping; /* no request is expected any more */
};

/* What is sent back. */
struct reply {
    unsigned status;
    const char *type; /* of the content */
    char *bytes;
    size_t size;
    void (*release)(void *); /* bytes; NULL: they are static */
    /* X-Pith-Passed: why texts went through as they were; "" when none did. */
    char passed[600];
};

/* A request between its first line and its reply. */
struct exchange {
    struct job job; /* its place in the queue of the workers */
    struct MHD_Connection *connection;
    enum route route;
    char hash[HASH_SIZE + 1]; /* of ROUTE_RETRIEVE */
    struct text body; /* none of a request that is refused */
    size_t capacity;
    double complete; /* when its last byte had come */
    enum { EXCHANGE_RECEIVING, EXCHANGE_WORKING, EXCHANGE_DONE } state;
    struct reply reply; /* status 0 until it is known */
};

/* The answers; they fill exchange->reply. */
void http_answer_health(struct server *server, struct reply *reply);
void http_answer_metrics(struct server *server, struct reply *reply);
void http_answer_retrieve(struct server *server, const char *hash,
                          struct reply *reply);
work_function http_work; /* those that need the model */
/* {"error": "..."} of words without quotes and control characters. */
void http_refuse(struct reply *reply, unsigned status, const char *words);

/* The library's ways in: libmicrohttpd calls them. */
enum MHD_Result http_handle(void *user, struct MHD_Connection *connection,
                            const char *path, const char *method,
                            const char *version, const char *upload,
                            size_t *upload_size, void **at);
void *http_request_line(void *user, const char *line,
                        struct MHD_Connection *connection);
void http_completed(void *user, struct MHD_Connection *connection, void **at,
                    enum MHD_RequestTerminationCode why);

#endif
