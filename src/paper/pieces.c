/*
 * pieces.c - structured prompts as a plan of the method `paper`: the pieces of
 * the contexts have their own rates, which take the place of the budget
 * controller.
 */
#include <math.h>

#include "../prompt/retarget.h"
#include "extend.h"

/* What stays of a structured prompt, in tokens. */
struct piece_budget {
    double instruction, question; /* tau_ins L_ins, tau_que L_que */
    double rate;  /* of pieces that name none */
    double total; /* of the prompt, with all blank lines */
};

static double rate_of(const struct pith_tagged_piece *piece, double rate)
{
    return piece->whole ? 1 : piece->rate >= 0 ? piece->rate : rate;
}

static bool has_own_rate(const struct pith_tagged_piece *piece)
{
    return piece->whole || piece->rate >= 0;
}

static double clip(double rate)
{
    return fmin(fmax(rate, 0), 1);
}

/* Pieces that name no rate have that of the prompt or, where a target is
 * given, what it leaves them. */
static struct piece_budget
make_budget(const struct pith_parts *parts,
            const struct pith_compress_options *options)
{
    const struct pith_part *question = &parts->parts[parts->n_parts - 1];
    struct piece_budget budget = {
        .instruction = options->tau_ins * (double)parts->parts[0].n_tokens,
        .question = options->tau_que * (double)question->n_tokens,
        .rate = options->rate};
    size_t n_lines = 0, n_others = 0;
    for (size_t i = 0; i < parts->n_units; i++)
        if (parts->units[i].is_separator)
            n_lines += parts->units[i].n_tokens;
    budget.total = budget.instruction + budget.question + (double)n_lines;
    for (size_t i = 0; i < parts->n_pieces; i++) {
        const struct pith_tagged_piece *piece = &parts->pieces[i];
        if (has_own_rate(piece))
            budget.total += rate_of(piece, 0) * (double)piece->n_tokens;
        else
            n_others += piece->n_tokens;
    }
    if (options->rate < 0 && n_others > 0)
        budget.rate = clip((options->target - budget.total) / (double)n_others);
    if (n_others > 0)
        budget.total += budget.rate * (double)n_others;
    return budget;
}

static enum pith_status open_pieces(struct pith_paper *p,
                                    struct pith_error *error)
{
    (void)error;
    pith_prune_retarget(&p->prune, make_budget(p->parts, p->options).total);
    pith_force_whole_pieces(p->parts);
    return PITH_OK;
}

/* One stage for each piece, with the blank line before its context. */
static enum pith_status stage_pieces(struct pith_paper *p,
                                     struct pith_error *error)
{
    (void)error;
    const struct pith_parts *parts = p->parts;
    struct piece_budget budget = make_budget(parts, p->options);
    double end = p->stages[0].end = budget.instruction;
    size_t unit = 0;
    for (size_t i = 0; i < parts->n_pieces; i++) {
        const struct pith_tagged_piece *piece = &parts->pieces[i];
        const struct pith_part *part = &parts->parts[piece->part];
        struct pith_stage *stage = &p->stages[p->n_stages++];
        if (unit < part->unit)
            unit = part->unit;
        *stage = (struct pith_stage){.units = parts->units + unit,
                                      .score = pith_score_segment};
        for (; unit < part->unit + part->n_units &&
               parts->units[unit].token < piece->token + piece->n_tokens;
             unit++) {
            stage->n_units++;
            if (parts->units[unit].is_separator)
                end += (double)parts->units[unit].n_tokens;
        }
        end += rate_of(piece, budget.rate) * (double)piece->n_tokens;
        stage->end = end;
    }
    return PITH_OK;
}

static enum pith_status note_pieces(struct pith_paper *p,
                                    struct pith_error *error)
{
    return pith_prune_note_retarget(&p->prune, error);
}

const struct pith_plan pith_plan_pieces = {
    .k = 2,
    .segment_size = 100,
    .open = open_pieces,
    .stage = stage_pieces,
    .note = note_pieces};
