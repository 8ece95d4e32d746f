/*
 * endpoint.h - the address and the key of an OpenAI-compatible server.
 */
#ifndef PITH_TOOLS_ENDPOINT_H
#define PITH_TOOLS_ENDPOINT_H

#include "common.h"

/* The URL of chat completions from a base address, which may be that URL:
 * with /v1 where the address has no path; a query stays at the end. */
int endpoint_url(const struct command *command, const char *endpoint, char *url,
                 size_t size);

/* The API key, of a file or of a variable of the environment, OPENAI_API_KEY
 * where both are NULL; without the line feed at its end.  *key stays NULL where
 * there is none; release it with free(). */
int endpoint_key(const struct command *command, const char *variable,
                 const char *file, char **key);

#endif
