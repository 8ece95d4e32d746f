/*
 * budget.h - the budget controller (section 3.1 of the paper): eq. 2 and 3
 * and Algorithm 1, as arithmetic on lengths.
 *
 * Lengths of demonstrations include the blank line before each.  The
 * target is what is left for the three components once a blank line between
 * instruction and question is paid for.
 */
#ifndef PITH_PAPER_BUDGET_H
#define PITH_PAPER_BUDGET_H

#include "../base/error.h"

struct pith_budget {
    /* Given. */
    double target;           /* tau L */
    double k;                /* granularity coefficient */
    double tau_ins, tau_que; /* eq. 2 may scale them down */
    size_t n_ins, n_dems, n_que; /* L_ins, L_dems, L_que */
    bool uniform; /* all components have one rate: tau_ins and tau_que are
                     set by eq. 2, Delta tau is 0 */
    /* Found. */
    bool scaled;                /* tau_ins and tau_que were too large */
    double tau_dems;            /* eq. 2 */
    size_t n_selected;          /* L~_D: length of what Algorithm 1 selects */
    double delta;               /* eq. 3 */
    double rate_ins, rate_d, rate_que; /* eq. 6 */
};

/* Eq. 2: tau_dems, in [0, 1]. */
void pith_budget_demonstrations(struct pith_budget *budget);

/* Whether Algorithm 1 can choose at all: some are left out. */
bool pith_budget_must_select(const struct pith_budget *budget);

/* Lines 4 to 9 of Algorithm 1.
 *   lengths   of the demonstrations, by index
 *   ranks     (n) their indices and perplexities, the latter as mean losses;
 *             sorted by the call, the highest first
 *   selected  by index: set for what is selected; false before the call */
void pith_budget_select(struct pith_budget *budget, const size_t *lengths,
                        struct pith_rank *ranks, size_t n, bool *selected);

/* Eq. 3 and the rates of eq. 6, so that
 * rate_ins n_ins + rate_d n_selected + rate_que n_que = target. */
void pith_budget_distribute(struct pith_budget *budget);

#endif
