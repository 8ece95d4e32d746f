/*
 * access.c - see access.h.
 */
#include "access.h"

#include "model_file.h"
#include "state.h"

const struct pith_format *pith_model_format(const struct pith_model *model)
{
    return &model->format;
}

const struct pith_config *pith_model_config(const struct pith_model *model)
{
    return &model->format.config;
}

const struct pith_weights *pith_model_weights(const struct pith_model *model)
{
    return &model->weights;
}

const struct pith_kernels *pith_model_kernels(const struct pith_model *model)
{
    return model->kernels;
}

const struct pith_tokenizer *
pith_model_tokenizer(const struct pith_model *model)
{
    return model->tokenizer;
}

bool pith_model_is_adapted(const struct pith_model *model)
{
    return model->adapter != NULL;
}

enum pith_status pith_model_verify(const struct pith_model *model,
                                   struct pith_error *error)
{
    PITH_REQUIRE(model, error);
    return pith_format_verify(&model->format, error);
}
