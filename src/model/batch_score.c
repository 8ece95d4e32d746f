/*
 * batch_score.c - the texts of a batch scored in shared passes; see batch.h.
 */
#include <math.h>

#include "../base/memory.h"
#include "batch.h"
#include "branch.h"
#include "loss_cache.h"

/* A common beginning gets its own pass, which has to save this many
 * tokens to be worth it. */
enum { LEAST_SAVED = 64 };

static size_t start_of(const struct pith_batch *batch, size_t text)
{
    return text > 0 ? batch->ends[text - 1] : 0;
}

/* Losses that were not remembered, and the texts that they are for. */
struct missing {
    size_t *texts; /* (n) */
    struct pith_branch *branches;
    size_t n;
};

/* Tokens that all missing texts begin with and after which nothing is
 * asked. */
static size_t common_beginning(const struct pith_batch *batch,
                               const struct missing *missing)
{
    const int32_t *first =
        batch->ids.data + start_of(batch, missing->texts[0]);
    size_t n = SIZE_MAX;
    for (size_t i = 0; i < missing->n; i++) {
        size_t start = start_of(batch, missing->texts[i]), same = 0;
        const int32_t *ids = batch->ids.data + start;
        const int32_t *targets = batch->targets.data + start;
        if (n > batch->ends[missing->texts[i]] - start)
            n = batch->ends[missing->texts[i]] - start;
        while (same < n && ids[same] == first[same] &&
               targets[same] == PITH_NO_TARGET)
            same++;
        n = same;
    }
    return n * (missing->n - 1) < LEAST_SAVED ? 0 : n;
}

/* The missing texts after their first n_common tokens. */
static void list_branches(const struct pith_batch *batch, size_t n_common,
                          struct missing *missing)
{
    for (size_t i = 0; i < missing->n; i++) {
        size_t text = missing->texts[i], start = start_of(batch, text);
        size_t at = start + n_common;
        for (size_t t = start; t < at; t++)
            batch->losses[t] = NAN;
        missing->branches[i] = (struct pith_branch){
            batch->ids.data + at, batch->targets.data + at,
            batch->losses + at, batch->ends[text] - at};
    }
}

static void recall(struct pith_batch *batch, struct pith_session *session,
                   struct missing *missing)
{
    for (size_t i = 0; i < batch->n_texts; i++) {
        size_t at = start_of(batch, i);
        if (!pith_session_recall(session, batch->precision,
                                 batch->ids.data + at,
                                 batch->targets.data + at, batch->losses + at,
                                 batch->ends[i] - at))
            missing->texts[missing->n++] = i;
    }
}

static void remember(const struct pith_batch *batch,
                     struct pith_session *session,
                     const struct missing *missing)
{
    for (size_t i = 0; i < missing->n; i++) {
        size_t at = start_of(batch, missing->texts[i]);
        pith_session_remember(session, batch->precision, batch->ids.data + at,
                              batch->targets.data + at, batch->losses + at,
                              batch->ends[missing->texts[i]] - at);
    }
}

static enum pith_status score_missing(struct pith_batch *batch,
                                      struct pith_session *session,
                                      struct missing *missing,
                                      const char *stage,
                                      struct pith_error *error)
{
    size_t n_common = common_beginning(batch, missing);
    list_branches(batch, n_common, missing);
    pith_session_truncate(session, 0);
    PITH_TRY(pith_session_forward(
        session, batch->precision,
        batch->ids.data + start_of(batch, missing->texts[0]), n_common, NULL,
        NULL, error));
    PITH_TRY(pith_session_branch(session, batch->precision, missing->branches,
                                 missing->n, stage, error));
    remember(batch, session, missing);
    return PITH_OK;
}

enum pith_status pith_batch_score(struct pith_batch *batch,
                                  struct pith_session *session,
                                  const char *stage, struct pith_error *error)
{
    size_t n = batch->n_texts;
    enum pith_status status = PITH_OK;
    struct missing missing = {.texts = pith_array(n, sizeof *missing.texts),
                              .branches =
                                  pith_array(n, sizeof *missing.branches)};
    pith_free(batch->losses);
    batch->losses = pith_array(batch->ids.n, sizeof *batch->losses);
    if (missing.texts == NULL || missing.branches == NULL ||
        batch->losses == NULL) {
        status = pith_no_memory(error, batch->ids.n, sizeof *batch->losses);
        goto done;
    }
    recall(batch, session, &missing);
    if (missing.n > 0)
        status = score_missing(batch, session, &missing, stage, error);
done:
    pith_free(missing.texts);
    pith_free(missing.branches);
    return status;
}
