/*
 * record.c - the trace and the detail of the method `paper`.
 */
#include <math.h>

#include "../base/memory.h"
#include "../prompt/trace.h"
#include "extend.h"

/* What the segment's decision went by. */
static enum pith_status record_segment(struct pith_observer *o,
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
        losses[n++] = segment->losses[i];
    }
    PITH_TRY_DONE(pith_decisions_add(o->decisions, at, scored ? losses : NULL,
                                     n, error));
    status = pith_result_add_threshold(o->result, segment->threshold, error);
done:
    pith_free(at);
    pith_free(losses);
    return status;
}

/* A unit above its threshold that had to go after all moves the threshold. */
static void raise_thresholds(struct pith_paper *p)
{
    const struct pith_trace *trace = &p->result->trace;
    for (size_t i = 0; i < p->prune.decisions.n; i++) {
        const struct pith_decision *d = &p->prune.decisions.by_token[i];
        if (d->kept || d->segment >= trace->n_thresholds || isnan(d->loss))
            continue;
        struct pith_threshold *threshold = &trace->thresholds[d->segment];
        threshold->gamma = fmax(threshold->gamma, (double)d->loss);
    }
}

static const struct pith_recorder recorder = {pith_trace_ranking,
                                              raise_thresholds};

void pith_paper_record(struct pith_paper *p)
{
    p->observer.record = record_segment;
    p->recorder = &recorder;
    p->prune.record = pith_trace_result;
}
