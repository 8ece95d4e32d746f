/*
 * connections.h - the open connections, and how long each may take over what it
 * does: a client that sends or reads too slowly is cut off.
 */
#ifndef PITH_HTTP_CONNECTIONS_H
#define PITH_HTTP_CONNECTIONS_H

#include <pthread.h>
#include <stddef.h>

enum phase {
    PHASE_IDLE,      /* between two requests, or before the first */
    PHASE_RECEIVING, /* from the first line of a request to its end */
    PHASE_WORKING,   /* it is the server's turn */
    PHASE_SENDING    /* the reply */
};

struct connection {
    struct connection *next, *previous;
    int socket;
    enum phase phase;
    double since;     /* tool_seconds() */
    double looked_at; /* for whether the client has left */
};

struct connections {
    pthread_mutex_t lock;
    struct connection *first;
    size_t n;
    size_t n_late; /* cut off so far */
};

/* A connection of that socket in PHASE_IDLE; NULL without memory. */
struct connection *http_connection_add(struct connections *connections,
                                       int socket);
/* Before the socket is closed. */
void http_connection_remove(struct connections *connections,
                            struct connection *connection);
void http_connection_enter(struct connections *connections,
                           struct connection *connection, enum phase phase);

/* Cuts off those in a phase of the client's for over `client` seconds, those
 * that are idle for over `idle` and those whose client has left; returns how
 * many there are. */
size_t http_connections_expire(struct connections *connections, double client,
                               double idle);

#endif
