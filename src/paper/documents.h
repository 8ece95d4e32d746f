/*
 * documents.h - LongLLMLingua (arXiv 2310.06839) for the method `paper`: how
 * relevant documents are to the question, and their rates.
 */
#ifndef PITH_PAPER_DOCUMENTS_H
#define PITH_PAPER_DOCUMENTS_H

#include "../model/session.h"
#include "../prompt/parts.h"

/* r_k: mean loss of the question and the restrictive sentence given document
 * k, low where it is relevant.  A document longer than half of the window
 * counts as its most relevant piece.
 *   ranks  (n) filled by the call, in the order of the prompt; index is that
 *          in parts->parts */
enum pith_status pith_rank_documents(struct pith_session *session,
                                     const struct pith_parts *parts,
                                     struct pith_rank *ranks, size_t n,
                                     struct pith_error *error);

/* tau_k = clip((1 - 2 rank_k / K) d_tau + tau_doc, 0, 1), moved alike for all
 * so that sum tau_k L_k = budget.
 *   lengths  (n) L_k, in the order of their ranks
 *   rates    (n) filled by the call, in that order */
void pith_document_rates(const double *lengths, size_t n, double tau_doc,
                         double delta_tau, double budget, double *rates);

#endif
