/*
 * paper.c - the method `paper`: LLMLingua (arXiv 2310.05736) from the prompt
 * to the result.  docs/ALGORITHM.md has the points that the paper leaves open.
 *
 *   x = (x_ins, x_dems, x_que)      ../prompt/prune.c, parts.c, units.c
 *   Algorithm 1, eq. 2 and 3        budget.c, rank.c
 *   Algorithm 2, eq. 6              itpc.c
 *   eq. 5, eq. 7                    scorer.c, prefix.c; select.c
 */
#include "paper.h"

#include <math.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/memory.h"
#include "../prompt/keep.h"
#include "../prompt/result.h"
#include "../prompt/units.h"
#include "rank.h"

static bool is_rate(double value)
{
    return value >= 0 && value <= 1;
}

static enum pith_status check_options(const struct pith_compress_options *o,
                                      struct pith_error *error)
{
    if (!is_rate(o->tau_ins) || !is_rate(o->tau_que))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s is %g; it is a rate, from 0 to 1",
                         is_rate(o->tau_ins) ? "tau_que" : "tau_ins",
                         is_rate(o->tau_ins) ? o->tau_que : o->tau_ins);
    if (!(o->k >= 0) || isinf(o->k))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "k is %g; expected a number above 0 (the paper has "
                         "2), or 0 for the method's own", o->k);
    if (!(o->delta_tau >= 0) || o->delta_tau > 1)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "delta_tau is %g; expected 0 to 1 (the paper has "
                         "0.3)", o->delta_tau);
    if (o->reorder != PITH_REORDER_ORIGINAL && o->reorder != PITH_REORDER_SORT)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "reorder is %d; method paper has original and sort",
                         (int)o->reorder);
    return PITH_OK;
}

/* L_ins, L_dems, L_que.  The blank line before a demonstration is part of
 * it; the one before the question is paid for beforehand. */
static void measure(struct pith_paper *p)
{
    const struct pith_parts *parts = p->parts;
    size_t last = parts->n_parts - 1;
    struct pith_budget *b = &p->budget;
    double k = p->options->k;
    *b = (struct pith_budget){.k = k > 0 ? k : p->plan->k,
                              .tau_ins = p->options->tau_ins,
                              .tau_que = p->options->tau_que,
                              .n_ins = parts->parts[0].n_tokens,
                              .n_que = parts->parts[last].n_tokens,
                              .uniform = !p->options->use_dynamic_rates ||
                                         !p->options->use_budget_controller};
    for (size_t i = 1; i < last; i++)
        if (pith_is_demonstration(&parts->parts[i]))
            b->n_dems += pith_part_length(parts, i);
    size_t n_separator = pith_part_length(parts, last) - b->n_que;
    size_t target = p->prune.target;
    b->target = target > n_separator ? (double)(target - n_separator) : 0;
}

/* Perplexities as mean losses, the best first. */
static enum pith_status rank(struct pith_paper *p, struct pith_rank *ranks,
                             size_t n, struct pith_error *error)
{
    if (p->rank != NULL)
        return p->rank(p, ranks, n, error);
    PITH_TRY(p->plan->rank(p, ranks, n, error));
    for (size_t i = 0; i < n; i++) {
        p->prune.perplexities[ranks[i].index] = exp(ranks[i].score);
        ranks[i].score *= p->plan->low_is_best ? -1 : 1;
    }
    return PITH_OK;
}

/* Algorithm 1, lines 4-9, where some demonstrations must be left out. */
static enum pith_status rank_and_select(struct pith_paper *p, size_t n,
                                        struct pith_error *error)
{
    enum pith_status status;
    size_t n_parts = p->parts->n_parts;
    struct pith_rank *ranks = pith_array(n, sizeof *ranks);
    size_t *lengths = pith_array(n_parts, sizeof *lengths);
    if (ranks == NULL || lengths == NULL) {
        status = pith_no_memory(error, n_parts, sizeof *ranks);
        goto done;
    }
    PITH_TRY_DONE(rank(p, ranks, n, error));
    for (size_t i = 0; i < n_parts; i++)
        lengths[i] = pith_part_length(p->parts, i);
    pith_budget_select(&p->budget, lengths, ranks, n, p->selected);
    for (size_t i = 0; i < n; i++) {
        p->order[i] = ranks[i].index;
        ranks[i].score *= p->plan->low_is_best ? -1 : 1;
    }
    if (p->recorder != NULL)
        PITH_TRY_DONE(p->recorder->ranking(&p->prune, ranks, n, error));
done:
    pith_free(ranks);
    pith_free(lengths);
    return status;
}

/* D.  The model is asked only where it matters: not when all demonstrations
 * are within k tau_dems L_dems, nor for a single one, nor when nothing is
 * left for them. */
