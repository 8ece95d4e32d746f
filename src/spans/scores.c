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

/* LongLLMLingua: s_i = NLL(x_i | x_<i) - NLL(x_i | x_que, x_<i) */
static enum pith_status contrast(struct pith_spans *spans, size_t n,
                                 struct pith_error *error)
{
    struct pith_ids prefix = {0};
    enum pith_status status = make_prefix(spans, &prefix, error);
    if (status == PITH_OK)
        status = pith_score_after(spans->session, prefix.data, prefix.n,
                                  spans->parts->ids.data, n, spans->gains,
                                  error);
    pith_ids_free(&prefix);
    for (size_t i = 0; i < n && status == PITH_OK; i++)
        spans->gains[i] = spans->losses[i] - spans->gains[i];
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
        if (isnan(spans->gains[i]))
            spans->gains[i] = 0;
    return PITH_OK;
}
