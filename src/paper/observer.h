/*
 * observer.h - what is known of each segment: for the settlement, the result's
 * detail and its trace, and the progress callback.
 */
#ifndef PITH_PAPER_OBSERVER_H
#define PITH_PAPER_OBSERVER_H

#include "../prompt/decisions.h"
#include "itpc.h"

struct pith_observer { /* all borrowed */
    struct pith_session *session;     /* its progress callback; or NULL */
    struct pith_decisions *decisions; /* by token */
    struct pith_result *result;       /* thresholds go there; or NULL */
};

/* For struct pith_itpc, with an observer as its user. */
enum pith_status pith_observe_segment(void *observer,
                                      const struct pith_decided *segment,
                                      struct pith_error *error);

#endif