static enum pith_status select_demonstrations(struct pith_paper *p,
                                              struct pith_error *error)
{
    size_t n = 0;
    for (size_t i = 0; i < p->parts->n_parts; i++)
        if (pith_is_demonstration(&p->parts->parts[i]))
            p->order[n++] = i;
    p->n_order = n;
    if (p->budget.tau_dems <= 0 && p->plan->rank != NULL)
        return PITH_OK;
    if (n > 1 && p->options->use_budget_controller && p->plan->rank != NULL &&
        (p->plan->low_is_best || pith_budget_must_select(&p->budget)))
        return rank_and_select(p, n, error);
    for (size_t i = 0; i < p->parts->n_parts; i++)
        p->selected[i] = pith_is_demonstration(&p->parts->parts[i]);
    p->budget.n_selected = p->budget.n_dems;
    return PITH_OK;
}

size_t pith_paper_gather(const struct pith_paper *p, size_t part,
                         struct pith_unit *units)
{
    const struct pith_part *from = &p->parts->parts[part];
    size_t n = 0;
    for (size_t i = from->unit; i < from->unit + from->n_units; i++)
        if (p->selected[part] || p->parts->units[i].forced)
            units[n++] = p->parts->units[i];
    return n;
}

/* All of D as one stage, in the order of the prompt. */
static enum pith_status stage_demonstrations(struct pith_paper *p,
                                             struct pith_error *error)
{
    (void)error;
    struct pith_stage *stage = &p->stages[p->n_stages++];
    *stage = (struct pith_stage){.units = p->units,
                                 .score = pith_score_segment};
    for (size_t i = 0; i < p->parts->n_parts; i++)
        if (pith_is_demonstration(&p->parts->parts[i]))
            stage->n_units +=
                pith_paper_gather(p, i, p->units + stage->n_units);
    stage->end = p->stages[0].end +
                 p->budget.rate_d * (double)p->budget.n_selected;
    return PITH_OK;
}

static enum pith_status rank_demonstrations(struct pith_paper *p,
                                            struct pith_rank *ranks, size_t n,
                                            struct pith_error *error)
{
    return pith_rank_demonstrations(p->session, p->parts, ranks, n,
                                    p->prune.decisions.ranked, error);
}

/* The published setting is 2. */
static const struct pith_plan demonstrations = {
    .k = 2, .segment_size = 100, .rank = rank_demonstrations, .stage = stage_demonstrations};

static struct pith_stage whole_part(const struct pith_parts *parts, size_t i)
{
    const struct pith_part *part = &parts->parts[i];
    return (struct pith_stage){.units = parts->units + part->unit,
                               .n_units = part->n_units,
                               .score = pith_score_segment};
}

/* (x_ins, D, x_que), each with its share of the target. */
static enum pith_status list_stages(struct pith_paper *p,
                                    struct pith_error *error)
{
    const struct pith_parts *parts = p->parts;
    size_t n_units = parts->n_units + 1;
    size_t n_max = parts->n_parts + parts->n_pieces + 1;
    p->units = pith_array(n_units, sizeof *p->units);
    p->stages = pith_array(n_max, sizeof *p->stages);
    if (p->units == NULL || p->stages == NULL)
        return pith_no_memory(error, n_units, sizeof *p->units);
    p->stages[p->n_stages++] = whole_part(parts, 0);
    p->stages[0].end = p->budget.rate_ins * (double)p->budget.n_ins;
    PITH_TRY(p->plan->stage(p, error));
    p->stages[p->n_stages] = whole_part(parts, parts->n_parts - 1);
    p->stages[p->n_stages++].end = (double)p->prune.target;
    return PITH_OK;
}

/* Parts that may give more of their text: all but the demonstrations that
 * were left out, or all where nothing else has text. */
static void open_parts(struct pith_paper *p)
{
    size_t n_open = 0;
    for (size_t i = 0; i < p->parts->n_parts; i++) {
        p->prune.open[i] =
            p->selected[i] || p->parts->parts[i].kind != PITH_PART_CONTEXT;
        n_open += p->prune.open[i] ? p->parts->parts[i].n_tokens : 0;
    }
    for (size_t i = 0; i < p->parts->n_parts && n_open == 0; i++)
        p->prune.open[i] = true;
}

static size_t wanted_segment(const struct pith_paper *p)
{
    size_t n = p->options->segment_size;
    return n > 0 ? n : p->plan->segment_size;
}

