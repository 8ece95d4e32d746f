/*
 * score.c - losses of a text of any length; see score.h.
 */
#include "score.h"

#include <math.h>

#include "../base/memory.h"
#include "forward.h"

/* A text being scored through a window: prefix, then ids[first .. ]. */
struct window {
    struct pith_session *session;
    const int32_t *prefix; /* (n_prefix) */
    size_t n_prefix;
    const int32_t *ids; /* (n) */
    float *losses;      /* (n) */
    size_t n;
    size_t first;  /* text token after the prefix */
    size_t scored; /* text tokens that have their loss */
};

/* Token at position p of the window. */
static int32_t token_at(const struct window *w, size_t p)
{
    return p < w->n_prefix ? w->prefix[p] : w->ids[w->first + p - w->n_prefix];
}

/* Runs positions from .. from + T - 1 of the window.  The target of a
 * position is the text token after it, unless it has its loss already. */
static enum pith_status run_block(struct window *w, size_t from, size_t T,
                                  struct pith_error *error)
{
    int32_t ids[PITH_FORWARD_TOKENS] = {0};
    int32_t targets[PITH_FORWARD_TOKENS] = {0};
    float losses[PITH_FORWARD_TOKENS];
    size_t next = w->scored;

    for (size_t t = 0; t < T; t++) {
        size_t after = from + t + 1;
        ids[t] = token_at(w, from + t);
        targets[t] = after < w->n_prefix + (w->scored - w->first)
                         ? PITH_NO_TARGET
                         : token_at(w, after);
    }
    PITH_TRY(pith_session_forward(w->session, NULL, ids, T, targets, losses,
                                  error));
    for (size_t t = 0; t < T; t++)
        if (targets[t] != PITH_NO_TARGET)
            w->losses[next++] = losses[t];
    w->scored = next;
    return PITH_OK;
}

/* Fills an empty cache with as much of the text as it can hold. */
static enum pith_status run_window(struct window *w, struct pith_error *error)
{
    size_t room = w->session->n_window - w->n_prefix;
    /* The last token needs no position: nothing is asked after it. */
    size_t n_text = pith_min(room, w->n - w->first - 1);
    size_t length = w->n_prefix + n_text;

    pith_session_truncate(w->session, 0);
    for (size_t at = 0; at < length; at += PITH_FORWARD_TOKENS) {
        PITH_TRY(pith_session_report(w->session, "score", w->scored, w->n,
                                     error));
        PITH_TRY(run_block(w, at, pith_min(PITH_FORWARD_TOKENS, length - at),
                           error));
    }
    return PITH_OK;
}

enum pith_status pith_score_after(struct pith_session *session,
                                  const int32_t *prefix, size_t n_prefix,
                                  const int32_t *ids, size_t n, float *losses,
                                  struct pith_error *error)
{
    int32_t start;
    struct window w = {session, prefix, n_prefix, ids, losses, n, 0, 0};

    if (n_prefix == 0) {
        PITH_TRY(pith_model_find_start(session->model, &start, error));
        w.prefix = &start;
        w.n_prefix = 1;
    }
    if (w.n_prefix > session->n_window)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "a prefix of %zu tokens does not fit into the context "
                         "of %zu positions; use a larger context", w.n_prefix,
                         session->n_window);
    while (w.scored < n) {
        size_t half = (session->n_window - w.n_prefix) / 2;
        w.first = w.scored - pith_min(half, w.scored);
        PITH_TRY(run_window(&w, error));
    }
    return PITH_OK;
}

enum pith_status pith_score_text(struct pith_session *session,
                                 const int32_t *ids, size_t n, float *losses,
                                 struct pith_error *error)
{
    return pith_score_after(session, NULL, 0, ids, n, losses, error);
}

enum pith_status pith_score(struct pith_session *session, const int32_t *ids,
                            size_t n_ids, float *losses,
                            struct pith_error *error)
{
    PITH_REQUIRE(session, error);
    PITH_REQUIRE_ALL(ids, n_ids, error);
    PITH_REQUIRE_ALL(losses, n_ids, error);
    return pith_score_text(session, ids, n_ids, losses, error);
}

double pith_mean(const float *losses, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)losses[i];
    return n > 0 ? sum / (double)n : 0;
}
