/*
 * curl.c - see curl.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "common.h"
#include "curl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* After the body curl writes this with the code of HTTP, and a line for each
 * of what follows. */
#define MARK "\n-- HTTP "

enum mark_line { CODE, RETRY_AFTER, DATE, REDIRECT, N_MARK_LINES };

enum { LARGEST_REPLY = 64 << 20 }; /* bytes */

/* --- asking --------------------------------------------------------------- */

/* Becomes curl.  Its own group: an interrupt from the terminal is for
 * pith, which waits for the reply that is on its way. */
static void become(int in, int out)
{
    struct rlimit size = {LARGEST_REPLY, LARGEST_REPLY};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &size);
    if (setpgid(0, 0) == 0 && dup2(in, STDIN_FILENO) >= 0 &&
        dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0)
        execlp("curl", "curl", "-q", "--config", "-", (char *)NULL);
    fprintf(stderr, "curl: (127) the program curl cannot be run: %s\n",
            strerror(errno));
    _exit(127);
}

/* A line of curl's configuration, name = "before" and the value. */
static void write_setting(FILE *out, const char *name, const char *before,
                          const char *value)
{
    fprintf(out, "%s = \"%s", name, before);
    for (const char *c = value; *c != '\0'; c++)
        if (*c == '\n' || *c == '\r')
            fputs(*c == '\n' ? "\\n" : "\\r", out);
        else
            fprintf(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    fputs("\"\n", out);
}

/* Redirections are not followed: the key is for this address alone. */
static void write_request(const struct curl_request *request, FILE *out)
{
    fprintf(out, "silent\nshow-error\ngloboff\nmax-time = %u\n"
                 "proto = \"=http,https\"\n"
                 "header = \"Content-Type: application/json\"\n"
                 "header = \"Expect:\"\n", request->seconds);
    write_setting(out, "write-out", "", MARK "%{http_code}\n"
                  "%header{retry-after}\n%header{date}\n%{redirect_url}\n");
    if (request->key != NULL)
        write_setting(out, "header", "Authorization: Bearer ", request->key);
    write_setting(out, "data-binary", "@", request->body_path);
    /* At the end: of half a configuration nothing is sent. */
    write_setting(out, "url", "", request->url);
}

static bool write_body(const struct curl_request *request)
{
    remove(request->body_path); /* a run that was killed may have left one */
    int file = open(request->body_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                    0600);
    FILE *stream = file >= 0 ? fdopen(file, "wb") : NULL;
    if (stream == NULL) {
        if (file >= 0)
            close(file);
        return false;
    }
    size_t n = fwrite(request->body.bytes, 1, request->body.size, stream);
    return fclose(stream) == 0 && n == request->body.size;
}

pid_t curl_start(const struct curl_request *request, int out)
{
    int ends[2];
    if (!write_body(request) || !tool_pipe(ends))
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
    /* A missing curl shows in the files it should have left. */
    write_request(request, in);
    fclose(in);
    return child;
}

/* --- what came ------------------------------------------------------------ */

/* The last place of a string; NULL when there is none. */
static const char *find_last(struct pith_text text, const char *string)
{
    size_t n = strlen(string);
    for (size_t at = text.size; at >= n; at--)
        if (memcmp(text.bytes + at - n, string, n) == 0)
            return text.bytes + at - n;
    return NULL;
}

/* The lines after the mark, each cut to its room; false when curl did not
 * come to its end. */
static bool read_mark(struct pith_text output, struct pith_text *body,
                      char lines[N_MARK_LINES][256])
{
    const char *end = output.bytes + output.size;
    const char *mark = find_last(output, MARK);
    *body = output;
    if (mark == NULL)
        return false;
    body->size = (size_t)(mark - output.bytes);
    mark += strlen(MARK);
    for (int i = 0; i < N_MARK_LINES; i++) {
        const char *feed = memchr(mark, '\n', (size_t)(end - mark));
        if (feed == NULL)
            return false;
        snprintf(lines[i], sizeof lines[i], "%.*s", (int)(feed - mark), mark);
        mark = feed + 1;
    }
    return true;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar. */
static double days_until(int year, int month, int day)
{
    year -= month <= 2; /* a year from March to February */
    month = (month + 9) % 12;
    return 365.0 * year + year / 4 - year / 100 + year / 400 +
           (153 * month + 2) / 5 + day - 1 - 719468;
}

/* "Wed, 21 Oct 2015 07:28:00 GMT" as seconds since 1970; -1: not a date. */
static double read_date(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int day, year, hours, minutes, seconds;
    char month[4];
    if (sscanf(text, "%*3s, %d %3s %d %d:%d:%d GMT", &day, month, &year,
               &hours, &minutes, &seconds) != 6 || year < 1970 || year > 9999)
        return -1;
    const char *found = strstr(months, month);
    if (found == NULL || strlen(month) != 3 || (found - months) % 3 != 0)
        return -1;
    return 86400 * days_until(year, (int)(found - months) / 3 + 1, day) +
           3600.0 * hours + 60.0 * minutes + seconds;
}

/* A number of seconds, or a date, which the server's own clock is for. */
static double read_retry_after(const char *text, const char *server_date)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end > text && *end == '\0')
        return seconds >= 0 ? seconds : -1;
    double then = read_date(text), now = read_date(server_date);
    if (then < 0)
        return -1;
    if (now < 0)
        now = (double)time(NULL);
    return then > now ? then - now : 0;
}

/* curl's last message, "curl: (7) Failed to connect ...". */
static struct pith_text find_complaint(struct pith_text output, int status)
{
    const char *said = find_last(output, "curl: (");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 23)
        return tool_string("curl: (23) the reply cannot be written: it is "
                           "larger than 64 MiB, or the disk is full");
    if (said == NULL)
        return tool_string("curl was ended before the reply was there");
    size_t left = output.size - (size_t)(said - output.bytes);
    const char *feed = memchr(said, '\n', left);
    return (struct pith_text){said,
                              feed != NULL ? (size_t)(feed - said) : left};
}

struct curl_reply curl_read(struct pith_text output, int status)
{
    char lines[N_MARK_LINES][256] = {{0}};
    struct curl_reply reply = {.retry_after = -1};
    bool whole = read_mark(output, &reply.body, lines) && status == 0;
    reply.code = whole ? (int)strtol(lines[CODE], NULL, 10) : 0;
    if (reply.code == 0) {
        reply.body = find_complaint(output, status);
        return reply;
    }
    reply.retry_after = read_retry_after(lines[RETRY_AFTER], lines[DATE]);
    memcpy(reply.redirect, lines[REDIRECT], sizeof reply.redirect);
    return reply;
}

bool curl_is_hopeless(int status)
{
    static const int codes[] = {
        2, 3, 4,            /* set-up, URL, what curl was built with */
        26, 48, 127,        /* the body, an option, no curl */
        58, 59, 60, 77, 83, /* certificates */
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (WIFEXITED(status) && WEXITSTATUS(status) == codes[i])
            return true;
    return false;
}
