/*
 * kernels.c - which sets of kernels this build has and this CPU can run.
 */
#include "kernels.h"

#include <string.h>

#include "set.h"

/* Every set of this build that can run here, best first; NULL past the
 * last. */
static const struct pith_kernels *usable(size_t index)
{
    return index == 0 ? &pith_kernels_scalar : NULL;
}

const struct pith_kernels *pith_kernels_get(const char *name)
{
    const struct pith_kernels *set;
    for (size_t i = 0; (set = usable(i)) != NULL; i++)
        if (strcmp(set->name, name) == 0)
            return set;
    return NULL;
}

const struct pith_kernels *pith_kernels_best(void)
{
    return usable(0);
}

const char *pith_kernels_get_name(const struct pith_kernels *kernels)
{
    return kernels->name;
}

const char *pith_kernels_name(size_t index)
{
    for (size_t i = 0; i <= index; i++)
        if (usable(i) == NULL)
            return NULL;
    return usable(index)->name;
}
