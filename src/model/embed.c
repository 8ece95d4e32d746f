/*
 * embed.c - rows of the embedding tables as floats.
 */
#include "forward.h"

void pith_embed(struct pith_session *session, float *x, const int32_t *ids,
                size_t T)
{
    pith_table_rows(&session->compute, x,
                    &session->model->weights.token_embedding, ids, 0, T, false);
}

void pith_add_positions(struct pith_session *session, float *x, size_t first,
                        size_t T)
{
    pith_table_rows(&session->compute, x,
                    &session->model->weights.position_embedding, NULL, first, T,
                    true);
}
