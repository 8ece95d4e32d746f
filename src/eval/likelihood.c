/*
 * likelihood.c - how likely a model finds a text after another: answers
 * after compressed prompts, and originals after what is left of them.
 */
#include <math.h>

#include "../base/buffer.h"
#include "../base/memory.h"
#include "../model/score.h"
#include "pith_eval.h"

struct pith_premise {
    struct pith_session *session; /* holds start id and text */
    size_t n_past;                /* positions of both */
    size_t n_dropped;
    int32_t last; /* the id after them, whose position is fed with what
                     follows: it predicts the first token of that */
};

static enum pith_status check_start(const struct pith_session *session,
                                    struct pith_error *error)
{
    int32_t start;
    return pith_model_find_start(pith_session_model(session), &start, error);
}

/* Start id and the last most - 1 tokens of the text, less the very last one. */
static enum pith_status read_text(struct pith_premise *premise,
                                  const int32_t *ids, size_t n, size_t limit,
                                  struct pith_error *error)
{
    struct pith_session *session = premise->session;
    int32_t start = pith_model_start_id(pith_session_model(session));
    size_t n_kept = n < limit - 1 ? n : limit - 1;
    premise->n_dropped = n - n_kept;
    ids += premise->n_dropped;
    premise->last = n_kept > 0 ? ids[n_kept - 1] : start;
    premise->n_past = n_kept;
    pith_session_truncate(session, 0);
    if (n_kept == 0)
        return PITH_OK;
    PITH_TRY(pith_session_forward(session, NULL, &start, 1, NULL, NULL, error));
    return n_kept > 1 ? pith_session_forward(session, NULL, ids, n_kept - 1,
                                             NULL, NULL, error)
                      : PITH_OK;
}

enum pith_status pith_premise_create(struct pith_session *session,
                                     struct pith_text text, size_t room,
                                     struct pith_premise **premise,
                                     struct pith_error *error)
{
    int32_t *ids;
    size_t n;
    *premise = NULL;
    if (room >= pith_session_window(session))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%zu tokens have no room in a context of %zu", room,
                         pith_session_window(session));
    PITH_TRY(check_start(session, error));
    PITH_TRY(pith_tokenize(pith_session_model(session), text, 0, &ids, &n,
                           error));
    struct pith_premise *made = pith_array_zero(1, sizeof *made);
    enum pith_status status;
    if (made != NULL) {
        made->session = session;
        status = read_text(made, ids, n, pith_session_window(session) - room,
                           error);
    } else {
        status = pith_no_memory(error, 1, sizeof *made);
    }
    pith_free(ids);
    if (status == PITH_OK)
        *premise = made;
    else
        pith_free(made);
    return status;
}

void pith_premise_free(struct pith_premise *premise)
{
    pith_free(premise);
}

size_t pith_premise_dropped(const struct pith_premise *premise)
{
    return premise->n_dropped;
}

static void add_losses(struct pith_likelihood *likelihood, const float *losses,
                       size_t n)
{
    for (size_t i = 0; i < n; i++)
        likelihood->sum += (double)losses[i];
    likelihood->n_tokens += n;
}

/* ids (n): the premise's last id, question and answer, the answer's from
 * `from` on.  Each is fed and predicts the next; only those of the answer are
 * asked for. */
static enum pith_status score_ids(struct pith_premise *premise,
                                  const int32_t *ids, size_t n, size_t from,
                                  struct pith_likelihood *likelihood,
                                  struct pith_error *error)
{
    struct pith_session *session = premise->session;
    int32_t *targets = pith_array(n, sizeof *targets);
    float *losses = pith_array(n, sizeof *losses);
    enum pith_status status;
    if (targets == NULL || losses == NULL) {
        status = pith_no_memory(error, n, sizeof *losses);
        goto done;
    }
    for (size_t i = 0; i + 1 < n; i++)
        targets[i] = i + 1 >= from ? ids[i + 1] : PITH_NO_TARGET;
    PITH_TRY_DONE(pith_session_forward(session, NULL, ids, n - 1, targets,
                                       losses, error));
    pith_session_truncate(session, premise->n_past);
    add_losses(likelihood, losses + from - 1, n - from);
done:
    pith_free(targets);
    pith_free(losses);
    return status;
}

