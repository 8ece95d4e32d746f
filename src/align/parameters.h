/*
 * parameters.h - what is trained, and the weights as the passes see them:
 * each beside the place of its gradient.
 *
 * Legend: C width of the input, N width of the output.
 */
#ifndef PITH_ALIGN_PARAMETERS_H
#define PITH_ALIGN_PARAMETERS_H

#include "../gradients/gradients.h"
#include "../model/adapter.h"
#include "trainer.h"

/* y = W x + bias + scale B A x.  A gradient that is not wanted is NULL. */
struct pith_train_linear {
    struct pith_tensor weight; /* (N, C) */
    const float *bias;         /* (N); NULL: none */
    float *dweight, *dbias;
    struct pith_tensor a, b; /* (rank, C), (N, rank); no rows: no adapter */
    float *da, *db;
};

struct pith_train_norm {
    const float *gain, *shift; /* (C); shift NULL: RMS norm */
    float *dgain, *dshift;
};

struct pith_train_layer {
    struct pith_train_norm attn_norm, ffn_norm;
    struct pith_train_norm q_norm, k_norm; /* (D); gain NULL: none */
    struct pith_train_linear linear[PITH_N_LINEAR];
};

/* One tensor that is trained. */
struct pith_parameter {
    struct pith_trainable view; /* name points to the next field */
    char name[80];
    /* The value as bytes of a .pith file: the floats themselves where those
     * are little-endian, else a copy that publish() renews. */
    uint8_t *bytes;
    bool cleared; /* its gradient is summed up, not made by a product: it has
                     to be zeros before the first batch of a step */
};

struct pith_parameters {
    struct pith_parameter *all;
    size_t n;
    float *values, *gradients, *first, *second; /* own all of them */
    uint8_t *mirror;                            /* of a big-endian host */
    struct pith_train_layer *layers;            /* (n_layer) */
    struct pith_tensor token_embedding, position_embedding, output;
    float *dtoken, *dposition, *doutput; /* doutput is dtoken if tied */
    struct pith_train_norm output_norm;
    float lora_scale; /* alpha / rank */
};

/* Lists what the options say is trained: names and shapes, no values yet. */
enum pith_status
pith_parameters_create(struct pith_parameters *parameters,
                       const struct pith_model *model,
                       const struct pith_trainer_options *options,
                       struct pith_error *error);
/* Allocates and initialises what is listed, and binds the layers to it. */
enum pith_status
pith_parameters_fill(struct pith_parameters *parameters,
                     const struct pith_model *model,
                     const struct pith_trainer_options *options,
                     struct pith_error *error);
/* Rows of A of a linear layer; 0 where it is not adapted. */
size_t pith_parameters_rank(const struct pith_parameters *parameters,
                            const struct pith_trainer_options *options,
                            size_t layer, size_t linear);
void pith_parameters_free(struct pith_parameters *parameters);

/* Call after values have changed. */
void pith_parameters_publish(struct pith_parameters *parameters);

#endif
