/*
 * paper.c - the method `paper`: LLMLingua (arXiv 2310.05736) from the prompt
 * to the result.  docs/ALGORITHM.md has the points that the paper leaves open.
 *
 *   x = (x_ins, x_dems, x_que)      ../prompt/prune.c, parts.c, units.c
 *   Algorithm 1, eq. 2 and 3        budget.c, rank.c
 *   Algorithm 2, eq. 6              itpc.c
 *   eq. 5, eq. 7                    scorer.c, prefix.c; select.c
 */
#include <math.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/memory.h"
#include "../base/random.h"
#include "budget.h"
#include "documents.h"
#include "observer.h"
#include "pieces.h"
#include "../prompt/keep.h"
#include "../prompt/method.h"
#include "../prompt/prune.h"
#include "rank.h"

/* One compression on its way from the prompt to the result. */
struct paper {
    struct pith_prune prune;
    /* Of the prune, borrowed. */
    struct pith_session *session;
    const struct pith_compress_options *options;
    struct pith_result *result;
    struct pith_parts *parts;
    bool *selected; /* D, by part, (n_parts) */
    size_t *order;  /* parts that are demonstrations, best first where they
                       were ranked, (n_order) */
    size_t n_order;
    struct pith_budget budget;
    struct pith_piece_budget pieces; /* of a structured prompt */
    struct pith_stage *stages; /* (n_stages) x_ins, D, x_que */
    struct pith_unit *units;   /* of D's stages */
    size_t n_stages;
    struct pith_itpc itpc;
    struct pith_observer observer;
};

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
    if (o->segment_size == 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "segment_size is 0 tokens; expected 1 or more");
    return PITH_OK;
}

/* The published settings: 2 for demonstrations; 1.3 for documents, whose
 * ranking by the question can be trusted with more. */
static double granularity(const struct pith_compress_options *options)
{
    if (options->k > 0)
        return options->k;
    return options->question_aware ? 1.3 : 2;
}

/* L_ins, L_dems, L_que.  The blank line in front of a demonstration is part of
 * it; the one in front of the question is paid for beforehand. */
