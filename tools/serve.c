/*
 * serve.c - `pith serve`: a model that stays loaded and answers lines of
 * JSON, as plain requests or as messages of the Model Context Protocol; or
 * requests of HTTP (serve_http.h).
 *
 * Nothing that arrives ends it: what cannot be answered is answered with an
 * error.  It ends when its input does, or when nobody reads its output.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "files.h"
#include "pith_service.h"
#include "serve_http.h"

/* A longer line is answered with an error and not held.  A parsed request
 * takes up to fifty times its bytes, so this bounds the memory too. */
enum { MAX_LINE_BYTES = 16 << 20, CHUNK_BYTES = 1 << 16 };

struct arguments {
    struct model_options model;
    struct pith_compress_options options;
    const char *count_with;
    struct pith_counter *counter;
    double request_seconds; /* 0: no limit */
    struct http_options http;
    bool as_stdio, as_mcp;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "What is spoken:"},
    {0, "stdio", NULL, OPTION_FLAG, AT(as_stdio), 0, 0,
     "requests of docs/REQUESTS.md, one on a line, and a\n"
     "reply line for each"},
    {0, "mcp", NULL, OPTION_FLAG, AT(as_mcp), 0, 0,
     "the Model Context Protocol, with the tools\n"
     "compress, recover and score"},
    {0, "http", "ADDR", OPTION_WORD, AT(http.address), 0, 0,
     "HTTP at ADDRESS:PORT or a port of this machine\n"
     "(docs/HTTP.md; made with make HTTP=1)"},
    {0, "request-seconds", "S", OPTION_REAL, AT(request_seconds), 0, 1e6,
     "answer a request that takes longer with an\n"
     "error (default 0: no limit)"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "HTTP:"},
    {0, "token-file", "FILE", OPTION_INPUT, AT(http.token_file), 0, 0,
     "clients need the bearer token in it; needed\n"
     "where other machines reach the address"},
    {0, "workers", "N", OPTION_COUNT, AT(http.workers), 0, 1024,
     "requests that are computed at once (0: one for\n"
     "each processor), each with one thread unless\n"
     "--threads says more"},
    {0, "connections", "N", OPTION_COUNT, AT(http.connections), 1, 1000000,
     "clients that are served at once; others wait\n"
     "(10240)"},
    {0, "body-mib", "N", OPTION_COUNT, AT(http.body_mib), 1, 1024,
     "longest body of a request, in MiB (16)"},
    {0, "client-seconds", "S", OPTION_REAL, AT(http.client_seconds), 0.1, 1e6,
     "time to send a request, to take the reply and\n"
     "to stay idle; then the connection is cut (60)"},
    {0, "chat-tokens", "N", OPTION_COUNT, AT(http.chat_tokens), 1, 1e9,
     "texts of chats with fewer tokens stay (100)"},
    {0, "store", "FOLDER", OPTION_WORD, AT(http.store), 0, 0,
     "folder of the originals of texts, which outlives\n"
     "the server; otherwise they are in memory"},
    {0, "store-mib", "N", OPTION_REAL, AT(http.store_mib), 0.001, 1e6,
     "most that they take, in MiB; those used longest\n"
     "ago make room (256)"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Requests:"},
    {0, "count-with", "FILE", OPTION_INPUT, AT(count_with), 0, 0,
     "count in tokens of the target model, rate\n"
     "and target too (not of reference):\n"
     "cl100k_base.tiktoken"},
    COMPRESSION_OPTIONS(struct arguments, options),

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Model and machine:"},
    MODEL_OPTION(struct arguments),
    CACHE_OPTION(struct arguments),
    RUN_OPTIONS(struct arguments),
};

/* --- lines ------------------------------------------------------------------ */

struct reader {
    char chunk[CHUNK_BYTES];
    size_t at, n; /* what is left of the chunk */
    char *line;   /* the line so far */
    size_t size, capacity;
    bool too_long; /* the rest of the line is passed over */
};