/* What the result's note has of this method alone. */
static enum pith_status note(struct pith_paper *p, struct pith_error *error)
{
    struct pith_result *r = p->result;
    if (p->prune.passed)
        return PITH_OK;
    if (p->itpc.segment_size < wanted_segment(p))
        PITH_TRY(pith_result_note(r, error,
                                  "Segments have %zu tokens, half of the "
                                  "%s, not %zu.", p->itpc.segment_size,
                                  p->options->window > 0
                                      ? "window" : "model's positions",
                                  wanted_segment(p)));
    if (p->plan->note != NULL)
        PITH_TRY(p->plan->note(p, error));
    if (p->budget.scaled)
        PITH_TRY(pith_result_note(r, error,
                                  "The target of %zu tokens is below what "
                                  "tau_ins and tau_que ask for; they were "
                                  "scaled down to %.3g and %.3g%s.",
                                  p->prune.goal, p->budget.tau_ins,
                                  p->budget.tau_que,
                                  p->budget.n_dems > 0 &&
                                          p->itpc.n_forced == 0
                                      ? ", and no context stays" : ""));
    return PITH_OK;
}

static enum pith_status open_paper(struct pith_paper *p,
                                   const struct pith_prompt *prompt,
                                   struct pith_error *error)
{
    PITH_TRY(check_options(p->options, error));
    p->plan = &demonstrations;
    p->observer = (struct pith_observer){.session = p->session,
                                         .decisions = &p->prune.decisions,
                                         .result = p->result};
    PITH_TRY(pith_paper_extend(p, error));
    PITH_TRY(pith_prune_open(&p->prune, prompt, error));
    size_t n = p->parts->n_parts, wanted = wanted_segment(p);
    size_t longest = pith_prune_longest(p->session, p->options);
    if (p->plan->open != NULL)
        PITH_TRY(p->plan->open(p, error));
    PITH_TRY(pith_keep_apply(p->parts, p->options, error));
    p->selected = pith_array_zero(n, sizeof *p->selected);
    p->order = pith_array(n, sizeof *p->order);
    if (p->order == NULL || p->selected == NULL)
        return pith_no_memory(error, n, sizeof *p->order);
    p->itpc.parts = p->parts;
    p->itpc.segment_size = wanted < longest ? wanted : longest;
    p->itpc.scorer.window = p->options->window;
    p->itpc.scorer.whole_context = !p->options->use_itpc;
    p->itpc.observe = pith_observe_segment;
    p->itpc.user = &p->observer;
    return PITH_OK;
}

/* What the output must satisfy.
 * Differs: the paper counts the tokens that it kept. */
static enum pith_status meet_target(struct pith_paper *p,
                                    struct pith_error *error)
{
    p->prune.n_forced = p->itpc.n_forced;
    open_parts(p);
    PITH_TRY(pith_prune_settle(&p->prune, error));
    if (p->recorder != NULL)
        p->recorder->settled(p);
    return PITH_OK;
}

static void free_paper(struct pith_paper *p)
{
    pith_itpc_free(&p->itpc);
    pith_prune_free(&p->prune);
    pith_free(p->stages);
    pith_free(p->units);
    pith_free(p->selected);
    pith_free(p->order);
}

enum pith_status
pith_compress_paper(struct pith_session *session,
                    const struct pith_prompt *prompt,
                    const struct pith_compress_options *options,
                    struct pith_result **result, struct pith_error *error)
{
    enum pith_status status;
    struct pith_paper p = {.session = session};
    PITH_TRY(pith_call_begin(&p.call, session, prompt, options, result, error));
    p.prune.session = session;
    p.prune.options = p.options = &p.call.options;
    p.prune.result = p.result = p.call.result;
    p.parts = &p.prune.parts;
    PITH_TRY_DONE(open_paper(&p, prompt, error));
    if (p.prune.target == p.parts->ids.n) {
        PITH_TRY_DONE(pith_prune_keep_all(&p.prune, error));
    } else {
        double start = pith_seconds();
        measure(&p);                                          /* Algorithm 1 */
        pith_budget_demonstrations(&p.budget);                     /* eq. 2 */
        PITH_TRY_DONE(select_demonstrations(&p, error));
        pith_budget_distribute(&p.budget);                         /* eq. 3 */
        double ranked = pith_seconds();
        PITH_TRY_DONE(list_stages(&p, error));                /* Algorithm 2 */
        PITH_TRY_DONE(pith_itpc_run(&p.itpc, session, p.stages, p.n_stages,
                                    error));
        PITH_TRY_DONE(meet_target(&p, error));
        p.result->timings.rank = ranked - start;
        p.result->timings.compress = pith_seconds() - ranked;
    }
    PITH_TRY_DONE(pith_prune_finish(&p.prune, prompt, error));
    status = note(&p, error);
done:
    free_paper(&p);
    return pith_call_end(&p.call, status, result);
}
