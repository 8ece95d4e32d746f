/*
 * kernels.c - which sets of kernels this build has and this CPU can run.
 */
#include "kernels.h"

#include <stdbool.h>
#include <string.h>

#include "cpu.h"
#include "set.h"
#include "target.h"

static bool always(void)
{
    return true;
}

/* Best first.  AVX-512 doubles the arithmetic of a cycle; the lower clock
 * that some CPUs run it at costs far less. */
static const struct {
    const struct pith_kernels *set;
    bool (*usable)(void);
} SETS[] = {
#ifdef PITH_BUILDS_AVX512
    {&pith_kernels_avx512, pith_cpu_has_avx512},
#endif
#ifdef PITH_BUILDS_AVX2
    {&pith_kernels_avx2, pith_cpu_has_avx2},
#endif
#ifdef PITH_BUILDS_NEON
    {&pith_kernels_neon, always}, /* part of every 64-bit Arm */
#endif
#ifdef PITH_BUILDS_SIMD128
    {&pith_kernels_simd128, always}, /* a module with them runs nowhere else */
#endif
    {&pith_kernels_scalar, always},
};

/* The index-th set that can run here; NULL past the last. */
static const struct pith_kernels *usable_set(size_t index)
{
    for (size_t i = 0; i < sizeof SETS / sizeof *SETS; i++)
        if (SETS[i].usable() && index-- == 0)
            return SETS[i].set;
    return NULL;
}

const struct pith_kernels *pith_kernels_get(const char *name)
{
    for (size_t i = 0; i < sizeof SETS / sizeof *SETS; i++)
        if (strcmp(SETS[i].set->name, name) == 0 && SETS[i].usable())
            return SETS[i].set;
    return NULL;
}

const struct pith_kernels *pith_kernels_best(void)
{
    return usable_set(0);
}

const char *pith_kernels_get_name(const struct pith_kernels *kernels)
{
    return kernels->name;
}

const char *pith_kernels_name(size_t index)
{
    const struct pith_kernels *set = usable_set(index);
    return set != NULL ? set->name : NULL;
}
