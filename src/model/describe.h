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

/* The headers of a model's file and of its adapter's, which have the checksums
 * of all else: what tells it from others.  Borrowed; *adapter is empty without
 * one. */
void pith_model_headers(const struct pith_model *model, struct pith_text *file,
                        struct pith_text *adapter);

void pith_describe_vocab(const struct pith_vocab *vocab,
                         struct pith_model_info *info);

#endif
