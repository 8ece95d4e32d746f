/*
 * integers_x86.h - rows of weights as integers, for every x86 with AVX2.
 */
#ifndef PITH_KERNELS_X86_INTEGERS_X86_H
#define PITH_KERNELS_X86_INTEGERS_X86_H

#include "../precision.h"

/* See struct pith_precision, unpack; the bits of integers.c. */
void pith_unpack_int8_x86(const struct pith_kernels *kernels, float *row,
                          enum pith_type type, const uint8_t *bytes, size_t n);

/* The same in int16, of q8 and q4 only. */
void pith_unpack_int16_x86(float *row, enum pith_type type,
                           const uint8_t *bytes, size_t n);

#endif
