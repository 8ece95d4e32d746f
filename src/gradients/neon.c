/*
 * neon.c - the kernels of training for Arm.
 */
#include "../kernels/target.h"
#ifdef PITH_BUILDS_NEON

#include "../kernels/arm/neon_vector.h"
#include "vector.h"

DEFINE_GRADIENTS(pith_gradient_kernels_neon);

#endif
