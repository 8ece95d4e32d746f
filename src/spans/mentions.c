/*
 * mentions.c - see mentions.h.  Words are sorted, so that those that are alike
 * stand together, the first of them in front.
 */
#include "mentions.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../prompt/bind.h"

struct mention {
    struct pith_text word;
    size_t unit;
};

static int compare_words(struct pith_text a, struct pith_text b)
{
    size_t n = a.size < b.size ? a.size : b.size;
    int order = n > 0 ? memcmp(a.bytes, b.bytes, n) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int by_word_then_unit(const void *a, const void *b)
{
    const struct mention *x = a, *y = b;
    int order = compare_words(x->word, y->word);
    return order != 0 ? order : (x->unit > y->unit) - (x->unit < y->unit);
}

enum pith_status pith_mentions_find(const struct pith_parts *parts,
                                    bool *first, struct pith_error *error)
{
    size_t n = parts->n_units;
    struct mention *mentions = pith_array(n, sizeof *mentions);
    if (mentions == NULL)
        return pith_no_memory(error, n, sizeof *mentions);
    for (size_t i = 0; i < n; i++)
        mentions[i] = (struct mention){
            pith_unit_word(parts, &parts->units[i]), i};
    if (n > 0)
        qsort(mentions, n, sizeof *mentions, by_word_then_unit);
    for (size_t i = 0; i < n; i++)
        first[mentions[i].unit] =
            i == 0 || compare_words(mentions[i - 1].word, mentions[i].word) != 0;
    pith_free(mentions);
    return PITH_OK;
}
