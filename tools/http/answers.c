/*
 * answers.c - what the paths answer.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdlib.h>
#include <string.h>

#include "pith_service.h"
#include "server.h"

static const char json[] = "application/json";

/* A reply of static text, for when there is no memory. */
static void answer_statically(struct reply *reply, unsigned status,
                              const char *text)
{
    reply->status = status;
    reply->type = json;
    reply->bytes = (char *)text;
    reply->size = strlen(text);
    reply->release = NULL;
}

static void answer_with(struct reply *reply, unsigned status, const char *type,
                        char *bytes, size_t size, void (*release)(void *))
{
    reply->status = status;
    reply->type = type;
    reply->bytes = bytes;
    reply->size = size;
    reply->release = release;
}

/* JSON as a line: a line end takes the place of the NUL after it. */
static void answer_line(struct reply *reply, unsigned status, char *bytes,
                        size_t size, void (*release)(void *))
{
    bytes[size] = '\n';
    answer_with(reply, status, json, bytes, size + 1, release);
}

static void no_memory(struct reply *reply)
{
    answer_statically(reply, MHD_HTTP_SERVICE_UNAVAILABLE,
                      "{\"error\":\"out of memory\"}\n");
}

void http_refuse(struct reply *reply, unsigned status, const char *words)
{
    char *text = NULL;
    size_t size = strlen(words) + 16;
    text = malloc(size);
    if (text == NULL) {
        no_memory(reply);
        return;
    }
    int written = snprintf(text, size, "{\"error\":\"%s\"}\n", words);
    answer_with(reply, status, json, text, (size_t)written, free);
}

void http_answer_health(struct server *server, struct reply *reply)
{
    if (atomic_load(&server->stopping))
        answer_statically(reply, MHD_HTTP_SERVICE_UNAVAILABLE,
                          "{\"status\":\"stopping\"}\n");
    else
        answer_statically(reply, MHD_HTTP_OK,
                          "{\"status\":\"ok\",\"version\":\"" PITH_VERSION
                          "\"}\n");
}

static void write_store(struct store *store, FILE *out)
{
    pthread_mutex_lock(&store->lock);
    http_metrics_write_one(out, "store_entries", "gauge",
                           "Texts whose original is kept.", (double)store->n);
    http_metrics_write_one(out, "store_bytes", "gauge", "What they take.",
                           (double)store->bytes);
    http_metrics_write_one(out, "store_evicted_total", "counter",
                           "Texts that have had to make room.",
                           (double)store->evicted);
    pthread_mutex_unlock(&store->lock);
}

static void write_gauges(struct server *server, FILE *out)
{
    size_t waiting, busy, open, late;
    http_workers_count(&server->workers, &waiting, &busy);
    pthread_mutex_lock(&server->connections.lock);
    open = server->connections.n;
    late = server->connections.n_late;
    pthread_mutex_unlock(&server->connections.lock);
    http_metrics_write_one(out, "http_connections", "gauge",
                           "Open connections.", (double)open);
    http_metrics_write_one(out, "http_slow_total", "counter",
                           "Connections cut off because their client was slow.",
                           (double)late);
    http_metrics_write_one(out, "requests_waiting", "gauge",
                           "Requests that wait for a worker.", (double)waiting);
    http_metrics_write_one(out, "workers_busy", "gauge",
                           "Workers that compute.", (double)busy);
    http_metrics_write_one(out, "workers", "gauge", "Workers.",
                           (double)server->workers.n);
    http_metrics_write_one(out, "body_bytes", "gauge",
                           "Memory that bodies of requests take.",
                           (double)atomic_load(&server->held));
}

void http_answer_metrics(struct server *server, struct reply *reply)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    if (out == NULL) {
        no_memory(reply);
        return;
    }
    http_metrics_write(&server->metrics, out);
    write_gauges(server, out);
    write_store(&server->store, out);
    if (fclose(out) != 0) {
        free(bytes);
        no_memory(reply);
        return;
    }
    answer_with(reply, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
                bytes, size, free);
}

void http_answer_retrieve(struct server *server, const char *hash,
                          struct reply *reply)
{
    struct text entry;
    if (http_store_find(&server->store, hash, &entry))
        answer_line(reply, MHD_HTTP_OK, entry.bytes, entry.size, free);
    else
        http_refuse(reply, MHD_HTTP_NOT_FOUND,
                    "no such hash: it was never given out, or its text has had "
                    "to make room (--store-mib)");
}

/* The status that says whose fault an error is. */
static unsigned status_of(enum pith_status outcome)
{
    switch (outcome) {
    case PITH_OK: return MHD_HTTP_OK;
    case PITH_ERR_ARGUMENT:
    case PITH_ERR_FORMAT:
    case PITH_ERR_UNSUPPORTED: return MHD_HTTP_BAD_REQUEST;
    case PITH_ERR_MEMORY:
    case PITH_ERR_CANCELLED: return MHD_HTTP_SERVICE_UNAVAILABLE;
    default: return MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
}

static void answer_compress(struct server *server, struct pith_session *session,
                            struct exchange *exchange)
{
    struct pith_error error;
    struct pith_text request = {exchange->body.bytes, exchange->body.size};
    enum pith_status outcome = PITH_OK;
    char *reply = NULL;
    if (pith_request_run(session, request, server->defaults, &reply, &outcome,
                         &error) != PITH_OK) {
        no_memory(&exchange->reply);
        return;
    }
    answer_line(&exchange->reply, status_of(outcome), reply, strlen(reply),
                pith_free);
}

static bool find(void *user, const char *hash, struct pith_text *entry)
{
    struct text found;
    bool is_there = http_store_find(user, hash, &found);
    if (is_there)
        *entry = (struct pith_text){found.bytes, found.size};
    return is_there;
}

static void release(void *user, struct pith_text entry)
{
    (void)user;
    free((char *)entry.bytes);
}

static bool keep(void *user, const char *hash, struct pith_text entry)
{
    return http_store_keep(user, hash, entry);
}

/* "2 of 7 texts: why", of characters that a header may have. */
static void say_passed(struct reply *reply,
                       const struct pith_chat_summary *summary)
{
    if (summary->n_passed == 0)
        return;
    snprintf(reply->passed, sizeof reply->passed, "%zu %s: %s",
             summary->n_passed, summary->n_passed == 1 ? "text" : "texts",
             summary->why);
    for (char *at = reply->passed; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
}

static void answer_chat(struct server *server, struct pith_session *session,
                        struct exchange *exchange)
{
    struct pith_error error;
    struct pith_text request = {exchange->body.bytes, exchange->body.size};
    struct pith_chat_store store = {find, release, keep, &server->store};
    struct pith_chat_summary summary;
    char *reply = NULL;
    size_t size;
    if (pith_chat_run(session, request, &server->chats, &store, &reply, &size,
                      &summary, &error) != PITH_OK) {
        no_memory(&exchange->reply);
        return;
    }
    answer_line(&exchange->reply, status_of(summary.outcome), reply, size,
                pith_free);
    say_passed(&exchange->reply, &summary);
    http_metrics_chat(&server->metrics, &summary);
}

/* The reply is libmicrohttpd's as soon as the connection is resumed. */
void http_work(void *user, struct pith_session *session, struct job *job)
{
    struct server *server = user;
    struct exchange *exchange = (struct exchange *)job;
    if (exchange->route == ROUTE_CHAT)
        answer_chat(server, session, exchange);
    else
        answer_compress(server, session, exchange);
    http_metrics_time(&server->metrics, tool_seconds() - exchange->complete);
    exchange->state = EXCHANGE_DONE;
    MHD_resume_connection(exchange->connection);
}
