/*
 * observer.c - see observer.h.
 */
#include "observer.h"

#include <math.h>

static float margin_of(const struct pith_decided *segment, size_t unit)
{
    if (segment->threshold.n_losses > 0)
        return (float)((double)segment->losses[unit] -
                       segment->threshold.gamma);
    return segment->keep[unit] ? INFINITY : -INFINITY;
}

enum pith_status pith_observe_segment(void *observer,
                                      const struct pith_decided *segment,
                                      struct pith_error *error)
{
    struct pith_observer *o = observer;
    for (size_t i = 0; i < segment->n; i++) {
        struct pith_decision *decision =
            &o->decisions->by_token[segment->units[i].token];
        if (segment->units[i].is_separator)
            continue;
        decision->kept = segment->keep[i];
        decision->margin = margin_of(segment, i);
    }
    if (o->record != NULL)
        PITH_TRY(o->record(o, segment, error));
    if (o->session == NULL)
        return PITH_OK;
    return pith_session_report(o->session, "compress", segment->n_done,
                               segment->n_total, error);
}