/* Reads what is available; false at the end and after an error. */
static bool fill(struct reader *reader, int *code)
{
    ssize_t n;
    do
        n = read(STDIN_FILENO, reader->chunk, sizeof reader->chunk);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        *code = tool_fail("standard input: cannot read: %s", strerror(errno));
    reader->at = 0;
    reader->n = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static void drop_line(struct reader *reader)
{
    free(reader->line);
    reader->line = NULL;
    reader->size = reader->capacity = 0;
}

/* Without memory for it a line counts as too long. */
static void append(struct reader *reader, const char *bytes, size_t size)
{
    size_t needed = reader->size + size;
    if (reader->too_long || size == 0)
        return;
    if (needed > reader->capacity) {
        size_t wanted = needed < MAX_LINE_BYTES / 2 ? needed * 2
                                                    : MAX_LINE_BYTES;
        char *grown = needed <= MAX_LINE_BYTES ? realloc(reader->line, wanted)
                                               : NULL;
        if (grown == NULL) {
            drop_line(reader);
            reader->too_long = true;
            return;
        }
        reader->line = grown;
        reader->capacity = wanted;
    }
    memcpy(reader->line + reader->size, bytes, size);
    reader->size = needed;
}

/* The memory of a long line is given back with it. */
static void next_line(struct reader *reader)
{
    if (reader->capacity > 2 * CHUNK_BYTES)
        drop_line(reader);
    reader->size = 0;
    reader->too_long = false;
}

/* Reads on to the end of a line or of the input; false when there is nothing
 * any more. */
static bool read_line(struct reader *reader, int *code)
{
    next_line(reader);
    for (bool any = false;; any = true) {
        if (reader->at == reader->n && !fill(reader, code))
            return any && *code == TOOL_OK;
        const char *from = reader->chunk + reader->at;
        size_t left = reader->n - reader->at;
        const char *end = memchr(from, '\n', left);
        size_t n = end != NULL ? (size_t)(end - from) : left;
        append(reader, from, n);
        reader->at += n + (end != NULL);
        if (end != NULL)
            return true;
    }
}

static bool is_blank(const struct reader *reader)
{
    for (size_t i = 0; i < reader->size; i++)
        if (memchr(" \t\r", reader->line[i], 3) == NULL)
            return false;
    return !reader->too_long;
}

/* --- replies ---------------------------------------------------------------- */

struct server {
    const struct arguments *arguments;
    struct opened opened;
    struct pith_mcp *mcp; /* NULL: plain requests */
};

/* The reply when the library cannot write one. */
static void print_refusal(const struct server *server, const char *detail)
{
    if (server->mcp != NULL)
        printf("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,"
               "\"message\":\"%s\"}}\n", detail);
    else
        printf("{\"name\":null,\"result\":null,\"error\":\"%s\"}\n", detail);
}

static void answer(struct server *server, const struct reader *reader)
{
    struct pith_error error;
    struct pith_text line = {reader->line, reader->size};
    char *reply;
    if (reader->too_long) {
        print_refusal(server, "the line is longer than 16 MiB");
        return;
    }
    /* A second of work is a second since now, not since the start. */
    server->opened.line.start = tool_seconds();
    server->opened.line.level = 0;
    enum pith_status status =
        server->mcp != NULL
            ? pith_mcp_answer(server->mcp, line, &reply, &error)
            : pith_request_run(server->opened.session, line,
                               &server->arguments->options, &reply, NULL,
                               &error);
    tool_progress_erase(&server->opened.line);
    if (status != PITH_OK)
        print_refusal(server, "out of memory");
    else if (reply != NULL)
        puts(reply);
    pith_free(reply);
}

/* The end of the output is noticed at the first reply that nobody takes. */
static int answer_all(struct server *server, struct reader *reader)
{
    int code = TOOL_OK;
    while (read_line(reader, &code)) {
        if (is_blank(reader))
            continue;
        answer(server, reader);
        if (fflush(stdout) != 0)
            return errno == EPIPE
                       ? tool_fail("standard output: its reader is gone")
                       : tool_fail("standard output: cannot write: %s",
                                   strerror(errno));
    }
    return code;
}

static int serve(const struct arguments *arguments)
{
    struct server server = {.arguments = arguments};
    struct pith_error error;
    struct reader *reader = calloc(1, sizeof *reader);
    int code = tool_open(&server.opened, &arguments->model);
    server.opened.line.most_seconds = arguments->request_seconds;
    if (code == TOOL_OK && arguments->as_mcp &&
        pith_mcp_create(server.opened.session, &arguments->options,
                        &server.mcp, &error) != PITH_OK)
        code = tool_library(&error);
    if (code == TOOL_OK && reader == NULL)
        code = tool_no_memory();
    if (code == TOOL_OK)
        code = answer_all(&server, reader);
    if (reader != NULL)
        free(reader->line);
    free(reader);
    pith_mcp_free(server.mcp);
    tool_close(&server.opened);
    return code;
}

/* Options that --http alone has. */
static const char *const of_http[] = {"token-file", "workers", "connections",
                                      "body-mib", "client-seconds",
                                      "chat-tokens", "store", "store-mib"};
enum { N_OF_HTTP = sizeof of_http / sizeof *of_http };

/* Several workers share the processors. */
static int serve_http(struct arguments *arguments,
                      const struct operands *operands)
{
    if (!tool_option_given(operands, "threads") && arguments->http.workers != 1)
        arguments->model.n_threads = 1;
    arguments->http.request_seconds = arguments->request_seconds;
    return tool_serve_http(&arguments->http, &arguments->model,
                           &arguments->options);
}

static int settle(const struct command *command,
                  const struct operands *operands, struct arguments *arguments)
{
    bool target = tool_option_given(operands, "target");
    bool threshold = tool_option_given(operands, "threshold");
    bool as_http = arguments->http.address != NULL;
    if (arguments->as_stdio + arguments->as_mcp + as_http != 1)
        return tool_usage(command, "expected one of --stdio, --mcp and --http");
    if (arguments->as_mcp && arguments->options.trace)
        return tool_usage(command, "--trace belongs to --stdio and --http");
    for (size_t i = 0; !as_http && i < N_OF_HTTP; i++)
        if (tool_option_given(operands, of_http[i]))
            return tool_usage(command, "--%s belongs to --http", of_http[i]);
    if (target && tool_option_given(operands, "rate"))
        return tool_usage(command, "--rate and --target cannot be combined");
    if (threshold && (target || tool_option_given(operands, "rate")))
        return tool_usage(command, "--threshold takes the place of --rate and "
                          "--target; leave out one");
    if (target || threshold)
        arguments->options.rate = -1;
    if (arguments->model.precision == NULL)
        arguments->model.precision = "auto";
    return tool_check_method(command, operands, arguments->options.method);
}

static void list_files(const struct operands *operands, const void *given,
                       struct file_list *list)
{
    const struct arguments *arguments = given;
    (void)operands;
    tool_files_punkt(list, arguments->options.punkt);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.http = {.connections = 10240,
                                           .body_mib = 16,
                                           .client_seconds = 60,
                                           .chat_tokens = 100,
                                           .store_mib = 256}};
    struct operands operands;
    pith_compress_options_init(&arguments.options);
    int code = tool_options_parse(command, argc, argv, &arguments, &operands);
    if (code == TOOL_OK && operands.help) {
        tool_options_help(command, stdout);
    } else if (code == TOOL_OK) {
        code = settle(command, &operands, &arguments);
        if (code == TOOL_OK)
            code = tool_load_counter(arguments.count_with, &arguments.counter);
        arguments.options.count_with = arguments.counter;
        if (code == TOOL_OK)
            code = arguments.http.address != NULL
                       ? serve_http(&arguments, &operands)
                       : serve(&arguments);
    }
    pith_counter_free(arguments.counter);
    tool_options_free(&arguments, &operands);
    return code;
}

const struct command tool_serve = {
    .name = "serve",
    .operands = "",
    .summary = "answer requests, lines or HTTP, model loaded once",
    .about =
        "Reads lines of JSON from standard input and answers each with a line\n"
        "on standard output, until the input ends (docs/SERVE.md); or answers\n"
        "requests of HTTP until SIGTERM or SIGINT (docs/HTTP.md).  What cannot\n"
        "be read or done is answered with an error; blank lines and, in MCP,\n"
        "notifications are not answered.  A line may be up to 16 MiB long.\n"
        "Compression options are the defaults for what a request leaves out.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .list_files = list_files,
    .run = run,
};
