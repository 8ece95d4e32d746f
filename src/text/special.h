/*
 * special.h - finding pieces that are in a text whole, before anything is
 * merged: special ones ("<|im_start|>"), and SentencePiece's user-defined.
 */
#ifndef PITH_TEXT_SPECIAL_H
#define PITH_TEXT_SPECIAL_H

#include "section.h"

struct pith_specials {
    struct pith_special *sorted; /* by bytes; special.c */
    size_t n;
    bool begins[256]; /* some piece begins with this byte */
};

struct pith_special {
    struct pith_text bytes;
    int32_t id;
};

/* Of the pieces of these kinds, (1u << enum pith_piece_kind) or-ed.
 *   pieces  their bytes as they are in a text; borrowed */
enum pith_status pith_specials_create(struct pith_specials *specials,
                                      const struct pith_section *section,
                                      const struct pith_text *pieces,
                                      unsigned kinds,
                                      struct pith_error *error);
void pith_specials_free(struct pith_specials *specials);

/* The leftmost such piece of text, of those at the same place the longest:
 * its offset, with the piece in *found; text.size when there is none. */
size_t pith_specials_find(const struct pith_specials *specials,
                          struct pith_text text, struct pith_special *found);

#endif
