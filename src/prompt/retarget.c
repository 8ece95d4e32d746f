/*
 * retarget.c - see retarget.h.
 */
#include "retarget.h"

#include <math.h>

#include "result.h"

void pith_prune_retarget(struct pith_prune *p, double target)
{
    size_t n = p->parts.ids.n;
    p->target = pith_prune_target(target, n);
    p->goal = p->target;
    if (p->options->count_with != NULL && n > 0)
        p->goal = pith_prune_target(
            (double)p->target * (double)p->n_all / (double)n, p->n_all);
}

enum pith_status pith_prune_note_retarget(struct pith_prune *p,
                                          struct pith_error *error)
{
    double target = p->options->target;
    if (!(target > 0) || fabs(target - (double)p->goal) < 1)
        return PITH_OK;
    return pith_result_note(p->result, error,
                            "The rates of the tags leave %zu tokens, the "
                            "target was %g.", p->goal, target);
}

const struct pith_tagged_piece *pith_piece_of(const struct pith_parts *parts,
                                              const struct pith_unit *unit,
                                              size_t *piece)
{
    while (*piece < parts->n_pieces &&
           parts->pieces[*piece].token + parts->pieces[*piece].n_tokens <=
               unit->token)
        ++*piece;
    bool found = *piece < parts->n_pieces && !unit->is_separator &&
                 parts->pieces[*piece].token <= unit->token;
    return found ? &parts->pieces[*piece] : NULL;
}

void pith_force_whole_pieces(struct pith_parts *parts)
{
    size_t at = 0;
    for (size_t i = 0; i < parts->n_units; i++) {
        const struct pith_tagged_piece *piece =
            pith_piece_of(parts, &parts->units[i], &at);
        if (piece != NULL && piece->whole)
            parts->units[i].forced = true;
    }
}
