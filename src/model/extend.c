/*
 * extend.c - see extend.h.
 */
#include "extend.h"

#include <string.h>

#include "../base/memory.h"
#include "forward.h"
#include "kvcache.h"

size_t pith_session_positions(const struct pith_session *session)
{
    return session->model->format.config.n_ctx;
}

enum pith_status pith_session_twin(const struct pith_session *session,
                                   size_t n_ctx, struct pith_session **twin,
                                   struct pith_error *error)
{
    struct pith_session_options options = {
        .sizeof_options = sizeof options,
        .n_threads = session->compute.n_threads,
        .n_ctx = n_ctx,
        .precision = session->is_automatic ? "auto"
                                           : pith_session_precision(session)};
    return pith_session_create(session->model, &options, twin, error);
}

const struct pith_precision *
pith_session_exact(const struct pith_session *session)
{
    return session->is_automatic
               ? pith_precision_get(session->model->kernels, "f32")
               : session->compute.precision;
}

/* Copies the held positions of every head of every layer to a larger cache. */
static void copy_heads(const struct pith_session *from,
                       const struct pith_session *to)
{
    const struct pith_config *config = &from->model->format.config;
    size_t n = (size_t)config->n_layer * config->n_kv_head;
    size_t D = config->head_dim, size = from->n_past * D * sizeof(float);
    for (size_t i = 0; i < n && size > 0; i++) {
        size_t at = i * from->n_ctx * D, place = i * to->n_ctx * D;
        memcpy(to->keys + place, from->keys + at, size);
        memcpy(to->values + place, from->values + at, size);
    }
}

/* Gives the cache room for n_ctx positions and keeps those it holds.  Nothing
 * changes on failure. */
static enum pith_status resize_cache(struct pith_session *session, size_t n_ctx,
                                     struct pith_error *error)
{
    struct pith_session other = {.model = session->model};
    enum pith_status status = pith_kv_create(&other, n_ctx, error);
    if (status == PITH_OK) {
        float *keys = session->keys, *values = session->values;
        copy_heads(session, &other);
        session->keys = other.keys;
        session->values = other.values;
        session->n_ctx = n_ctx;
        other.keys = keys;
        other.values = values;
    }
    pith_free_aligned(other.keys);
    pith_free_aligned(other.values);
    return status;
}

enum pith_status pith_session_reserve(struct pith_session *session,
                                      size_t n_ctx, struct pith_error *error)
{
    const struct pith_model *model = session->model;
    struct pith_compute compute;
    enum pith_status status;

    if (n_ctx <= session->n_ctx)
        return PITH_OK;
    PITH_TRY(pith_session_check_context(model, n_ctx, error));
    PITH_TRY(pith_session_open_compute(
        &compute, model, session->compute.precision,
        session->compute.n_threads, n_ctx, error));
    /* Longer rotary tables do no harm when the cache then cannot grow. */
    status = pith_activations_rotate(session->activations, model, n_ctx,
                                     error);
    if (status == PITH_OK)
        status = resize_cache(session, n_ctx, error);
    if (status == PITH_OK) {
        struct pith_compute old = session->compute;
        session->compute = compute;
        compute = old;
    }
    pith_compute_free(&compute);
    return status;
}

void pith_session_share_layers(struct pith_session *session, size_t n)
{
    pith_session_truncate(session, 0);
    session->share_layers = n > 0 && n <= PITH_FORWARD_TOKENS;
}

void pith_kv_move(struct pith_session *session, size_t to, size_t from,
                  size_t n)
{
    const struct pith_config *config = &session->model->format.config;
    size_t n_rows = (size_t)config->n_layer * config->n_kv_head;
    size_t D = config->head_dim, floats = n * D;

    for (size_t row = 0; row < n_rows; row++) {
        float *keys = session->keys + row * session->n_ctx * D;
        float *values = session->values + row * session->n_ctx * D;
        memmove(keys + to * D, keys + from * D, floats * sizeof *keys);
        memmove(values + to * D, values + from * D, floats * sizeof *values);
    }
}

void pith_session_drop(struct pith_session *session, size_t from, size_t to)
{
    if (to > session->n_past)
        to = session->n_past;
    if (from >= to)
        return;
    pith_kv_move(session, from, to, session->n_past - to);
    session->n_past -= to - from;
}
