/*
 * endpoint.c - see endpoint.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "endpoint.h"

#include <stdlib.h>
#include <string.h>

/* White space or a control character. */
static bool has_control(const char *string)
{
    for (; *string != '\0'; string++)
        if ((unsigned char)*string <= 0x20 || *string == 0x7F)
            return true;
    return false;
}

/* Bytes of "http://" or "https://" at the start; 0: neither is there. */
static size_t scheme_size(const char *url)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
            return strlen(schemes[i]);
    return 0;
}

int endpoint_url(const struct command *command, const char *endpoint,
                 char *url, size_t size)
{
    static const char tail[] = "/chat/completions";
    size_t n_tail = strlen(tail);
    if (endpoint == NULL || *endpoint == '\0')
        return tool_usage(command, "give --endpoint URL");
    size_t host = scheme_size(endpoint), n = strcspn(endpoint, "?");
    const char *query = endpoint + n;
    while (n > host && endpoint[n - 1] == '/')
        n--;
    if (host == 0 && strstr(endpoint, "://") == NULL)
        return tool_usage(command, "--endpoint \"%.200s\": expected http://... "
                                   "or https://..., as http://%.200s",
                          endpoint, endpoint);
    if (host == 0 || n == host || endpoint[host] == '/' ||
        strchr(endpoint, '#') != NULL || has_control(endpoint) ||
        strlen(endpoint) + strlen("/v1") + n_tail >= size)
        return tool_usage(command, "--endpoint \"%.200s\": expected "
                                   "http://HOST:PORT/v1 or https://HOST/v1",
                          endpoint);
    bool has_path = memchr(endpoint + host, '/', n - host) != NULL;
    bool is_whole = n >= n_tail &&
                    strncmp(endpoint + n - n_tail, tail, n_tail) == 0;
    snprintf(url, size, "%.*s%s%s%s", (int)n, endpoint,
             has_path ? "" : "/v1", is_whole ? "" : tail, query);
    return TOOL_OK;
}

/* The key without the line feed at its end; anything else that no key has is
 * refused. */
static int clean_key(const struct command *command, const char *name,
                     char *key)
{
    size_t n = strlen(key);
    while (n > 0 && strchr(" \t\r\n", key[n - 1]) != NULL)
        n--;
    key[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)key[i] <= 0x20 || (unsigned char)key[i] >= 0x7F)
            return tool_usage(command, "%s: byte %zu of the API key is 0x%02X; "
                              "expected one word of ASCII characters", name,
                              i + 1, (unsigned)(unsigned char)key[i]);
    return n > 0 ? TOOL_OK
                 : tool_usage(command, "%s: the API key is empty", name);
}

int endpoint_key(const struct command *command, const char *variable,
                 const char *file, char **key)
{
    const char *name = variable;
    struct text text = {0};
    if (variable != NULL && file != NULL)
        return tool_usage(command, "--key-variable and --key-file cannot be "
                                   "combined");
    if (file != NULL) {
        name = file;
        int code = tool_read(name, &text);
        if (code != TOOL_OK)
            return code;
        *key = text.bytes;
        return strlen(text.bytes) == text.size
                   ? clean_key(command, name, *key)
                   : tool_usage(command, "%s: the API key has a NUL in it",
                                name);
    }
    const char *value = getenv(name != NULL ? name : "OPENAI_API_KEY");
    if (value == NULL || *value == '\0')
        return name == NULL ? TOOL_OK
                            : tool_usage(command, "--key-variable: the "
                                         "environment has no %s", name);
    *key = strdup(value);
    return *key != NULL
               ? clean_key(command, name != NULL ? name : "OPENAI_API_KEY", *key)
               : tool_no_memory();
}
