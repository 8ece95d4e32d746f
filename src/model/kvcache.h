/*
 * kvcache.h - keys and values of the positions seen, (n_layer, Hkv, n_ctx, D)
 * each: the positions of one head are together.
 */
#ifndef PITH_MODEL_KVCACHE_H
#define PITH_MODEL_KVCACHE_H

#include "state.h"

/* Start of a layer's part, (Hkv, n_ctx, D). */
float *pith_kv_keys(const struct pith_session *session, size_t layer);
float *pith_kv_values(const struct pith_session *session, size_t layer);

/* Stores k, v (T, Hkv D) of a layer in the rows row .. row + T - 1. */
void pith_kv_store(struct pith_session *session, size_t layer, size_t row,
                   const float *k, const float *v, size_t T);

/* Gives the cache room for n_ctx positions and keeps those it holds.
 * Nothing changes on failure. */
enum pith_status pith_kv_resize(struct pith_session *session, size_t n_ctx,
                                struct pith_error *error);

#endif
