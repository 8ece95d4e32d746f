/*
 * avx2int16.c - products of 16-bit integers with AVX2: one instruction for the
 * products of two columns, one to add them.  (The instruction for bytes cuts
 * sums to 16 bits and is of no use.)
 */
#include "../integers.h"
#ifdef PITH_BUILDS_AVX2

#include "../cpu.h"
#include "integers_x86.h"

#define TARGET PITH_TARGET("avx2,fma")
#define MEANS "AVX2"

#include "integers_avx2.h"

TARGET static inline ivec ivec_dot(ivec sum, ivec x, ivec w, size_t n_packed)
{
    (void)n_packed;
    return sum + (ivec)_mm256_madd_epi16((__m256i)x, (__m256i)w);
}

static bool usable(const struct pith_kernels *kernels)
{
    return kernels == &pith_kernels_avx2;
}

#include "../integers_vector.h"

#include "integers_rows.h"

DEFINE_INTEGERS(int16, PITH_INT16_PACKED, unpack_int16, "int16",
                pith_precision_int16_avx2);

#endif
