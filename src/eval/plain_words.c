/*
 * plain_words.c - see plain_words.h.
 */
#include "plain_words.h"

#include "../base/utf8.h"
#include "../prompt/clusters.h"
#include "../text/casing.h"

bool pith_next_plain_word(struct pith_text text, size_t *at,
                          struct pith_text *word)
{
    size_t start = *at, end;
    for (struct pith_cluster c = pith_cluster_at(text, start);
         start < text.size && !pith_is_word_character(c.code) &&
         pith_role_of(c.code) != PITH_ROLE_LONE;
         c = pith_cluster_at(text, start))
        start = c.end;
    struct pith_cluster c = pith_cluster_at(text, start);
    end = c.end;
    if (pith_role_of(c.code) != PITH_ROLE_LONE)
        for (c = pith_cluster_at(text, end);
             end < text.size && pith_is_word_character(c.code);
             c = pith_cluster_at(text, end))
            end = c.end;
    *word = (struct pith_text){text.bytes + start, end - start};
    *at = end;
    return end > start;
}

bool pith_same_plain_word(struct pith_text a, struct pith_text b)
{
    size_t i = 0, j = 0;
    while (i < a.size && j < b.size) {
        uint32_t ours, theirs;
        i += pith_utf8_decode(a.bytes + i, a.size - i, &ours);
        j += pith_utf8_decode(b.bytes + j, b.size - j, &theirs);
        if (pith_lower_case(ours) != pith_lower_case(theirs))
            return false;
    }
    return i == a.size && j == b.size;
}
