/*
 * embed.c - rows of the embedding tables as floats.
 */
#include "forward.h"

void pith_embed(const struct pith_model *model, float *x, const int32_t *ids,
                size_t T)
{
    size_t C = model->format.config.n_embd;
    for (size_t t = 0; t < T; t++)
        pith_row_to_floats(x + t * C, &model->token_embedding, (size_t)ids[t]);
}

void pith_add_positions(const struct pith_model *model, float *x, float *row,
                        size_t first, size_t T)
{
    size_t C = model->format.config.n_embd;
    for (size_t t = 0; t < T; t++) {
        pith_row_to_floats(row, &model->position_embedding, first + t);
        for (size_t c = 0; c < C; c++)
            x[t * C + c] += row[c];
    }
}
