/*
 * finite.h - numbers that no model can be made of.
 */
#ifndef PITH_CONVERT_FINITE_H
#define PITH_CONVERT_FINITE_H

#include "../kernels/tensor.h"

/* The first element that is an infinity or NaN (of a block type, the first of
 * a block with such a scale or minimum); false when all are finite. */
bool pith_find_not_finite(const struct pith_tensor *tensor, size_t *row,
                          size_t *col);

#endif
