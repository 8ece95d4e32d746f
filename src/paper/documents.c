/*
 * documents.c - see documents.h.
 */
#include "documents.h"

#include <math.h>

#include "../base/memory.h"
#include "../model/batch.h"
#include "../model/score.h"
#include "rank.h"

/* The restrictive sentence: it ties the question to what the document says. */
static const struct pith_text restriction = {
    " We can get the answer to this question in the given documents.", 63};

/* What is asked after a document. */
struct query {
    struct pith_ids ids;   /* x_que,restrict */
    const int32_t *join;   /* (n_join) the blank line before it: seen by
                              the model, no part of r_k */
    size_t n_join;
};

/* x_que and the restrictive sentence; the latest half of a window of them,
 * with the blank line. */
static enum pith_status make_query(const struct pith_session *session,
                                   const struct pith_parts *parts,
                                   struct query *query,
                                   struct pith_error *error)
{
    const struct pith_part *question = &parts->parts[parts->n_parts - 1];
    size_t room = pith_max(pith_session_window(session) / 2, 1);
    struct pith_ids all = {0};
    query->join = parts->join.data;
    query->n_join = parts->join.n < room ? parts->join.n : 0;
    room -= query->n_join;
    pith_ids_append_all(&all, parts->ids.data + question->token,
                        question->n_tokens);
    enum pith_status status = pith_tokenizer_encode_plain(
        pith_session_tokenizer(session), restriction, &all, error);
    size_t skip = all.n > room ? all.n - room : 0;
    if (status == PITH_OK && !all.failed)
        pith_ids_append_all(&query->ids, all.data + skip, all.n - skip);
    if (status == PITH_OK && (all.failed || query->ids.failed))
        status = pith_no_memory(error, all.n, sizeof *all.data);
    pith_ids_free(&all);
    return status;
}

/* The start id, n tokens of a document, and what is asked: the query. */
static enum pith_status collect_piece(struct pith_batch *batch, int32_t start,
                                      const int32_t *ids, size_t n,
                                      const struct query *query,
                                      struct pith_error *error)
{
    const int32_t *asked = query->ids.data;
    size_t n_join = query->n_join;
    pith_batch_add(batch, start, PITH_NO_TARGET);
    for (size_t i = 0; i + 1 < n + n_join; i++)
        pith_batch_add(batch, i < n ? ids[i] : query->join[i - n],
                       PITH_NO_TARGET);
    pith_batch_add(batch, n_join > 0 ? query->join[n_join - 1] : ids[n - 1],
                   asked[0]);
    for (size_t i = 0; i + 1 < query->ids.n; i++)
        pith_batch_add(batch, asked[i], asked[i + 1]);
    return pith_batch_end(batch, error);
}

/* Tokens of a document that are looked at together. */
static size_t piece_size(const struct pith_session *session)
{
    size_t window = pith_session_window(session);
    return window < 4 ? 1 : window / 2 - 1;
}

static enum pith_status collect(const struct pith_session *session,
                                const struct pith_parts *parts,
                                const struct query *query,
                                struct pith_batch *batch,
                                struct pith_error *error)
{
    size_t n_piece = piece_size(session);
    int32_t start;
    PITH_TRY(pith_model_find_start(pith_session_model(session), &start, error));
    for (size_t i = 0; i < parts->n_parts; i++) {
        const struct pith_part *part = &parts->parts[i];
        if (!pith_is_demonstration(part))
            continue;
        for (size_t at = 0; at < part->n_tokens; at += n_piece)
            PITH_TRY(collect_piece(
                batch, start, parts->ids.data + part->token + at,
                part->n_tokens - at < n_piece ? part->n_tokens - at : n_piece,
                query, error));
    }
    return PITH_OK;
}

enum pith_status pith_rank_documents(struct pith_session *session,
                                     const struct pith_parts *parts,
                                     struct pith_rank *ranks, size_t n,
                                     struct pith_error *error)
{
    enum pith_status status;
    struct pith_batch batch = {0};
    struct query query = {{0}, NULL, 0};
    size_t n_piece = piece_size(session), piece = 0, n_ranked = 0;
    PITH_TRY_DONE(make_query(session, parts, &query, error));
    PITH_TRY_DONE(collect(session, parts, &query, &batch, error));
    PITH_TRY_DONE(pith_batch_score(&batch, session, "rank", error));
    for (size_t i = 0; n_ranked < n; i++) {
        const struct pith_part *part = &parts->parts[i];
        if (!pith_is_demonstration(part))
            continue;
        /* r_k = the least of its pieces'; fmin passes over NaN. */
        double score = (double)INFINITY;
        for (size_t at = 0; at < part->n_tokens; at += n_piece) {
            const float *after = batch.losses + batch.ends[piece++];
            score = fmin(score, pith_mean(after - query.ids.n, query.ids.n));
        }
        ranks[n_ranked++] = (struct pith_rank){i, score};
    }
done:
    pith_batch_free(&batch);
    pith_ids_free(&query.ids);
    return status;
}

static double clip(double rate)
{
    return fmin(fmax(rate, 0), 1);
}

static double spent(const double *lengths, size_t n, const double *rates,
                    double shift)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += clip(rates[i] + shift) * lengths[i];
    return sum;
}

void pith_document_rates(const double *lengths, size_t n, double tau_doc,
                         double delta_tau, double budget, double *rates)
{
    double low = -2, high = 2;
    for (size_t i = 0; i < n; i++)
        rates[i] = (1 - 2 * (double)i / (double)n) * delta_tau + tau_doc;
    /* Spending rises with the shift: halve until doubles are used up. */
    for (int step = 0; step < 60; step++) {
        double middle = (low + high) / 2;
        if (spent(lengths, n, rates, middle) < budget)
            low = middle;
        else
            high = middle;
    }
    for (size_t i = 0; i < n; i++)
        rates[i] = clip(rates[i] + high);
}
