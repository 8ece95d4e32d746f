/*
 * avx512.c - the kernels of training for AVX-512.
 */
#include "../kernels/target.h"
#ifdef PITH_BUILDS_AVX512

#include "../kernels/x86/avx512_vector.h"
#include "vector.h"

DEFINE_GRADIENTS(pith_gradient_kernels_avx512);

#endif