enum pith_status pith_premise_score(struct pith_premise *premise,
                                    struct pith_text question,
                                    struct pith_text answer,
                                    struct pith_likelihood *likelihood,
                                    struct pith_error *error)
{
    const struct pith_session *session = premise->session;
    struct pith_ids ids = {0};
    int32_t *asked = NULL, *answered = NULL;
    size_t n_asked, n_answered;
    enum pith_status status;
    *likelihood = (struct pith_likelihood){0};
    PITH_TRY_DONE(pith_tokenize(pith_session_model(session), question, 0,
                                &asked, &n_asked, error));
    PITH_TRY_DONE(pith_tokenize(pith_session_model(session), answer, 0,
                                &answered, &n_answered, error));
    pith_ids_append(&ids, premise->last);
    pith_ids_append_all(&ids, asked, n_asked);
    pith_ids_append_all(&ids, answered, n_answered);
    if (ids.failed)
        PITH_TRY_DONE(pith_no_memory(error, n_asked + n_answered,
                                     sizeof *ids.data));
    if (n_answered > 0)
        PITH_TRY_DONE(score_ids(premise, ids.data, ids.n, 1 + n_asked,
                                likelihood, error));
done:
    pith_ids_free(&ids);
    pith_free(asked);
    pith_free(answered);
    return status;
}

/* Start id, the compressed text's last tokens and a blank line. */
static enum pith_status make_prefix(struct pith_session *session,
                                    struct pith_text compressed,
                                    struct pith_ids *prefix,
                                    struct pith_error *error)
{
    const struct pith_text line = {"\n\n", 2};
    int32_t *ids = NULL, *join = NULL;
    size_t n, n_join, limit = pith_session_window(session) / 2;
    enum pith_status status;
    PITH_TRY_DONE(pith_tokenize(pith_session_model(session), compressed, 0,
                                &ids, &n, error));
    PITH_TRY_DONE(pith_tokenize(pith_session_model(session), line, 0,
                                &join, &n_join, error));
    size_t skip = n > limit ? n - limit : 0;
    pith_ids_append(prefix, pith_model_start_id(pith_session_model(session)));
    pith_ids_append_all(prefix, ids + skip, n - skip);
    pith_ids_append_all(prefix, join, n_join);
    if (prefix->failed)
        status = pith_no_memory(error, n, sizeof *ids);
done:
    pith_free(ids);
    pith_free(join);
    return status;
}

enum pith_status pith_reconstruction(struct pith_session *session,
                                     struct pith_text compressed,
                                     struct pith_text original,
                                     struct pith_likelihood *likelihood,
                                     struct pith_error *error)
{
    struct pith_ids prefix = {0};
    int32_t *ids = NULL;
    float *losses = NULL;
    size_t n;
    enum pith_status status;
    *likelihood = (struct pith_likelihood){0};
    PITH_TRY(check_start(session, error));
    PITH_TRY_DONE(make_prefix(session, compressed, &prefix, error));
    PITH_TRY_DONE(pith_tokenize(pith_session_model(session), original, 0,
                                &ids, &n, error));
    losses = pith_array(n, sizeof *losses);
    if (losses == NULL)
        PITH_TRY_DONE(pith_no_memory(error, n, sizeof *losses));
    PITH_TRY_DONE(pith_score_after(session, prefix.data, prefix.n, ids, n,
                                   losses, error));
    add_losses(likelihood, losses, n);
done:
    pith_ids_free(&prefix);
    pith_free(ids);
    pith_free(losses);
    return status;
}
