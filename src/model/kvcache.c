/*
 * kvcache.c - see kvcache.h.
 */
#include "kvcache.h"

#include "../base/memory.h"

static size_t start_of(const struct pith_session *session, size_t layer)
{
    const struct pith_config *config = &session->model->format.config;
    size_t n_floats = config->n_kv_head * session->n_ctx * config->head_dim;
    return session->share_layers ? 0 : layer * n_floats;
}

float *pith_kv_keys(const struct pith_session *session, size_t layer)
{
    return session->keys + start_of(session, layer);
}

float *pith_kv_values(const struct pith_session *session, size_t layer)
{
    return session->values + start_of(session, layer);
}

static float *allocate(const struct pith_config *config, size_t n_ctx)
{
    size_t n;
    if (!pith_size_mul((size_t)config->n_layer * config->n_kv_head,
                       config->head_dim, &n) ||
        !pith_size_mul(n, n_ctx, &n))
        return NULL;
    return pith_array_aligned(n, sizeof(float));
}

enum pith_status pith_kv_create(struct pith_session *session, size_t n_ctx,
                                struct pith_error *error)
{
    const struct pith_config *config = &session->model->format.config;
    session->n_ctx = n_ctx;
    session->keys = allocate(config, n_ctx);
    session->values = allocate(config, n_ctx);
    if (session->keys == NULL || session->values == NULL)
        return pith_fail(error, PITH_ERR_MEMORY,
                         "out of memory: the keys and values of %zu positions "
                         "were asked for; ask for a smaller context", n_ctx);
    return PITH_OK;
}

void pith_session_truncate(struct pith_session *session, size_t n_keep)
{
    if (n_keep < session->n_past)
        session->n_past = n_keep;
}

