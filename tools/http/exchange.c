/*
 * exchange.c - a request from its first line to its reply, as libmicrohttpd
 * brings it.
 *
 * All of it happens in the one thread of libmicrohttpd.  A request that needs
 * the model is suspended until a worker has answered it.  One that is refused
 * is still read to its end, and thrown away, so that a client that is sending
 * gets to see why; one that asks first (Expect: 100-continue) sees it at once.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address.h"
#include "server.h"

static size_t most_bytes(const struct server *server)
{
    return server->http->body_mib << 20;
}

/* Bodies of this many of the largest requests are held at once. */
enum { MAX_BODIES = 16 };

static struct connection *of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection,
                                   MHD_CONNECTION_INFO_SOCKET_CONTEXT)
        ->socket_context;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* --- whether a request may be asked ------------------------------------------ */

/* That of /v1/retrieve/HASH; NULL: another path. */
static const char *hash_of(const char *path)
{
    static const char start[] = "/v1/retrieve/";
    size_t size = sizeof start - 1;
    return strncmp(path, start, size) == 0 && path[size] != '\0' ? path + size
                                                                 : NULL;
}

static enum route find_route(const char *path)
{
    static const struct {
        const char *path;
        enum route route;
    } paths[] = {{"/health", ROUTE_HEALTH},
                 {"/metrics", ROUTE_METRICS},
                 {"/compress", ROUTE_COMPRESS},
                 {"/v1/compress", ROUTE_CHAT}};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (strcmp(path, paths[i].path) == 0)
            return paths[i].route;
    return hash_of(path) != NULL ? ROUTE_RETRIEVE : ROUTE_OTHER;
}

static bool is_posted(enum route route)
{
    return route == ROUTE_COMPRESS || route == ROUTE_CHAT;
}

static void check_method(const char *method, enum route route,
                         struct reply *reply)
{
    bool is_get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    if (route == ROUTE_OTHER)
        http_refuse(reply, MHD_HTTP_NOT_FOUND,
                    "no such path; there are POST /compress, POST /v1/compress, "
                    "GET /v1/retrieve/HASH, GET /health and GET /metrics");
    else if (is_posted(route) && strcmp(method, "POST") != 0)
        http_refuse(reply, MHD_HTTP_METHOD_NOT_ALLOWED, "expected POST");
    else if (!is_posted(route) && !is_get)
        http_refuse(reply, MHD_HTTP_METHOD_NOT_ALLOWED, "expected GET");
}

/* Without a token, whoever reaches the address may ask, but not the pages that
 * a browser of this machine shows: they come with an Origin, or under a name
 * that somebody else's name server gives this machine. */
static void check_caller(const struct server *server,
                         struct MHD_Connection *connection, enum route route,
                         struct reply *reply)
{
    if (server->token.size > 0) {
        if (route != ROUTE_HEALTH &&
            !http_token_is(&server->token, header(connection, "Authorization")))
            http_refuse(reply, MHD_HTTP_UNAUTHORIZED,
                        "expected the header Authorization: Bearer TOKEN with "
                        "the server's token");
        return;
    }
    const char *host = header(connection, "Host");
    if (header(connection, "Origin") != NULL ||
        (host != NULL && !http_host_is_plain(host)))
        http_refuse(reply, MHD_HTTP_FORBIDDEN,
                    "pages of a browser and other host names are served only "
                    "with --token-file");
}

static void refuse_size(const struct server *server, struct reply *reply)
{
    char words[120];
    snprintf(words, sizeof words,
             "the body is longer than %zu MiB (--body-mib)",
             server->http->body_mib);
    http_refuse(reply, MHD_HTTP_CONTENT_TOO_LARGE, words);
}

