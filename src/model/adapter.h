/*
 * adapter.h - a LoRA adapter: for some linear layers of a model a pair of
 * thin matrices, y = W x + scale B A x, in a small file of its own
 * (docs/FORMAT.md).
 */
#ifndef PITH_MODEL_ADAPTER_H
#define PITH_MODEL_ADAPTER_H

#include "../base/file.h"
#include "identity.h"

struct pith_model;

/* The name in config.h of a linear layer: "attn_q". */
const char *pith_linear_name(size_t index);

/* rows and cols of the index-th linear layer; 0 for one that the
 * architecture does not have. */
void pith_linear_shape(const struct pith_config *config, size_t index,
                       size_t *rows, size_t *cols);

/* Of one linear layer (N, C). */
struct pith_adapter_pair {
    struct pith_tensor a, b; /* (rank, C), (N, rank); rows 0: none */
};

/* What the head of an adapter file says. */
struct pith_adapter_head {
    size_t rank;
    float alpha;
    uint32_t layers; /* bit i: linear layer i is adapted */
    struct pith_identity model; /* that it was trained on; version 1 of the
                                   file has the weights only */
};

/* An open file. */
struct pith_adapter {
    struct pith_file file;
    struct pith_adapter_head head;
    struct pith_adapter_pair *pairs; /* (n_layer, PITH_N_LINEAR), views */
    uint8_t *scaled; /* owns every A times alpha / rank; NULL: A as stored */
};

/* Opens and checks the file against the model that it is for.  With `scaled`
 * the A that it gives hold alpha / rank already. */
enum pith_status pith_adapter_open(struct pith_adapter *adapter,
                                   const char *path,
                                   const struct pith_format *model,
                                   bool scaled, struct pith_error *error);
void pith_adapter_close(struct pith_adapter *adapter);

/* Reads the adapter that changes what a model computes, and lets it go. */
enum pith_status pith_model_take_adapter(struct pith_model *model,
                                         const char *path,
                                         struct pith_error *error);
void pith_model_drop_adapter(struct pith_model *model);

/* Writes a file: the floats of every A and B in order, given by
 * next(user, n_floats). */
enum pith_status
pith_adapter_write(const char *path, const struct pith_config *config,
                   const struct pith_adapter_head *head,
                   const float *(*next)(void *user, size_t n_floats),
                   void *user, struct pith_error *error);

#endif
