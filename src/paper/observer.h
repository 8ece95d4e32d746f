/*
 * observer.h - what is known of each segment: for the settlement, the progress
 * callback and, where asked for, the result's trace and detail.
 */
#ifndef PITH_PAPER_OBSERVER_H
#define PITH_PAPER_OBSERVER_H

#include "../prompt/decisions.h"
#include "itpc.h"

struct pith_observer { /* all borrowed */
    struct pith_session *session;     /* its progress callback; or NULL */
    struct pith_decisions *decisions; /* by token */
    struct pith_result *result;       /* for record */
    /* Notes a segment; NULL: nobody asks. */
    enum pith_status (*record)(struct pith_observer *observer,
                               const struct pith_decided *segment,
                               struct pith_error *error);
};

/* For struct pith_itpc, with an observer as its user. */
enum pith_status pith_observe_segment(void *observer,
                                      const struct pith_decided *segment,
                                      struct pith_error *error);

#endif
