/*
 * adapt.c - a model with an adapter: what it adds to linear layers; see
 * adapter.h.
 */
#include "../base/memory.h"
#include "../kernels/ops_single.h"
#include "adapter.h"
#include "forward.h"

enum pith_status pith_model_take_adapter(struct pith_model *model,
                                         const char *path,
                                         struct pith_error *error)
{
    struct pith_adapter *adapter = pith_array_zero(1, sizeof *adapter);
    if (adapter == NULL)
        return pith_no_memory(error, 1, sizeof *adapter);
    enum pith_status status =
        pith_adapter_open(adapter, path, &model->format, true, error);
    if (status != PITH_OK) {
        pith_free(adapter);
        return status;
    }
    model->adapter = adapter;
    model->adapter_rank = adapter->head.rank;
    return PITH_OK;
}

void pith_model_drop_adapter(struct pith_model *model)
{
    if (model->adapter != NULL)
        pith_adapter_close(model->adapter);
    pith_free(model->adapter);
}

/* Whether the model has an adapter for a linear layer. */
static bool is_adapted(const struct pith_pass *pass,
                       enum pith_linear_index linear)
{
    const struct pith_adapter *adapter = pass->session->model->adapter;
    return adapter != NULL && (adapter->head.layers >> linear & 1) != 0;
}

void pith_adapt(const struct pith_pass *pass, float *out, const float *x,
                size_t layer, enum pith_linear_index linear)
{
    const struct pith_model *model = pass->session->model;
    float *low = pass->session->activations->low;
    struct pith_compute exact = pass->compute;

    if (!is_adapted(pass, linear))
        return;
    const struct pith_adapter_pair *pair =
        &model->adapter->pairs[layer * PITH_N_LINEAR + linear];
    exact.precision = pith_precision_get(model->kernels, "f32");
    pith_linear(&exact, low, x, &pair->a, NULL, pass->T, false); /* (T, rank) */
    pith_linear(&exact, out, low, &pair->b, NULL, pass->T, true);   /* (T, N) */
}

bool pith_adapted_feed_forward(const struct pith_pass *pass,
                               const struct pith_feed_forward *parts,
                               size_t layer)
{
    const struct pith_compute *compute = &pass->compute;
    struct pith_activations *a = pass->session->activations;
    float *hidden = a->hidden;
    size_t T = pass->T, F = parts->up->rows;

    if (!is_adapted(pass, PITH_LINEAR_UP) &&
        !is_adapted(pass, PITH_LINEAR_GATE) &&
        !is_adapted(pass, PITH_LINEAR_DOWN))
        return false;
    pith_linear(compute, hidden, a->norm, parts->up, parts->up_bias, T,
                false);                                             /* (T, F) */
    pith_adapt(pass, hidden, a->norm, layer, PITH_LINEAR_UP);
    if (parts->gate != NULL) {
        pith_linear(compute, a->gate, a->norm, parts->gate, NULL, T,
                    false);                                         /* (T, F) */
        pith_adapt(pass, a->gate, a->norm, layer, PITH_LINEAR_GATE);
        pith_silu_mul(compute, a->gate, hidden, T * F);             /* (T, F) */
        hidden = a->gate;
    } else {
        pith_gelu(compute, hidden, T * F);                          /* (T, F) */
    }
    pith_linear(compute, a->x, hidden, parts->down, parts->down_bias, T,
                true);                                              /* (T, C) */
    pith_adapt(pass, a->x, hidden, layer, PITH_LINEAR_DOWN);
    return true;
}
