/*
 * mentions.h - which words of a prompt are there for the first time.
 */
#ifndef PITH_SPANS_MENTIONS_H
#define PITH_SPANS_MENTIONS_H

#include "../prompt/parts.h"

/* Finds the units whose words no unit before them has, to the letter.
 *   first  (n_units) filled by the call */
enum pith_status pith_mentions_find(const struct pith_parts *parts,
                                    bool *first, struct pith_error *error);

#endif
