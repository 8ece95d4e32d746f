/*
 * bm25.h - Okapi BM25: how well documents match a question, by words alone.
 *
 * LLMLingua's rank_method "bm25" (get_rank_results() with rank_bm25's
 * BM25Okapi and its defaults): words are what is between single spaces,
 * case and punctuation included, so that two spaces enclose an empty word;
 * k1 = 1.5, b = 0.75; a word in more than half of the documents counts as a
 * quarter of the average.  The sums are taken in the same order, so that
 * scores come out equal to the last bit.
 *
 * How `reference` uses it: documents are the contexts (in the sentence
 * filter: the sentences), the query is the question; ranks are the order of
 * pith_bm25_order(), and the reference shows the score 0 for each of them.
 */
#ifndef PITH_REFERENCE_BM25_H
#define PITH_REFERENCE_BM25_H

#include "../base/error.h"

/* scores  filled by the call: (n), higher is better */
enum pith_status pith_bm25_score(const struct pith_text *documents, size_t n,
                                 struct pith_text query, double *scores,
                                 struct pith_error *error);

/* order  filled by the call: (n) indices of documents, best score first.
 *
 * Documents of equal score, such as all without a word of the question, come
 * in the order of numpy's argsort() on x86 (AVX2 and AVX-512), which is not
 * that of the documents; for more than 256 documents, where numpy's order
 * depends on the processor, in the order of the documents. */
enum pith_status pith_bm25_order(const double *scores, size_t n, size_t *order,
                                 struct pith_error *error);

#endif