/* What proxies and servers may read in different ways is not read at all. */
static void check_framing(struct MHD_Connection *connection,
                          const char *version, struct reply *reply)
{
    if (strcmp(version, MHD_HTTP_VERSION_1_1) == 0 &&
        header(connection, "Host") == NULL)
        http_refuse(reply, MHD_HTTP_BAD_REQUEST, "expected a Host header");
    else if (header(connection, "Transfer-Encoding") != NULL &&
             header(connection, "Content-Length") != NULL)
        http_refuse(reply, MHD_HTTP_BAD_REQUEST,
                    "expected Content-Length or Transfer-Encoding, not both");
}

static void check_body(const struct server *server,
                       struct MHD_Connection *connection, struct reply *reply)
{
    const char *length = header(connection, "Content-Length");
    const char *encoding = header(connection, "Content-Encoding");
    if (length != NULL && strtoull(length, NULL, 10) > most_bytes(server))
        refuse_size(server, reply);
    else if (encoding != NULL && strcasecmp(encoding, "identity") != 0)
        http_refuse(reply, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                    "expected a body without Content-Encoding");
}

static struct exchange *begin(struct server *server,
                              struct MHD_Connection *connection,
                              const char *path, const char *method,
                              const char *version)
{
    struct exchange *made = calloc(1, sizeof *made);
    if (made == NULL)
        return NULL;
    made->connection = connection;
    made->route = find_route(path);
    if (made->route == ROUTE_RETRIEVE)
        snprintf(made->hash, sizeof made->hash, "%s",
                 strlen(hash_of(path)) == HASH_SIZE ? hash_of(path) : "");
    check_framing(connection, version, &made->reply);
    if (made->reply.status == 0)
        check_caller(server, connection, made->route, &made->reply);
    if (made->reply.status == 0)
        check_method(method, made->route, &made->reply);
    if (made->reply.status == 0)
        check_body(server, connection, &made->reply);
    return made;
}

/* --- the body ------------------------------------------------------------------ */

static void drop_body(struct server *server, struct exchange *exchange)
{
    atomic_fetch_sub(&server->held, exchange->capacity);
    free(exchange->body.bytes);
    exchange->body = (struct text){0};
    exchange->capacity = 0;
}

/* Room for `needed` bytes; false when all bodies together would be too many. */
static bool make_room(struct server *server, struct exchange *exchange,
                      size_t needed)
{
    size_t wanted = needed < most_bytes(server) / 2 ? 2 * needed
                                                    : most_bytes(server);
    if (needed <= exchange->capacity)
        return true;
    if (wanted < 4096)
        wanted = 4096;
    size_t more = wanted - exchange->capacity;
    bool fits = atomic_fetch_add(&server->held, more) + more <=
                MAX_BODIES * most_bytes(server);
    char *grown = fits ? realloc(exchange->body.bytes, wanted) : NULL;
    if (grown == NULL) {
        atomic_fetch_sub(&server->held, more);
        return false;
    }
    exchange->body.bytes = grown;
    exchange->capacity = wanted;
    return true;
}

static void take_bytes(struct server *server, struct exchange *exchange,
                       const char *bytes, size_t size)
{
    if (exchange->reply.status != 0)
        return;
    if (size > most_bytes(server) - exchange->body.size) {
        refuse_size(server, &exchange->reply);
    } else if (!make_room(server, exchange, exchange->body.size + size)) {
        http_refuse(&exchange->reply, MHD_HTTP_SERVICE_UNAVAILABLE,
                    "the bodies of other requests fill the memory that is "
                    "meant for them; try again");
    } else {
        memcpy(exchange->body.bytes + exchange->body.size, bytes, size);
        exchange->body.size += size;
        return;
    }
    drop_body(server, exchange);
}

/* --- the reply ----------------------------------------------------------------- */

static void keep_nothing(void *nothing)
{
    (void)nothing;
}

