/*
 * avxvnni.c - products of integers with AVX-VNNI, the dot products of CPUs
 * that have AVX2 but not AVX-512: panels of 16 tokens.
 */
#include "../integers.h"
#ifdef PITH_BUILDS_AVX_VNNI

#include "../cpu.h"
#include "integers_x86.h"

#define TARGET PITH_TARGET("avx2,fma,avxvnni")
#define MEANS "AVX-VNNI"

#include "integers_avx2.h"

TARGET static inline ivec ivec_dot(ivec sum, ivec x, ivec w, size_t n_packed)
{
    __m256i s = (__m256i)sum, a = (__m256i)x, b = (__m256i)w;
    return (ivec)(n_packed == PITH_INT8_PACKED
                      ? _mm256_dpbusd_avx_epi32(s, a, b)
                      : _mm256_dpwssd_avx_epi32(s, a, b));
}

static bool usable(const struct pith_kernels *kernels)
{
    return kernels == &pith_kernels_avx2 && pith_cpu_has_avx_vnni();
}

#include "../integers_vector.h"

#include "integers_rows.h"

DEFINE_INTEGERS(int8, PITH_INT8_PACKED, pith_unpack_int8_x86, "int8",
                pith_precision_int8_avxvnni);
DEFINE_INTEGERS(int16, PITH_INT16_PACKED, unpack_int16, "int16",
                pith_precision_int16_avxvnni);

#endif
