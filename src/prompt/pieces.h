/*
 * pieces.h - structured prompts: contexts whose pieces have rates.
 */
#ifndef PITH_PROMPT_PIECES_H
#define PITH_PROMPT_PIECES_H

#include "parts.h"

/* Appends the index-th context piece by piece, without its tags, and lists the
 * pieces in parts->pieces.
 * Errors: MEMORY, ARGUMENT (a malformed tag: context and byte). */
enum pith_status pith_pieces_append(struct pith_parts *parts,
                                    const struct pith_tokenizer *tokenizer,
                                    size_t index, struct pith_text tagged,
                                    struct pith_error *error);

/* The piece that starts with a unit; NULL: none. */
const struct pith_tagged_piece *pith_piece_at(const struct pith_parts *parts,
                                        const struct pith_unit *unit);

#endif
