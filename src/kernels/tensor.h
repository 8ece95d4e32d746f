/*
 * tensor.h - a borrowed view of a matrix of weights, as it is in the file.
 */
#ifndef PITH_KERNELS_TENSOR_H
#define PITH_KERNELS_TENSOR_H

#include "../base/exact.h"
#include "pith.h"

enum { PITH_Q_BLOCK = 32 }; /* weights of one q8 or q4 block */

/* (rows, cols), row-major; rows are outputs, cols are inputs, as in
 * y = W x.  Little-endian bytes (docs/FORMAT.md), no alignment promised. */
struct pith_tensor {
    enum pith_type type;
    size_t rows, cols;
    const uint8_t *data;
};

/* Bytes of one row; 0 when a row of that many cols cannot have the type
 * (q8 and q4 need multiples of PITH_Q_BLOCK). */
size_t pith_row_bytes(enum pith_type type, size_t cols);

/* One row as floats, out (cols).  The specification of every type. */
void pith_row_to_floats(float *out, const struct pith_tensor *tensor,
                        size_t row);

/* n floats to a row of the type, out (pith_row_bytes).  q8: scale =
 * max|w| / 127; q4: scale = (max - min) / 15, minimum = min; both halves are
 * rounded first and the weights then to nearest. */
void pith_row_from_floats(uint8_t *out, enum pith_type type, const float *in,
                          size_t n);

#endif