static struct MHD_Response *make_response(const struct server *server,
                                          struct reply *reply)
{
    struct MHD_Response *made =
        MHD_create_response_from_buffer_with_free_callback(
            reply->size, reply->bytes,
            reply->release != NULL ? reply->release : keep_nothing);
    if (made == NULL)
        return NULL;
    reply->release = NULL; /* it is the response's */
    MHD_add_response_header(made, "Content-Type", reply->type);
    if (reply->passed[0] != '\0')
        MHD_add_response_header(made, "X-Pith-Passed", reply->passed);
    if (reply->status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(made, "WWW-Authenticate", "Bearer");
    if (reply->status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(made, "Retry-After", "1");
    if (atomic_load(&server->stopping))
        MHD_add_response_header(made, "Connection", "close");
    return made;
}

static enum MHD_Result send_reply(struct server *server,
                                  struct exchange *exchange)
{
    struct MHD_Response *response = make_response(server, &exchange->reply);
    if (response == NULL)
        return MHD_NO;
    http_connection_enter(&server->connections, of(exchange->connection),
                          PHASE_SENDING);
    enum MHD_Result result = MHD_queue_response(
        exchange->connection, exchange->reply.status, response);
    MHD_destroy_response(response);
    if (result == MHD_YES)
        http_metrics_reply(&server->metrics, exchange->route,
                           exchange->reply.status);
    return result;
}

/* Hands the request to the workers; http_handle is called again once it is
 * answered. */
static enum MHD_Result submit(struct server *server, struct exchange *exchange)
{
    double seconds = server->http->request_seconds;
    exchange->complete = tool_seconds();
    exchange->job.deadline = seconds > 0 ? exchange->complete + seconds : 0;
    exchange->state = EXCHANGE_WORKING;
    http_connection_enter(&server->connections, of(exchange->connection),
                          PHASE_WORKING);
    MHD_suspend_connection(exchange->connection);
    http_workers_submit(&server->workers, &exchange->job);
    return MHD_YES;
}

static enum MHD_Result answer(struct server *server, struct exchange *exchange)
{
    if (exchange->state == EXCHANGE_RECEIVING && exchange->reply.status == 0) {
        if (is_posted(exchange->route))
            return submit(server, exchange);
        if (exchange->route == ROUTE_HEALTH)
            http_answer_health(server, &exchange->reply);
        else if (exchange->route == ROUTE_RETRIEVE)
            http_answer_retrieve(server, exchange->hash, &exchange->reply);
        else
            http_answer_metrics(server, &exchange->reply);
    }
    drop_body(server, exchange);
    return send_reply(server, exchange);
}

/* --- what libmicrohttpd calls ---------------------------------------------------- */

void *http_request_line(void *user, const char *line,
                        struct MHD_Connection *connection)
{
    struct server *server = user;
    (void)line;
    http_connection_enter(&server->connections, of(connection),
                          PHASE_RECEIVING);
    return NULL;
}

enum MHD_Result http_handle(void *user, struct MHD_Connection *connection,
                            const char *path, const char *method,
                            const char *version, const char *upload,
                            size_t *upload_size, void **at)
{
    struct server *server = user;
    struct exchange *exchange = *at;
    if (exchange == NULL) {
        const char *expect = header(connection, "Expect");
        *at = exchange = begin(server, connection, path, method,
                                     version);
        if (exchange == NULL || of(connection) == NULL)
            return MHD_NO;
        return exchange->reply.status != 0 && expect != NULL
                   ? send_reply(server, exchange)
                   : MHD_YES;
    }
    if (*upload_size > 0) {
        take_bytes(server, exchange, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    return answer(server, exchange);
}

void http_completed(void *user, struct MHD_Connection *connection, void **at,
                    enum MHD_RequestTerminationCode why)
{
    struct server *server = user;
    struct exchange *exchange = *at;
    http_connection_enter(&server->connections, of(connection), PHASE_IDLE);
    if (exchange == NULL)
        return;
    if (why != MHD_REQUEST_TERMINATED_COMPLETED_OK)
        http_metrics_cut(&server->metrics);
    drop_body(server, exchange);
    if (exchange->reply.release != NULL)
        exchange->reply.release(exchange->reply.bytes);
    free(exchange);
    *at = NULL;
}
