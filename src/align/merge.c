/*
 * merge.c - an adapter taken into the weights of its model: W + scale B A.
 */
#include <stdio.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/options.h"
#include "../base/place.h"
#include "../model/adapter.h"
#include "../model/model_file.h"
#include "../model/format_writer.h"
#include "pith_align.h"

/* The model that is read, the adapter, and the file that is written. */
struct merge {
    struct pith_format format;
    struct pith_adapter adapter;
    enum pith_type *types; /* of each tensor of the new file */
    float *row;            /* one row of any tensor, then one of any A */
    uint8_t *bytes;        /* the same as its type has it */
    size_t widest;
};

/* The pair that a tensor of config.h is adapted by, NULL when there is none. */
static const struct pith_adapter_pair *find_pair(const struct merge *merge,
                                                 const char *name)
{
    char layer[32], tensor[64];
    for (size_t l = 0; l < merge->format.config.n_layer; l++) {
        int n = snprintf(layer, sizeof layer, "layers.%zu.", l);
        if (strncmp(name, layer, (size_t)n) != 0)
            continue;
        for (size_t i = 0; i < PITH_N_LINEAR; i++) {
            const struct pith_adapter_pair *pair =
                &merge->adapter.pairs[l * PITH_N_LINEAR + i];
            snprintf(tensor, sizeof tensor, "%s.weight", pith_linear_name(i));
            if (strcmp(name + n, tensor) == 0)
                return pair->a.rows > 0 ? pair : NULL;
        }
    }
    return NULL;
}

/* row (C) += row r of B times A; the scale is in A. */
static void add_adapter(const struct merge *merge,
                        const struct pith_adapter_pair *pair, size_t r)
{
    float *a = merge->row + merge->widest, b[1 << 12];
    pith_row_to_floats(b, &pair->b, r);
    for (size_t k = 0; k < pair->a.rows; k++) {
        pith_row_to_floats(a, &pair->a, k);
        for (size_t c = 0; c < pair->a.cols; c++)
            merge->row[c] += b[k] * a[c];
    }
}

static enum pith_status write_tensor(const struct merge *merge, size_t index,
                                     struct pith_format_writer *writer,
                                     struct pith_error *error)
{
    const struct pith_format_tensor *tensor = &merge->format.tensors[index];
    const struct pith_tensor *view = &tensor->view;
    const struct pith_adapter_pair *pair = find_pair(merge, tensor->name);
    enum pith_type type = merge->types[index];
    size_t row_bytes = pith_row_bytes(type, view->cols);

    if (pair == NULL && type == view->type)
        return pith_format_append(writer, view->data, (size_t)tensor->bytes,
                                  error);
    for (size_t r = 0; r < view->rows; r++) {
        pith_row_to_floats(merge->row, view, r);
        if (pair != NULL)
            add_adapter(merge, pair, r);
        pith_row_from_floats(merge->bytes, type, merge->row, view->cols);
        PITH_TRY(pith_format_append(writer, merge->bytes, row_bytes, error));
    }
    return PITH_OK;
}

/* The type that a word means; the matrices keep theirs when it is NULL. */
static enum pith_status choose_types(struct merge *merge, const char *dtype,
                                     struct pith_error *error)
{
    const struct pith_format *format = &merge->format;
    int type = PITH_F32;
    while (dtype != NULL && type <= PITH_Q4 &&
           strcmp(dtype, pith_type_name((enum pith_type)type)) != 0)
        type++;
    if (type > PITH_Q4)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "dtype: \"%s\" is not known; expected f32, f16, "
                         "bf16, q8 or q4", dtype);
    for (size_t i = 0; i < format->n_tensors; i++) {
        const struct pith_tensor *view = &format->tensors[i].view;
        merge->types[i] = dtype == NULL || view->rows == 1
                              ? view->type : (enum pith_type)type;
        if (view->cols > merge->widest)
            merge->widest = view->cols;
    }
    return PITH_OK;
}

static enum pith_status prepare(struct merge *merge, const char *dtype,
                                struct pith_error *error)
{
    size_t n = merge->format.n_tensors;
    merge->types = pith_array(n, sizeof *merge->types);
    if (merge->types == NULL)
        return pith_no_memory(error, n, sizeof *merge->types);
    PITH_TRY(choose_types(merge, dtype, error));
    merge->row = pith_array(merge->widest, 2 * sizeof *merge->row);
    merge->bytes = pith_array(merge->widest, sizeof *merge->row);
    if (merge->row == NULL || merge->bytes == NULL)
        return pith_no_memory(error, merge->widest, 2 * sizeof *merge->row);
    return PITH_OK;
}

static enum pith_status write_all(const struct merge *merge, const char *path,
                                  const char *name, struct pith_error *error)
{
    const struct pith_format *format = &merge->format;
    struct pith_format_plan plan = {
        .config = format->config,
        .model_name = name != NULL ? name : format->model_name,
        .tokenizer = format->tokenizer,
        .tokenizer_size = format->tokenizer_size,
        .types = merge->types};
    struct pith_format_writer *writer;
    enum pith_status status = PITH_OK;
    PITH_TRY(pith_format_begin(&writer, path, &plan, error));
    for (size_t i = 0; i < format->n_tensors && status == PITH_OK; i++)
        status = write_tensor(merge, i, writer, error);
    if (status == PITH_OK)
        return pith_format_finish(writer, error);
    pith_format_abort(writer);
    return status;
}

enum pith_status pith_merge(const char *model, const char *adapter,
                            const char *destination,
                            const struct pith_merge_options *options,
                            struct pith_error *error)
{
    struct pith_merge_options chosen = {.sizeof_options = sizeof chosen};
    struct merge merge = {.widest = 0};
    enum pith_status status;

    PITH_REQUIRE(model, error);
    PITH_REQUIRE(adapter, error);
    PITH_REQUIRE(destination, error);
    PITH_TRY(pith_options_copy(&chosen, sizeof chosen, options, error));
    PITH_TRY(pith_place_check(destination, model, error));
    PITH_TRY(pith_place_check(destination, adapter, error));
    PITH_TRY(pith_format_open(&merge.format, model, error));
    PITH_TRY_DONE(pith_adapter_open(&merge.adapter, adapter,
                                    &merge.format, true, error));
    PITH_TRY_DONE(prepare(&merge, chosen.dtype, error));
    status = write_all(&merge, destination, chosen.name, error);
done:
    pith_adapter_close(&merge.adapter);
    pith_format_close_file(&merge.format);
    pith_free(merge.types);
    pith_free(merge.row);
    pith_free(merge.bytes);
    return status;
}
