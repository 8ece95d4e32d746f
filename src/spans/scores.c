/*
 * scores.c - what the tokens of the contexts are worth.
 */
#include <math.h>
#include <string.h>

#include "../base/memory.h"
#include "../model/score.h"
#include "run.h"

/* Tokens up to the end of the last context: nobody asks about the question. */
static size_t scored_tokens(const struct pith_parts *parts)
{
    const struct pith_part *last = &parts->parts[parts->n_parts - 2];
    return last->token + last->n_tokens;
}

/* The question and a blank line; the latest quarter of a window of them. */
static enum pith_status make_prefix(const struct pith_spans *spans,
                                    struct pith_ids *prefix,
                                    struct pith_error *error)
{
    const struct pith_parts *parts = spans->parts;
    const struct pith_part *question = &parts->parts[parts->n_parts - 1];
    size_t most = pith_session_window(spans->session) / 4;
    size_t n = question->n_tokens < most ? question->n_tokens : most;
    int32_t start;
    PITH_TRY(pith_model_find_start(pith_session_model(spans->session), &start,
                                   error));
    pith_ids_append_all(prefix, &start, 1);
    pith_ids_append_all(
        prefix, parts->ids.data + question->token + question->n_tokens - n, n);
    pith_ids_append_all(prefix, parts->join.data, parts->join.n);
    return prefix->failed ? pith_no_memory(error, n, sizeof *prefix->data)
                          : PITH_OK;
}

/* A question lowers the losses of the words that it shares with the text; the
 * answer stands beside them.  So a token is worth, besides its own contrast,
 * that of its neighbours, and a part of its loss. */
enum { NEIGHBOURS = 12 }; /* tokens on each side */
static const double neighbour_weight = 4, loss_weight = 0.3;

/* s_i + 4 mean of s over the neighbours of i + 0.3 NLL(x_i | x_<i)
 *   contrasts  (n) s */
static void spread(const float *losses, const float *contrasts, size_t n,
                   float *gains)
{
    double sum = 0; /* of [low, high) */
    size_t low = 0, high = 0;
    for (size_t i = 0; i < n; i++) {
        while (high < n && high <= i + NEIGHBOURS)
            sum += (double)contrasts[high++];
        while (low + NEIGHBOURS < i)
            sum -= (double)contrasts[low++];
        gains[i] = (float)((double)contrasts[i] +
                           neighbour_weight * sum / (double)(high - low) +
                           loss_weight * (double)losses[i]);
    }
}

static float number_or_0(float value)
{
    return isnan(value) ? 0 : value;
}

/* LongLLMLingua: s_i = NLL(x_i | x_<i) - NLL(x_i | x_que, x_<i) */
static enum pith_status contrast(struct pith_spans *spans, size_t n,
                                 struct pith_error *error)
{
    struct pith_ids prefix = {0};
    float *contrasts = pith_array(n, sizeof *contrasts);
    if (contrasts == NULL)
        return pith_no_memory(error, n, sizeof *contrasts);
    enum pith_status status = make_prefix(spans, &prefix, error);
    if (status == PITH_OK)
        status = pith_score_after(spans->session, prefix.data, prefix.n,
                                  spans->parts->ids.data, n, contrasts,
                                  error);
    pith_ids_free(&prefix);
    for (size_t i = 0; i < n && status == PITH_OK; i++)
        contrasts[i] = number_or_0(spans->losses[i] - contrasts[i]);
    if (status == PITH_OK)
        spread(spans->losses, contrasts, n, spans->gains);
    pith_free(contrasts);
    return status;
}

enum pith_status pith_spans_score(struct pith_spans *spans,
                                  struct pith_error *error)
{
    size_t n = scored_tokens(spans->parts), n_ids = spans->parts->ids.n;
    spans->losses = pith_array_zero(n_ids, sizeof *spans->losses);
    spans->gains = pith_array_zero(n_ids, sizeof *spans->gains);
    if (spans->losses == NULL || spans->gains == NULL)
        return pith_no_memory(error, n_ids, sizeof *spans->gains);
    PITH_TRY(pith_score_text(spans->session, spans->parts->ids.data, n,
                             spans->losses, error));
    if (spans->steered)
        PITH_TRY(contrast(spans, n, error));
    else
        memcpy(spans->gains, spans->losses, n * sizeof *spans->gains);
    /* What is no number is worth nothing. */
    for (size_t i = 0; i < n; i++)
        spans->gains[i] = number_or_0(spans->gains[i]);
    return PITH_OK;
}
