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

/* Gives a session a cache, which is freed with it, also after an error. */
enum pith_status pith_kv_create(struct pith_session *session, size_t n_ctx,
                                struct pith_error *error);

#endif
