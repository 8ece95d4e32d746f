/*
 * log.c - see log.h.
 */
#include "log.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/buffer.h"
#include "../base/file.h"
#include "../base/file_kind.h"
#include "../base/writer.h"
#include "../json/json.h"

/* Every log starts with this. */
#define HEAD "{\"settings\":"

static enum pith_status cannot(const struct pith_log *log, const char *what,
                               struct pith_error *error)
{
    return pith_fail(error, PITH_ERR_IO, "%s: cannot %s: %s", log->path, what,
                     strerror(errno));
}

static enum pith_status write_line(struct pith_log *log,
                                   const struct pith_buffer *line,
                                   struct pith_error *error)
{
    if (line->failed)
        return pith_no_memory(error, line->size, 1);
    if (line->size == 0)
        return PITH_OK;
    if (fwrite(line->data, 1, line->size, log->stream) != line->size ||
        fflush(log->stream) != 0)
        return cannot(log, "write", error);
    log->n_bytes += line->size;
    return PITH_OK;
}

enum pith_status pith_log_check(const char *path, struct pith_error *error)
{
    return pith_file_check_kind(path, (struct pith_text){HEAD, strlen(HEAD)},
                                "the log of a run", error);
}

static enum pith_status open_log(struct pith_log *log, const char *path,
                                 const char *mode, uint64_t n_bytes,
                                 struct pith_error *error)
{
    *log = (struct pith_log){.path = path, .n_bytes = n_bytes};
    log->stream = pith_stream_open(path, mode);
    return log->stream != NULL ? PITH_OK : cannot(log, "open", error);
}

enum pith_status pith_log_start(struct pith_log *log, const char *path,
                                struct pith_text settings,
                                struct pith_error *error)
{
    struct pith_buffer line = {0};
    PITH_TRY(open_log(log, path, "wb", 0, error));
    pith_buffer_string(&line, HEAD);
    pith_buffer_append(&line, settings.bytes, settings.size);
    pith_buffer_string(&line, "}\n");
    enum pith_status status = write_line(log, &line, error);
    pith_buffer_free(&line);
    return status;
}

/* Rewrites the first *n_keep bytes of the file, or all if there are fewer. */
static enum pith_status cut(const char *path, uint64_t *n_keep,
                            struct pith_error *error)
{
    struct pith_file file;
    struct pith_writer writer = {0};
    enum pith_status status;
    PITH_TRY(pith_file_open(&file, path, error));
    size_t n = *n_keep < file.size ? (size_t)*n_keep : file.size;
    *n_keep = n;
    PITH_TRY_DONE(pith_writer_open(&writer, path, error));
    PITH_TRY_DONE(pith_writer_write(&writer, file.data, n, error));
    PITH_TRY_DONE(pith_writer_commit(&writer, error));
done:
    pith_writer_abort(&writer);
    pith_file_close(&file);
    return status;
}

enum pith_status pith_log_continue(struct pith_log *log, const char *path,
                                   uint64_t n_keep, struct pith_error *error)
{
    struct pith_place place;
    *log = (struct pith_log){.path = path};
    PITH_TRY(pith_place_find(path, &place, error));
    if (place.kind == PITH_FILE_REGULAR)
        PITH_TRY(cut(path, &n_keep, error));
    else
        n_keep = 0;
    return open_log(log, path, "ab", n_keep, error);
}

void pith_log_close(struct pith_log *log)
{
    if (log->stream != NULL)
        fclose(log->stream);
    *log = (struct pith_log){0};
}

static void write_number(struct pith_buffer *out, const char *name,
                         double value)
{
    pith_buffer_printf(out, ",\"%s\":", name);
    pith_json_write_number(out, value);
}

enum pith_status pith_log_event(struct pith_log *log,
                                const struct pith_align_event *event,
                                struct pith_error *error)
{
    struct pith_buffer line = {0};
    if (!isnan(event->loss)) {
        pith_buffer_printf(&line, "{\"step\":%zu", event->step);
        write_number(&line, "epoch", event->epoch);
        write_number(&line, "loss", event->loss);
        write_number(&line, "lr", event->lr);
        write_number(&line, "gradient_norm", event->gradient_norm);
        pith_buffer_printf(&line, ",\"tokens\":%llu,\"seconds\":%.2f}\n",
                           (unsigned long long)event->n_tokens,
                           event->seconds);
    }
    if (!isnan(event->validation_loss)) {
        pith_buffer_printf(&line, "{\"step\":%zu", event->step);
        write_number(&line, "validation_loss", event->validation_loss);
        write_number(&line, "validation_perplexity",
                     exp(event->validation_loss));
        pith_buffer_printf(&line, ",\"best\":%s}\n",
                           event->is_best ? "true" : "false");
    }
    enum pith_status status = write_line(log, &line, error);
    pith_buffer_free(&line);
    return status;
}
