/*
 * kvcache.c - see kvcache.h.
 */
#include "kvcache.h"

#include <string.h>

#include "../base/memory.h"
#include "../base/threads.h"

enum { TASK_TOKENS = 32 };

/* Rows of the cache: one for each layer and key/value head. */
static size_t n_rows(const struct pith_config *config)
{
    return (size_t)config->n_layer * config->n_kv_head;
}

static size_t layer_floats(const struct pith_session *session)
{
    const struct pith_config *config = &session->model->format.config;
    return config->n_kv_head * session->n_ctx * config->head_dim;
}

float *pith_kv_keys(const struct pith_session *session, size_t layer)
{
    return session->keys + layer * layer_floats(session);
}

float *pith_kv_values(const struct pith_session *session, size_t layer)
{
    return session->values + layer * layer_floats(session);
}

/* Keys and values of T tokens on their way into the rows of a layer. */
struct store {
    const struct pith_session *session;
    size_t layer, row, T;
    const float *k, *v;
};

static void store_task(void *user, size_t index, int thread)
{
    const struct store *store = user;
    const struct pith_session *session = store->session;
    const struct pith_config *config = &session->model->format.config;
    size_t n_kv_head = config->n_kv_head, D = config->head_dim;
    size_t end = (index + 1) * TASK_TOKENS;
    float *keys = pith_kv_keys(session, store->layer);
    float *values = pith_kv_values(session, store->layer);
    (void)thread;
    if (end > store->T)
        end = store->T;
    for (size_t h = 0; h < n_kv_head; h++) {
        for (size_t t = index * TASK_TOKENS; t < end; t++) {
            size_t to = (h * session->n_ctx + store->row + t) * D;
            size_t from = (t * n_kv_head + h) * D;
            memcpy(keys + to, store->k + from, D * sizeof *keys);
            memcpy(values + to, store->v + from, D * sizeof *values);
        }
    }
}

void pith_kv_store(struct pith_session *session, size_t layer, size_t row,
                   const float *k, const float *v, size_t T)
{
    struct store store = {session, layer, row, T, k, v};
    pith_parallel_for(session->compute.threads,
                      (T + TASK_TOKENS - 1) / TASK_TOKENS, store_task, &store);
}

static float *allocate(const struct pith_config *config, size_t n_ctx)
{
    size_t n;
    if (!pith_size_mul(n_rows(config), config->head_dim, &n) ||
        !pith_size_mul(n, n_ctx, &n))
        return NULL;
    return pith_array_aligned(n, sizeof(float));
}

/* Moves the held positions of every row to rows of n_ctx positions. */
static void move_rows(const struct pith_session *session, float *to,
                      const float *from, size_t n_ctx)
{
    const struct pith_config *config = &session->model->format.config;
    size_t D = config->head_dim;

    if (session->n_past == 0)
        return;
    for (size_t row = 0; row < n_rows(config); row++)
        memcpy(to + row * n_ctx * D, from + row * session->n_ctx * D,
               session->n_past * D * sizeof *to);
}

enum pith_status pith_kv_resize(struct pith_session *session, size_t n_ctx,
                                struct pith_error *error)
{
    const struct pith_config *config = &session->model->format.config;
    float *keys = allocate(config, n_ctx);
    float *values = allocate(config, n_ctx);

    if (keys == NULL || values == NULL) {
        pith_free_aligned(keys);
        pith_free_aligned(values);
        return pith_fail(error, PITH_ERR_MEMORY,
                         "out of memory: the keys and values of %zu positions "
                         "were asked for; ask for a smaller context", n_ctx);
    }
    move_rows(session, keys, session->keys, n_ctx);
    move_rows(session, values, session->values, n_ctx);
    pith_free_aligned(session->keys);
    pith_free_aligned(session->values);
    session->keys = keys;
    session->values = values;
    session->n_ctx = n_ctx;
    return PITH_OK;
}

void pith_session_truncate(struct pith_session *session, size_t n_keep)
{
    if (n_keep < session->n_past)
        session->n_past = n_keep;
}

