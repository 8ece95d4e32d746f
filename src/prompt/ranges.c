/*
 * ranges.c - see ranges.h.
 */
#include "ranges.h"

#include "../base/memory.h"
#include "../text/grapheme.h"

void pith_ranges_free(struct pith_ranges *ranges)
{
    pith_free(ranges->items);
    *ranges = (struct pith_ranges){0};
}

enum pith_status pith_ranges_add(struct pith_ranges *ranges,
                                 struct pith_text text, size_t start,
                                 size_t *end, unsigned kind,
                                 struct pith_error *error)
{
    PITH_TRY(pith_grow(&ranges->items, ranges->n + 1, &ranges->capacity,
                       sizeof *ranges->items, error));
    while (!pith_grapheme_boundary(text, *end))
        ++*end;
    ranges->items[ranges->n++] = (struct pith_range){start, *end, kind};
    return PITH_OK;
}
