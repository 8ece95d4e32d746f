/*
 * documents.c - see documents.h.
 */
#include "documents.h"

#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "../model/model.h"
#include "prefix.h"
#include "rank.h"

/* The restrictive sentence: it ties the question to what the document says. */
static const struct pith_text restriction = {
    " We can get the answer to this question in the given documents.", 63};

/* x_que and the restrictive sentence; the latest half of a window of them. */
static enum pith_status make_query(const struct pith_session *session,
                                   const struct pith_parts *parts,
                                   struct pith_ids *query,
                                   struct pith_error *error)
{
    const struct pith_part *question = &parts->parts[parts->n_parts - 1];
    size_t most = session->n_window / 2;
    struct pith_ids all = {0};
    pith_ids_append_all(&all, parts->join.data, parts->join.n);
    pith_ids_append_all(&all, parts->ids.data + question->token,
                        question->n_tokens);
    enum pith_status status = pith_tokenizer_encode(
        session->model->tokenizer, restriction, PITH_TOKENIZE_NO_SPECIAL, &all,
        error);
    size_t skip = all.n > most ? all.n - most : 0;
    if (status == PITH_OK && !all.failed)
        pith_ids_append_all(query, all.data + skip, all.n - skip);
    if (status == PITH_OK && (all.failed || query->failed))
        status = pith_no_memory(error, all.n, sizeof *all.data);
    pith_ids_free(&all);
    return status;
}

static double mean(const float *losses, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)losses[i];
    return isnan(sum) ? (double)INFINITY : sum / (double)n;
}

/* r_k of one document, piece by piece. */
static enum pith_status rank_one(struct pith_prefix *prefix,
                                 const int32_t *ids, size_t n,
                                 const struct pith_ids *query, float *losses,
                                 double *score, struct pith_error *error)
{
    size_t most = prefix->session->n_window / 2 - 1;
    *score = (double)INFINITY;
    for (size_t at = 0; at < n; at += most) {
        pith_prefix_cut(prefix, 1);
        pith_ids_append_all(&prefix->ids, ids + at,
                            n - at < most ? n - at : most);
        if (prefix->ids.failed)
            return pith_no_memory(error, most, sizeof *ids);
        PITH_TRY(pith_prefix_score(prefix, query->data, query->n, losses,
                                   error));
        *score = fmin(*score, mean(losses, query->n));
    }
    pith_prefix_cut(prefix, 1);
    return PITH_OK;
}

enum pith_status pith_rank_documents(struct pith_session *session,
                                     const struct pith_parts *parts,
                                     struct pith_rank *ranks, size_t n,
                                     struct pith_error *error)
{
    enum pith_status status;
    struct pith_prefix prefix = {0};
    struct pith_ids query = {0};
    float *losses = NULL;
    size_t n_ranked = 0;
    PITH_TRY_DONE(make_query(session, parts, &query, error));
    PITH_TRY_DONE(pith_prefix_init(&prefix, session, error));
    losses = pith_array(query.n, sizeof *losses);
    if (losses == NULL) {
        status = pith_no_memory(error, query.n, sizeof *losses);
        goto done;
    }
    for (size_t i = 0; n_ranked < n; i++) {
        const struct pith_part *part = &parts->parts[i];
        if (!pith_is_demonstration(part))
            continue;
        struct pith_rank *rank = &ranks[n_ranked++];
        rank->index = i;
        PITH_TRY_DONE(rank_one(&prefix, parts->ids.data + part->token,
                               part->n_tokens, &query, losses, &rank->score,
                               error));
        PITH_TRY_DONE(pith_session_report(session, "rank", n_ranked, n,
                                          error));
    }
done:
    free(losses);
    pith_ids_free(&query);
    pith_prefix_free(&prefix);
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
