/*
 * avx2.c - the kernels of training for AVX2.
 */
#include "../kernels/target.h"
#ifdef PITH_BUILDS_AVX2

#include "../kernels/x86/avx2_vector.h"
#include "vector.h"

DEFINE_GRADIENTS(pith_gradient_kernels_avx2);

#endif
