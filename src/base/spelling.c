/*
 * spelling.c - how far one word is from another, for "did you mean".
 */
#include <stdint.h>
#include <string.h>

#include "memory.h"
#include "pith.h"

enum { MAX_WORD = 48 };

static int plain(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 'a';
    return c == '_' ? '-' : c;
}

/* Insertions, deletions, replacements and swaps of neighbours. */
static size_t count_edits(struct pith_text a, struct pith_text b)
{
    size_t rows[3][MAX_WORD + 1]; /* of i - 2, i - 1 and i, modulo 3 */
    for (size_t j = 0; j <= b.size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.size; i++) {
        size_t *row = rows[i % 3], *above = rows[(i - 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            int x = plain(a.bytes[i - 1]), y = plain(b.bytes[j - 1]);
            row[j] = pith_min(above[j], row[j - 1]) + 1;
            row[j] = pith_min(row[j], above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == plain(b.bytes[j - 2]) &&
                y == plain(a.bytes[i - 2]))
                row[j] = pith_min(row[j], rows[(i - 2) % 3][j - 2] + 1);
        }
    }
    return rows[a.size % 3][b.size];
}

size_t pith_spelling_distance(struct pith_text word, struct pith_text known)
{
    size_t shorter = pith_min(word.size, known.size);
    if (shorter == 0 || word.bytes == NULL || known.bytes == NULL ||
        word.size > MAX_WORD || known.size > MAX_WORD)
        return SIZE_MAX;
    if (shorter >= 3 && memcmp(word.bytes, known.bytes, shorter) == 0)
        return word.size != known.size; /* cut short, or gone on */
    size_t edits = count_edits(word, known);
    return edits <= (shorter + 1) / 3 ? edits : SIZE_MAX;
}
