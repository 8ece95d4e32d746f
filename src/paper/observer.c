/*
 * observer.c - see observer.h.
 */
#include "observer.h"

#include <math.h>

#include "../base/memory.h"
#include "../prompt/result.h"

static float margin_of(const struct pith_decided *segment, size_t unit)
{
    if (segment->threshold.n_losses > 0)
        return (float)((double)segment->losses[unit] -
                       segment->threshold.gamma);
    return segment->keep[unit] ? INFINITY : -INFINITY;
}

/* What the segment's decision went by. */
static enum pith_status note_decisions(struct pith_decisions *decisions,
                                       const struct pith_decided *segment,
                                       struct pith_error *error)
{
    enum pith_status status;
    bool scored = segment->threshold.n_losses > 0;
    size_t n = 0, n_max = segment->n_choices;
    size_t *at = pith_array(n_max, sizeof *at);
    float *losses = pith_array(n_max, sizeof *losses);
    if (at == NULL || losses == NULL) {
        status = pith_no_memory(error, n_max, sizeof *at);
        goto done;
    }
    for (size_t i = 0; i < segment->n; i++) {
        if (segment->units[i].is_separator)
            continue;
        at[n] = segment->units[i].token;
        decisions->by_token[at[n]].kept = segment->keep[i];
        decisions->by_token[at[n]].margin = margin_of(segment, i);
        losses[n++] = segment->losses[i];
    }
    status = pith_decisions_add(decisions, at, scored ? losses : NULL, n,
                                error);
done:
    pith_free(at);
    pith_free(losses);
    return status;
}

enum pith_status pith_observe_segment(void *observer,
                                      const struct pith_decided *segment,
                                      struct pith_error *error)
{
    struct pith_observer *o = observer;
    PITH_TRY(note_decisions(o->decisions, segment, error));
    if (o->result != NULL)
        PITH_TRY(pith_result_add_threshold(o->result, segment->threshold,
                                           error));
    if (o->session == NULL)
        return PITH_OK;
    return pith_session_report(o->session, "compress", segment->n_done,
                               segment->n_total, error);
}
