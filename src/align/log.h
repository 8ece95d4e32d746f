/*
 * log.h - the record of a run as JSONL: a line with the settings, a line for
 * each step, a line for each validation.
 */
#ifndef PITH_ALIGN_LOG_H
#define PITH_ALIGN_LOG_H

#include "pith_align.h"

struct pith_log {
    void *stream; /* FILE, NULL when closed */
    const char *path;
    uint64_t n_bytes; /* written so far, all of them handed to the system */
};

/* A file of that name that is not a log is a FORMAT error. */
enum pith_status pith_log_check(const char *path, struct pith_error *error);

/* Starts a log with the settings; or keeps the first n_keep bytes of the one
 * there is and continues after them. */
enum pith_status pith_log_start(struct pith_log *log, const char *path,
                                struct pith_text settings,
                                struct pith_error *error);
enum pith_status pith_log_continue(struct pith_log *log, const char *path,
                                   uint64_t n_keep, struct pith_error *error);
void pith_log_close(struct pith_log *log);

/* Adds the step (when its loss is a number) and the validation (when its loss
 * is one). */
enum pith_status pith_log_event(struct pith_log *log,
                                const struct pith_align_event *event,
                                struct pith_error *error);
#endif
