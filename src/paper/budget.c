/*
 * budget.c - see budget.h.  Pure arithmetic: no model, no tokens.
 */
#include "budget.h"

#include <math.h>
#include <stdlib.h>

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* tau_ins L_ins + tau_que L_que */
static double wanted(const struct pith_budget *b)
{
    return b->tau_ins * (double)b->n_ins + b->tau_que * (double)b->n_que;
}

/* The rate at which n tokens meet the target. */
static double rate_of_all(const struct pith_budget *b, size_t n_dems)
{
    size_t n = b->n_ins + n_dems + b->n_que;
    return n > 0 ? clamp(b->target / (double)n, 0, 1) : 0;
}

void pith_budget_demonstrations(struct pith_budget *b)
{
    if (b->uniform) {
        b->tau_ins = b->tau_que = b->tau_dems = rate_of_all(b, b->n_dems);
        return;
    }
    /* Differs: the paper does not say what happens when instruction and
     * question alone are above the target; both rates shrink alike. */
    if (wanted(b) > b->target) {
        double scale = b->target / wanted(b);
        b->tau_ins *= scale;
        b->tau_que *= scale;
        b->scaled = true;
    }
    /* Eq. 2:
     * tau_dems = (tau L - (tau_ins L_ins + tau_que L_que)) / L_dems */
    b->tau_dems = 0;
    if (b->n_dems > 0 && !b->scaled)
        b->tau_dems = clamp((b->target - wanted(b)) / (double)b->n_dems, 0, 1);
}

/* k tau_dems L_dems: what the selected demonstrations may hold, k times what
 * will be left of them. */
static double coarse_budget(const struct pith_budget *b)
{
    return b->k * b->tau_dems * (double)b->n_dems;
}

bool pith_budget_must_select(const struct pith_budget *b)
{
    return coarse_budget(b) < (double)b->n_dems;
}

static int higher_perplexity_first(const void *a, const void *b)
{
    const struct pith_rank *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Whether the prompt made of instruction, question and what is selected has
 * fewer tokens than the target asks for. */
static bool cannot_fill(const struct pith_budget *b)
{
    return (double)(b->n_ins + b->n_que + b->n_selected) < b->target;
}

void pith_budget_select(struct pith_budget *b, const size_t *lengths,
                        struct pith_rank *ranks, size_t n, bool *selected)
{
    bool open = b->tau_dems > 0;
    /* Algorithm 1, line 4: rank all demonstrations by perplexity. */
    qsort(ranks, n, sizeof *ranks, higher_perplexity_first);
    b->n_selected = 0;
    /* Algorithm 1, lines 5-9: while L~_D is within k tau_dems L_dems, append
     * the next demonstration to D.
     * Differs: one that would pass the limit is not appended (line 6 tests
     * before it appends), except the first one, and except while the whole
     * of what remains could not fill the target. */
    for (size_t i = 0; i < n && open; i++) {
        size_t length = lengths[ranks[i].index];
        bool fits = (double)(b->n_selected + length) <= coarse_budget(b);
        open = fits || b->n_selected == 0 || cannot_fill(b);
        if (open) {
            selected[ranks[i].index] = true;
            b->n_selected += length;
        }
    }
}

/* Gives what the demonstrations cannot take to instruction and question, in
 * proportion to what they still drop. */
static void spread(struct pith_budget *b, double remainder)
{
    double room = (1 - b->rate_ins) * (double)b->n_ins +
                  (1 - b->rate_que) * (double)b->n_que;
    if (remainder <= 0 || room <= 0)
        return;
    double share = clamp(remainder / room, 0, 1);
    b->rate_ins += share * (1 - b->rate_ins);
    b->rate_que += share * (1 - b->rate_que);
}

void pith_budget_distribute(struct pith_budget *b)
{
    if (b->uniform) {
        b->rate_ins = b->rate_que = b->rate_d = rate_of_all(b, b->n_selected);
        return;
    }
    double n_outer = (double)(b->n_ins + b->n_que);
    double n_selected = (double)b->n_selected;
    /* Eq. 3: Delta tau = (k tau_dems L_dems - L~_D) / (L_ins + L_que)
     * Differs: it gives away what coarse selection left over, so it is not
     * negative, and it leaves at least tau_dems to D (eq. 6). */
    b->delta = 0;
    if (n_outer > 0) {
        double spare = b->target - wanted(b) - b->tau_dems * n_selected;
        b->delta = clamp(coarse_budget(b) - n_selected, 0, fmax(spare, 0)) /
                   n_outer;
    }
    /* Eq. 6: tau_ins + Delta tau and tau_que + Delta tau.
     * Differs: D's rate is not tau_dems, which would compress D twice; it is
     * what the target leaves for D. */
    b->rate_ins = clamp(b->tau_ins + b->delta, 0, 1);
    b->rate_que = clamp(b->tau_que + b->delta, 0, 1);
    double left = b->target - b->rate_ins * (double)b->n_ins -
                  b->rate_que * (double)b->n_que;
    b->rate_d = n_selected > 0 ? clamp(left / n_selected, 0, 1) : 0;
    spread(b, left - b->rate_d * n_selected);
}
