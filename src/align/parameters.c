/*
 * parameters.c - see parameters.h.
 *
 * Full training lists the tensors of the model file, in its order, as float32
 * copies.  LoRA lists A and B of each adapted linear layer and takes every
 * weight of the model as it is.
 */
#include "parameters.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/random.h"
#include "../base/store.h"
#include "../model/access.h"

enum { ALIGN_FLOATS = 16 }; /* tensors start on cache lines */

static bool is_little_endian(void)
{
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return first == 1;
}

/* --- the weights of the model, as they are -------------------------------- */

static struct pith_train_norm norm_of(const float *gain, const float *shift)
{
    struct pith_train_norm norm = {gain, shift, NULL, NULL};
    return norm;
}

static struct pith_train_linear linear_of(const struct pith_tensor *weight,
                                          const float *bias)
{
    struct pith_train_linear linear = {.weight = *weight, .bias = bias};
    return linear;
}

static void view_layer(struct pith_train_layer *layer,
                       const struct pith_layer *from)
{
    struct pith_train_linear *linear = layer->linear;
    layer->attn_norm = norm_of(from->attn_norm, from->attn_norm_bias);
    layer->ffn_norm = norm_of(from->ffn_norm, from->ffn_norm_bias);
    layer->q_norm = norm_of(from->attn_q_norm, NULL);
    layer->k_norm = norm_of(from->attn_k_norm, NULL);
    linear[PITH_LINEAR_Q] = linear_of(&from->attn_q, from->attn_q_bias);
    linear[PITH_LINEAR_K] = linear_of(&from->attn_k, from->attn_k_bias);
    linear[PITH_LINEAR_V] = linear_of(&from->attn_v, from->attn_v_bias);
    linear[PITH_LINEAR_OUT] = linear_of(&from->attn_out, from->attn_out_bias);
    linear[PITH_LINEAR_GATE] = linear_of(&from->ffn_gate, NULL);
    linear[PITH_LINEAR_UP] = linear_of(&from->ffn_up, from->ffn_up_bias);
    linear[PITH_LINEAR_DOWN] = linear_of(&from->ffn_down, from->ffn_down_bias);
}

static void view_model(struct pith_parameters *p,
                       const struct pith_model *model)
{
    const struct pith_weights *weights = pith_model_weights(model);
    p->token_embedding = weights->token_embedding;
    p->position_embedding = weights->position_embedding;
    p->output = weights->output;
    p->output_norm = norm_of(weights->output_norm, weights->output_norm_bias);
    for (size_t i = 0; i < pith_model_config(model)->n_layer; i++)
        view_layer(&p->layers[i], &weights->layers[i]);
}

/* --- listing -------------------------------------------------------------- */

/* Counts when p->all is NULL. */
static void list(struct pith_parameters *p, const char *name, size_t rows,
                 size_t cols, bool decays)
{
    size_t index = p->n++;
    if (p->all == NULL)
        return;
    struct pith_parameter *parameter = &p->all[index];
    snprintf(parameter->name, sizeof parameter->name, "%s", name);
    parameter->view.name = parameter->name;
    parameter->view.rows = rows;
    parameter->view.cols = cols;
    parameter->view.decays = decays;
}

static bool is_vector(const char *name)
{
    size_t length = strlen(name);
    return strstr(name, "norm.") != NULL ||
           strcmp(name, "rope_factors.weight") == 0 ||
           (length > 5 && strcmp(name + length - 5, ".bias") == 0);
}

static void list_full(struct pith_parameters *p,
                      const struct pith_config *config)
{
    struct pith_tensor_spec spec;
    for (size_t i = 0; i < pith_config_n_tensors(config); i++) {
        pith_config_tensor(config, i, &spec);
        list(p, spec.name, spec.rows, spec.cols, !is_vector(spec.name));
    }
}

/* Whether LoRA adapts the index-th linear layer. */
static bool is_adapted(const struct pith_trainer_options *options,
                       const struct pith_train_layer *layer, size_t index)
{
    return (options->lora_layers >> index & 1) != 0 &&
           layer->linear[index].weight.rows > 0;
}

size_t pith_parameters_rank(const struct pith_parameters *p,
                            const struct pith_trainer_options *options,
                            size_t layer, size_t linear)
{
    return options->mode == PITH_TRAIN_LORA &&
                   is_adapted(options, &p->layers[layer], linear)
               ? options->lora_rank : 0;
}

