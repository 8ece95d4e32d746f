/*
 * reference_rank.c - contexts ordered by how surprising they are.  See
 * reference.h; docs/ALGORITHM.md, "contexts ranked".
 *
 * It answers to get_rank_results() and get_ppl() of the Python package.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "bm25.h"
#include "reference.h"

/* Mean of losses[from..], where losses[i] is that of token i + 1, the first
 * token having nothing before it; NAN when there is none.  `from` is read as
 * Python reads it.  What does not fit the model's positions is not looked
 * at. */
static enum pith_status mean_loss(struct pith_session *session,
                                  const int32_t *ids, size_t n, ptrdiff_t from,
                                  double *mean, struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    size_t n_max = session->model->format.config.n_ctx;
    n = n < n_max ? n : n_max;
    *mean = (double)NAN;
    if (n < 2 || pith_slice_bound(from, n - 1) == n - 1)
        return PITH_OK;
    int32_t *targets = pith_array(n, sizeof *targets);
    float *losses = pith_array(n, sizeof *losses);
    if (targets == NULL || losses == NULL) {
        status = pith_no_memory(error, n, sizeof *losses);
        goto done;
    }
    size_t first = pith_slice_bound(from, n - 1);
    for (size_t i = 0; i < n; i++)
        targets[i] = i >= first && i + 1 < n ? ids[i + 1] : PITH_NO_TARGET;
    pith_session_truncate(session, 0);
    PITH_TRY_DONE(pith_session_reserve(session, n, error));
    PITH_TRY_DONE(
        pith_session_forward(session, ids, n, targets, losses, error));
    double sum = 0;
    for (size_t i = first; i + 1 < n; i++)
        sum += (double)losses[i];
    *mean = sum / (double)(n - 1 - first);
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

/* `in_front` and `behind` as one text, the mean loss of what lies behind; an
 * empty `in_front` gives the mean of all. */
static enum pith_status score_pair(struct pith_session *session,
                                   struct pith_text in_front,
                                   struct pith_text behind, bool conditional,
                                   double *score, struct pith_error *error)
{
    const struct pith_tokenizer *tokenizer = session->model->tokenizer;
    struct pith_buffer both = {0};
    struct pith_ids ids = {0};
    enum pith_status status = PITH_OK;
    size_t n_front = 1;
    pith_buffer_append(&both, in_front.bytes, in_front.size);
    pith_buffer_append(&both, behind.bytes, behind.size);
    if (both.failed)
        PITH_TRY_DONE(pith_no_memory(error, both.size, 1));
    if (conditional)
        PITH_TRY_DONE(pith_reference_count(tokenizer, in_front,
                                           PITH_TOKENIZE_DEFAULT_BOS, &n_front,
                                           error));
    PITH_TRY_DONE(pith_reference_encode(
        tokenizer, pith_buffer_text(&both),
        PITH_TOKENIZE_DEFAULT_BOS, &ids, error));
    status = mean_loss(session, ids.data, ids.n, (ptrdiff_t)n_front - 1, score,
                       error);
done:
    pith_buffer_free(&both);
    pith_ids_free(&ids);
    return status;
}

enum pith_status
pith_reference_score(struct pith_session *session, struct pith_text text,
                     struct pith_text question, enum pith_condition condition,
                     double *score, struct pith_error *error)
{
    static const struct pith_text nothing = {"", 0};
    switch (condition) {
    case PITH_CONDITION_BEFORE:
        return score_pair(session, question, text, true, score, error);
    case PITH_CONDITION_AFTER:
        return score_pair(session, text, question, true, score, error);
    default:
        return score_pair(session, nothing, text, false, score, error);
    }
}

/* LongLLMLingua's restrictive sentence stands behind the question. */
static enum pith_status rank_by_loss(struct pith_session *session,
                                     const struct pith_text *texts, size_t n,
                                     const struct pith_reference_query *query,
                                     struct pith_rank *ranks,
                                     struct pith_error *error)
{
    struct pith_buffer asked = {0};
    enum pith_status status = PITH_OK;
    double sign = query->condition == PITH_CONDITION_NONE ? -1 : 1;
    double *keys = pith_array(n, sizeof *keys);
    if (keys == NULL)
        return pith_no_memory(error, n, sizeof *keys);
    pith_buffer_append(&asked, query->question.bytes, query->question.size);
    pith_buffer_string(&asked, " We can get the answer to this question in "
                               "the given documents.");
    if (asked.failed)
        PITH_TRY_DONE(pith_no_memory(error, asked.size, 1));
    for (size_t i = 0; i < n; i++) {
        PITH_TRY_DONE(pith_session_report(session, "rank", i, n, error));
        ranks[i].index = i;
        PITH_TRY_DONE(pith_reference_score(
            session, texts[i], pith_buffer_text(&asked),
            query->condition, &ranks[i].score, error));
        keys[i] = sign * ranks[i].score;
    }
    PITH_TRY_DONE(pith_session_report(session, "rank", n, n, error));
    pith_reference_sort(ranks, keys, n);
done:
    free(keys);
    pith_buffer_free(&asked);
    return status;
}

static enum pith_status rank_by_words(const struct pith_text *texts, size_t n,
                                      struct pith_text question,
                                      struct pith_rank *ranks,
                                      struct pith_error *error)
{
    double *scores = pith_array(n, sizeof *scores);
    size_t *order = pith_array(n, sizeof *order);
    enum pith_status status = PITH_OK;
    if (scores == NULL || order == NULL)
        PITH_TRY_DONE(pith_no_memory(error, n, sizeof *order));
    PITH_TRY_DONE(pith_bm25_score(texts, n, question, scores, error));
    PITH_TRY_DONE(pith_bm25_order(scores, n, order, error));
    for (size_t i = 0; i < n; i++)
        ranks[i] = (struct pith_rank){order[i], 0};
done:
    free(scores);
    free(order);
    return status;
}

enum pith_status pith_reference_rank(struct pith_session *session,
                                     const struct pith_text *texts, size_t n,
                                     const struct pith_reference_query *query,
                                     struct pith_rank *ranks,
                                     struct pith_error *error)
{
    if (query->method == PITH_RANK_BM25)
        return rank_by_words(texts, n, query->question, ranks, error);
    return rank_by_loss(session, texts, n, query, ranks, error);
}
