/*
 * extend.h - what the method `paper` has beyond the paper.
 */
#ifndef PITH_PAPER_EXTEND_H
#define PITH_PAPER_EXTEND_H

#include "paper.h"

extern const struct pith_plan pith_plan_documents; /* question_aware */
extern const struct pith_plan pith_plan_pieces;    /* structured */

/* Sets all that records. */
void pith_paper_record(struct pith_paper *p);

#endif
