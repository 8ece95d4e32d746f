/*
 * kernels.h - the sets of numeric kernels and the choice among them.
 *
 * scalar.c is the specification; the other sets do the same work with the
 * vector instructions of one CPU generation.  A set is a const table; there
 * is no global that changes.
 */
#ifndef PITH_KERNELS_KERNELS_H
#define PITH_KERNELS_KERNELS_H

#include <stddef.h>

#include "tensor.h"

struct pith_kernels;
struct pith_precision;

/* A set by name, NULL when it is not built or this CPU cannot run it. */
const struct pith_kernels *pith_kernels_get(const char *name);

/* The best of those that this CPU can run. */
const struct pith_kernels *pith_kernels_best(void);

const char *pith_kernels_get_name(const struct pith_kernels *kernels);

/* How products with weights are computed by a name of pith.h ("f32", "auto",
 * ...); NULL when it is unknown.  To describe it, not to compute with it. */
const struct pith_precision *
pith_precision_get(const struct pith_kernels *kernels, const char *name);

/* The same to compute with: asks the operating system for what that takes,
 * and passes over what it refuses. */
const struct pith_precision *
pith_precision_take(const struct pith_kernels *kernels, const char *name);

/* The names, for messages. */
extern const char pith_precision_names[];

/* Never "auto". */
const char *pith_precision_get_name(const struct pith_precision *precision);

#endif
