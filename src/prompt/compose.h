/*
 * compose.h - how kept units become text.
 */
#ifndef PITH_PROMPT_COMPOSE_H
#define PITH_PROMPT_COMPOSE_H

#include "decisions.h"
#include "parts.h"

/* A text on its way. */
struct pith_composition {
    const struct pith_parts *parts;
    struct pith_decisions *decisions;
    struct pith_buffer *text;
    const struct pith_unit *first_line; /* of the part that came first */
    bool denied; /* a negation was written, and its sentence has not ended */
};

/* The white space that has to come along with a unit, so that it does not run
 * into what precedes it; 0: nothing is needed.
 *   written  the text before it
 *   last     the unit that it ends with, of the same part */
char pith_space_between(const struct pith_parts *parts,
                        struct pith_text written, const struct pith_unit *last,
                        const struct pith_unit *next);

/* Appends the text of what is kept: units in the order of their part, white
 * space where pieces would run together, a blank line between parts and, with
 * decisions->break_line, what breaks.h keeps apart.
 *   order      (n_order) parts, in the order of the result
 *   decisions  borrowed: `kept` of every unit's first token is read; `kept` of
 *              blank lines, `space`, `from` and `end` are filled by the call */
enum pith_status pith_compose(const struct pith_parts *parts,
                              const size_t *order, size_t n_order,
                              struct pith_decisions *decisions,
                              struct pith_buffer *text,
                              struct pith_error *error);

#endif
