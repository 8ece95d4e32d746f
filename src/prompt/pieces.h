/*
 * pieces.h - structured prompts: contexts whose pieces have rates.
 */
#ifndef PITH_PROMPT_PIECES_H
#define PITH_PROMPT_PIECES_H

#include "parts.h"

/* A run of text of a context that has its own rate, between two tags or
 * outside of them (tagged.h).  Units do not cross its ends.  Pieces are in
 * ascending order. */
struct pith_tagged_piece {
    size_t part;
    size_t byte;            /* in pith_parts.text */
    size_t given;           /* in the context as it was given */
    size_t token, n_tokens; /* in pith_parts.ids */
    double rate;            /* < 0: that of the prompt */
    bool whole;             /* compress=False: stays byte for byte */
};

/* Appends a context piece by piece, without its tags, and lists the pieces in
 * parts->pieces.
 * Errors: MEMORY, ARGUMENT (a malformed tag: context and byte). */
pith_append_context pith_pieces_append;

/* The piece that starts with a unit; NULL: none. */
const struct pith_tagged_piece *pith_piece_at(const struct pith_parts *parts,
                                        const struct pith_unit *unit);

#endif
