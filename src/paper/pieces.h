/*
 * pieces.h - structured prompts: the pieces of the contexts have rates of
 * their own, which take the place of the budget controller.
 */
#ifndef PITH_PAPER_PIECES_H
#define PITH_PAPER_PIECES_H

#include "itpc.h"

/* What stays of a structured prompt, in tokens. */
struct pith_piece_budget {
    double instruction, question; /* tau_ins L_ins, tau_que L_que */
    double rate;  /* of pieces that name none */
    double total; /* of the prompt, with all blank lines */
};

/* Pieces that name no rate have that of the prompt or, where a target is
 * given, what it leaves them.  Pieces with compress=False are forced. */
struct pith_piece_budget
pith_piece_budget_make(struct pith_parts *parts,
                       const struct pith_compress_options *options);

/* One stage for each piece, with the blank line in front of its context.
 *   stages  (parts->n_pieces) filled by the call
 *   end     tokens of the output before the first piece */
void pith_piece_stages(const struct pith_parts *parts,
                       const struct pith_piece_budget *budget, double end,
                       struct pith_stage *stages);

#endif
