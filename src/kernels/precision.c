/*
 * precision.c - which precisions there are, and what a name stands for.
 */
#include "precision.h"

#include <string.h>

const char pith_precision_names[] = "f32, bf16x3, bf16, int8x3, int16, int8 or auto";

/* The best way to each name first. */
static const struct pith_precision *const PRECISIONS[] = {
    &pith_precision_f32,
#ifdef PITH_BUILDS_AMX
    &pith_precision_bf16x3_amx,
    &pith_precision_bf16_amx,
    &pith_precision_int8x3_amx,
#endif
#ifdef PITH_BUILDS_AVX512
    &pith_precision_bf16_avx512,
    &pith_precision_int16_vnni,
    &pith_precision_int8_vnni,
#endif
#ifdef PITH_BUILDS_AVX_VNNI
    &pith_precision_int16_avxvnni,
    &pith_precision_int8_avxvnni,
#endif
#ifdef PITH_BUILDS_AVX2
    &pith_precision_int16_avx2,
#endif
#ifdef PITH_BUILDS_NEON_DOT
    &pith_precision_int8_neon,
#endif
#ifdef PITH_BUILDS_SIMD128
    &pith_precision_int16_simd128,
#endif
    &pith_precision_bf16x3,
    &pith_precision_bf16,
    &pith_precision_int16,
    &pith_precision_int8,
    &pith_precision_int8x3,
};

const struct pith_precision *
pith_precision_usable(const struct pith_kernels *kernels, size_t index)
{
    for (size_t i = 0; i < sizeof PRECISIONS / sizeof *PRECISIONS; i++)
        if (PRECISIONS[i]->usable(kernels) && index-- == 0)
            return PRECISIONS[i];
    return NULL;
}

typedef bool criterion(const struct pith_precision *precision,
                       const struct pith_kernels *kernels);

static bool is_usable(const struct pith_precision *precision,
                      const struct pith_kernels *kernels)
{
    return precision->usable(kernels);
}

static bool is_permitted(const struct pith_precision *precision,
                         const struct pith_kernels *kernels)
{
    return precision->usable(kernels) &&
           (precision->permit == NULL || precision->permit());
}

static const struct pith_precision *
find_named(const struct pith_kernels *kernels, const char *name,
           criterion *suits)
{
    for (size_t i = 0; i < sizeof PRECISIONS / sizeof *PRECISIONS; i++)
        if (strcmp(PRECISIONS[i]->name, name) == 0 &&
            suits(PRECISIONS[i], kernels))
            return PRECISIONS[i];
    return NULL;
}

/* "auto": the fastest that decides as f32 does for 99.5% of tokens and more,
 * in `paper` too, where one token decided otherwise changes what is decided
 * later; docs/KERNELS.md has the measurements. */
static const struct pith_precision *
find(const struct pith_kernels *kernels, const char *name, criterion *suits)
{
    if (strcmp(name, "auto") != 0)
        return find_named(kernels, name, suits);
#ifdef PITH_BUILDS_AMX
    if (suits(&pith_precision_int8x3_amx, kernels))
        return &pith_precision_int8x3_amx;
#endif
    const struct pith_precision *int16 = find_named(kernels, "int16", suits);
    return int16 != &pith_precision_int16 ? int16 : &pith_precision_f32;
}

const struct pith_precision *
pith_precision_get(const struct pith_kernels *kernels, const char *name)
{
    return find(kernels, name, is_usable);
}

const struct pith_precision *
pith_precision_take(const struct pith_kernels *kernels, const char *name)
{
    return find(kernels, name, is_permitted);
}

const char *pith_precision_get_name(const struct pith_precision *precision)
{
    return precision->name;
}
