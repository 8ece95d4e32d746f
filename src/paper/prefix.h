/*
 * prefix.h - the compressed text so far, and the losses of what may follow.
 *
 * Eq. 5 scores a segment after the start id and the tokens that were kept of
 * the segments before it.  The KV cache holds that prefix; when prefix and
 * segment are longer than n_max, it is filled again with the start id and the
 * latest tokens of the prefix, an eighth of n_max.  Little is scored twice
 * then, so that a token costs the same however long the document.
 */
#ifndef PITH_PAPER_PREFIX_H
#define PITH_PAPER_PREFIX_H

#include "../base/buffer.h"
#include "../model/session.h"

struct pith_prefix {
    struct pith_session *session; /* borrowed */
    struct pith_ids ids;          /* the start id, then the tokens kept */
    size_t n_head; /* ids that always come first: the start id and, of
                      contrast.c, the question */
    size_t n_max; /* positions that prefix and segment may take together: the
                      session's window, or less where set so at first */
    size_t from; /* the cache stands for ids[0 .. n_head) and ids[from ...] */
    int32_t *feed, *targets; /* scratch of one forward pass, (n_window) */
    float *losses;           /* (n_window) */
};

/* Empties the session's cache. */
enum pith_status pith_prefix_init(struct pith_prefix *prefix,
                                  struct pith_session *session,
                                  struct pith_error *error);

void pith_prefix_free(struct pith_prefix *prefix);

/* losses (n) of ids (n) after the prefix, which stays as it is.
 * 0 < n <= n_max. */
enum pith_status pith_prefix_score(struct pith_prefix *prefix,
                                   const int32_t *ids, size_t n, float *losses,
                                   struct pith_error *error);

/* Keeps the first n of ids; n > 0. */
void pith_prefix_cut(struct pith_prefix *prefix, size_t n);

#endif
