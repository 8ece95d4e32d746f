/*
 * eval_log.c - JSONL that grows line by line; see eval.h.
 */
#include <stdlib.h>

#include "eval.h"

int eval_log_open(struct eval_log *log, const char *path)
{
    FILE *old = path != NULL ? fopen(path, "rb") : NULL;
    log->stream = stdout;
    if (path == NULL)
        return TOOL_OK;
    if (old != NULL) {
        fclose(old);
        int code = tool_read(path, &log->text);
        if (code != TOOL_OK)
            return code;
    }
    size_t n = log->text.size;
    while (n > 0 && log->text.bytes[n - 1] != '\n')
        n--;
    if (n < log->text.size) { /* a line that a killed run left half */
        struct output output = {0};
        int code = tool_output_open(&output, path);
        if (code != TOOL_OK)
            return code;
        fwrite(log->text.bytes, 1, n, output.stream);
        code = tool_output_close(&output);
        if (code != TOOL_OK)
            return code;
        log->text.bytes[n] = '\0';
        log->text.size = n;
    }
    log->stream = fopen(path, "ab");
    if (log->stream == NULL)
        return tool_fail("%.200s: cannot be opened for writing", path);
    return TOOL_OK;
}

int eval_log_write(struct eval_log *log, const char *line)
{
    fprintf(log->stream, "%s\n", line);
    if (fflush(log->stream) != 0 || ferror(log->stream))
        return tool_fail("the output cannot be written; is the disk full?");
    return TOOL_OK;
}

int eval_log_close(struct eval_log *log)
{
    free(log->text.bytes);
    if (log->stream == NULL || log->stream == stdout)
        return TOOL_OK;
    return fclose(log->stream) == 0
               ? TOOL_OK
               : tool_fail("the output cannot be written; is the disk full?");
}
