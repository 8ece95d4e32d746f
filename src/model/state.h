/*
 * state.h - what a model and a session are made of; for this folder alone.
 */
#ifndef PITH_MODEL_STATE_H
#define PITH_MODEL_STATE_H

#include "../kernels/ops.h"
#include "session.h"

struct pith_model {
    struct pith_format format; /* owns the file; config inside */
    struct pith_tokenizer *tokenizer;
    const struct pith_kernels *kernels;
    struct pith_weights weights; /* views of the file; owns its layers */
    float *vectors;              /* owns all vectors of weights */
    struct pith_adapter *adapter; /* NULL: none */
    size_t adapter_rank;          /* 0 without one */
};

struct pith_session {
    const struct pith_model *model; /* borrowed */
    struct pith_compute compute;
    struct pith_progress progress;  /* report NULL: none */
    bool is_automatic;              /* it was opened with precision "auto" */
    size_t n_ctx;                   /* positions that the cache can hold */
    size_t n_past;                  /* positions that it holds */
    size_t n_window;                /* n_ctx at creation */
    float *keys, *values;           /* (n_layer, n_kv_head, n_ctx, D) */
    struct pith_activations *activations; /* scratch of one block of tokens */
    bool share_layers;              /* see extend.h */
    struct pith_loss_cache *loss_cache; /* from call to call; may be NULL */
};

#endif
