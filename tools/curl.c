/*
 * curl.c - see curl.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "curl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Behind the body curl writes this, the code of HTTP and a line feed. */
#define MARK "\n-- HTTP "

/* Becomes curl.  A group of its own: an interrupt from the terminal is for
 * pith, which waits for the reply that is on its way. */
static void become(int in, int out)
{
    if (setpgid(0, 0) == 0 && dup2(in, STDIN_FILENO) >= 0 &&
        dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0)
        execlp("curl", "curl", "-q", "--config", "-", (char *)NULL);
    fprintf(stderr, "the program curl cannot be run: %s" MARK "000\n",
            strerror(errno));
    _exit(127);
}

/* A value of curl's configuration, in quotes. */
static void write_quoted(FILE *out, struct pith_text text)
{
    fputc('"', out);
    for (size_t i = 0; i < text.size; i++) {
        char c = text.bytes[i];
        if (c == '"' || c == '\\')
            fputc('\\', out);
        if (c == '\n')
            fputs("\\n", out);
        else if (c == '\r')
            fputs("\\r", out);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static struct pith_text text_of(const char *string)
{
    return (struct pith_text){string, strlen(string)};
}

static void write_request(const struct curl_request *request, FILE *out)
{
    fprintf(out, "silent\nshow-error\ngloboff\nmax-time = %u\n"
                 "write-out = \"\\n-- HTTP %%{http_code}\\n\"\n"
                 "header = \"Content-Type: application/json\"\n"
                 "header = \"Expect:\"\n", request->seconds);
    if (request->key != NULL) {
        fputs("header = \"Authorization: Bearer ", out);
        for (const char *c = request->key; *c != '\0'; c++)
            fprintf(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
        fputs("\"\n", out);
    }
    fputs("data-binary = ", out);
    write_quoted(out, request->body);
    /* At the end: of half a configuration nothing is sent. */
    fputs("\nurl = ", out);
    write_quoted(out, text_of(request->url));
    fputc('\n', out);
}

pid_t curl_start(const struct curl_request *request, int out)
{
    int ends[2];
    if (pipe(ends) != 0)
        return 0;
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        become(ends[0], out);
    }
    close(ends[0]);
    FILE *in = child > 0 ? fdopen(ends[1], "wb") : NULL;
    if (in == NULL) {
        close(ends[1]);
        return child > 0 ? child : 0;
    }
    /* A curl that is not there shows in what it leaves behind. */
    write_request(request, in);
    fclose(in);
    return child;
}

/* The last place of the mark; NULL when there is none. */
static const char *find_mark(struct pith_text output)
{
    size_t n = strlen(MARK);
    for (size_t at = output.size; at >= n; at--)
        if (memcmp(output.bytes + at - n, MARK, n) == 0)
            return output.bytes + at - n;
    return NULL;
}

struct curl_reply curl_read(struct pith_text output)
{
    struct curl_reply reply = {.body = output};
    const char *mark = find_mark(output);
    bool ended = output.size > 0 && output.bytes[output.size - 1] == '\n';
    if (mark == NULL || !ended)
        return reply;
    reply.is_whole = true;
    reply.code = (int)strtol(mark + strlen(MARK), NULL, 10);
    reply.body.size = (size_t)(mark - output.bytes);
    if (reply.code == 0 && reply.body.size == 0)
        reply.body = (struct pith_text){mark + 1, output.size - 1 -
                                        (size_t)(mark - output.bytes)};
    return reply;
}
