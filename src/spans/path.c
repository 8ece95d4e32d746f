/*
 * path.c - see path.h.
 */
#include "path.h"

#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"

/* What became of a node: it stays, or it goes where an earlier node of its line
 * stays, or where none does. */
enum { KEPT, DROPPED, UNBEGUN, N_STATES };

enum pith_status pith_path_open(struct pith_path *path,
                                struct pith_path_node *nodes, size_t n,
                                struct pith_error *error)
{
    *path = (struct pith_path){.nodes = nodes, .n = n};
    path->forward = pith_array(n, sizeof *path->forward);
    return path->forward != NULL
               ? PITH_OK
               : pith_no_memory(error, n, sizeof *path->forward);
}

void pith_path_free(struct pith_path *path)
{
    pith_free(path->forward);
    path->forward = NULL;
}

/* What a node is worth in a state; minus infinity where it must not be. */
static double value(const struct pith_path *path,
                    const struct pith_path_node *p, int state)
{
    if (p->fate == (state == KEPT ? PITH_FATE_GOES : PITH_FATE_STAYS))
        return (double)-INFINITY;
    return state == KEPT ? p->gain - path->lambda * (double)p->cost : 0;
}

static bool begins_line(const struct pith_path_node *p)
{
    return p->first || p->new_line;
}

/* The state of a node that goes, from that of the one before it. */
static int dropped_after(const struct pith_path_node *p, int from)
{
    return begins_line(p) || from == UNBEGUN ? UNBEGUN : DROPPED;
}

/* What it costs to come to a node.  Between two parts keeping stops and
 * starts. */
static double change(const struct pith_path *path,
                     const struct pith_path_node *p, int from, bool keeps)
{
    bool stops = from == KEPT && (!keeps || p->first);
    bool starts = keeps && (from != KEPT || p->first);
    bool breaks = keeps && from == UNBEGUN && !begins_line(p);
    return (stops ? p->stop : 0) + (starts ? p->start : 0) +
           (breaks ? fmax(path->lambda, 0) * (double)p->break_cost : 0);
}

static void run_forward(struct pith_path *path)
{
    const double never = (double)-INFINITY;
    double before[N_STATES] = {[KEPT] = never, [DROPPED] = never};
    for (size_t i = 0; i < path->n; i++) {
        const struct pith_path_node *p = &path->nodes[i];
        double *at = path->forward[i];
        at[KEPT] = at[DROPPED] = at[UNBEGUN] = never;
        for (int from = 0; from < N_STATES; from++) {
            int dropped = dropped_after(p, from);
            at[KEPT] = fmax(at[KEPT],
                            before[from] - change(path, p, from, true));
            at[dropped] = fmax(at[dropped],
                               before[from] - change(path, p, from, false));
        }
        for (int state = 0; state < N_STATES; state++)
            before[state] = at[state] += value(path, p, state);
    }
}

/* The text ends with a border like that before it. */
static void run_backward(struct pith_path *path)
{
    double after[N_STATES] = {[KEPT] = path->n > 0 ? -path->nodes[0].stop : 0};
    for (size_t i = path->n; i-- > 0;) {
        struct pith_path_node *p = &path->nodes[i];
        const double *forward = path->forward[i];
        double from_here[N_STATES];
        for (int state = 0; state < N_STATES; state++)
            from_here[state] = value(path, p, state) + after[state];
        p->margin = forward[KEPT] + after[KEPT] -
                    fmax(forward[DROPPED] + after[DROPPED],
                         forward[UNBEGUN] + after[UNBEGUN]);
        for (int from = 0; from < N_STATES; from++)
            after[from] = fmax(from_here[dropped_after(p, from)] -
                                   change(path, p, from, false),
                               from_here[KEPT] - change(path, p, from, true));
    }
}

void pith_path_run(struct pith_path *path)
{
    run_forward(path);
    run_backward(path);
}

size_t pith_path_tokens(const struct pith_path *path)
{
    size_t sum = 0, part_cost = 0;
    bool begun = false;
    for (size_t i = 0; i < path->n; i++) {
        const struct pith_path_node *p = &path->nodes[i];
        if (p->first && !p->continues)
            part_cost = p->part_cost;
        begun = begun && !begins_line(p);
        if (p->margin <= 0)
            continue;
        sum += p->cost + part_cost +
               (begun || begins_line(p) ? 0 : p->break_cost);
        part_cost = 0;
        begun = true;
    }
    return sum;
}

/* Below `low` all that may stay does, above `high` only what must. */
static void bound(const struct pith_path *path, double *low, double *high)
{
    double mu = 0;
    *low = *high = 0;
    for (size_t i = 0; i < path->n; i++) {
        const struct pith_path_node *p = &path->nodes[i];
        double each = p->cost > 0 ? p->gain / (double)p->cost : 0;
        *low = fmin(*low, each);
        *high = fmax(*high, each);
        mu = fmax(mu, fmax(p->start, p->stop));
    }
    *low -= 2 * mu + 1;
    *high += 2 * mu + 1;
}

void pith_path_meet(struct pith_path *path, size_t target)
{
    double low, high;
    bound(path, &low, &high);
    /* What stays falls with lambda: halve until it is known to 1e-9 of the
     * range. */
    for (int step = 0; step < 30; step++) {
        path->lambda = (low + high) / 2;
        pith_path_run(path);
        size_t n = pith_path_tokens(path);
        if (n == target)
            return;
        if (n > target)
            low = path->lambda;
        else
            high = path->lambda;
    }
    path->lambda = high;
    pith_path_run(path);
}
