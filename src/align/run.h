/*
 * run.h - a run of alignment from inside: what it consists of, and how it is
 * prepared; the loop itself is in loop.c.
 */
#ifndef PITH_ALIGN_RUN_H
#define PITH_ALIGN_RUN_H

#include "../base/buffer.h"
#include "log.h"
#include "pack.h"
#include "sampler.h"
#include "state.h"

/* A list of records of one data set. */
struct pith_selection {
    const struct pith_dataset *dataset;
    size_t *records; /* (n) */
    size_t n;
};

struct pith_run {
    struct pith_align_options options;
    const struct pith_model *model;
    struct pith_trainer *trainer;
    struct pith_selection train, held;
    struct pith_sampler sampler;
    struct pith_pack pack;
    struct pith_buffer settings; /* JSON */
    char *state_path, *log_path;
    bool has_state; /* of an earlier run */
    struct pith_log log;
    struct pith_run_progress progress;
    size_t n_steps, validate_every, save_every;
    int rank, n_ranks;
    bool wants_stop; /* the report of this process */
    bool is_stopped; /* all processes know of it */
    size_t saved_step; /* of the state on disk; SIZE_MAX: none by this run */
    uint64_t n_tokens; /* since the start of this process */
    double start;
};

/* Everything before the first step: files, records, trainer, and the state of
 * an earlier run that this one continues from.  The run holds its model,
 * options and ranks, and zeros. */
enum pith_status pith_run_prepare(struct pith_run *run,
                                  const struct pith_dataset *data,
                                  const struct pith_dataset *validation,
                                  struct pith_error *error);
void pith_run_free(struct pith_run *run);

/* How the output stores matrices. */
enum pith_status pith_run_type(const struct pith_run *run, enum pith_type *type,
                               struct pith_error *error);

/* What the run's numbers depend on, as JSON. */
struct pith_text pith_run_settings(const struct pith_run *run);

#endif
