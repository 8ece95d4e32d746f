/*
 * gguf_blocks.h - GGUF's quantised types that are not ours byte for byte: how
 * their blocks are read, and how rows of them become rows of ours.
 *
 * All of them are one formula, weight = scale q + minimum.  They differ in how
 * many weights share a scale, and in how the bits are packed; so each is read
 * as runs of 32 weights, of which 16 or 32 share scale and minimum.
 */
#ifndef PITH_CONVERT_GGUF_BLOCKS_H
#define PITH_CONVERT_GGUF_BLOCKS_H

#include "../kernels/tensor.h"

/* 32 weights: weight j is scale[j / 16] q[j] + minimum[j / 16].  Products are
 * exact in single precision or rounded once, sums are rounded once, so that a
 * weight is the same float on every machine. */
struct pith_run {
    int8_t q[PITH_Q_BLOCK];
    float scale[2];
    float minimum[2]; /* -0.0f where the format has none: adds nothing */
};

struct pith_blocks {
    const char *name;
    unsigned number;        /* of the type in GGUF */
    size_t weights, bytes;  /* of a block */
    enum pith_type held_as; /* the type of ours that holds it best */
    void (*read)(struct pith_run *run, const uint8_t *block, size_t index);
};

/* The format that GGUF gives this number; NULL when it is not one of them. */
const struct pith_blocks *pith_blocks_find(uint32_t number);

/* Bytes of a row; 0 when a row of that many cols is not whole blocks. */
size_t pith_blocks_row_bytes(const struct pith_blocks *blocks, size_t cols);

/* A row of blocks as floats, out (cols). */
void pith_blocks_to_floats(float *out, const struct pith_blocks *blocks,
                           const uint8_t *row, size_t cols);

/* A row of blocks as a row of held_as.  A run whose numbers that type can have
 * keeps them, and only its scale and minimum are rounded to halves; any other
 * is quantised again. */
void pith_blocks_hold(uint8_t *out, const struct pith_blocks *blocks,
                      const uint8_t *row, size_t cols);

#endif
