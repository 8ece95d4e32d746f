/*
 * suffixes.c - see suffixes.h.
 *
 * Prefix doubling (Manber and Myers, "Suffix arrays: a new method for on-line
 * string searches", 1993): suffixes sorted by their first h bytes get ranks,
 * and the ranks at i and i + h sort them by 2h.
 */
#include "suffixes.h"

#include <string.h>

#include "../base/memory.h"

/* Scratch of the sort; ranks start at 1, 0 is the end of the text. */
struct sorter {
    uint32_t n;
    uint32_t *order, *rank; /* (n) */
    uint32_t *other;        /* (n) */
    uint32_t *counts;       /* (n_counts) */
    size_t n_counts;
};

static uint32_t rank_at(const struct sorter *sorter, uint32_t at, uint32_t h)
{
    return h < sorter->n - at ? sorter->rank[at + h] : 0;
}

/* Sorts what `from` lists by rank, stably, into `order`. */
static void sort_by_rank(struct sorter *sorter, const uint32_t *from)
{
    uint32_t *counts = sorter->counts;
    memset(counts, 0, sorter->n_counts * sizeof *counts);
    for (uint32_t i = 0; i < sorter->n; i++)
        counts[sorter->rank[i]]++;
    for (size_t i = 1; i < sorter->n_counts; i++)
        counts[i] += counts[i - 1];
    for (uint32_t i = sorter->n; i-- > 0;)
        sorter->order[--counts[sorter->rank[from[i]]]] = from[i];
}

/* The suffixes by the rank at distance h: those that end before it first,
 * the others as they are in `order` with h taken off. */
static void list_by_second_half(const struct sorter *sorter, uint32_t h,
                                uint32_t *list)
{
    uint32_t n = sorter->n, n_listed = 0;
    for (uint32_t i = n - h; i < n; i++)
        list[n_listed++] = i;
    for (uint32_t i = 0; i < n; i++)
        if (sorter->order[i] >= h)
            list[n_listed++] = sorter->order[i] - h;
}

/* New ranks from the order and the old ranks at distances 0 and h; returns
 * how many differ. */
static uint32_t rank_anew(struct sorter *sorter, uint32_t h)
{
    uint32_t *ranks = sorter->other, rank = 0;
    for (uint32_t i = 0; i < sorter->n; i++) {
        uint32_t at = sorter->order[i];
        uint32_t before = i > 0 ? sorter->order[i - 1] : at;
        if (i == 0 || sorter->rank[at] != sorter->rank[before] ||
            rank_at(sorter, at, h) != rank_at(sorter, before, h))
            rank++;
        ranks[at] = rank;
    }
    sorter->other = sorter->rank;
    sorter->rank = ranks;
    return rank;
}

static void sort_suffixes(struct sorter *sorter, struct pith_text text)
{
    for (uint32_t i = 0; i < sorter->n; i++) {
        sorter->rank[i] = (unsigned char)text.bytes[i] + 1u;
        sorter->other[i] = i;
    }
    sort_by_rank(sorter, sorter->other);
    uint32_t n_ranks = rank_anew(sorter, sorter->n);
    for (uint32_t h = 1; n_ranks < sorter->n; h *= 2) {
        list_by_second_half(sorter, h, sorter->other);
        sort_by_rank(sorter, sorter->other);
        n_ranks = rank_anew(sorter, h);
    }
}

enum pith_status pith_suffixes_create(struct pith_suffixes *suffixes,
                                      struct pith_text text,
                                      struct pith_error *error)
{
    *suffixes = (struct pith_suffixes){.text = text};
    if (text.size > UINT32_MAX / 2)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "a text of %zu bytes: expected less than 2 GiB",
                         text.size);
    struct sorter sorter = {.n = (uint32_t)text.size};
    sorter.n_counts = (text.size > 256 ? text.size : 256) + 1;
    sorter.order = pith_array(text.size, sizeof(uint32_t));
    sorter.rank = pith_array(text.size, sizeof(uint32_t));
    sorter.other = pith_array(text.size, sizeof(uint32_t));
    sorter.counts = pith_array(sorter.n_counts, sizeof(uint32_t));
    bool made = sorter.order && sorter.rank && sorter.other && sorter.counts;
    if (made && text.size > 0)
        sort_suffixes(&sorter, text);
    pith_free(sorter.rank);
    pith_free(sorter.other);
    pith_free(sorter.counts);
    if (!made) {
        pith_free(sorter.order);
        return pith_no_memory(error, text.size, 4 * sizeof(uint32_t));
    }
    suffixes->order = sorter.order;
    return PITH_OK;
}

void pith_suffixes_free(struct pith_suffixes *suffixes)
{
    pith_free(suffixes->order);
    *suffixes = (struct pith_suffixes){0};
}

/* The first suffix from low on whose byte at `depth` is above (with_equal:
 * not below) `byte`.  Suffixes low to high agree up to depth. */
static size_t bound(const struct pith_suffixes *suffixes, size_t low,
                    size_t high, size_t depth, int byte, bool with_equal)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        size_t at = suffixes->order[middle] + depth;
        int here = at < suffixes->text.size
                       ? (unsigned char)suffixes->text.bytes[at]
                       : -1;
        if (here < byte || (here == byte && !with_equal))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Narrows the suffixes down to those with one more byte of the string. */
static bool step(const struct pith_suffixes *suffixes, struct pith_text string,
                 size_t depth, size_t *low, size_t *high)
{
    int byte = (unsigned char)string.bytes[depth];
    *low = bound(suffixes, *low, *high, depth, byte, true);
    *high = bound(suffixes, *low, *high, depth, byte, false);
    return *low < *high;
}

void pith_suffixes_find(const struct pith_suffixes *suffixes,
                        struct pith_text string, size_t *first, size_t *n)
{
    size_t high = suffixes->text.size, depth = 0;
    *first = 0;
    while (depth < string.size && step(suffixes, string, depth, first, &high))
        depth++;
    *n = depth == string.size ? high - *first : 0;
}

size_t pith_suffixes_longest(const struct pith_suffixes *suffixes,
                             struct pith_text string)
{
    size_t low = 0, high = suffixes->text.size, depth = 0;
    while (depth < string.size && step(suffixes, string, depth, &low, &high))
        depth++;
    return depth;
}
