/*
 * operators.c - signs that say nothing alone: an operator goes with the operand
 * after it, since "45 * 6 =" and "req =" would say what nobody said, and brackets
 * with all that was between them: "worker[]" is not "worker[88]"; and the mark of a
 * sentence with the sentence.
 */
#include <stddef.h>

#include "../base/text.h"
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
           pith_is_one_of(sign.code, "=+-*/<>$€£×÷±"
                                     "−≠≤≥");
}

static const char openers[] = "([{（【「『";
static const char closers[] = ")]}）】」』";

enum { NO_BRACKET, OPENS, CLOSES };

/* A unit of signs that ends with an opening bracket, or begins with a closing
 * one: "),". */
static int bracket_kind(const struct pith_parts *parts,
                        const struct pith_unit *unit)
{
    struct pith_text word = pith_unit_word(parts, unit);
    uint32_t first = pith_cluster_at(word, 0).code;
    uint32_t last = pith_cluster_before(word, word.size).code;
    if (pith_role_of(first) != PITH_ROLE_SIGN ||
        pith_role_of(last) != PITH_ROLE_SIGN)
        return NO_BRACKET;
    return pith_is_one_of(first, closers)  ? CLOSES
           : pith_is_one_of(last, openers) ? OPENS
                                           : NO_BRACKET;
}

enum { MAX_INSIDE = 64 }; /* units between two brackets */

/* Whether a unit is one of two brackets that have lost all that was between
 * them. */
static bool is_emptied(const struct pith_settlement *settlement, size_t index)
{
    const struct pith_parts *parts = settlement->parts;
    const struct pith_unit *unit = &parts->units[index], *other = unit;
    const struct pith_part *part = &parts->parts[unit->part];
    int kind = bracket_kind(parts, unit), depth = 1;
    size_t n = kind == NO_BRACKET ? 0
               : kind == OPENS    ? part->unit + part->n_units - 1 - index
                                  : index - part->unit;
    for (size_t i = 0; i < n && i <= MAX_INSIDE; i++) {
        other += kind == OPENS ? 1 : -1;
        int other_kind = bracket_kind(parts, other);
        depth += other_kind == NO_BRACKET ? 0 : other_kind == kind ? 1 : -1;
        if (depth == 0)
            return i > 0;
        if (settlement->decisions->by_token[other->token].kept)
            return false;
    }
    return false;
}

/* Whether a comma, or the mark of a sentence, has nothing before it that is kept of
 * its sentence and line. */
static bool ends_nothing(const struct pith_settlement *settlement, size_t index)
{
    const struct pith_parts *parts = settlement->parts;
    const struct pith_unit *units = parts->units;
    size_t first = parts->parts[units[index].part].unit;
    size_t least = index - first > MAX_INSIDE ? index - MAX_INSIDE : first;
    if (!units[index].stops &&
        !pith_text_is(pith_unit_text(parts, &units[index]), ","))
        return false;
    while (index > least && !pith_unit_starts_line(parts, index) &&
           !units[--index].stops)
        if (settlement->decisions->by_token[units[index].token].kept)
            return false;
    return index == first || index > least;
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
    if (unit->forced || !pith_spans_is_free_text(spans, index))
        return false; /* the frame of a preset among them */
    if (is_emptied(settlement, index) || ends_nothing(settlement, index))
        return true;
    return index + 1 < parts->n_units && next->part == unit->part &&
           !settlement->decisions->by_token[next->token].kept &&
           is_operator(parts, unit);
}
