/*
 * describe.h - parts of pith_model_info, of a model and of what will be one.
 */
#ifndef PITH_MODEL_DESCRIBE_H
#define PITH_MODEL_DESCRIBE_H

#include "../text/tokenizer.h"
#include "config.h"

/* Hyper-parameters, and the number of tensors and parameters. */
void pith_describe_config(const struct pith_config *config,
                          struct pith_model_info *info);

void pith_describe_vocab(const struct pith_vocab *vocab,
                         struct pith_model_info *info);

#endif
