/*
 * model.c - loading a model; see model.h.
 *
 * Matrices stay where they are in the file; vectors (norms and biases, a
 * thousandth of the weights) are converted to floats once.
 */
#include <math.h>

#include "../base/memory.h"
#include "../base/options.h"
#include "forward.h"

/* Walks the tensors in the order of the file, which is that of config.h. */
struct cursor {
    const struct pith_format_tensor *next;
    float *vectors; /* where the next vector goes */
};

static struct pith_tensor take_matrix(struct cursor *cursor)
{
    return cursor->next++->view;
}

static const float *take_vector(struct cursor *cursor)
{
    const struct pith_tensor *view = &cursor->next++->view;
    float *vector = cursor->vectors;
    pith_row_to_floats(vector, view, 0);
    cursor->vectors += view->cols;
    return vector;
}

static const float *take_if(bool there, struct cursor *cursor)
{
    return there ? take_vector(cursor) : NULL;
}

static void bind_layer(struct pith_layer *layer,
                       const struct pith_config *config,
                       struct cursor *cursor)
{
    bool gpt2 = config->arch == PITH_ARCH_GPT2;
    bool biased = gpt2 || config->qkv_biases;
    layer->attn_norm = take_vector(cursor);
    layer->attn_norm_bias = take_if(gpt2, cursor);
    layer->attn_q = take_matrix(cursor);
    layer->attn_q_bias = take_if(biased, cursor);
    layer->attn_k = take_matrix(cursor);
    layer->attn_k_bias = take_if(biased, cursor);
    layer->attn_v = take_matrix(cursor);
    layer->attn_v_bias = take_if(biased, cursor);
    layer->attn_q_norm = take_if(config->qk_norms, cursor);
    layer->attn_k_norm = take_if(config->qk_norms, cursor);
    layer->attn_out = take_matrix(cursor);
    layer->attn_out_bias = take_if(gpt2, cursor);
    layer->ffn_norm = take_vector(cursor);
    layer->ffn_norm_bias = take_if(gpt2, cursor);
    if (!gpt2)
        layer->ffn_gate = take_matrix(cursor);
    layer->ffn_up = take_matrix(cursor);
    layer->ffn_up_bias = take_if(gpt2, cursor);
    layer->ffn_down = take_matrix(cursor);
    layer->ffn_down_bias = take_if(gpt2, cursor);
}

static void bind_tensors(struct pith_model *model)
{
    const struct pith_config *config = &model->format.config;
    struct pith_weights *weights = &model->weights;
    bool gpt2 = config->arch == PITH_ARCH_GPT2;
    struct cursor cursor = {model->format.tensors, model->vectors};

    weights->token_embedding = take_matrix(&cursor);
    if (gpt2)
        weights->position_embedding = take_matrix(&cursor);
    weights->rope_factors = take_if(config->rope_factors, &cursor);
    for (size_t i = 0; i < config->n_layer; i++)
        bind_layer(&weights->layers[i], config, &cursor);
    weights->output_norm = take_vector(&cursor);
    weights->output_norm_bias = take_if(gpt2, &cursor);
    weights->output = config->tied ? weights->token_embedding
                                   : take_matrix(&cursor);
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
    bind_tensors(model);
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

/* Where a model comes from: bytes, or with NULL the file of that name. */
struct source {
    const char *name;
    const void *bytes;
    size_t size;
};

static enum pith_status open_source(struct pith_format *format,
                                    const struct source *source,
                                    struct pith_error *error)
{
    return source->bytes == NULL
               ? pith_format_open(format, source->name, error)
               : pith_format_open_bytes(format, source->name, source->bytes,
                                        source->size, error);
}

static enum pith_status load(struct pith_model *model,
                             const struct source *source,
                             const struct pith_load_options *options,
                             struct pith_error *error)
{
    PITH_TRY(choose_kernels(model, options->kernels, error));
    PITH_TRY(open_source(&model->format, source, error));
    if (options->verify)
        PITH_TRY(pith_format_verify(&model->format, error));
    PITH_TRY(load_tokenizer(model, error));
    PITH_TRY(load_weights(model, error));
    return options->adapter != NULL
               ? pith_model_take_adapter(model, options->adapter, error)
               : PITH_OK;
}

static enum pith_status make_model(const struct source *source,
                                   const struct pith_load_options *options,
                                   struct pith_model **model,
                                   struct pith_error *error)
{
    struct pith_load_options chosen = {.sizeof_options = sizeof chosen};
    enum pith_status status;

    PITH_TRY(pith_options_copy(&chosen, sizeof chosen, options, error));
    struct pith_model *made = pith_array_zero(1, sizeof *made);
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    status = load(made, source, &chosen, error);
    if (status == PITH_OK)
        *model = made;
    else
        pith_model_free(made);
    return status;
}

enum pith_status pith_model_load(const char *path,
                                 const struct pith_load_options *options,
                                 struct pith_model **model,
                                 struct pith_error *error)
{
    PITH_REQUIRE(model, error);
    *model = NULL;
    PITH_REQUIRE(path, error);
    return make_model(&(struct source){.name = path}, options, model, error);
}

enum pith_status
pith_model_load_memory(const void *bytes, size_t size, const char *name,
                       const struct pith_load_options *options,
                       struct pith_model **model, struct pith_error *error)
{
    struct source source = {name != NULL ? name : "model", bytes, size};
    PITH_REQUIRE(model, error);
    *model = NULL;
    PITH_REQUIRE(bytes, error);
    return make_model(&source, options, model, error);
}

void pith_model_free(struct pith_model *model)
{
    if (model == NULL)
        return;
    pith_tokenizer_free(model->tokenizer);
    pith_model_drop_adapter(model);
    pith_free(model->weights.layers);
    pith_free(model->vectors);
    pith_format_close(&model->format);
    pith_free(model);
}

enum pith_status pith_model_verify(const struct pith_model *model,
                                   struct pith_error *error)
{
    PITH_REQUIRE(model, error);
    return pith_format_verify(&model->format, error);
}

const struct pith_format *pith_model_format(const struct pith_model *model)
{
    return &model->format;
}

const struct pith_config *pith_model_config(const struct pith_model *model)
{
    return &model->format.config;
}

const struct pith_weights *pith_model_weights(const struct pith_model *model)
{
    return &model->weights;
}

const struct pith_kernels *pith_model_kernels(const struct pith_model *model)
{
    return model->kernels;
}

const struct pith_tokenizer *
pith_model_tokenizer(const struct pith_model *model)
{
    return model->tokenizer;
}

bool pith_model_is_adapted(const struct pith_model *model)
{
    return model->adapter != NULL;
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
