/*
 * batch.c - collecting texts; see batch.h.
 */
#include "batch.h"

#include "../base/memory.h"

void pith_batch_add(struct pith_batch *batch, int32_t id, int32_t target)
{
    pith_ids_append(&batch->ids, id);
    pith_ids_append(&batch->targets, target);
}

enum pith_status pith_batch_end(struct pith_batch *batch,
                                struct pith_error *error)
{
    if (batch->ids.failed || batch->targets.failed)
        return pith_no_memory(error, batch->ids.n, sizeof *batch->ids.data);
    PITH_TRY(pith_grow(&batch->ends, batch->n_texts + 1, &batch->capacity,
                       sizeof *batch->ends, error));
    batch->ends[batch->n_texts++] = batch->ids.n;
    return PITH_OK;
}

void pith_batch_free(struct pith_batch *batch)
{
    pith_ids_free(&batch->ids);
    pith_ids_free(&batch->targets);
    pith_free(batch->losses);
    pith_free(batch->ends);
    *batch = (struct pith_batch){0};
}
