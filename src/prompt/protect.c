/*
 * protect.c - see protect.h.
 */
#include "protect.h"

#include <stdlib.h>
#include <string.h>

#include "recognise.h"

static int by_start(const void *left, const void *right)
{
    const struct pith_range *a = left, *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->kind < b->kind ? -1 : a->kind > b->kind;
}

static const struct {
    const char *word;
    unsigned kind;
    enum pith_status (*find)(struct pith_text text, struct pith_ranges *ranges,
                             struct pith_error *error);
} recognisers[] = {
    {"numbers", PITH_PROTECT_NUMBERS, pith_number_ranges},
    {"negations", PITH_PROTECT_NEGATIONS, pith_negation_ranges},
    {"urls", PITH_PROTECT_URLS, pith_url_ranges},
    {"ids", PITH_PROTECT_IDS, pith_id_ranges},
    {"code", PITH_PROTECT_CODE, pith_code_ranges},
    {"markup", PITH_PROTECT_MARKUP, pith_markup_ranges},
};

enum { N_RECOGNISERS = sizeof recognisers / sizeof *recognisers };

enum pith_status pith_protect_find(struct pith_text text, unsigned kinds,
                                   struct pith_ranges *ranges,
                                   struct pith_error *error)
{
    size_t n = ranges->n;
    for (size_t i = 0; i < N_RECOGNISERS; i++)
        if ((kinds & recognisers[i].kind) != 0)
            PITH_TRY(recognisers[i].find(text, ranges, error));
    if (ranges->n > n)
        qsort(ranges->items + n, ranges->n - n, sizeof *ranges->items,
              by_start);
    return PITH_OK;
}

/* The kinds that a word names; 0 when it names none. */
static unsigned kinds_of(const char *word, size_t size)
{
    if (size == strlen("all") && memcmp(word, "all", size) == 0)
        return PITH_PROTECT_ALL;
    if (size == strlen("none") && memcmp(word, "none", size) == 0)
        return PITH_PROTECT_NONE;
    for (size_t i = 0; i < N_RECOGNISERS; i++)
        if (size == strlen(recognisers[i].word) &&
            memcmp(word, recognisers[i].word, size) == 0)
            return recognisers[i].kind;
    return 0;
}

enum pith_status pith_protect_parse(struct pith_text list, unsigned *kinds,
                                    struct pith_error *error)
{
    PITH_REQUIRE(kinds, error);
    *kinds = 0;
    PITH_REQUIRE_ALL(list.bytes, list.size, error);
    for (size_t at = 0; at < list.size; at++) {
        size_t end = at;
        while (end < list.size && list.bytes[end] != ',')
            end++;
        size_t first = at, size = end - at;
        at = end;
        while (size > 0 && list.bytes[first] == ' ') {
            first++;
            size--;
        }
        while (size > 0 && list.bytes[first + size - 1] == ' ')
            size--;
        unsigned found = kinds_of(list.bytes + first, size);
        if (found == 0)
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "protect: \"%.*s\" is not a kind of text; "
                             "expected a list of numbers, negations, urls, "
                             "ids, code, markup, or all or none",
                             size < 60 ? (int)size : 60, list.bytes + first);
        *kinds |= found;
    }
    return PITH_OK;
}
