/*
 * mutate.h - inputs made from seeds by random changes, the same on every
 * machine.
 */
#ifndef PITH_FUZZ_MUTATE_H
#define PITH_FUZZ_MUTATE_H

#include "../../src/base/buffer.h"

enum { MUTATE_SEEDS = 1000 };

/* Fills `input` with one of the n > 0 seeds and changes it in one to eight
 * places; at most `most` bytes. */
void mutate(struct pith_buffer *input, const struct pith_buffer *seeds,
            size_t n, size_t most, uint64_t *random);

#endif
