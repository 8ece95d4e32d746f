/*
 * pack.c - see pack.h.
 */
#include "pack.h"

#include <string.h>

#include "../base/memory.h"

enum pith_status pith_pack_create(struct pith_pack *pack, size_t max_tokens,
                                  struct pith_error *error)
{
    *pack = (struct pith_pack){
        .max_tokens = max_tokens,
        .ids = pith_array(max_tokens, sizeof(int32_t)),
        .targets = pith_array(max_tokens, sizeof(int32_t)),
        .lengths = pith_array(max_tokens, sizeof(size_t))};
    if (pack->ids == NULL || pack->targets == NULL || pack->lengths == NULL) {
        pith_pack_free(pack);
        return pith_no_memory(error, max_tokens, sizeof(size_t));
    }
    pack->batch = (struct pith_training_batch){.ids = pack->ids,
                                      .targets = pack->targets,
                                      .lengths = pack->lengths};
    return PITH_OK;
}

void pith_pack_free(struct pith_pack *pack)
{
    pith_free(pack->ids);
    pith_free(pack->targets);
    pith_free(pack->lengths);
    *pack = (struct pith_pack){0};
}

bool pith_pack_fill(struct pith_pack *pack, const struct pith_dataset *dataset,
                    const size_t *records, size_t n, size_t stride, size_t *at)
{
    struct pith_training_batch *batch = &pack->batch;
    batch->n_tokens = batch->n_records = 0;
    for (; *at < n; *at += stride) {
        size_t start = dataset->starts[records[*at]];
        size_t length = pith_dataset_length(dataset, records[*at]);
        if (length > pack->max_tokens - batch->n_tokens)
            break;
        memcpy(pack->ids + batch->n_tokens, dataset->ids.data + start,
               length * sizeof *pack->ids);
        memcpy(pack->targets + batch->n_tokens, dataset->targets.data + start,
               length * sizeof *pack->targets);
        pack->lengths[batch->n_records++] = length;
        batch->n_tokens += length;
    }
    return batch->n_records > 0;
}

size_t pith_pack_count_targets(const struct pith_dataset *dataset,
                               const size_t *records, size_t n)
{
    size_t n_targets = 0;
    for (size_t r = 0; r < n; r++)
        for (size_t i = dataset->starts[records[r]];
             i < dataset->starts[records[r] + 1]; i++)
            n_targets += dataset->targets.data[i] != PITH_NO_TARGET;
    return n_targets;
}
