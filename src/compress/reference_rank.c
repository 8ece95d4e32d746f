/*
 * reference_rank.c - contexts ordered by how surprising they are.  See
 * reference.h; reference.md point 3.
 *
 * It answers to get_rank_results() and get_ppl() of the Python package.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "reference.h"

/* Mean loss of ids[1..n), the first token having nothing before it; NAN when
 * there is no second token.  What does not fit the model's positions is not
 * looked at. */
static enum pith_status mean_loss(struct pith_session *session,
                                  const int32_t *ids, size_t n, double *mean,
                                  struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    size_t n_max = session->model->format.config.n_ctx;
    n = n < n_max ? n : n_max;
    *mean = (double)NAN;
    if (n < 2)
        return PITH_OK;
    int32_t *targets = pith_array(n, sizeof *targets);
    float *losses = pith_array(n, sizeof *losses);
    if (targets == NULL || losses == NULL) {
        status = pith_no_memory(error, n, sizeof *losses);
        goto done;
    }
    memcpy(targets, ids + 1, (n - 1) * sizeof *targets);
    targets[n - 1] = PITH_NO_TARGET;
    pith_session_truncate(session, 0);
    PITH_TRY_DONE(
        pith_session_forward(session, ids, n, targets, losses, error));
    double sum = 0;
    for (size_t i = 0; i + 1 < n; i++)
        sum += (double)losses[i];
    *mean = sum / (double)(n - 1);
done:
    free(targets);
    free(losses);
    return status;
}

/* Length of the run at the start that is in order, made ascending: a strictly
 * descending run is turned round. */
static size_t first_run(struct pith_rank *ranks, double *keys, size_t n)
{
    size_t end = 2;
    if (n < 2)
        return n;
    if (!(keys[1] < keys[0])) {
        while (end < n && !(keys[end] < keys[end - 1]))
            end++;
        return end;
    }
    while (end < n && keys[end] < keys[end - 1])
        end++;
    for (size_t i = 0, j = end - 1; i < j; i++, j--) {
        struct pith_rank rank = ranks[i];
        double key = keys[i];
        ranks[i] = ranks[j], keys[i] = keys[j];
        ranks[j] = rank, keys[j] = key;
    }
    return end;
}

/* Insertion by bisection behind the first run: what CPython does for short
 * lists, and so the same result where NAN makes the order ambiguous.  A
 * context of one token has such a key. */
void pith_reference_sort(struct pith_rank *ranks, double *keys, size_t n)
{
    for (size_t i = first_run(ranks, keys, n); i < n; i++) {
        struct pith_rank rank = ranks[i];
        double key = keys[i];
        size_t low = 0, high = i;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (key < keys[middle])
                high = middle;
            else
                low = middle + 1;
        }
        memmove(ranks + low + 1, ranks + low, (i - low) * sizeof *ranks);
        memmove(keys + low + 1, keys + low, (i - low) * sizeof *keys);
        ranks[low] = rank;
        keys[low] = key;
    }
}

static enum pith_status score_text(struct pith_session *session,
                                   struct pith_text text, double *score,
                                   struct pith_error *error)
{
    struct pith_ids ids = {0};
    enum pith_status status =
        pith_tokenizer_encode(session->model->tokenizer, text,
                              PITH_TOKENIZE_DEFAULT_BOS, &ids, error);
    if (status == PITH_OK && ids.failed)
        status = pith_no_memory(error, text.size, sizeof(int32_t));
    if (status == PITH_OK)
        status = mean_loss(session, ids.data, ids.n, score, error);
    pith_ids_free(&ids);
    return status;
}

enum pith_status pith_reference_rank(struct pith_session *session,
                                     const struct pith_text *texts, size_t n,
                                     struct pith_rank *ranks,
                                     struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    double *keys = pith_array(n, sizeof *keys);
    if (keys == NULL)
        return pith_no_memory(error, n, sizeof *keys);
    for (size_t i = 0; i < n; i++) {
        PITH_TRY_DONE(pith_session_report(session, "rank", i, n, error));
        ranks[i].index = i;
        PITH_TRY_DONE(
            score_text(session, texts[i], &ranks[i].score, error));
        keys[i] = -ranks[i].score;
    }
    PITH_TRY_DONE(pith_session_report(session, "rank", n, n, error));
    pith_reference_sort(ranks, keys, n);
done:
    free(keys);
    return status;
}
