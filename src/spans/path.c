/*
 * path.c - see path.h.
 */
#include "path.h"

#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"

enum { DROPPED, KEPT };

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

/* What it costs to come to a node.  Between two parts keeping stops and
 * starts. */
static double change(const struct pith_path_node *p, int from, int to)
{
    bool stops = from == KEPT && (to == DROPPED || p->first);
    bool starts = to == KEPT && (from == DROPPED || p->first);
    return (stops ? p->stop : 0) + (starts ? p->start : 0);
}

static void run_forward(struct pith_path *path)
{
    double before[2] = {0, (double)-INFINITY};
    for (size_t i = 0; i < path->n; i++) {
        const struct pith_path_node *p = &path->nodes[i];
        double *at = path->forward[i];
        for (int state = DROPPED; state <= KEPT; state++)
            at[state] = value(path, p, state) +
                        fmax(before[DROPPED] - change(p, DROPPED, state),
                             before[KEPT] - change(p, KEPT, state));
        before[DROPPED] = at[DROPPED];
        before[KEPT] = at[KEPT];
    }
}

/* The text ends with a border like that before it. */
static void run_backward(struct pith_path *path)
{
    double after[2] = {0, path->n > 0 ? -path->nodes[0].stop : 0};
    for (size_t i = path->n; i-- > 0;) {
        struct pith_path_node *p = &path->nodes[i];
        double kept = value(path, p, KEPT) + after[KEPT];
        double dropped = value(path, p, DROPPED) + after[DROPPED];
        const double *forward = path->forward[i];
        p->margin = forward[KEPT] + after[KEPT] -
                    (forward[DROPPED] + after[DROPPED]);
        for (int state = DROPPED; state <= KEPT; state++)
            after[state] = fmax(dropped - change(p, state, DROPPED),
                                kept - change(p, state, KEPT));
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
    for (size_t i = 0; i < path->n; i++) {
        const struct pith_path_node *p = &path->nodes[i];
        if (p->first)
            part_cost = p->part_cost;
        if (p->margin <= 0)
            continue;
        sum += p->cost + part_cost;
        part_cost = 0;
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
