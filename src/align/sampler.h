/*
 * sampler.h - which records a step sees: every record once per epoch, in an
 * order that the random state at the start of the epoch determines.
 *
 * Epoch, place in it and that random state are all that a resumed run needs.
 */
#ifndef PITH_ALIGN_SAMPLER_H
#define PITH_ALIGN_SAMPLER_H

#include "../base/error.h"

struct pith_sampler_place {
    uint64_t epoch;  /* passes completed */
    uint64_t n_used; /* records of this pass */
    uint64_t random; /* state from which this pass was shuffled */
};

struct pith_sampler {
    struct pith_sampler_place place;
    size_t *records;  /* (n) that take part, in ascending order */
    size_t *order;    /* (n) the same, shuffled for this epoch */
    size_t n;
    uint64_t next_random; /* where the next epoch starts */
};

/* records (n > 0): copied. */
enum pith_status pith_sampler_create(struct pith_sampler *sampler,
                                     const size_t *records, size_t n,
                                     uint64_t seed, struct pith_error *error);
void pith_sampler_free(struct pith_sampler *sampler);

/* Goes to a place that a sampler of the same records has been at.  Errors:
 * FORMAT when there is no such place. */
enum pith_status pith_sampler_seek(struct pith_sampler *sampler,
                                   const struct pith_sampler_place *place,
                                   struct pith_error *error);

/* The records of the next step, borrowed until the next call: n_batch, or
 * what is left of the epoch. */
const size_t *pith_sampler_next(struct pith_sampler *sampler, size_t n_batch,
                                size_t *n);

/* Takes n_held of the records 0 .. n - 1 aside.  held (n_held) and rest
 * (n - n_held) are filled in ascending order. */
enum pith_status pith_sampler_split(size_t n, size_t n_held, uint64_t seed,
                                    size_t *held, size_t *rest,
                                    struct pith_error *error);

#endif
