/*
 * unpack.h - part of a row of weights as floats, the portable way.
 */
#ifndef PITH_KERNELS_UNPACK_H
#define PITH_KERNELS_UNPACK_H

#include "tensor.h"

/* See struct pith_kernels, unpack. */
void pith_unpack_scalar(float *out, enum pith_type type, const uint8_t *bytes,
                        size_t n);

#endif