static void measure(struct paper *p)
{
    const struct pith_parts *parts = p->parts;
    size_t last = parts->n_parts - 1;
    struct pith_budget *b = &p->budget;
    *b = (struct pith_budget){.k = granularity(p->options),
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

/* The ranking as the caller knows the contexts: by their index. */
static enum pith_status trace_ranking(struct paper *p, struct pith_rank *ranks,
                                      size_t n, struct pith_error *error)
{
    if (!p->options->trace)
        return PITH_OK;
    for (size_t i = 0; i < n; i++)
        ranks[i].index = p->parts->parts[ranks[i].index].index;
    return pith_result_add_ranking(p->result, ranks, n, error);
}

/* Scores that put the demonstrations into a random order. */
static void rank_at_random(const struct paper *p, struct pith_rank *ranks,
                           size_t n)
{
    uint64_t state = p->options->selection_seed;
    for (size_t i = 0; i < n; i++)
        ranks[i] = (struct pith_rank){p->order[i],
                                      pith_random_uniform(&state)};
}

/* Perplexities as mean losses, high first; for LongLLMLingua r_k, low first,
 * which is handed over with the other sign. */
static enum pith_status rank(struct paper *p, struct pith_rank *ranks, size_t n,
                             struct pith_error *error)
{
    bool aware = p->options->question_aware;
    PITH_TRY(aware ? pith_rank_documents(p->session, p->parts, ranks, n, error)
                   : pith_rank_demonstrations(p->session, p->parts, ranks, n,
                                              p->prune.decisions.ranked,
                                              error));
    for (size_t i = 0; i < n; i++) {
        p->prune.perplexities[ranks[i].index] = exp(ranks[i].score);
        ranks[i].score *= aware ? -1 : 1;
    }
    return PITH_OK;
}

/* Algorithm 1, lines 4-9, where some demonstrations must be left out. */
static enum pith_status rank_and_select(struct paper *p, size_t n,
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
    if (p->options->selection_seed != 0)
        rank_at_random(p, ranks, n);
    else
        PITH_TRY_DONE(rank(p, ranks, n, error));
    for (size_t i = 0; i < n_parts; i++)
        lengths[i] = pith_part_length(p->parts, i);
    pith_budget_select(&p->budget, lengths, ranks, n, p->selected);
    for (size_t i = 0; i < n; i++) {
        p->order[i] = ranks[i].index;
        ranks[i].score *= p->options->question_aware ? -1 : 1;
    }
    PITH_TRY_DONE(trace_ranking(p, ranks, n, error));
done:
    pith_free(ranks);
    pith_free(lengths);
    return status;
}

/* D.  The model is asked only where it matters: not when all demonstrations
 * are within k tau_dems L_dems, nor for a single one, nor when nothing is
 * left for them. */
static enum pith_status select_demonstrations(struct paper *p,
                                              struct pith_error *error)
{
    size_t n = 0;
    for (size_t i = 0; i < p->parts->n_parts; i++)
        if (pith_is_demonstration(&p->parts->parts[i]))
            p->order[n++] = i;
    p->n_order = n;
    if (p->budget.tau_dems <= 0 && !p->options->structured)
        return PITH_OK;
    if (n > 1 && p->options->use_budget_controller && !p->options->structured &&
        (p->options->question_aware || pith_budget_must_select(&p->budget)))
        return rank_and_select(p, n, error);
    for (size_t i = 0; i < p->parts->n_parts; i++)
        p->selected[i] = pith_is_demonstration(&p->parts->parts[i]);
    p->budget.n_selected = p->budget.n_dems;
    return PITH_OK;
}

/* The units of a demonstration that are D's, and of one that was left out
 * what must stay. */
static size_t gather_units(const struct paper *p, size_t part,
                           struct pith_unit *units)
{
    const struct pith_part *from = &p->parts->parts[part];
    size_t n = 0;
    for (size_t i = from->unit; i < from->unit + from->n_units; i++)
        if (p->selected[part] || p->parts->units[i].forced)
            units[n++] = p->parts->units[i];
    return n;
}

/* The blank line in front of a part; NULL: it has none. */
static const struct pith_unit *line_before(const struct paper *p, size_t part)
{
    const struct pith_part *from = &p->parts->parts[part];
    const struct pith_unit *first = &p->parts->units[from->unit];
    return from->n_units > 0 && first->is_separator ? first : NULL;
}

/* The same with a blank line in front, which the first part of the prompt
 * needs where it does not come first in the result: it takes that of the
 * document that does. */
static size_t gather_joined(const struct paper *p, size_t part,
                            struct pith_unit *units)
{
    const struct pith_unit *line = line_before(p, p->order[0]);
    if (line == NULL || line_before(p, part) != NULL)
        return gather_units(p, part, units);
    size_t n = gather_units(p, part, units + 1);
    units[0] = *line;
    units[0].part = part;
    units[0].forced = pith_forced_tokens(units + 1, n) > 0;
    return n > 0 ? n + 1 : 0;
}

static struct pith_stage whole_part(const struct pith_parts *parts, size_t i)
{
    const struct pith_part *part = &parts->parts[i];
    return (struct pith_stage){.units = parts->units + part->unit,
                               .n_units = part->n_units,
                               .score = pith_score_segment};
}

/* All of D as one stage, in the order of the prompt. */
static size_t stage_demonstrations(const struct paper *p,
                                   struct pith_stage *stages, double end,
                                   struct pith_unit *units)
{
    stages[0] = (struct pith_stage){.units = units, .end = end,
                                    .score = pith_score_segment};
    for (size_t i = 0; i < p->parts->n_parts; i++)
        if (pith_is_demonstration(&p->parts->parts[i]))
            stages[0].n_units += gather_units(p, i, units + stages[0].n_units);
    return 1;
}

/* Rates of the documents of D by rank, 0 of the others: by part. */
static enum pith_status rate_documents(const struct paper *p, double *by_part,
                                       struct pith_error *error)
{
    const struct pith_budget *b = &p->budget;
    double *lengths = pith_array(p->n_order, sizeof *lengths);
    double *rates = pith_array(p->n_order, sizeof *rates);
    size_t n = 0;
    if (lengths == NULL || rates == NULL) {
        pith_free(lengths);
        pith_free(rates);
        return pith_no_memory(error, p->n_order, sizeof *rates);
    }
    for (size_t i = 0; i < p->n_order; i++)
        if (p->selected[p->order[i]])
            lengths[n++] = (double)pith_part_length(p->parts, p->order[i]);
    pith_document_rates(lengths, n, b->rate_d, p->options->delta_tau,
                        b->rate_d * (double)b->n_selected, rates);
    n = 0;
    for (size_t i = 0; i < p->n_order; i++)
        if (p->selected[p->order[i]])
            by_part[p->order[i]] = rates[n++];
    pith_free(lengths);
    pith_free(rates);
    return PITH_OK;
}

/* Every document as a stage of its own, with its rate. */
static enum pith_status stage_documents(struct paper *p,
                                        struct pith_stage *stages, double end,
                                        struct pith_unit *units,
                                        struct pith_error *error)
{
    size_t n_parts = p->parts->n_parts;
    double *rates = pith_array_zero(n_parts, sizeof *rates);
    if (rates == NULL)
        return pith_no_memory(error, n_parts, sizeof *rates);
    enum pith_status status = rate_documents(p, rates, error);
    bool sort = p->options->reorder == PITH_REORDER_SORT;
    size_t n = 0;
    for (size_t i = 0; i < (sort ? p->n_order : n_parts); i++) {
        size_t part = sort ? p->order[i] : i;
        if (!pith_is_demonstration(&p->parts->parts[part]))
            continue;
        struct pith_stage *stage = &stages[n++];
        *stage = (struct pith_stage){.units = units,
                                      .score = pith_score_contrast};
        stage->n_units = sort ? gather_joined(p, part, units)
                              : gather_units(p, part, units);
        units += stage->n_units;
        end += rates[part] * (double)pith_part_length(p->parts, part);
        stage->end = end;
    }
    pith_free(rates);
    return status;
}

/* The question's tokens, in front of which documents are looked at. */
static void set_question(struct paper *p)
{
    const struct pith_part *part = &p->parts->parts[p->parts->n_parts - 1];
    struct pith_ids *question = &p->itpc.scorer.question;
    pith_ids_append_all(question, p->parts->ids.data + part->token,
                        part->n_tokens);
    pith_ids_append_all(question, p->parts->join.data, p->parts->join.n);
}

/* The pieces of a structured prompt, each with its rate. */
static size_t stage_pieces(struct paper *p, struct pith_stage *stages)
{
    stages[0].end = p->pieces.instruction;
    pith_piece_stages(p->parts, &p->pieces, stages[0].end, stages + 1);
    return p->parts->n_pieces;
}

/* (x_ins, D, x_que), each with its share of the target. */
static enum pith_status list_stages(struct paper *p, struct pith_error *error)
{
    const struct pith_budget *b = &p->budget;
    size_t n_units = p->parts->n_units + 1, n = 1;
    size_t n_most = p->parts->n_parts + p->parts->n_pieces + 1;
    p->units = pith_array(n_units, sizeof *p->units);
    p->stages = pith_array(n_most, sizeof *p->stages);
    if (p->units == NULL || p->stages == NULL)
        return pith_no_memory(error, n_units, sizeof *p->units);
    p->stages[0] = whole_part(p->parts, 0);
    p->stages[0].end = b->rate_ins * (double)b->n_ins;
    double end = p->stages[0].end;
    if (p->options->structured) {
        n += stage_pieces(p, p->stages);
    } else if (p->options->question_aware) {
        set_question(p);
        PITH_TRY(stage_documents(p, p->stages + 1, end, p->units, error));
        n += p->n_order;
    } else {
        end += b->rate_d * (double)b->n_selected;
        n += stage_demonstrations(p, p->stages + 1, end, p->units);
    }
    p->stages[n] = whole_part(p->parts, p->parts->n_parts - 1);
    p->stages[n++].end = (double)p->prune.target;
    p->n_stages = n;
    return PITH_OK;
}

/* The order of the parts in the result. */
static void order_parts(struct paper *p)
{
    size_t n = p->parts->n_parts, n_ranked = 0;
    bool sort = p->options->question_aware &&
                p->options->reorder == PITH_REORDER_SORT;
    for (size_t i = 0; i < n; i++)
        p->prune.order[i] = sort && pith_is_demonstration(&p->parts->parts[i])
                                ? p->order[n_ranked++] : i;
}

/* Parts that may give more of their text: all but the demonstrations that
 * were left out, or all where nothing else has text. */
static void open_parts(struct paper *p)
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

/* A unit above its threshold that had to go after all moves the threshold. */
static void raise_thresholds(struct paper *p)
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

/* What the result's note has of this method alone. */
static enum pith_status note(struct paper *p, struct pith_error *error)
{
    struct pith_result *r = p->result;
    if (p->prune.passed)
        return PITH_OK;
    if (p->itpc.segment_size < p->options->segment_size)
        PITH_TRY(pith_result_note(r, error,
                                  "Segments have %zu tokens, half of the "
                                  "model's positions, not %zu.",
                                  p->itpc.segment_size,
                                  p->options->segment_size));
    if (p->options->structured && p->options->target > 0 &&
        fabs(p->options->target - (double)p->prune.goal) >= 1)
        PITH_TRY(pith_result_note(r, error,
                                  "The rates of the tags leave %zu tokens, "
                                  "the target was %g.", p->prune.goal,
                                  p->options->target));
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

static enum pith_status open_paper(struct paper *p,
                                   const struct pith_prompt *prompt,
                                   struct pith_error *error)
{
    PITH_TRY(pith_prune_open(&p->prune, prompt, error));
    size_t n = p->parts->n_parts, longest = pith_prune_longest(p->session);
    if (p->options->question_aware && p->options->structured)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "question_aware and structured exclude each other: "
                         "both set the rates of the contexts");
    if (p->options->question_aware && p->parts->parts[n - 1].n_tokens == 0)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "question_aware needs a question");
    if (p->options->structured) {
        p->pieces = pith_piece_budget_make(p->parts, p->options);
        pith_prune_retarget(&p->prune, p->pieces.total);
    }
    PITH_TRY(pith_keep_apply(p->parts, p->options, error));
    p->selected = pith_array_zero(n, sizeof *p->selected);
    p->order = pith_array(n, sizeof *p->order);
    if (p->order == NULL || p->selected == NULL)
        return pith_no_memory(error, n, sizeof *p->order);
    p->itpc.parts = p->parts;
    p->itpc.segment_size = p->options->segment_size < longest
                               ? p->options->segment_size : longest;
    p->itpc.scorer.whole_context = !p->options->use_itpc;
    p->itpc.observe = pith_observe_segment;
    p->itpc.user = &p->observer;
    p->observer = (struct pith_observer){
        p->session, &p->prune.decisions,
        p->options->trace || p->options->detail ? p->result : NULL};
    return PITH_OK;
}

/* Algorithm 1, then Algorithm 2. */
static enum pith_status decide(struct paper *p, struct pith_error *error)
{
    double start = pith_seconds();
    measure(p);
    pith_budget_demonstrations(&p->budget);
    PITH_TRY(select_demonstrations(p, error));
    pith_budget_distribute(&p->budget);
    double ranked = pith_seconds();
    p->result->timings.rank = ranked - start;
    PITH_TRY(list_stages(p, error));
    PITH_TRY(pith_itpc_run(&p->itpc, p->session, p->stages, p->n_stages,
                           error));
    p->prune.n_forced = p->itpc.n_forced;
    order_parts(p);
    open_parts(p);
    /* Differs: the paper counts the tokens that it kept. */
    PITH_TRY(pith_prune_settle(&p->prune, error));
    raise_thresholds(p);
    p->result->timings.compress = pith_seconds() - ranked;
    return PITH_OK;
}

static enum pith_status run(struct paper *p, const struct pith_prompt *prompt,
                            struct pith_error *error)
{
    PITH_TRY(open_paper(p, prompt, error));
    PITH_TRY(p->prune.target == p->parts->ids.n
                 ? pith_prune_keep_all(&p->prune, error)
                 : decide(p, error));
    PITH_TRY(pith_prune_finish(&p->prune, prompt, error));
    return note(p, error);
}

static enum pith_status compress(struct pith_session *session,
                                 const struct pith_prompt *prompt,
                                 const struct pith_compress_options *options,
                                 struct pith_result *result,
                                 struct pith_error *error)
{
    struct paper paper = {.prune = {.session = session, .options = options,
                                    .result = result},
                          .session = session, .options = options,
                          .result = result};
    paper.parts = &paper.prune.parts;
    PITH_TRY(check_options(options, error));
    enum pith_status status = run(&paper, prompt, error);
    pith_itpc_free(&paper.itpc);
    pith_prune_free(&paper.prune);
    pith_free(paper.stages);
    pith_free(paper.units);
    pith_free(paper.selected);
    pith_free(paper.order);
    return status;
}

enum pith_status
pith_compress_paper(struct pith_session *session,
                    const struct pith_prompt *prompt,
                    const struct pith_compress_options *options,
                    struct pith_result **result, struct pith_error *error)
{
    return pith_method_run(compress, false, session, prompt, options, result,
                           error);
}
