/*
 * set.c - which kernels of training go with which set of kernels.
 */
#include "set.h"

#include "../kernels/set.h"
#include "../kernels/target.h"

const struct pith_gradient_kernels *
pith_gradient_kernels(const struct pith_kernels *kernels)
{
#ifdef PITH_BUILDS_AVX512
    if (kernels == &pith_kernels_avx512)
        return &pith_gradient_kernels_avx512;
#endif
#ifdef PITH_BUILDS_AVX2
    if (kernels == &pith_kernels_avx2)
        return &pith_gradient_kernels_avx2;
#endif
#ifdef PITH_BUILDS_NEON
    if (kernels == &pith_kernels_neon)
        return &pith_gradient_kernels_neon;
#endif
    (void)kernels;
    return &pith_gradient_kernels_scalar;
}
