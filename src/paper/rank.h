/*
 * rank.h - the order in which coarse selection looks at demonstrations.
 */
#ifndef PITH_PAPER_RANK_H
#define PITH_PAPER_RANK_H

#include "../model/session.h"
#include "../prompt/parts.h"

/* A context that is not empty. */
bool pith_is_demonstration(const struct pith_part *part);

/* Mean losses of the demonstrations, each alone after the start id.
 *   ranks   (n) filled by the call, in the order of the prompt; index is that
 *           in parts->parts
 *   losses  (parts->ids.n) by token, filled where demonstrations are */
enum pith_status pith_rank_demonstrations(struct pith_session *session,
                                          const struct pith_parts *parts,
                                          struct pith_rank *ranks, size_t n,
                                          float *losses,
                                          struct pith_error *error);

#endif
