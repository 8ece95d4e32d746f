/*
 * serve.c - `pith serve --http`: starting, waiting and stopping.
 *
 * libmicrohttpd reads and writes in its own thread, the workers compute,
 * and this thread cuts slow clients off and waits for SIGTERM or SIGINT.  Then
 * no new connections are taken, and the server ends when all requests that had
 * come are answered.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../signals.h"
#include "address.h"
#include "server.h"

enum {
    TICK_MS = 100,
    /* What libmicrohttpd holds of a connection: request line and headers. */
    HEADER_BYTES = 16 << 10,
    SPARE_FILES = 64 /* beside the connections */
};

/* When the server stops, a connection that has been idle for this long has no
 * request on its way. */
static const double IDLE_AT_END = 1;

/* --- signals ----------------------------------------------------------------- */

static int wake[2]; /* a pipe: a byte for the first signal */

static void on_signal(int number)
{
    int old = errno;
    (void)number;
    ssize_t written = write(wake[1], "", 1);
    (void)written;
    tool_signals_end_program(); /* the second one does not wait */
    errno = old;
}

/* Waits for a tick; true once there was a signal. */
static bool wait_for_signal(void)
{
    struct pollfd pipe = {.fd = wake[0], .events = POLLIN};
    return poll(&pipe, 1, TICK_MS) > 0;
}

/* --- starting -------------------------------------------------------------------- */

static void on_connection(void *user, struct MHD_Connection *connection,
                          void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct server *server = user;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *context = http_connection_add(
            &server->connections,
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                ->connect_fd);
    else
        http_connection_remove(&server->connections, *context);
}

/* As many connections as asked for, or as the system allows. */
static unsigned allow_files(size_t wanted)
{
    struct rlimit limit;
    rlim_t needed = (rlim_t)wanted + SPARE_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
        return (unsigned)wanted;
    limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > needed
                         ? needed
                         : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 ||
        getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
        return (unsigned)wanted;
    unsigned left = limit.rlim_cur > 2 * SPARE_FILES
                        ? (unsigned)(limit.rlim_cur - SPARE_FILES)
                        : SPARE_FILES;
    fprintf(stderr, "pith: at most %u connections, as the system allows no more "
            "open files (ulimit -n)\n", left);
    return left;
}

static struct MHD_Daemon *start_daemon(struct server *server,
                                       const struct listener *listener)
{
    unsigned flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ITC;
    if (listener->is_ipv6)
        flags |= MHD_USE_IPv6;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, http_handle, server,
        MHD_OPTION_LISTEN_SOCKET, listener->socket,
        MHD_OPTION_CONNECTION_LIMIT, allow_files(server->http->connections),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
        MHD_OPTION_STRICT_FOR_CLIENT, 0,
        MHD_OPTION_URI_LOG_CALLBACK, http_request_line, server,
        MHD_OPTION_NOTIFY_COMPLETED, http_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
}

/* --- stopping --------------------------------------------------------------------- */

/* Connections that the system has taken already are served too. */
static void take_the_rest(struct MHD_Daemon *daemon, int socket)
{
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    int taken;
    while ((taken = accept(socket, (struct sockaddr *)&from, &size)) >= 0) {
        fcntl(taken, F_SETFD, FD_CLOEXEC);
        fcntl(taken, F_SETFL, O_NONBLOCK);
        MHD_add_connection(daemon, taken, (struct sockaddr *)&from, size);
        size = sizeof from;
    }
    close(socket);
}

static void finish(struct server *server, struct MHD_Daemon *daemon)
{
    struct timespec tick = {.tv_nsec = TICK_MS * 1000000};
    atomic_store(&server->stopping, true);
    int socket = MHD_quiesce_daemon(daemon);
    if (socket >= 0)
        take_the_rest(daemon, socket);
    do
        nanosleep(&tick, NULL);
    while (http_connections_expire(&server->connections,
                                   server->http->client_seconds,
                                   IDLE_AT_END) > 0);
}

static void wait_for_end(struct server *server)
{
    while (!wait_for_signal())
        http_connections_expire(&server->connections,
                                server->http->client_seconds,
                                server->http->client_seconds);
}

static int run(struct server *server, const struct listener *listener,
               bool quiet)
{
    struct MHD_Daemon *daemon = start_daemon(server, listener);
    if (daemon == NULL) {
        close(listener->socket);
        return tool_fail("--http %s: the server does not start: %s",
                         listener->name, strerror(errno));
    }
    if (!quiet)
        fprintf(stderr, "pith: listening on http://%s\n", listener->name);
    wait_for_end(server);
    if (!quiet)
        fprintf(stderr, "pith: stopping; what has been asked is answered\n");
    finish(server, daemon);
    MHD_stop_daemon(daemon);
    return TOOL_OK;
}

static size_t bytes_of(double mib)
{
    double bytes = mib * (1 << 20);
    return bytes < (double)(SIZE_MAX / 2) ? (size_t)bytes : SIZE_MAX / 2;
}

static int open_all(struct server *server, const struct model_options *model)
{
    size_t n = server->http->workers;
    int code = TOOL_OK;
    if (server->http->token_file != NULL)
        code = http_token_read(server->http->token_file, &server->token);
    umask(S_IRWXG | S_IRWXO); /* originals are nobody else's */
    if (code == TOOL_OK)
        code = http_store_open(&server->store, server->http->store,
                               bytes_of(server->http->store_mib));
    if (code == TOOL_OK)
        code = tool_load(&server->opened, model);
    if (code != TOOL_OK)
        return code;
    return http_workers_start(&server->workers,
                              n > 0 ? n : (size_t)pith_processors(),
                              server->opened.model, model, http_work, server);
}

static int check_address(const struct server *server,
                         const struct listener *listener)
{
    if (listener->is_loopback || server->token.size > 0)
        return TOOL_OK;
    close(listener->socket);
    return tool_fail("--http %s: other machines may reach this address; "
                     "--token-file FILE is needed", listener->name);
}

int tool_serve_http(const struct http_options *http,
                    const struct model_options *model,
                    const struct pith_compress_options *defaults)
{
    struct listener listener = {0};
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return tool_no_memory();
    server->http = http;
    server->defaults = defaults;
    pith_messages_options_init(&server->chats);
    server->chats.compress = defaults;
    server->chats.short_tokens = server->chats.long_tokens = http->chat_tokens;
    pthread_mutex_init(&server->connections.lock, NULL);
    pthread_mutex_init(&server->metrics.lock, NULL);
    pthread_mutex_init(&server->store.lock, NULL);
    signal(SIGPIPE, SIG_IGN);
    int code = tool_pipe(wake) ? TOOL_OK
                               : tool_fail("no pipe: %s", strerror(errno));
    if (code == TOOL_OK)
        code = open_all(server, model);
    if (code == TOOL_OK)
        code = http_listen(http->address, &listener);
    if (code == TOOL_OK)
        code = check_address(server, &listener);
    if (code == TOOL_OK) {
        tool_signals_call(on_signal);
        code = run(server, &listener, model->quiet);
    }
    if (server->workers.work != NULL)
        http_workers_end(&server->workers);
    http_store_close(&server->store);
    tool_close(&server->opened);
    free(server);
    return code;
}
