/*
 * eval_log.c - JSONL that grows line by line; see eval.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"

/* Cuts the text after its last line feed.  What a killed run left there
 * starts as its lines do, as far as it goes. */
static int cut_half_line(struct eval_log *log, const char *head)
{
    size_t n = log->text.size;
    while (n > 0 && log->text.bytes[n - 1] != '\n')
        n--;
    size_t n_half = log->text.size - n, n_head = strlen(head);
    size_t n_compared = n_half < n_head ? n_half : n_head;
    if (memcmp(log->text.bytes + n, head, n_compared) != 0)
        return tool_fail("%.200s: its last line does not end and does not "
                         "start with %s, so nothing is added to it; give "
                         "-o another name", log->path, head);
    log->has_half_line = n_half > 0;
    log->text.bytes[n] = '\0';
    log->text.size = n;
    return TOOL_OK;
}

int eval_log_read(struct eval_log *log, const char *path, const char *head)
{
    struct pith_place place;
    struct pith_error error;
    *log = (struct eval_log){.path = path};
    if (path == NULL || strcmp(path, "-") == 0) {
        log->path = NULL;
        return TOOL_OK;
    }
    if (pith_place_find(path, &place, &error) != PITH_OK)
        return tool_library(&error);
    if (place.kind != PITH_FILE_REGULAR)
        return TOOL_OK;
    int code = tool_read(path, &log->text);
    return code == TOOL_OK ? cut_half_line(log, head) : code;
}

/* Rewrites the complete lines. */
static int write_again(const struct eval_log *log)
{
    struct output output;
    int code = tool_output_open(&output, log->path);
    if (code != TOOL_OK)
        return code;
    fwrite(log->text.bytes, 1, log->text.size, output.stream);
    return tool_output_close(&output);
}

int eval_log_open(struct eval_log *log)
{
    int code = log->has_half_line ? write_again(log) : TOOL_OK;
    if (code != TOOL_OK)
        return code;
    log->stream = log->path != NULL ? pith_stream_open(log->path, "ab")
                                    : stdout;
    return log->stream != NULL
               ? TOOL_OK
               : tool_fail("%.200s: cannot be opened for writing: %s",
                           log->path, strerror(errno));
}

static int cannot_write(const struct eval_log *log)
{
    return tool_fail("%.200s: cannot write: %s",
                     log->path != NULL ? log->path : "standard output",
                     strerror(errno));
}

int eval_log_write(struct eval_log *log, const char *line)
{
    fprintf(log->stream, "%s\n", line);
    return fflush(log->stream) == 0 && !ferror(log->stream)
               ? TOOL_OK : cannot_write(log);
}

int eval_log_close(struct eval_log *log)
{
    free(log->text.bytes);
    log->text = (struct text){0};
    if (log->stream == NULL || log->stream == stdout)
        return TOOL_OK;
    return fclose(log->stream) == 0 ? TOOL_OK : cannot_write(log);
}