static void list_lora(struct pith_parameters *p,
                      const struct pith_config *config,
                      const struct pith_trainer_options *options)
{
    char name[80];
    for (size_t l = 0; l < config->n_layer; l++)
        for (size_t i = 0; i < PITH_N_LINEAR; i++) {
            const struct pith_tensor *w = &p->layers[l].linear[i].weight;
            if (!is_adapted(options, &p->layers[l], i))
                continue;
            snprintf(name, sizeof name, "layers.%zu.%s.lora_a", l,
                     pith_linear_name(i));
            list(p, name, options->lora_rank, w->cols, true);
            name[strlen(name) - 1] = 'b';
            list(p, name, w->rows, options->lora_rank, true);
        }
}

static void list_all(struct pith_parameters *p,
                     const struct pith_config *config,
                     const struct pith_trainer_options *options)
{
    p->n = 0;
    if (options->mode == PITH_TRAIN_FULL)
        list_full(p, config);
    else
        list_lora(p, config, options);
}

/* --- memory --------------------------------------------------------------- */

static size_t whole_lines(size_t n)
{
    return (n + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
}

static enum pith_status allocate_one(float **array, size_t n,
                                     struct pith_error *error)
{
    *array = pith_array_aligned(n, sizeof **array);
    if (*array == NULL)
        return pith_no_memory(error, n, sizeof **array);
    memset(*array, 0, n * sizeof **array);
    return PITH_OK;
}

static enum pith_status allocate(struct pith_parameters *p,
                                 struct pith_error *error)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < p->n; i++) {
        size_t size, lines = ALIGN_FLOATS;
        if (!pith_size_mul(p->all[i].view.rows, p->all[i].view.cols, &size) ||
            !pith_size_add(size, lines, &lines) || !pith_size_add(n, lines, &n))
            return pith_no_memory(error, p->all[i].view.rows,
                                  p->all[i].view.cols);
    }
    PITH_TRY(allocate_one(&p->values, n, error));
    PITH_TRY(allocate_one(&p->gradients, n, error));
    PITH_TRY(allocate_one(&p->first, n, error));
    PITH_TRY(allocate_one(&p->second, n, error));
    if (!is_little_endian()) {
        p->mirror = pith_array(n, sizeof *p->values);
        if (p->mirror == NULL)
            return pith_no_memory(error, n, sizeof *p->values);
    }
    for (size_t i = 0; i < p->n; i++) {
        struct pith_parameter *parameter = &p->all[i];
        parameter->view.value = p->values + at;
        parameter->view.gradient = p->gradients + at;
        parameter->view.first_moment = p->first + at;
        parameter->view.second_moment = p->second + at;
        parameter->bytes = p->mirror != NULL ? p->mirror + at * sizeof(float)
                                             : (uint8_t *)(p->values + at);
        at += whole_lines(parameter->view.rows * parameter->view.cols);
    }
    return PITH_OK;
}

void pith_parameters_publish(struct pith_parameters *p)
{
    if (p->mirror == NULL)
        return;
    for (size_t i = 0; i < p->n; i++) {
        const struct pith_trainable *view = &p->all[i].view;
        for (size_t j = 0; j < view->rows * view->cols; j++)
            pith_store_f32(p->all[i].bytes + 4 * j, view->value[j]);
    }
}

/* --- full training -------------------------------------------------------- */

/* Walks the parameters in the order of the model file. */
struct cursor {
    struct pith_parameter *next;
};

static struct pith_parameter *take(struct cursor *cursor)
{
    return cursor->next++;
}

static struct pith_tensor take_matrix(struct cursor *cursor, float **gradient)
{
    struct pith_parameter *parameter = take(cursor);
    struct pith_tensor tensor = {PITH_F32, parameter->view.rows,
                                 parameter->view.cols, parameter->bytes};
    *gradient = parameter->view.gradient;
    return tensor;
}

static void take_vector(struct cursor *cursor, const float **vector,
                        float **gradient)
{
    struct pith_parameter *parameter = take(cursor);
    parameter->cleared = true;
    *vector = parameter->view.value;
    *gradient = parameter->view.gradient;
}

/* Nothing when there is none. */
static void take_norm(struct cursor *cursor, struct pith_train_norm *norm)
{
    if (norm->gain == NULL)
        return;
    take_vector(cursor, &norm->gain, &norm->dgain);
    if (norm->shift != NULL)
        take_vector(cursor, &norm->shift, &norm->dshift);
}

static void take_linear(struct cursor *cursor,
                        struct pith_train_linear *linear)
{
    if (linear->weight.rows == 0) /* no gate */
        return;
    linear->weight = take_matrix(cursor, &linear->dweight);
    if (linear->bias != NULL)
        take_vector(cursor, &linear->bias, &linear->dbias);
}

