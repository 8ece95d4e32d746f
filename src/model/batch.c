/*
 * batch.c - see batch.h.
 */
#include "batch.h"

#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"

/* A common beginning gets a pass of its own, which has to save this many
 * tokens to be worth it. */
enum { LEAST_SAVED = 64 };

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
    if (batch->n_texts == batch->capacity) {
        size_t capacity = batch->capacity + batch->capacity / 2 + 16;
        size_t *ends =
            pith_array_resize(batch->ends, capacity, sizeof *ends);
        if (ends == NULL)
            return pith_no_memory(error, capacity, sizeof *ends);
        batch->ends = ends;
        batch->capacity = capacity;
    }
    batch->ends[batch->n_texts++] = batch->ids.n;
    return PITH_OK;
}

void pith_batch_free(struct pith_batch *batch)
{
    pith_ids_free(&batch->ids);
    pith_ids_free(&batch->targets);
    free(batch->losses);
    free(batch->ends);
    *batch = (struct pith_batch){0};
}

static size_t start_of(const struct pith_batch *batch, size_t text)
{
    return text > 0 ? batch->ends[text - 1] : 0;
}

/* Tokens that all texts begin with and behind which nothing is asked. */
static size_t common_beginning(const struct pith_batch *batch)
{
    size_t n = batch->ends[0];
    for (size_t i = 0; i < batch->n_texts; i++) {
        size_t start = start_of(batch, i), same = 0;
        const int32_t *ids = batch->ids.data + start;
        const int32_t *targets = batch->targets.data + start;
        if (n > batch->ends[i] - start)
            n = batch->ends[i] - start;
        while (same < n && ids[same] == batch->ids.data[same] &&
               targets[same] == PITH_NO_TARGET)
            same++;
        n = same;
    }
    return n * (batch->n_texts - 1) < LEAST_SAVED ? 0 : n;
}

/* The texts behind their first n_common tokens. */
static void list_branches(const struct pith_batch *batch, size_t n_common,
                          struct pith_branch *branches)
{
    for (size_t i = 0; i < batch->n_texts; i++) {
        size_t start = start_of(batch, i), at = start + n_common;
        for (size_t t = start; t < at; t++)
            batch->losses[t] = NAN;
        branches[i] = (struct pith_branch){batch->ids.data + at,
                                           batch->targets.data + at,
                                           batch->losses + at,
                                           batch->ends[i] - at};
    }
}

enum pith_status pith_batch_score(struct pith_batch *batch,
                                  struct pith_session *session,
                                  const char *stage, struct pith_error *error)
{
    size_t n = batch->n_texts;
    enum pith_status status = PITH_OK;
    if (n == 0)
        return PITH_OK;
    size_t n_common = common_beginning(batch);
    struct pith_branch *branches = pith_array(n, sizeof *branches);
    free(batch->losses);
    batch->losses = pith_array(batch->ids.n, sizeof *batch->losses);
    if (branches == NULL || batch->losses == NULL) {
        status = pith_no_memory(error, batch->ids.n, sizeof *batch->losses);
        goto done;
    }
    list_branches(batch, n_common, branches);
    pith_session_truncate(session, 0);
    PITH_TRY_DONE(pith_session_forward(session, batch->ids.data, n_common,
                                       NULL, NULL, error));
    status = pith_session_branch(session, branches, n, stage, error);
done:
    free(branches);
    return status;
}
