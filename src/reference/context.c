/*
 * context.c - lists of contexts, as they go from stage to stage.
 * See reference.h.
 */
#include <string.h>

#include "../base/memory.h"
#include "reference.h"

enum pith_status
pith_reference_contexts_make(struct pith_reference_contexts *contexts, size_t n,
                             struct pith_error *error)
{
    contexts->items = pith_array_zero(n, sizeof *contexts->items);
    contexts->n = contexts->items != NULL ? n : 0;
    return contexts->items != NULL
               ? PITH_OK
               : pith_no_memory(error, n, sizeof *contexts->items);
}

void pith_reference_contexts_free(struct pith_reference_contexts *contexts)
{
    for (size_t i = 0; i < contexts->n; i++) {
        pith_free(contexts->items[i].owned);
        pith_free(contexts->items[i].segments);
        pith_free(contexts->items[i].owned_origins);
    }
    pith_free(contexts->items);
    *contexts = (struct pith_reference_contexts){0};
}

enum pith_status
pith_reference_context_copy(const struct pith_reference_context *from,
                            struct pith_reference_context *to,
                            struct pith_error *error)
{
    size_t n = from->n_segments;
    to->text = from->text;
    to->index = from->index;
    to->origins = from->origins;
    if (n == 0)
        return PITH_OK;
    to->segments = pith_array(n, sizeof *to->segments);
    if (to->segments == NULL)
        return pith_no_memory(error, n, sizeof *to->segments);
    memcpy(to->segments, from->segments, n * sizeof *to->segments);
    to->n_segments = n;
    return PITH_OK;
}
