/*
 * identity.c - see identity.h.
 */
#include "identity.h"

#include "../base/crc32.h"
#include "../base/memory.h"
#include "../base/store.h"

/* *crc continues over the only row of a tensor; row: room for its floats. */
static void add_vector(const struct pith_tensor *tensor, float *row,
                       uint32_t *crc)
{
    uint8_t bytes[4];
    pith_row_to_floats(row, tensor, 0);
    for (size_t i = 0; i < tensor->cols; i++) {
        pith_store_f32(bytes, row[i]);
        *crc = pith_crc32(*crc, bytes, sizeof bytes);
    }
}

enum pith_status pith_identity_of(const struct pith_format *format,
                                  struct pith_identity *identity,
                                  struct pith_error *error)
{
    size_t widest = 1;
    for (size_t i = 0; i < format->n_tensors; i++)
        if (format->tensors[i].view.cols > widest)
            widest = format->tensors[i].view.cols;
    float *row = pith_array(widest, sizeof *row);
    if (row == NULL)
        return pith_no_memory(error, widest, sizeof *row);
    *identity = (struct pith_identity){.weights = format->weights_crc32};
    for (size_t i = 0; i < format->n_tensors; i++) {
        const struct pith_tensor *view = &format->tensors[i].view;
        uint8_t type = (uint8_t)view->type;
        identity->types = pith_crc32(identity->types, &type, 1);
        if (view->rows == 1)
            add_vector(view, row, &identity->vectors);
    }
    pith_free(row);
    return PITH_OK;
}

bool pith_identity_is_same(const struct pith_identity *a,
                           const struct pith_identity *b)
{
    return a->weights == b->weights ||
           (a->vectors == b->vectors && a->types != b->types);
}
