/*
 * access.h - what a model is made of, for other folders.
 */
#ifndef PITH_MODEL_ACCESS_H
#define PITH_MODEL_ACCESS_H

#include "model.h"

/* What a model is made of, borrowed from it. */
const struct pith_format *pith_model_format(const struct pith_model *model);
const struct pith_config *pith_model_config(const struct pith_model *model);
const struct pith_weights *pith_model_weights(const struct pith_model *model);
const struct pith_kernels *pith_model_kernels(const struct pith_model *model);
const struct pith_tokenizer *
pith_model_tokenizer(const struct pith_model *model);

/* Whether an adapter changes what the weights compute. */
bool pith_model_is_adapted(const struct pith_model *model);

#endif
