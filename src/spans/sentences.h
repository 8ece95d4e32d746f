/*
 * sentences.h - the sentences and lines of the contexts.
 */
#ifndef PITH_SPANS_SENTENCES_H
#define PITH_SPANS_SENTENCES_H

#include "../prompt/parts.h"

struct pith_stretch {
    size_t unit, end;       /* units [unit, end) */
    size_t token, n_tokens; /* theirs */
};

struct pith_sentences {
    struct pith_stretch *items;
    size_t n, capacity;
};

/* Finds those of the contexts, in order; each has at least one unit.
 *   left_out  (n_units) contexts that start with such a unit have none; NULL:
 *             there are no such */
enum pith_status pith_sentences_find(struct pith_sentences *sentences,
                                     const struct pith_parts *parts,
                                     const bool *left_out,
                                     struct pith_error *error);
/* Marks, in units[].stops of the contexts, the marks that end sentences, and
 * semicolons. */
void pith_sentences_mark_stops(struct pith_parts *parts);

void pith_sentences_free(struct pith_sentences *sentences);

#endif
