/*
 * pieces.c - see pieces.h.
 */
#include "pieces.h"

#include <math.h>

static bool is_in(const struct pith_tagged_piece *piece,
                  const struct pith_unit *unit)
{
    return unit->token >= piece->token &&
           unit->token < piece->token + piece->n_tokens;
}

static void force_whole_pieces(struct pith_parts *parts)
{
    size_t p = 0;
    for (size_t i = 0; i < parts->n_units; i++) {
        struct pith_unit *unit = &parts->units[i];
        while (p < parts->n_pieces &&
               parts->pieces[p].token + parts->pieces[p].n_tokens <=
                   unit->token)
            p++;
        if (p < parts->n_pieces && parts->pieces[p].whole &&
            is_in(&parts->pieces[p], unit) && !unit->is_separator)
            unit->forced = true;
    }
}

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

struct pith_piece_budget
pith_piece_budget_make(struct pith_parts *parts,
                       const struct pith_compress_options *options)
{
    const struct pith_part *question = &parts->parts[parts->n_parts - 1];
    struct pith_piece_budget budget = {
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
    force_whole_pieces(parts);
    return budget;
}

void pith_piece_stages(const struct pith_parts *parts,
                       const struct pith_piece_budget *budget, double end,
                       struct pith_stage *stages)
{
    size_t unit = 0;
    for (size_t i = 0; i < parts->n_pieces; i++) {
        const struct pith_tagged_piece *piece = &parts->pieces[i];
        const struct pith_part *part = &parts->parts[piece->part];
        struct pith_stage *stage = &stages[i];
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
        end += rate_of(piece, budget->rate) * (double)piece->n_tokens;
        stage->end = end;
    }
}
