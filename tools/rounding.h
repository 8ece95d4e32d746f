/*
 * rounding.h - what pith convert tells of rounding errors: of each type that
 * became another, or of each tensor.
 */
#ifndef PITH_TOOLS_ROUNDING_H
#define PITH_TOOLS_ROUNDING_H

#include "common.h"

/* All tensors that went from one type to another. */
struct rounding {
    char from[24];
    enum pith_type to;
    size_t n_tensors;
    double n_weights, errors, weights; /* sums */
    double largest;
    char worst[64]; /* the tensor with the largest error */
};

struct roundings {
    struct rounding kinds[64];
    size_t n;
};

/* Exact ones count for nothing. */
void rounding_add(struct roundings *all, const struct pith_converted *tensor);

void rounding_print_tensor(const struct pith_converted *tensor);
/* A line for each kind. */
void rounding_print(const struct roundings *all);

#endif
