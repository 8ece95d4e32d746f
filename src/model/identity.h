/*
 * identity.h - which model a file holds, so that what was made for it can be
 * told from what was made for another of the same shape.
 */
#ifndef PITH_MODEL_IDENTITY_H
#define PITH_MODEL_IDENTITY_H

#include "format.h"

/* CRC-32s.  Norms and biases are the same floats whatever type the matrices
 * are converted to. */
struct pith_identity {
    uint32_t weights; /* of the file's weights, as it has them */
    uint32_t vectors; /* of the tensors with one row, as f32 */
    uint32_t types;   /* of the types of all tensors, a byte each */
};

/* Errors: MEMORY. */
enum pith_status pith_identity_of(const struct pith_format *format,
                                  struct pith_identity *identity,
                                  struct pith_error *error);

/* Whether they are one model: the same weights, or the same vectors and other
 * types. */
bool pith_identity_is_same(const struct pith_identity *a,
                           const struct pith_identity *b);

#endif
