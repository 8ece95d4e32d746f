/*
 * scores.c - what the tokens of the contexts are worth.
 */
#include <math.h>
#include <string.h>

#include "../base/memory.h"
#include "../model/extend.h"
#include "../model/loss_cache.h"
#include "../model/score.h"
#include "run.h"

/* Tokens up to the end of the last context: nobody asks about the question. */
static size_t scored_tokens(const struct pith_parts *parts)
{
    const struct pith_part *last = &parts->parts[parts->n_parts - 2];
    return last->token + last->n_tokens;
}

/* The start id and, where the question is in front, the latest quarter of
 * a window of it and a blank line. */
static enum pith_status make_head(const struct pith_spans *spans,
                                  bool with_question, size_t window,
                                  struct pith_ids *head,
                                  struct pith_error *error)
{
    const struct pith_parts *parts = spans->parts;
    const struct pith_part *question = &parts->parts[parts->n_parts - 1];
    size_t n = window / 4;
    int32_t start;
    if (question->n_tokens < n)
        n = question->n_tokens;
    PITH_TRY(pith_model_find_start(pith_session_model(spans->session), &start,
                                   error));
    pith_ids_append_all(head, &start, 1);
    if (with_question) {
        const int32_t *end =
            parts->ids.data + question->token + question->n_tokens;
        pith_ids_append_all(head, end - n, n);
        pith_ids_append_all(head, parts->join.data, parts->join.n);
    }
    return PITH_OK;
}

/* Losses of n tokens after a head, which the session may remember: the next
 * rate for the same prompt asks for the same ones.  The tokens but the last are
 * appended to the head. */
static enum pith_status score_known(struct pith_session *session,
                                    struct pith_ids *head, const int32_t *ids,
                                    size_t n, float *losses,
                                    struct pith_error *error)
{
    size_t n_head = head->n, first = n_head - 1, n_all = first + n;
    int32_t *targets = pith_array(n_all, sizeof *targets);
    float *all = pith_array(n_all, sizeof *all);
    enum pith_status status = PITH_OK;
    pith_ids_append_all(head, ids, n - 1);
    if (targets == NULL || all == NULL || head->failed) {
        status = pith_no_memory(error, n_all, sizeof *all);
        goto done;
    }
    for (size_t i = 0; i < first; i++) {
        targets[i] = PITH_NO_TARGET;
        all[i] = NAN;
    }
    memcpy(targets + first, ids, n * sizeof *ids);
    if (!pith_session_recall(session, NULL, head->data, targets, all, n_all)) {
        pith_session_share_layers(session, n_all);
        status = pith_score_after(session, head->data, n_head, ids, n,
                                  all + first, error);
        pith_session_share_layers(session, 0);
        PITH_TRY_DONE(status);
        pith_session_remember(session, NULL, head->data, targets, all, n_all);
    }
    memcpy(losses, all + first, n * sizeof *all);
done:
    pith_free(targets);
    pith_free(all);
    return status;
}

/* Losses of the first n tokens of the prompt after a head.  A window that is
 * full is left for one that starts with the head and the latest eighth of a
 * window, so that little is run twice. */
static enum pith_status score_after_head(struct pith_spans *spans, size_t n,
                                         struct pith_ids *head, size_t window,
                                         float *losses,
                                         struct pith_error *error)
{
    const int32_t *ids = spans->parts->ids.data;
    size_t n_head = head->n;
    for (size_t at = 0; at < n;) {
        size_t n_before = at < window / 8 ? at : window / 8;
        head->n = n_head;
        pith_ids_append_all(head, ids + at - n_before, n_before);
        if (head->failed)
            return pith_no_memory(error, n_before, sizeof *ids);
        size_t room = window > head->n ? window - head->n + 1 : 1;
        size_t n_next = n - at < room ? n - at : room;
        PITH_TRY(score_known(spans->session, head, ids + at, n_next,
                             losses + at, error));
        at += n_next;
    }
    return PITH_OK;
}

/* NLL(x_i | x_<i) or NLL(x_i | x_que, x_<i) */
static enum pith_status score(struct pith_spans *spans, size_t n,
                              bool with_question, float *losses,
                              struct pith_error *error)
{
    struct pith_ids head = {0};
    size_t window = pith_window(spans->session, spans->options->window);
    enum pith_status status =
        make_head(spans, with_question, window, &head, error);
    if (status == PITH_OK)
        status = score_after_head(spans, n, &head, window, losses, error);
    pith_ids_free(&head);
    return status;
}

/* A question lowers the losses of the words that it shares with the text; the
 * answer is beside them.  So a token is worth, besides its own contrast,
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
    float *contrasts = pith_array(n, sizeof *contrasts);
    if (contrasts == NULL)
        return pith_no_memory(error, n, sizeof *contrasts);
    enum pith_status status = score(spans, n, true, contrasts, error);
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
    PITH_TRY(score(spans, n, false, spans->losses, error));
    if (spans->steered)
        PITH_TRY(contrast(spans, n, error));
    else
        memcpy(spans->gains, spans->losses, n * sizeof *spans->gains);
    /* What is not a number is worth nothing. */
    for (size_t i = 0; i < n; i++)
        spans->gains[i] = number_or_0(spans->gains[i]);
    return PITH_OK;
}
