/*
 * state.h - a run on disk: settings, progress, and every trained tensor with
 * its moments.  What is needed to continue bit for bit, and no more.
 *
 * The file, numbers little-endian:
 *
 *   0   magic, 8 bytes      PITH_STATE_MAGIC
 *   8   version, u32        1
 *   12  CRC-32, u32         of everything after it
 *   16  size of the file, u64
 *   24  sizes of settings and progress, u64 each
 *   40  numbers in each of the three lists of every tensor, u64
 *   48  settings, progress: JSON objects
 *       for each tensor: values, first moments, second moments, f32
 */
#ifndef PITH_ALIGN_STATE_H
#define PITH_ALIGN_STATE_H

#include "sampler.h"
#include "trainer.h"

#define PITH_STATE_MAGIC "\x89PTS\r\n\x1A\n"

struct pith_run_progress {
    size_t step; /* done */
    struct pith_sampler_place place;
    double first_loss; /* of validation before the first step; NAN: none */
    double best_loss;  /* of validation since; NAN: none */
    size_t best_step;
    double loss;       /* of the last step; NAN: none */
    uint64_t log_bytes;
};

/* What has that name and is not a state is a FORMAT error.  *exists: there
 * is a state. */
enum pith_status pith_state_check(const char *path, bool *exists,
                                  struct pith_error *error);

/* Bytes of a file of n_values, except for settings and progress: about 1 KiB. */
uint64_t pith_state_bytes(uint64_t n_values);

/* Complete or not at all. */
enum pith_status pith_state_write(const char *path, struct pith_text settings,
                                  const struct pith_run_progress *progress,
                                  struct pith_trainer *trainer,
                                  struct pith_error *error);

/* Checks everything, then fills progress and the trainer's tensors.
 * Errors: IO, FORMAT, CHECKSUM; ARGUMENT when the settings are others. */
enum pith_status pith_state_read(const char *path, struct pith_text settings,
                                 struct pith_run_progress *progress,
                                 struct pith_trainer *trainer,
                                 struct pith_error *error);

#endif
