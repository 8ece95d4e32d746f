/*
 * scorer.c - see scorer.h.
 */
#include "scorer.h"

#include "../base/memory.h"
#include "../prompt/prune.h"

void pith_scorer_average(const float *token_losses,
                         const struct pith_unit *units, size_t n,
                         float *losses)
{
    for (size_t i = 0; i < n; i++) {
        losses[i] = pith_unit_mean(&units[i], token_losses);
        token_losses += units[i].n_tokens;
    }
}

enum pith_status pith_scorer_score(struct pith_scorer *scorer,
                                   struct pith_prefix *prefix,
                                   const struct pith_unit *units, size_t n,
                                   bool new_part, float *losses,
                                   size_t *n_ids, struct pith_error *error)
{
    const struct pith_parts *parts = scorer->parts;
    size_t n_prefix = prefix->ids.n;
    *n_ids = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < units[i].n_tokens; j++)
            scorer->ids[(*n_ids)++] = parts->ids.data[units[i].token + j];
    if (new_part && !scorer->whole_context)
        pith_ids_append_all(&prefix->ids, parts->join.data, parts->join.n);
    if (prefix->ids.failed)
        return pith_no_memory(error, n_prefix, sizeof *prefix->ids.data);
    PITH_TRY(pith_prefix_score(prefix, scorer->ids, *n_ids, losses, error));
    pith_prefix_cut(prefix, n_prefix);
    return PITH_OK;
}

/* Eq. 5: p(s_j,i | s_j,<i and s~_<j): a segment's losses after the
 * compressed segments before it. */
enum pith_status pith_score_segment(struct pith_scorer *scorer,
                                    const struct pith_unit *units, size_t n,
                                    bool new_part, float *losses,
                                    struct pith_error *error)
{
    size_t n_ids;
    PITH_TRY(pith_scorer_score(scorer, &scorer->prefix, units, n, new_part,
                               scorer->losses, &n_ids, error));
    pith_scorer_average(scorer->losses, units, n, losses);
    return PITH_OK;
}

static void read_ids(struct pith_scorer *scorer, const int32_t *ids, size_t n)
{
    pith_ids_append_all(&scorer->prefix.ids, ids, n);
    if (scorer->second != NULL)
        pith_ids_append_all(&scorer->after_question.ids, ids, n);
}

void pith_scorer_read(struct pith_scorer *scorer, const struct pith_unit *units,
                      size_t n, const int32_t *kept, size_t n_kept)
{
    if (!scorer->whole_context)
        read_ids(scorer, kept, n_kept);
    for (size_t i = 0; i < n && scorer->whole_context; i++)
        read_ids(scorer, scorer->parts->ids.data + units[i].token,
                 units[i].n_tokens);
}

/* Positions that a segment and what precedes it may take. */
static size_t window(const struct pith_scorer *scorer,
                     const struct pith_session *session)
{
    size_t n = pith_window(session, scorer->window);
    size_t four = pith_window(session, 4 * scorer->n_max);
    return scorer->window == 0 && four > n ? four : n;
}

enum pith_status pith_scorer_open(struct pith_scorer *scorer,
                                  struct pith_session *session,
                                  struct pith_error *error)
{
    size_t n = scorer->n_max;
    scorer->ids = pith_array(n, sizeof *scorer->ids);
    scorer->losses = pith_array(n, sizeof *scorer->losses);
    if (scorer->ids == NULL || scorer->losses == NULL ||
        scorer->question.failed)
        return pith_no_memory(error, n, sizeof *scorer->ids);
    PITH_TRY(pith_prefix_init(&scorer->prefix, session, error));
    scorer->prefix.n_max = window(scorer, session);
    return PITH_OK;
}

void pith_scorer_free(struct pith_scorer *scorer)
{
    pith_ids_free(&scorer->question);
    pith_prefix_free(&scorer->prefix);
    pith_prefix_free(&scorer->after_question);
    pith_session_free(scorer->second);
    pith_free(scorer->ids);
    pith_free(scorer->losses);
    pith_free(scorer->conditional);
}
