/*
 * suffixes.h - the suffixes of a text in alphabetical order: which strings
 * occur in it is then found in time that depends on the string alone, but
 * for a logarithm.
 */
#ifndef PITH_TEXT_SUFFIXES_H
#define PITH_TEXT_SUFFIXES_H

#include "../base/error.h"

struct pith_suffixes {
    struct pith_text text; /* borrowed */
    uint32_t *order;       /* (text.size) where each suffix starts */
};

/* O(n log n) time, 16 bytes a byte.  Texts below 4 GiB. */
enum pith_status pith_suffixes_create(struct pith_suffixes *suffixes,
                                      struct pith_text text,
                                      struct pith_error *error);
void pith_suffixes_free(struct pith_suffixes *suffixes);

/* Where a string occurs: at order[first] to order[first + n - 1], sorted by
 * what follows it.  n is 0 where it does not. */
void pith_suffixes_find(const struct pith_suffixes *suffixes,
                        struct pith_text string, size_t *first, size_t *n);

/* Bytes of the longest start of `string` that occurs in the text. */
size_t pith_suffixes_longest(const struct pith_suffixes *suffixes,
                             struct pith_text string);

#endif
