/*
 * score.h - losses of the tokens of a text, however long, with a sliding
 * context.
 *
 * The text starts in an empty cache after a prefix (or the start id).  When
 * the cache is full, it is emptied and filled again with the prefix and the
 * last tokens of the text, as many as half the rest of the cache holds; so
 * every token is scored after the prefix and at least that many tokens of
 * the text, or all.
 */
#ifndef PITH_MODEL_SCORE_H
#define PITH_MODEL_SCORE_H

#include "session.h"

/* losses (n): of each token of the text after a fresh start id. */
enum pith_status pith_score_text(struct pith_session *session,
                                 const int32_t *ids, size_t n, float *losses,
                                 struct pith_error *error);

/* The mean of n losses, 0 of none. */
double pith_mean(const float *losses, size_t n);

/* A text, each of its tokens to be scored. */
struct pith_scored_text {
    const int32_t *ids; /* (n) */
    size_t n;
    float *losses; /* (n) filled */
};

/* The same of several texts, each alone.
 *   stage  for progress */
enum pith_status pith_score_texts(struct pith_session *session,
                                  const struct pith_scored_text *texts,
                                  size_t n, const char *stage,
                                  struct pith_error *error);

/* As pith_score_text() after a prefix, which must fit into the cache (and
 * should leave half of it).  n_prefix 0: after the start id.  Only the text is
 * scored. */
enum pith_status pith_score_after(struct pith_session *session,
                                  const int32_t *prefix, size_t n_prefix,
                                  const int32_t *ids, size_t n, float *losses,
                                  struct pith_error *error);

#endif
