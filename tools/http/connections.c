/*
 * connections.c - see connections.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "connections.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "../common.h"

struct connection *http_connection_add(struct connections *connections,
                                       int socket)
{
    struct connection *made = calloc(1, sizeof *made);
    if (made == NULL)
        return NULL;
    made->socket = socket;
    made->since = tool_seconds();
    pthread_mutex_lock(&connections->lock);
    made->next = connections->first;
    if (made->next != NULL)
        made->next->previous = made;
    connections->first = made;
    connections->n++;
    pthread_mutex_unlock(&connections->lock);
    return made;
}

void http_connection_remove(struct connections *connections,
                            struct connection *connection)
{
    if (connection == NULL)
        return;
    pthread_mutex_lock(&connections->lock);
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        connections->first = connection->next;
    connections->n--;
    pthread_mutex_unlock(&connections->lock);
    free(connection);
}

void http_connection_enter(struct connections *connections,
                           struct connection *connection, enum phase phase)
{
    if (connection == NULL)
        return;
    pthread_mutex_lock(&connections->lock);
    connection->phase = phase;
    connection->since = tool_seconds();
    pthread_mutex_unlock(&connections->lock);
}

/* What the system has of a client who may be sending. */
enum pending { PENDING_NOTHING, PENDING_BYTES, PENDING_END };

static enum pending look_at(const struct connection *connection)
{
    char byte;
    ssize_t n = recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n > 0 ? PENDING_BYTES : n == 0 ? PENDING_END : PENDING_NOTHING;
}

static bool may_send(const struct connection *connection)
{
    return connection->phase == PHASE_IDLE ||
           connection->phase == PHASE_RECEIVING;
}

/* Whether the client has closed its side.  libmicrohttpd (0.9.75, with epoll)
 * does not see that when the end came together with the last bytes. */
static bool has_left(struct connection *connection, double now)
{
    if (!may_send(connection) || now - connection->looked_at < 1)
        return false;
    connection->looked_at = now;
    return look_at(connection) == PENDING_END;
}

/* Whether the client has taken longer than `most` seconds.  Bytes that nobody
 * has read yet are not its delay but ours. */
static bool is_late(const struct connection *connection, double now,
                    double most)
{
    return connection->phase != PHASE_WORKING &&
           now - connection->since > most &&
           !(may_send(connection) && look_at(connection) == PENDING_BYTES);
}

/* The socket stays open, and so its number stays this connection's, until the
 * server's loop sees its end and calls http_connection_remove. */
size_t http_connections_expire(struct connections *connections, double client,
                               double idle)
{
    pthread_mutex_lock(&connections->lock);
    double now = tool_seconds();
    for (struct connection *at = connections->first; at != NULL;
         at = at->next) {
        double most = at->phase == PHASE_IDLE ? idle : client;
        bool late = is_late(at, now, most);
        if (!late && !has_left(at, now))
            continue;
        shutdown(at->socket, SHUT_RDWR);
        connections->n_late += late && at->phase != PHASE_IDLE;
        at->since = now; /* counted once */
    }
    size_t n = connections->n;
    pthread_mutex_unlock(&connections->lock);
    return n;
}
