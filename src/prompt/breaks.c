/*
 * breaks.c - see breaks.h.
 */
#include "breaks.h"

#include <string.h>

#include "../text/casing.h"
#include "bind.h"
#include "clusters.h"
#include "compose.h"
#include "units.h"

enum { BLANK_LINE = 2 }; /* line breaks */

static bool is_white(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Whether a line break ends with byte i: LF, CR LF, or CR alone. */
static bool ends_line(struct pith_text text, size_t i)
{
    return text.bytes[i] == '\n' ||
           (text.bytes[i] == '\r' &&
            !(i + 1 < text.size && text.bytes[i + 1] == '\n'));
}

size_t pith_lead(struct pith_text text)
{
    size_t n = 0;
    while (n < text.size && is_white(text.bytes[n]))
        n++;
    return n;
}

size_t pith_count_breaks(struct pith_text text, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += ends_line(text, i);
    return count;
}

/* Line breaks in the white space at the end, of which a blank line's are
 * enough. */
static size_t count_at_end(struct pith_text text)
{
    size_t n = 0;
    for (size_t i = text.size;
         i-- > 0 && n < BLANK_LINE && is_white(text.bytes[i]);)
        n += ends_line(text, i);
    return n;
}

/* The bytes of the last `count` line breaks that end before `end`. */
static size_t take_breaks(struct pith_text text, size_t end, size_t count,
                          size_t *from)
{
    size_t at = end;
    while (!ends_line(text, end - 1))
        end--;
    for (; count > 0; count--)
        while (!ends_line(text, --at))
            continue;
    *from = at - (text.bytes[at] == '\n' && at > 0 &&
                  text.bytes[at - 1] == '\r');
    return end - *from;
}

size_t pith_missing_breaks(struct pith_text written, struct pith_text gap,
                           size_t n, size_t *from)
{
    struct pith_text next = {gap.bytes + n, gap.size - n};
    if (pith_count_breaks(gap, n) == 0)
        return 0; /* before a look at all the white space around it */
    size_t before = count_at_end(written);
    size_t after = pith_count_breaks(next, pith_lead(next));
    size_t most = 0, end = 0; /* of one run of white space, and where it ends */
    for (size_t at = 0; at < n;) {
        size_t length = pith_lead((struct pith_text){gap.bytes + at, n - at});
        struct pith_text run = {gap.bytes + at, gap.size - at};
        size_t count = pith_count_breaks(run, length) +
                       (at == 0 ? before : 0) + (at + length == n ? after : 0);
        count = count < BLANK_LINE ? count : BLANK_LINE;
        if (count > before + after && count >= most) {
            most = count;
            end = at + length;
        }
        at += length > 0 ? length : 1;
    }
    return most > 0 ? take_breaks(gap, end, most - before - after, from) : 0;
}

/* Appends bytes [from, from + n) of the prompt, which went with their units. */
static void append_gone(struct pith_composition *c,
                        const struct pith_unit *unit, size_t from, size_t n)
{
    const struct pith_unit *last = c->parts->units + c->parts->n_units;
    pith_buffer_append(c->text, c->parts->text.data + from, n);
    for (; unit < last && unit->byte < from + n; unit++) {
        struct pith_decision *d = &c->decisions->by_token[unit->token];
        size_t end = unit->byte + unit->n_bytes;
        if (end <= from)
            continue;
        if (d->end == 0)
            d->from = unit->byte < from ? from - unit->byte : 0;
        d->end = (end < from + n ? end : from + n) - unit->byte;
    }
}

/* Whether a line, not a wrapped part of one, begins with a unit. */
static bool starts_line(const struct pith_parts *parts,
                        const struct pith_unit *unit)
{
    struct pith_text text = pith_unit_text(parts, unit);
    return !unit->wraps && pith_count_breaks(text, pith_lead(text)) > 0;
}

/* Whether a line, not a wrapped part of one, ends among units first to last. */
static bool has_line_end(const struct pith_parts *parts,
                         const struct pith_unit *first,
                         const struct pith_unit *last)
{
    for (; first <= last; first++) {
        struct pith_text text = pith_unit_text(parts, first);
        size_t lead = pith_lead(text);
        if (starts_line(parts, first) ||
            (lead < text.size && ends_line(text, text.size - 1)))
            return true;
    }
    return false;
}

static const char marks[] = ".?!;。？！；؟।॥۔።";

/* Whether a negation stays from a unit on to the end of its sentence. */
static bool denies_yet(const struct pith_composition *c,
                       const struct pith_part *part,
                       const struct pith_unit *unit)
{
    const struct pith_unit *end = c->parts->units + part->unit + part->n_units;
    for (; unit < end && !unit->stops; unit++)
        if (unit->denies && c->decisions->by_token[unit->token].kept)
            return true;
    return false;
}

/* Whether a unit is the first word after a mark, and shows it: "He", but not
 * "he" nor a character of a script without capitals. */
static bool opens_sentence(const struct pith_composition *c,
                           const struct pith_unit *stop,
                           const struct pith_unit *unit)
{
    struct pith_text word = pith_unit_word(c->parts, unit);
    const struct pith_unit *first = stop + 1;
    while (first < unit &&
           !pith_unit_is_word(c->parts, (size_t)(first - c->parts->units)))
        first++;
    return first == unit && pith_casing_kind(pith_cluster_at(word, 0).code) ==
                                PITH_CASING_UPPER;
}

/* The mark of a unit that has one. */
static struct pith_text mark_of(const struct pith_composition *c,
                                const struct pith_unit *unit)
{
    struct pith_text text = pith_unit_text(c->parts, unit);
    struct pith_cluster sign = pith_cluster_at(text, 0);
    while (sign.end < text.size && !pith_is_one_of(sign.code, marks))
        sign = pith_cluster_at(text, sign.end);
    return (struct pith_text){text.bytes + sign.start, sign.end - sign.start};
}

/* "Is 85 million still the plan?" must not become "85 million": where anything of a
 * question stays, so does its mark.
 *   next  the kept unit after the last one, or the end of the part */
static void keep_question(struct pith_composition *c,
                          const struct pith_unit *last,
                          const struct pith_unit *next)
{
    const struct pith_unit *stop = last;
    while (stop < next && !stop->stops)
        if (++stop < next && starts_line(c->parts, stop))
            return;
    if (stop == last || stop == next)
        return;
    struct pith_text mark = mark_of(c, stop);
    struct pith_text written = pith_buffer_text(c->text);
    if (pith_is_one_of(pith_cluster_at(mark, 0).code, "?？؟") &&
        !pith_is_one_of(pith_cluster_before(written, written.size).code, marks))
        append_gone(c, stop, (size_t)(mark.bytes - c->parts->text.data),
                    mark.size);
}

/* "No known heart disease. Allergies: penicillin" must not become "no known
 * heart allergies", nor "The buyer may cancel. The seller must pay" "The buyer
 * must pay": a mark that ended a sentence comes along. */
static void keep_stop(struct pith_composition *c, const struct pith_part *part,
                      const struct pith_unit *last,
                      const struct pith_unit *next)
{
    const struct pith_unit *first = NULL, *latest = NULL; /* that went */
    bool needed = false;
    c->denied |= last->denies;
    for (const struct pith_unit *unit = last; unit < next; unit++) {
        if (!unit->stops)
            continue;
        needed |= c->denied;
        c->denied = false;
        latest = unit > last ? unit : NULL;
        first = first != NULL ? first : latest;
    }
    if (first == NULL)
        return;
    struct pith_text written = pith_buffer_text(c->text);
    struct pith_text word = pith_unit_word(c->parts, next);
    uint32_t before = pith_cluster_before(written, written.size).code;
    uint32_t after = pith_cluster_at(word, 0).code;
    if (pith_is_one_of(before, marks) || before == ':' ||
        pith_is_one_of(after, marks))
        return;
    struct pith_text mark = mark_of(c, first);
    bool sentence = !pith_is_one_of(pith_cluster_at(mark, 0).code, ";；");
    needed |= pith_is_number(before); /* "45. Rye" is not 45 of them */
    if (!needed && (!sentence || opens_sentence(c, latest, next)) &&
        !denies_yet(c, part, next))
        return;
    struct pith_decision *d = &c->decisions->by_token[last->token];
    if (before == ',' && d->end > d->from && !last->forced) {
        c->text->size--; /* the mark takes its place */
        d->end--;
    }
    append_gone(c, last + 1, (size_t)(mark.bytes - c->parts->text.data),
                mark.size);
}

size_t pith_break_line(struct pith_composition *c, const struct pith_part *part,
                       const struct pith_unit *last,
                       const struct pith_unit *unit)
{
    const struct pith_unit *end = c->parts->units + part->unit + part->n_units;
    size_t n_written = c->text->size;
    if (last != NULL)
        keep_question(c, last, unit == NULL ? end : unit);
    if (unit == NULL)
        return 0;
    struct pith_text text = pith_unit_text(c->parts, unit);
    size_t from, lead = pith_lead(text) < text.size ? pith_lead(text) : 0;
    if (lead > 0 && memchr(text.bytes, '\t', lead) != NULL)
        lead = 0; /* it may part two cells */
    if (last == NULL) {
        c->denied = false;
        return unit->token > part->token ? lead : 0;
    }
    if (!has_line_end(c->parts, last + 1, unit)) {
        keep_stop(c, part, last, unit);
        bool marked = c->text->size > n_written && !unit->forced;
        return marked && pith_starts_with(text, lead, ",") ? lead + 1 : 0;
    }
    c->denied = false;
    size_t at = last->byte + last->n_bytes;
    struct pith_text gap = {c->parts->text.data + at,
                            unit->byte + unit->n_bytes - at};
    size_t n = pith_missing_breaks(pith_buffer_text(c->text), gap,
                                   unit->byte - at, &from);
    if (n == 0)
        return 0;
    append_gone(c, last + 1, at + from, n);
    if (c->parts->text.data[unit->byte - 1] == '\n')
        return 0; /* the indentation of a line that stays from its start */
    return pith_count_breaks(text, lead) > 0 ? 0 : lead;
}
