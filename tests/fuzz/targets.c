/*
 * targets.c - the list of all fuzz targets.
 */
#include <string.h>

#include "fuzz.h"

static const struct fuzz_target *const lists[] = {
    fuzz_json,    fuzz_tokenizers, fuzz_texts,       fuzz_models,   fuzz_sources,
    fuzz_prompts, fuzz_services,   fuzz_evaluations, fuzz_trainings};

const struct fuzz_target *fuzz_get(size_t index)
{
    for (size_t list = 0; list < sizeof lists / sizeof *lists; list++)
        for (const struct fuzz_target *at = lists[list]; at->name; at++)
            if (index-- == 0)
                return at;
    return NULL;
}

const struct fuzz_target *fuzz_find(const char *name)
{
    const struct fuzz_target *target;
    for (size_t i = 0; (target = fuzz_get(i)) != NULL; i++)
        if (strcmp(target->name, name) == 0)
            return target;
    return NULL;
}

bool fuzz_seed(const struct fuzz_target *target, size_t index,
               struct pith_buffer *out)
{
    if (target->texts == NULL)
        return target->seed(target, index, out);
    for (size_t i = 0; i < index; i++)
        if (target->texts[i] == NULL)
            return false;
    if (target->texts[index] == NULL)
        return false;
    pith_buffer_string(out, target->texts[index]);
    return true;
}
