/*
 * contrast.c - LongLLMLingua's losses: how much the question changes them.
 */
#include "scorer.h"

#include "../base/memory.h"
#include "../model/extend.h"

/* Puts the latest of ids before all that follows, at most a quarter of n_max;
 * right after pith_prefix_init(). */
static enum pith_status put_first(struct pith_prefix *prefix,
                                  const int32_t *ids, size_t n,
                                  struct pith_error *error)
{
    size_t limit = prefix->n_max / 4;
    size_t skip = n > limit ? n - limit : 0;
    pith_ids_append_all(&prefix->ids, ids + skip, n - skip);
    if (prefix->ids.failed)
        return pith_no_memory(error, n, sizeof *ids);
    prefix->n_head = prefix->from = prefix->ids.n;
    return PITH_OK;
}

/* What was read so far, after the question, in its own session. */
static enum pith_status open_second(struct pith_scorer *scorer,
                                    struct pith_error *error)
{
    const struct pith_prefix *first = &scorer->prefix;
    struct pith_prefix *prefix = &scorer->after_question;
    scorer->conditional =
        pith_array(scorer->n_max, sizeof *scorer->conditional);
    if (scorer->conditional == NULL)
        return pith_no_memory(error, scorer->n_max,
                              sizeof *scorer->conditional);
    PITH_TRY(pith_session_twin(first->session, first->n_max, &scorer->second,
                               error));
    PITH_TRY(pith_prefix_init(prefix, scorer->second, error));
    PITH_TRY(put_first(prefix, scorer->question.data, scorer->question.n,
                       error));
    pith_ids_append_all(&prefix->ids, first->ids.data + first->n_head,
                        first->ids.n - first->n_head);
    return PITH_OK;
}

/* s_i = NLL(x_i | x_<i) - NLL(x_i | x_que, x_<i). */
enum pith_status pith_score_contrast(struct pith_scorer *scorer,
                                     const struct pith_unit *units, size_t n,
                                     bool new_part, float *losses,
                                     struct pith_error *error)
{
    size_t n_ids;
    if (scorer->second == NULL)
        PITH_TRY(open_second(scorer, error));
    PITH_TRY(pith_scorer_score(scorer, &scorer->prefix, units, n, new_part,
                               scorer->losses, &n_ids, error));
    PITH_TRY(pith_scorer_score(scorer, &scorer->after_question, units, n,
                               new_part, scorer->conditional, &n_ids, error));
    for (size_t i = 0; i < n_ids; i++)
        scorer->losses[i] -= scorer->conditional[i];
    pith_scorer_average(scorer->losses, units, n, losses);
    return PITH_OK;
}
