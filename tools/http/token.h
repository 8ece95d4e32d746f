/*
 * token.h - the bearer token (RFC 6750) that a client has to know.
 */
#ifndef PITH_HTTP_TOKEN_H
#define PITH_HTTP_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

enum { MIN_TOKEN_BYTES = 16, MAX_TOKEN_BYTES = 512 };

struct token {
    char bytes[MAX_TOKEN_BYTES];
    size_t size; /* 0: none is asked for */
};

/* Reads the one line of a file that nobody but its owner may read.  Returns an
 * exit code, having printed what is wrong. */
int http_token_read(const char *path, struct token *token);

/* Whether an Authorization header (NULL: there was none) has the token.  The
 * time that it takes does not tell how much of a wrong one is right. */
bool http_token_is(const struct token *token, const char *header);

#endif
