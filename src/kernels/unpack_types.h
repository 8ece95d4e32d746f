/*
 * unpack_types.h - part of a row of weights as floats, by its type.  A set of
 * kernels includes it after its own unpack_f16, unpack_bf16, unpack_q8 and
 * unpack_q4.
 */
#ifndef PITH_KERNELS_UNPACK_TYPES_H
#define PITH_KERNELS_UNPACK_TYPES_H

#include <string.h>

#include "tensor.h"

TARGET static void unpack(float *out, enum pith_type type,
                          const uint8_t *bytes, size_t n)
{
    switch (type) {
    case PITH_F32:
        memcpy(out, bytes, n * sizeof *out);
        break;
    case PITH_F16:
        unpack_f16(out, bytes, n);
        break;
    case PITH_BF16:
        unpack_bf16(out, bytes, n);
        break;
    case PITH_Q8:
        unpack_q8(out, bytes, n);
        break;
    case PITH_Q4:
        unpack_q4(out, bytes, n);
        break;
    }
}

#endif
