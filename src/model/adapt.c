/*
 * adapt.c - an adapter's part of a linear layer; see adapter.h.
 */
#include "forward.h"

/* Of a linear layer, NULL where it is as the model has it. */
static const struct pith_adapter_pair *
adapter_pair(const struct pith_model *model, size_t layer,
             enum pith_linear_index linear)
{
    const struct pith_adapter *adapter = &model->adapter;
    return (adapter->head.layers >> linear & 1) != 0
               ? &adapter->pairs[layer * PITH_N_LINEAR + linear] : NULL;
}

void pith_adapt(struct pith_session *session, float *out, const float *x,
                size_t layer, enum pith_linear_index linear, size_t T)
{
    const struct pith_adapter_pair *pair =
        adapter_pair(session->model, layer, linear);
    struct pith_compute *compute = &session->compute;
    const struct pith_precision *precision = compute->precision;

    if (pair == NULL)
        return;
    float *low = session->activations->low;
    compute->precision = pith_precision_get(compute->kernels, "f32");
    pith_linear(compute, low, x, &pair->a, NULL, T, false);      /* (T, rank) */
    pith_linear(compute, out, low, &pair->b, NULL, T, true);        /* (T, N) */
    compute->precision = precision;
}

bool pith_adapted_feed_forward(struct pith_session *session,
                               const struct pith_feed_forward *layer,
                               size_t index, size_t T)
{
    struct pith_compute *compute = &session->compute;
    struct pith_activations *a = session->activations;
    float *hidden = a->hidden;
    size_t F = layer->up->rows;

    const uint32_t parts =
        1u << PITH_LINEAR_GATE | 1u << PITH_LINEAR_UP | 1u << PITH_LINEAR_DOWN;

    if ((session->model->adapter.head.layers & parts) == 0)
        return false;
    pith_linear(compute, hidden, a->norm, layer->up, layer->up_bias, T,
                false);                                             /* (T, F) */
    pith_adapt(session, hidden, a->norm, index, PITH_LINEAR_UP, T);
    if (layer->gate != NULL) {
        pith_linear(compute, a->gate, a->norm, layer->gate, NULL, T,
                    false);                                         /* (T, F) */
        pith_adapt(session, a->gate, a->norm, index, PITH_LINEAR_GATE, T);
        pith_silu_mul(compute, a->gate, hidden, T * F);             /* (T, F) */
        hidden = a->gate;
    } else {
        pith_gelu(compute, hidden, T * F);                          /* (T, F) */
    }
    pith_linear(compute, a->x, hidden, layer->down, layer->down_bias, T,
                true);                                              /* (T, C) */
    pith_adapt(session, a->x, hidden, index, PITH_LINEAR_DOWN, T);
    return true;
}
