/*
 * pair_index.h - the merges of a tokenizer section: from two pieces to the
 * rank of their merge and the piece that it makes.
 */
#ifndef PITH_TEXT_PAIR_INDEX_H
#define PITH_TEXT_PAIR_INDEX_H

#include "merge.h"
#include "section.h"

struct pith_pair_slot; /* pair_index.c */

struct pith_pair_index {
    struct pith_pair_slot *slots; /* pairs of ids, hashed */
    size_t mask;
};

/* Of a pair that the section lists twice the first counts. */
enum pith_status pith_pair_index_create(struct pith_pair_index *index,
                                        const struct pith_section *section,
                                        struct pith_error *error);
void pith_pair_index_free(struct pith_pair_index *index);

/* False when the two do not merge.  -1, no piece, merges with nothing. */
bool pith_pair_index_find(const struct pith_pair_index *index, int32_t left,
                          int32_t right, struct pith_pair *pair);

#endif
