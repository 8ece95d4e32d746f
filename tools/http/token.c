/*
 * token.c - see token.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "token.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "../common.h"

/* The file that is open, not another that takes its name. */
static int check_file(FILE *file, const char *path)
{
    struct stat is;
    if (fstat(fileno(file), &is) != 0 || !S_ISREG(is.st_mode))
        return tool_fail("--token-file %s: expected a file", path);
    if (is.st_mode & (S_IRWXG | S_IRWXO))
        return tool_fail("--token-file %s: others may read or change it (mode "
                         "%03o); chmod 600 it", path,
                         (unsigned)is.st_mode & 0777u);
    return TOOL_OK;
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static int take_line(FILE *file, const char *path, struct token *token)
{
    char read[MAX_TOKEN_BYTES + 3]; /* room for a byte too many */
    size_t size = fread(read, 1, sizeof read, file);
    while (size > 0 && is_line_end(read[size - 1]))
        size--;
    for (size_t i = 0; i < size; i++)
        if (read[i] <= ' ' || read[i] > '~')
            return tool_fail("--token-file %s: expected one line of visible "
                             "ASCII characters without spaces; byte %zu is "
                             "0x%02X", path, i, (unsigned)(unsigned char)read[i]);
    if (size < MIN_TOKEN_BYTES || size > MAX_TOKEN_BYTES)
        return tool_fail("--token-file %s: expected a token of %d to %d "
                         "characters, found %s%zu; `openssl rand -hex 32` makes "
                         "one", path, MIN_TOKEN_BYTES, MAX_TOKEN_BYTES,
                         size > MAX_TOKEN_BYTES ? "more than " : "",
                         size > MAX_TOKEN_BYTES ? MAX_TOKEN_BYTES : size);
    memcpy(token->bytes, read, size);
    token->size = size;
    return TOOL_OK;
}

int http_token_read(const char *path, struct token *token)
{
    *token = (struct token){.size = 0};
    FILE *file = tool_open_input(path);
    if (file == NULL)
        return TOOL_FAILED;
    int code = check_file(file, path);
    if (code == TOOL_OK)
        code = take_line(file, path, token);
    fclose(file);
    return code;
}

bool http_token_is(const struct token *token, const char *header)
{
    static const char scheme[] = "Bearer ";
    volatile unsigned char difference = 0;
    if (header == NULL || strncasecmp(header, scheme, sizeof scheme - 1) != 0)
        return false;
    header += sizeof scheme - 1;
    header += strspn(header, " ");
    size_t size = strlen(header);
    for (size_t i = 0; i < token->size; i++)
        difference |= (unsigned char)(token->bytes[i] ^
                                      (i < size ? header[i] : '\0'));
    return difference == 0 && size == token->size;
}
