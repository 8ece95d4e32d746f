/*
 * compose.c - see compose.h.
 */
#include "compose.h"

#include "units.h"
#include "words.h"

/* The line end, the tab or the space that a gap gives away. */
static char space_of(struct pith_text gap)
{
    for (size_t i = 0; i < gap.size; i++)
        if (gap.bytes[i] == '\n' || gap.bytes[i] == '\r')
            return '\n';
    return gap.size > 0 && gap.bytes[gap.size - 1] == '\t' ? '\t' : ' ';
}

char pith_space_between(const struct pith_parts *parts,
                        struct pith_text written, const struct pith_unit *last,
                        const struct pith_unit *next)
{
    const char *bytes = parts->text.data;
    const struct pith_part *part = &parts->parts[next->part];
    const struct pith_unit *end = &parts->units[part->unit + part->n_units - 1];
    size_t at = last->byte + last->n_bytes;
    /* What comes after the unit decides how its end is read. */
    struct pith_text rest = {bytes + next->byte,
                             end->byte + end->n_bytes - next->byte};
    bool touched = at == next->byte && !next->opens_piece;
    if (touched || !pith_reads_as_one(written, rest))
        return 0;
    return space_of((struct pith_text){bytes + at, next->byte - at});
}

/* The first part of the prompt has no blank line of its own; where it does
 * not come first in the result it takes that of the part that does. */
static void open_part(struct pith_composition *c, const struct pith_part *part)
{
    const struct pith_unit *line = pith_line_before(c->parts, part);
    if (c->text->size == 0) {
        c->first_line = line;
        return;
    }
    if (line == NULL)
        line = c->first_line;
    if (line == NULL)
        return;
    c->decisions->by_token[line->token].kept = true;
    pith_buffer_append(c->text, c->parts->text.data + line->byte,
                       line->n_bytes);
}

static void compose_part(struct pith_composition *c,
                         const struct pith_part *part)
{
    const struct pith_unit *last = NULL; /* kept so far of this part */
    for (size_t i = part->unit; i < part->unit + part->n_units; i++) {
        const struct pith_unit *unit = &c->parts->units[i];
        struct pith_decision *decision = &c->decisions->by_token[unit->token];
        struct pith_text text = pith_unit_text(c->parts, unit);
        decision->from = decision->end = 0;
        if (unit->is_separator || !decision->kept)
            continue;
        decision->space = 0;
        if (last == NULL)
            open_part(c, part);
        if (c->decisions->break_line != NULL)
            decision->from = c->decisions->break_line(c, part, last, unit);
        decision->end = text.size;
        if (last != NULL)
            decision->space = pith_space_between(
                c->parts, pith_buffer_text(c->text), last, unit);
        if (decision->space != 0)
            pith_buffer_byte(c->text, decision->space);
        pith_buffer_append(c->text, text.bytes + decision->from,
                           text.size - decision->from);
        last = unit;
    }
    if (last != NULL && c->decisions->break_line != NULL)
        c->decisions->break_line(c, part, last, NULL);
}

enum pith_status pith_compose(const struct pith_parts *parts,
                              const size_t *order, size_t n_order,
                              struct pith_decisions *decisions,
                              struct pith_buffer *text,
                              struct pith_error *error)
{
    struct pith_composition c = {.parts = parts, .decisions = decisions,
                            .text = text};
    for (size_t i = 0; i < parts->n_parts; i++) {
        const struct pith_unit *line =
            pith_line_before(parts, &parts->parts[i]);
        if (line != NULL)
            decisions->by_token[line->token].kept = false;
    }
    for (size_t i = 0; i < n_order; i++)
        compose_part(&c, &parts->parts[order[i]]);
    return text->failed ? pith_no_memory(error, parts->text.size, 1) : PITH_OK;
}