static void bind_full(struct pith_parameters *p,
                      const struct pith_config *config)
{
    struct cursor cursor = {p->all};
    p->all[0].cleared = !config->tied;
    p->token_embedding = take_matrix(&cursor, &p->dtoken);
    if (p->position_embedding.rows > 0) {
        cursor.next->cleared = true;
        p->position_embedding = take_matrix(&cursor, &p->dposition);
    }
    if (config->rope_factors) /* no gradient: they stay what they are */
        take(&cursor)->cleared = true;
    for (size_t l = 0; l < config->n_layer; l++) {
        struct pith_train_layer *layer = &p->layers[l];
        take_norm(&cursor, &layer->attn_norm);
        for (size_t i = PITH_LINEAR_Q; i <= PITH_LINEAR_V; i++)
            take_linear(&cursor, &layer->linear[i]);
        take_norm(&cursor, &layer->q_norm);
        take_norm(&cursor, &layer->k_norm);
        take_linear(&cursor, &layer->linear[PITH_LINEAR_OUT]);
        take_norm(&cursor, &layer->ffn_norm);
        for (size_t i = PITH_LINEAR_GATE; i <= PITH_LINEAR_DOWN; i++)
            take_linear(&cursor, &layer->linear[i]);
    }
    take_norm(&cursor, &p->output_norm);
    p->output = p->token_embedding;
    p->doutput = p->dtoken;
    if (!config->tied)
        p->output = take_matrix(&cursor, &p->doutput);
}

static void copy_weights(struct pith_parameters *p,
                         const struct pith_format *format)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct pith_tensor *from = &format->tensors[i].view;
        for (size_t r = 0; r < from->rows; r++)
            pith_row_to_floats(p->all[i].view.value + r * from->cols, from, r);
    }
}

/* --- LoRA ----------------------------------------------------------------- */

static void bind_lora(struct pith_parameters *p,
                      const struct pith_config *config,
                      const struct pith_trainer_options *options)
{
    struct cursor cursor = {p->all};
    for (size_t l = 0; l < config->n_layer; l++)
        for (size_t i = 0; i < PITH_N_LINEAR; i++) {
            struct pith_train_linear *linear = &p->layers[l].linear[i];
            if (!is_adapted(options, &p->layers[l], i))
                continue;
            linear->a = take_matrix(&cursor, &linear->da);
            linear->b = take_matrix(&cursor, &linear->db);
        }
    p->lora_scale = options->lora_alpha / (float)options->lora_rank;
}

/* A uniform in +-sqrt(3 / C), of variance 1 / C, so that A x is about as
 * large as x; B is zeros, so that training starts from the model itself. */
static void draw_lora(struct pith_parameters *p, uint64_t seed)
{
    for (size_t i = 0; i < p->n; i += 2) {
        const struct pith_trainable *a = &p->all[i].view;
        double bound = sqrt(3.0 / (double)a->cols);
        for (size_t j = 0; j < a->rows * a->cols; j++) {
            double unit = (double)(pith_random_next(&seed) >> 11) * 0x1p-53;
            a->value[j] = (float)(bound * (2 * unit - 1));
        }
    }
}

/* --- all of it ------------------------------------------------------------ */

enum pith_status
pith_parameters_create(struct pith_parameters *p,
                       const struct pith_model *model,
                       const struct pith_trainer_options *options,
                       struct pith_error *error)
{
    const struct pith_config *config = pith_model_config(model);
    size_t n_layer = config->n_layer;

    memset(p, 0, sizeof *p);
    p->layers = pith_array_zero(n_layer, sizeof *p->layers);
    if (p->layers == NULL)
        return pith_no_memory(error, n_layer, sizeof *p->layers);
    view_model(p, model);
    list_all(p, config, options);
    p->all = pith_array_zero(p->n, sizeof *p->all);
    if (p->all == NULL)
        return pith_no_memory(error, p->n, sizeof *p->all);
    list_all(p, config, options);
    return PITH_OK;
}

enum pith_status
pith_parameters_fill(struct pith_parameters *p, const struct pith_model *model,
                     const struct pith_trainer_options *options,
                     struct pith_error *error)
{
    const struct pith_config *config = pith_model_config(model);
    PITH_TRY(allocate(p, error));
    if (options->mode == PITH_TRAIN_FULL) {
        copy_weights(p, pith_model_format(model));
        bind_full(p, config);
    } else {
        draw_lora(p, options->lora_seed);
        bind_lora(p, config, options);
    }
    pith_parameters_publish(p);
    return PITH_OK;
}

void pith_parameters_free(struct pith_parameters *parameters)
{
    pith_free(parameters->all);
    pith_free_aligned(parameters->values);
    pith_free_aligned(parameters->gradients);
    pith_free_aligned(parameters->first);
    pith_free_aligned(parameters->second);
    pith_free(parameters->mirror);
    pith_free(parameters->layers);
    memset(parameters, 0, sizeof *parameters);
}
