/*
 * adapt.c - an adapter's part of a linear layer; see adapter.h.
 */
#include "forward.h"

void pith_adapt(struct pith_session *session, float *out, const float *x,
                size_t layer, enum pith_linear_index linear, size_t T)
{
    const struct pith_layer *weights = &session->model->layers[layer];
    struct pith_compute *compute = &session->compute;
    const struct pith_precision *precision = compute->precision;

    if (weights->adapters == NULL || weights->adapters[linear].a.rows == 0)
        return;
    const struct pith_adapter_pair *pair = &weights->adapters[linear];
    float *low = session->activations->low;
    compute->precision = pith_precision_get(compute->kernels, "f32");
    pith_linear(compute, low, x, &pair->a, NULL, T, false);      /* (T, rank) */
    pith_linear(compute, out, low, &pair->b, NULL, T, true);        /* (T, N) */
    compute->precision = precision;
}

static bool is_adapted(const struct pith_layer *layer)
{
    const struct pith_adapter_pair *pairs = layer->adapters;
    return pairs != NULL &&
           pairs[PITH_AT_GATE].a.rows + pairs[PITH_AT_UP].a.rows +
                   pairs[PITH_AT_DOWN].a.rows > 0;
}

bool pith_adapted_feed_forward(struct pith_session *session,
                               const struct pith_feed_forward *layer,
                               size_t index, size_t T)
{
    struct pith_compute *compute = &session->compute;
    struct pith_activations *a = session->activations;
    float *hidden = a->hidden;
    size_t F = layer->up->rows;

    if (!is_adapted(&session->model->layers[index]))
        return false;
    pith_linear(compute, hidden, a->norm, layer->up, layer->up_bias, T,
                false);                                             /* (T, F) */
    pith_adapt(session, hidden, a->norm, index, PITH_AT_UP, T);
    if (layer->gate != NULL) {
        pith_linear(compute, a->gate, a->norm, layer->gate, NULL, T,
                    false);                                         /* (T, F) */
        pith_adapt(session, a->gate, a->norm, index, PITH_AT_GATE, T);
        pith_silu_mul(compute, a->gate, hidden, T * F);             /* (T, F) */
        hidden = a->gate;
    } else {
        pith_gelu(compute, hidden, T * F);                          /* (T, F) */
    }
    pith_linear(compute, a->x, hidden, layer->down, layer->down_bias, T,
                true);                                              /* (T, C) */
    pith_adapt(session, a->x, hidden, index, PITH_AT_DOWN, T);
    return true;
}
