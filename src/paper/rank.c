/*
 * rank.c - see rank.h.
 *
 * Perplexity here; other measures of a demonstration's worth take its place.
 */
#include "rank.h"

#include <math.h>
#include <string.h>

#include "../base/memory.h"
#include "../model/batch.h"
#include "../model/score.h"

bool pith_is_demonstration(const struct pith_part *part)
{
    return part->kind == PITH_PART_CONTEXT && part->n_tokens > 0;
}

/* The logarithm of the perplexity; one that is not a number ranks last. */
static double mean(const float *losses, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)losses[i];
    return isnan(sum) ? 0 : sum / (double)n;
}

/* Demonstrations that fit the window are scored together. */
static bool is_short(const struct pith_session *session,
                     const struct pith_part *part)
{
    return part->n_tokens <= pith_session_window(session);
}

/* Collects the short ones: p(x_i | start, x_<i) is asked for every token. */
static enum pith_status collect(const struct pith_session *session,
                                const struct pith_parts *parts,
                                struct pith_batch *batch,
                                struct pith_error *error)
{
    int32_t start;
    PITH_TRY(pith_model_find_start(pith_session_model(session), &start, error));
    for (size_t i = 0; i < parts->n_parts; i++) {
        const struct pith_part *part = &parts->parts[i];
        const int32_t *ids = parts->ids.data + part->token;
        if (!pith_is_demonstration(part) || !is_short(session, part))
            continue;
        for (size_t t = 0; t < part->n_tokens; t++)
            pith_batch_add(batch, t > 0 ? ids[t - 1] : start, ids[t]);
        PITH_TRY(pith_batch_end(batch, error));
    }
    return PITH_OK;
}

static void hand_out(float *losses, const struct pith_part *part,
                     const float *found)
{
    if (losses != NULL)
        memcpy(losses + part->token, found, part->n_tokens * sizeof *losses);
}

/* Mean loss of one that slides through the window. */
static enum pith_status rank_long(struct pith_session *session,
                                  const struct pith_parts *parts,
                                  const struct pith_part *part, double *score,
                                  float *losses, struct pith_error *error)
{
    size_t n = part->n_tokens;
    float *found = pith_array(n, sizeof *found);
    if (found == NULL)
        return pith_no_memory(error, n, sizeof *found);
    enum pith_status status = pith_score_text(
        session, parts->ids.data + part->token, n, found, error);
    if (status == PITH_OK) {
        *score = mean(found, n);
        hand_out(losses, part, found);
    }
    pith_free(found);
    return status;
}

enum pith_status pith_rank_demonstrations(struct pith_session *session,
                                          const struct pith_parts *parts,
                                          struct pith_rank *ranks, size_t n,
                                          float *losses,
                                          struct pith_error *error)
{
    enum pith_status status;
    struct pith_batch batch = {0};
    size_t at = 0, n_ranked = 0;
    PITH_TRY_DONE(collect(session, parts, &batch, error));
    PITH_TRY_DONE(pith_batch_score(&batch, session, "rank", error));
    for (size_t i = 0; n_ranked < n; i++) {
        const struct pith_part *part = &parts->parts[i];
        struct pith_rank *rank = &ranks[n_ranked];
        if (!pith_is_demonstration(part))
            continue;
        n_ranked++;
        rank->index = i;
        /* Algorithm 1, line 4: the perplexity of x_dems,k under M_s. */
        if (is_short(session, part)) {
            rank->score = mean(batch.losses + at, part->n_tokens);
            hand_out(losses, part, batch.losses + at);
            at += part->n_tokens;
        } else {
            PITH_TRY_DONE(rank_long(session, parts, part, &rank->score,
                                    losses, error));
        }
    }
done:
    pith_batch_free(&batch);
    return status;
}
