/*
 * retarget.h - structured prompts: rates of pieces make another target, and
 * some pieces stay whole.
 */
#ifndef PITH_PROMPT_RETARGET_H
#define PITH_PROMPT_RETARGET_H

#include "pieces.h"
#include "prune.h"

/* Plans with another target, in tokens of the scoring model. */
void pith_prune_retarget(struct pith_prune *prune, double target);

/* Notes where the rates leave another number of tokens than the target. */
enum pith_status pith_prune_note_retarget(struct pith_prune *prune,
                                          struct pith_error *error);

/* The piece that a unit is in; NULL: none.
 *   piece  the first that it may be in, 0 before the first unit; moved on */
const struct pith_tagged_piece *pith_piece_of(const struct pith_parts *parts,
                                              const struct pith_unit *unit,
                                              size_t *piece);

/* Units of the pieces that stay whole must stay. */
void pith_force_whole_pieces(struct pith_parts *parts);

#endif
