/*
 * score_texts.c - several texts, each alone: those that fit the window
 * together, as a batch; the others slide through it one by one.
 */
#include <string.h>

#include "batch.h"
#include "score.h"

static bool is_short(const struct pith_session *session,
                     const struct pith_scored_text *text)
{
    return text->n <= pith_session_window(session);
}

static enum pith_status collect(const struct pith_session *session,
                                const struct pith_scored_text *texts, size_t n,
                                struct pith_batch *batch,
                                struct pith_error *error)
{
    int32_t start;
    PITH_TRY(pith_model_find_start(pith_session_model(session), &start, error));
    for (size_t i = 0; i < n; i++) {
        const int32_t *ids = texts[i].ids;
        if (!is_short(session, &texts[i]))
            continue;
        for (size_t t = 0; t < texts[i].n; t++)
            pith_batch_add(batch, t > 0 ? ids[t - 1] : start, ids[t]);
        PITH_TRY(pith_batch_end(batch, error));
    }
    return PITH_OK;
}

enum pith_status pith_score_texts(struct pith_session *session,
                                  const struct pith_scored_text *texts,
                                  size_t n, const char *stage,
                                  struct pith_error *error)
{
    enum pith_status status;
    struct pith_batch batch = {0};
    size_t at = 0;
    PITH_TRY_DONE(collect(session, texts, n, &batch, error));
    PITH_TRY_DONE(pith_batch_score(&batch, session, stage, error));
    for (size_t i = 0; i < n; i++) {
        if (!is_short(session, &texts[i])) {
            PITH_TRY_DONE(pith_score_text(session, texts[i].ids, texts[i].n,
                                          texts[i].losses, error));
            continue;
        }
        memcpy(texts[i].losses, batch.losses + at,
               texts[i].n * sizeof *batch.losses);
        at += texts[i].n;
    }
done:
    pith_batch_free(&batch);
    return status;
}
