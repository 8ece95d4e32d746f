/*
 * model.c - loading a model; see model.h.
 *
 * Matrices stay where they are in the file; vectors (norms and biases, a
 * thousandth of the weights) are converted to floats once.
 */
#include <math.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/options.h"
#include "forward.h"

/* Puts the index-th tensor where config.h says; *vectors: where the next vector
 * goes. */
static void bind_tensor(struct pith_model *model, size_t index, float **vectors)
{
    const struct pith_tensor *view = &model->format.tensors[index].view;
    struct pith_weights *weights = &model->weights;
    struct pith_tensor_spec spec;
    pith_config_tensor(&model->format.config, index, &spec);
    char *owner = spec.layer == PITH_NO_LAYER
                      ? (char *)weights : (char *)&weights->layers[spec.layer];
    if (spec.is_vector) {
        pith_row_to_floats(*vectors, view, 0);
        memcpy(owner + spec.at, vectors, sizeof *vectors);
        *vectors += view->cols;
    } else {
        memcpy(owner + spec.at, view, sizeof *view);
    }
}

/* Floats of all vectors; a matrix of one row counts too, which only costs
 * its room. */
static size_t count_vector_floats(const struct pith_format *format)
{
    size_t n = 0;
    for (size_t i = 0; i < format->n_tensors; i++)
        if (format->tensors[i].view.rows == 1)
            n += format->tensors[i].view.cols;
    return n;
}

/* Frequencies are divided by them. */
static enum pith_status check_factors(const struct pith_model *model,
                                      struct pith_error *error)
{
    size_t n = model->weights.rope_factors != NULL
                   ? model->format.config.head_dim / 2 : 0;
    for (size_t i = 0; i < n; i++)
        if (!(model->weights.rope_factors[i] > 0) || !isfinite(model->weights.rope_factors[i]))
            return pith_fail(error, PITH_ERR_FORMAT,
                             "%s: rope_factors.weight holds %g at %zu; "
                             "expected positive numbers", model->format.path,
                             (double)model->weights.rope_factors[i], i);
    return PITH_OK;
}

static enum pith_status load_weights(struct pith_model *model,
                                     struct pith_error *error)
{
    size_t n_layer = model->format.config.n_layer;
    size_t n_floats = count_vector_floats(&model->format);

    model->weights.layers =
        pith_array_zero(n_layer, sizeof *model->weights.layers);
    if (model->weights.layers == NULL)
        return pith_no_memory(error, n_layer, sizeof *model->weights.layers);
    model->vectors = pith_array(n_floats, sizeof *model->vectors);
    if (model->vectors == NULL)
        return pith_no_memory(error, n_floats, sizeof *model->vectors);
    float *vectors = model->vectors;
    for (size_t i = 0; i < model->format.n_tensors; i++)
        bind_tensor(model, i, &vectors);
    if (model->format.config.tied)
        model->weights.output = model->weights.token_embedding;
    return check_factors(model, error);
}

/* Pieces and special ids must have rows in the embedding. */
static bool fits_vocab(const struct pith_vocab *facts, uint32_t n_vocab)
{
    const int32_t ids[] = {facts->bos_id, facts->eos_id, facts->unk_id,
                           facts->pad_id};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (ids[i] >= 0 && (uint32_t)ids[i] >= n_vocab)
            return false;
    return facts->n_pieces <= n_vocab;
}

static enum pith_status load_tokenizer(struct pith_model *model,
                                       struct pith_error *error)
{
    const struct pith_format *format = &model->format;
    struct pith_vocab facts;

    PITH_TRY(pith_tokenizer_create(format->tokenizer, format->tokenizer_size,
                                   format->path, &model->tokenizer, error));
    pith_tokenizer_describe(model->tokenizer, &facts);
    if (!fits_vocab(&facts, format->config.n_vocab))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: the tokenizer's %zu pieces or special ids go "
                         "beyond the embedding's %lu rows; convert the model "
                         "again", format->path,
                         facts.n_pieces,
                         (unsigned long)format->config.n_vocab);
    return PITH_OK;
}

static enum pith_status choose_kernels(struct pith_model *model,
                                       const char *name,
                                       struct pith_error *error)
{
    model->kernels = name == NULL ? pith_kernels_best()
                                  : pith_kernels_get(name);
    if (model->kernels == NULL)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "kernels: \"%s\" is not known here; the best is "
                         "\"%s\"", name,
                         pith_kernels_get_name(pith_kernels_best()));
    return PITH_OK;
}

static enum pith_status open_model(struct pith_model *model, const char *name,
                                   const void *bytes, size_t size,
                                   const struct pith_load_options *options,
                                   struct pith_error *error)
{
    PITH_TRY(choose_kernels(model, options->kernels, error));
    PITH_TRY(pith_format_open_bytes(&model->format, name, bytes, size, error));
    PITH_TRY(pith_model_take_extras(model, options, error));
    PITH_TRY(load_tokenizer(model, error));
    return load_weights(model, error);
}

enum pith_status
pith_model_load_memory(const void *bytes, size_t size, const char *name,
                       const struct pith_load_options *options,
                       struct pith_model **model, struct pith_error *error)
{
    struct pith_load_options chosen = {.sizeof_options = sizeof chosen};
    PITH_REQUIRE(model, error);
    *model = NULL;
    PITH_REQUIRE(bytes, error);
    PITH_TRY(pith_options_copy(&chosen, sizeof chosen, options, error));
    struct pith_model *made = pith_array_zero(1, sizeof *made);
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    enum pith_status status = open_model(made, name != NULL ? name : "model",
                                         bytes, size, &chosen, error);
    if (status == PITH_OK)
        *model = made;
    else
        pith_model_free(made);
    return status;
}

void pith_model_free(struct pith_model *model)
{
    if (model == NULL)
        return;
    pith_tokenizer_free(model->tokenizer);
    pith_model_drop_extras(model);
    pith_free(model->weights.layers);
    pith_free(model->vectors);
    pith_format_close(&model->format);
    pith_free(model);
}

int32_t pith_model_start_id(const struct pith_model *model)
{
    struct pith_vocab facts;
    pith_tokenizer_describe(model->tokenizer, &facts);
    return facts.bos_id >= 0 ? facts.bos_id : facts.eos_id;
}

enum pith_status pith_model_find_start(const struct pith_model *model,
                                       int32_t *id, struct pith_error *error)
{
    *id = pith_model_start_id(model);
    if (*id < 0)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "%s: the model has neither a BOS nor an end-of-text "
                         "token to start a text with", model->format.path);
    return PITH_OK;
}
