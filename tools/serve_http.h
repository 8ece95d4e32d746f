/*
 * serve_http.h - `pith serve --http`, which only a program made with
 * `make HTTP=1` has: tools/http/, on libmicrohttpd.
 */
#ifndef PITH_TOOLS_SERVE_HTTP_H
#define PITH_TOOLS_SERVE_HTTP_H

#include "common.h"

struct http_options {
    const char *address;    /* ADDR:PORT; NULL: no HTTP */
    const char *token_file; /* NULL: whoever reaches the address may ask */
    const char *store;      /* folder of originals; NULL: in memory */
    size_t workers;         /* 0: one for each processor */
    size_t connections, body_mib, chat_tokens;
    double store_mib, client_seconds;
    double request_seconds; /* 0: no limit */
};

/* Listens until SIGTERM or SIGINT; returns an exit code.  A program without
 * HTTP says how to make one that has it. */
int tool_serve_http(const struct http_options *http,
                    const struct model_options *model,
                    const struct pith_compress_options *defaults);

#endif
