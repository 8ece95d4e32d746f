/*
 * pack.h - records of a data set as batches: end to end, as many whole ones
 * as the memory of a batch holds.
 */
#ifndef PITH_ALIGN_PACK_H
#define PITH_ALIGN_PACK_H

#include "dataset.h"
#include "trainer.h"

struct pith_pack {
    size_t max_tokens; /* that a batch holds */
    int32_t *ids, *targets; /* (max_tokens) */
    size_t *lengths;        /* (max_tokens) */
    struct pith_training_batch batch; /* of the three above */
};

enum pith_status pith_pack_create(struct pith_pack *pack, size_t max_tokens,
                                  struct pith_error *error);
void pith_pack_free(struct pith_pack *pack);

/* Fills the batch with records[*at], records[*at + stride], ... of n until
 * the next one does not fit, and moves *at past them.  No record may be
 * longer than max_tokens.  False, with an empty batch, when none was left. */
bool pith_pack_fill(struct pith_pack *pack, const struct pith_dataset *dataset,
                    const size_t *records, size_t n, size_t stride,
                    size_t *at);

/* Targets of records[0 .. n - 1]. */
size_t pith_pack_count_targets(const struct pith_dataset *dataset,
                               const size_t *records, size_t n);

#endif
