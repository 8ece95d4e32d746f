/*
 * special.c - see special.h.
 */
#include "special.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

static int compare(const void *left, const void *right)
{
    const struct pith_special *a = left, *b = right;
    size_t n = a->bytes.size < b->bytes.size ? a->bytes.size : b->bytes.size;
    int order = memcmp(a->bytes.bytes, b->bytes.bytes, n);
    if (order != 0)
        return order;
    if (a->bytes.size != b->bytes.size)
        return a->bytes.size < b->bytes.size ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static bool is_wanted(const struct pith_section *section, size_t id,
                      struct pith_text bytes, unsigned kinds)
{
    return bytes.size > 0 &&
           (kinds >> pith_section_piece(section, id).kind & 1) != 0;
}

enum pith_status pith_specials_create(struct pith_specials *specials,
                                      const struct pith_section *section,
                                      const struct pith_text *pieces,
                                      unsigned kinds,
                                      struct pith_error *error)
{
    size_t n = 0;
    *specials = (struct pith_specials){0};
    for (size_t id = 0; id < section->facts.n_pieces; id++)
        n += is_wanted(section, id, pieces[id], kinds);
    specials->sorted = pith_array(n, sizeof *specials->sorted);
    if (specials->sorted == NULL)
        return pith_no_memory(error, n, sizeof *specials->sorted);
    for (size_t id = 0; id < section->facts.n_pieces; id++) {
        if (!is_wanted(section, id, pieces[id], kinds))
            continue;
        specials->sorted[specials->n++] =
            (struct pith_special){pieces[id], (int32_t)id};
        specials->begins[(unsigned char)pieces[id].bytes[0]] = true;
    }
    qsort(specials->sorted, n, sizeof *specials->sorted, compare);
    return PITH_OK;
}

void pith_specials_free(struct pith_specials *specials)
{
    pith_free(specials->sorted);
    *specials = (struct pith_specials){0};
}

/* First of the pieces low..high-1, which agree in `depth` bytes, whose next
 * byte is not below `byte`.  Those that end here sort before all others. */
static size_t lower_bound(const struct pith_specials *specials, size_t low,
                          size_t high, size_t depth, int byte)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct pith_text bytes = specials->sorted[middle].bytes;
        if (bytes.size == depth || (unsigned char)bytes.bytes[depth] < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The longest piece that text begins with, NULL for none: the sorted pieces
 * are narrowed down byte by byte. */
static const struct pith_special *
longest_at(const struct pith_specials *specials, struct pith_text text)
{
    const struct pith_special *longest = NULL;
    size_t low = 0, high = specials->n;
    for (size_t depth = 0; depth < text.size; depth++) {
        int byte = (unsigned char)text.bytes[depth];
        low = lower_bound(specials, low, high, depth, byte);
        high = lower_bound(specials, low, high, depth, byte + 1);
        if (low == high)
            break;
        if (specials->sorted[low].bytes.size == depth + 1)
            longest = &specials->sorted[low];
    }
    return longest;
}

size_t pith_specials_find(const struct pith_specials *specials,
                          struct pith_text text, struct pith_special *found)
{
    for (size_t at = 0; at < text.size && specials->n > 0; at++) {
        if (!specials->begins[(unsigned char)text.bytes[at]])
            continue;
        const struct pith_special *longest = longest_at(
            specials, (struct pith_text){text.bytes + at, text.size - at});
        if (longest != NULL) {
            *found = *longest;
            return at;
        }
    }
    return text.size;
}
