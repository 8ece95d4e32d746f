/*
 * path.h - which nodes of a text stay: the path of highest value through
 * keeping and dropping.
 *
 *   value = sum over what stays of (gain - lambda cost)
 *           - sum of what the borders cost where keeping starts or stops
 *           - lambda, if above 0, times the line breaks that have to be
 *             written besides
 *
 * Pure arithmetic: no model, no tokens.  docs/SPANS.md derives it.
 */
#ifndef PITH_SPANS_PATH_H
#define PITH_SPANS_PATH_H

#include "../base/error.h"

enum pith_fate { PITH_FATE_FREE, PITH_FATE_STAYS, PITH_FATE_GOES };

/* What stays or goes as a whole. */
struct pith_path_node {
    double gain;   /* nats */
    double start, stop; /* mu: what keeping costs that starts, or stops, in
                           front of it */
    size_t cost;   /* tokens that it takes */
    /* Of the first node of a part: tokens that the part costs once any of it
     * stays. */
    size_t part_cost;
    bool first;    /* of its part: nothing runs into it */
    bool new_line; /* the line break before it is part of it, as with a first one */
    size_t break_cost; /* tokens of that line break, where a later node is the
                          first of the line that stays */
    bool continues; /* is first, and shares the part_cost of the one before */
    enum pith_fate fate;
    /* Found: the value of the best path that keeps the node, less that of
     * the best one that drops it.  It stays where this is above 0. */
    double margin;
};

struct pith_path {
    struct pith_path_node *nodes; /* (n) borrowed; the first one is `first` */
    size_t n;
    double lambda; /* nats a token */
    double (*forward)[3]; /* (n) scratch */
};

enum pith_status pith_path_open(struct pith_path *path,
                                struct pith_path_node *nodes, size_t n,
                                struct pith_error *error);
void pith_path_free(struct pith_path *path);

/* Fills the margins for path->lambda. */
void pith_path_run(struct pith_path *path);

/* Tokens of the nodes that stay, with what their parts and lines cost. */
size_t pith_path_tokens(const struct pith_path *path);

/* The lambda at which the most tokens stay, but no more than target (unless
 * those that must stay have more); fills the margins. */
void pith_path_meet(struct pith_path *path, size_t target);

#endif
