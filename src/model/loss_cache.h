/*
 * loss_cache.h - losses of texts that were scored lately, each from an empty
 * cache: the demonstrations of a prompt, which the next prompt often has too,
 * and the first segment after the start id.
 *
 * A loss depends on nothing but the model, the precision and the tokens up to
 * its own, so what is remembered is what would be computed, to the bit.
 */
#ifndef PITH_MODEL_LOSS_CACHE_H
#define PITH_MODEL_LOSS_CACHE_H

#include "loss_files.h"

enum { PITH_LOSS_CACHE_TEXTS = 256, PITH_LOSS_CACHE_TOKENS = 1 << 16 };

struct pith_cached_text {
    int32_t *ids, *targets; /* (n) one allocation, owned by ids */
    float *losses;          /* (n) owned */
    size_t n;
    const void *precision; /* that they were computed in; compared only */
    uint64_t used;         /* when, by the clock */
};

struct pith_loss_cache {
    struct pith_cached_text texts[PITH_LOSS_CACHE_TEXTS];
    size_t n, n_tokens; /* texts; tokens of all of them */
    uint64_t clock;
    struct pith_loss_files *files; /* owned; NULL: in memory alone */
};

/* Fills losses (n) where a text begins with these ids and all that is asked
 * after them is known; else false, and losses are untouched.  cache NULL: it
 * is empty. */
bool pith_loss_cache_find(struct pith_loss_cache *cache, const void *precision,
                    const int32_t *ids, const int32_t *targets, float *losses,
                    size_t n);

/* Remembers a text, forgetting those that were used least lately where the
 * cache is full.  A text that is too long, or for which there is no memory,
 * is not remembered. */
void pith_loss_cache_add(struct pith_loss_cache *cache, const void *precision,
                   const int32_t *ids, const int32_t *targets,
                   const float *losses, size_t n);

/* The same of a session, and of its files, if it has some.  The cache of
 * positions is used up.  precision: NULL: the session's. */
bool pith_session_recall(struct pith_session *session,
                         const struct pith_precision *precision,
                         const int32_t *ids, const int32_t *targets,
                         float *losses, size_t n);
void pith_session_remember(struct pith_session *session,
                           const struct pith_precision *precision,
                           const int32_t *ids, const int32_t *targets,
                           const float *losses, size_t n);

/* Takes NULL. */
void pith_loss_cache_free(struct pith_loss_cache *cache);

#endif
