/*
 * operators.c - an operator goes with the operand after it: "45 * 6 =" and
 * "req =" would say what nobody said.
 */
#include <stddef.h>

#include "../prompt/bind.h"
#include "../prompt/breaks.h"
#include "../prompt/clusters.h"
#include "../prompt/units.h"
#include "run.h"

/* A sign that says nothing without what comes after it; not the bullet that a
 * line begins with. */
static bool is_operator(const struct pith_parts *parts,
                        const struct pith_unit *unit)
{
    struct pith_text text = pith_unit_text(parts, unit);
    struct pith_text word = pith_unit_word(parts, unit);
    struct pith_cluster sign = pith_cluster_at(word, 0);
    return sign.end == word.size &&
           pith_count_breaks(text, text.size - word.size) == 0 &&
           unit->token > parts->parts[unit->part].token &&
           pith_is_one_of(sign.code, "=+-*/<>$\u20AC\u00A3\u00D7\u00F7\u00B1"
                                     "\u2212\u2260\u2264\u2265");
}

bool pith_spans_is_lone(const struct pith_settlement *settlement, size_t index)
{
    const struct pith_parts *parts = settlement->parts;
    const struct pith_unit *unit = &parts->units[index], *next = unit + 1;
    const char *member = (const char *)settlement;
    const struct pith_spans *spans =
        (const void *)(member - offsetof(struct pith_spans, prune.settled));
    if (pith_spans_is_loose(spans, index))
        return true;
    return index + 1 < parts->n_units && next->part == unit->part &&
           !unit->forced && !unit->is_separator &&
           !settlement->decisions->by_token[next->token].kept &&
           is_operator(parts, unit);
}
