/*
 * http_absent.c - `pith serve --http` in a program made without libmicrohttpd.
 */
#include "serve_http.h"

int tool_serve_http(const struct http_options *http,
                    const struct model_options *model,
                    const struct pith_compress_options *defaults)
{
    (void)http, (void)model, (void)defaults;
    return tool_fail("--http: this program was made without HTTP; install "
                     "libmicrohttpd-dev and make it with `make HTTP=1`");
}
