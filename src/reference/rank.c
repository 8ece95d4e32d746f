/*
 * rank.c - contexts ordered by how surprising they are.  See
 * reference.h; docs/ALGORITHM.md, "contexts ranked".
 *
 * It answers to get_rank_results() and get_ppl() of the Python package.
 */
#include <math.h>
#include <string.h>

#include "../base/memory.h"
#include "../model/batch.h"
#include "../model/extend.h"
#include "bm25.h"
#include "reference.h"

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

/* Insertion by bisection after the first run: what CPython does for short
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

/* Which losses of a text count. */
struct span {
    size_t first, n; /* in the batch; n 0: there are none */
};

/* Adds a text of which the losses from `from` on count, losses[i] being that
 * of token i + 1: the first token has nothing before it.  `from` is read as
 * Python reads it.  What does not fit the model's positions is not looked
 * at. */
static enum pith_status add_text(struct pith_batch *batch,
                                 const struct pith_session *session,
                                 const struct pith_ids *ids, ptrdiff_t from,
                                 struct span *span, struct pith_error *error)
{
    size_t n_max = pith_session_positions(session);
    size_t n = ids->n < n_max ? ids->n : n_max;
    size_t n_losses = n > 0 ? n - 1 : 0;
    size_t first = pith_slice_bound(from, n_losses);
    *span = (struct span){batch->ids.n + first, n_losses - first};
    if (span->n == 0)
        return PITH_OK;
    for (size_t i = 0; i < n_losses; i++)
        pith_batch_add(batch, ids->data[i],
                       i >= first ? ids->data[i + 1] : PITH_NO_TARGET);
    return pith_batch_end(batch, error);
}

static double mean_loss(const struct pith_batch *batch, struct span span)
{
    double sum = 0;
    for (size_t i = 0; i < span.n; i++)
        sum += (double)batch->losses[span.first + i];
    return span.n > 0 ? sum / (double)span.n : (double)NAN;
}

/* `in_front` and `after` as one text, of which what follows counts; with
 * an empty `in_front` all of it does. */
static enum pith_status add_pair(struct pith_batch *batch,
                                 const struct pith_session *session,
                                 struct pith_text in_front,
                                 struct pith_text after, bool conditional,
                                 struct span *span, struct pith_error *error)
{
    const struct pith_tokenizer *tokenizer = pith_session_tokenizer(session);
    struct pith_buffer both = {0};
    struct pith_ids ids = {0};
    enum pith_status status = PITH_OK;
    size_t n_front = 1;
    pith_buffer_append(&both, in_front.bytes, in_front.size);
    pith_buffer_append(&both, after.bytes, after.size);
    if (both.failed)
        PITH_TRY_DONE(pith_no_memory(error, both.size, 1));
    if (conditional)
        PITH_TRY_DONE(pith_reference_count(tokenizer, in_front,
                                           PITH_TOKENIZE_DEFAULT_BOS, &n_front,
                                           error));
    PITH_TRY_DONE(pith_reference_encode(
        tokenizer, pith_buffer_text(&both),
        PITH_TOKENIZE_DEFAULT_BOS, &ids, error));
    status = add_text(batch, session, &ids, (ptrdiff_t)n_front - 1, span,
                      error);
done:
    pith_buffer_free(&both);
    pith_ids_free(&ids);
    return status;
}

static enum pith_status add(struct pith_batch *batch,
                            const struct pith_session *session,
                            struct pith_text text, struct pith_text question,
                            enum pith_condition condition, struct span *span,
                            struct pith_error *error)
{
    static const struct pith_text nothing = {"", 0};
    switch (condition) {
    case PITH_CONDITION_BEFORE:
        return add_pair(batch, session, question, text, true, span, error);
    case PITH_CONDITION_AFTER:
        return add_pair(batch, session, text, question, true, span, error);
    default:
        return add_pair(batch, session, nothing, text, false, span, error);
    }
}

enum pith_status pith_reference_scores(struct pith_session *session,
                                       const struct pith_text *texts, size_t n,
                                       struct pith_text question,
                                       enum pith_condition condition,
                                       struct pith_rank *ranks,
                                       struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    struct pith_batch batch = {.precision = pith_session_exact(session)};
    size_t longest = 0;
    struct span *spans = pith_array(n, sizeof *spans);
    if (spans == NULL)
        return pith_no_memory(error, n, sizeof *spans);
    for (size_t i = 0; i < n; i++) {
        size_t before = batch.ids.n;
        PITH_TRY_DONE(add(&batch, session, texts[i], question, condition,
                          &spans[i], error));
        if (batch.ids.n - before > longest)
            longest = batch.ids.n - before;
    }
    PITH_TRY_DONE(pith_session_reserve(session, longest, error));
    PITH_TRY_DONE(pith_batch_score(&batch, session, "rank", error));
    for (size_t i = 0; i < n; i++)
        ranks[i] = (struct pith_rank){i, mean_loss(&batch, spans[i])};
done:
    pith_free(spans);
    pith_batch_free(&batch);
    return status;
}

enum pith_status pith_reference_losses(struct pith_session *session,
                                       struct pith_text text, float *losses,
                                       size_t n, struct pith_error *error)
{
    static const struct pith_text nothing = {"", 0};
    struct pith_batch batch = {.precision = pith_session_exact(session)};
    struct span span;
    enum pith_status status;
    size_t n_default;
    for (size_t i = 0; i < n; i++)
        losses[i] = (float)NAN;
    PITH_TRY(pith_reference_count(pith_session_tokenizer(session), text,
                                  PITH_TOKENIZE_DEFAULT_BOS, &n_default,
                                  error));
    PITH_TRY_DONE(add(&batch, session, text, nothing, PITH_CONDITION_NONE,
                      &span, error));
    PITH_TRY_DONE(pith_session_reserve(session, batch.ids.n, error));
    PITH_TRY_DONE(pith_batch_score(&batch, session, "rank", error));
    size_t skip = n_default > n ? 0 : 1; /* without BOS the first has none */
    for (size_t i = skip; i < n && i - skip < span.n; i++)
        losses[i] = batch.losses[span.first + i - skip];
done:
    pith_batch_free(&batch);
    return status;
}

/* LongLLMLingua's restrictive sentence is after the question. */
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
    PITH_TRY_DONE(pith_reference_scores(
        session, texts, n, pith_buffer_text(&asked),
        query->condition, ranks, error));
    for (size_t i = 0; i < n; i++)
        keys[i] = sign * ranks[i].score;
    pith_reference_sort(ranks, keys, n);
done:
    pith_free(keys);
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
    pith_free(scores);
    pith_free(order);
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
