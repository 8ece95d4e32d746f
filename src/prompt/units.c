/*
 * units.c - from tokens to units.
 *
 * A byte-level tokenizer spells rare characters with several tokens, and a
 * reader takes several characters for one: a letter and its accent, the parts
 * of an emoji or of a Thai syllable.  Dropping one of such tokens would leave
 * what is not text, or another text; they make one unit.  So do the digits
 * and signs of a number and, if asked for, the tokens of a word.
 */
#include "units.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../text/grapheme.h"
#include "ranges.h"
#include "words.h"

struct pith_text pith_unit_text(const struct pith_parts *parts,
                                const struct pith_unit *unit)
{
    return (struct pith_text){parts->text.data + unit->byte, unit->n_bytes};
}

struct pith_text pith_part_text(const struct pith_parts *parts,
                                const struct pith_part *part)
{
    if (part->n_units == 0)
        return (struct pith_text){0};
    const struct pith_unit *first = &parts->units[part->unit];
    const struct pith_unit *last = first + part->n_units - 1;
    if (first->is_separator)
        first++;
    return (struct pith_text){parts->text.data + first->byte,
                              last->byte + last->n_bytes - first->byte};
}

const struct pith_unit *pith_line_before(const struct pith_parts *parts,
                                         const struct pith_part *part)
{
    bool has = part->n_units > 0 && parts->units[part->unit].is_separator;
    return has ? &parts->units[part->unit] : NULL;
}

size_t pith_forced_tokens(const struct pith_unit *units, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += units[i].forced ? units[i].n_tokens : 0;
    return sum;
}

static enum pith_status make_room(struct pith_parts *parts,
                                  struct pith_error *error)
{
    return pith_grow(&parts->units, parts->n_units + 1, &parts->unit_capacity,
                     sizeof *parts->units, error);
}

enum pith_status pith_unit_push(struct pith_parts *parts, struct pith_unit unit,
                                struct pith_error *error)
{
    PITH_TRY(make_room(parts, error));
    parts->units[parts->n_units++] = unit;
    return PITH_OK;
}

enum pith_status pith_units_append(struct pith_parts *parts,
                                   struct pith_unit first, const size_t *ends,
                                   size_t n, struct pith_error *error)
{
    struct pith_text text = {parts->text.data + first.byte,
                             parts->text.size - first.byte};
    struct pith_unit unit = first;
    for (size_t i = 0; i < n; i++) {
        /* SentencePiece's space before a text is a token of no bytes. */
        bool empty = ends[i] == unit.byte;
        if (i + 1 < n &&
            (empty || !pith_grapheme_boundary(text, ends[i] - first.byte)))
            continue;
        unit.n_tokens = first.token + i + 1 - unit.token;
        unit.n_bytes = ends[i] - unit.byte;
        PITH_TRY(pith_unit_push(parts, unit, error));
        unit.token += unit.n_tokens;
        unit.byte += unit.n_bytes;
    }
    return PITH_OK;
}

/* --- merging ----------------------------------------------------------------- */

/* What decides where the units of a part may be cut. */
struct cutting {
    struct pith_text text;
    size_t origin; /* of text in parts->text */
    struct pith_ranges atoms; /* numbers and chat markers, in text */
    size_t atom;              /* the first that ends after the last place */
    enum pith_units units;
};

/* Whether a unit may begin where this one does; asked in ascending order. */
static bool is_cut(struct cutting *cutting, const struct pith_unit *unit)
{
    const struct pith_ranges *atoms = &cutting->atoms;
    size_t place = unit->byte - cutting->origin;
    if (unit->opens_piece)
        return true;
    while (cutting->atom < atoms->n && atoms->items[cutting->atom].end <= place)
        cutting->atom++;
    if (cutting->atom < atoms->n && atoms->items[cutting->atom].start < place)
        return false;
    return cutting->units == PITH_UNITS_TOKEN ||
           pith_is_word_boundary(cutting->text, place);
}

size_t pith_units_tokens(const struct pith_unit *units, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += units[i].n_tokens;
    return sum;
}

/* Units among the first of n - 1 that are white space alone. */
static size_t count_blank(const struct pith_parts *parts,
                          const struct pith_unit *units, size_t n)
{
    size_t n_blank = 0;
    while (n_blank + 1 < n &&
           pith_is_blank(pith_unit_text(parts, &units[n_blank])))
        n_blank++;
    return n_blank;
}

void pith_units_unite(const struct pith_parts *parts, struct pith_unit *to,
                      const struct pith_unit *units, size_t n)
{
    struct pith_unit whole = units[0];
    const struct pith_unit *last = &units[n - 1];
    whole.n_lead = pith_units_tokens(units, count_blank(parts, units, n));
    whole.n_tokens = pith_units_tokens(units, n);
    whole.n_bytes = last->byte + last->n_bytes - whole.byte;
    for (size_t i = 1; i < n; i++)
        whole.denies |= units[i].denies;
    *to = whole;
}

/* Merges in place: what is written never passes what is read. */
static void merge_part(struct pith_parts *parts, struct pith_part *part,
                       size_t *n_units, struct cutting *cutting, size_t limit)
{
    struct pith_unit *units = parts->units;
    size_t at = part->unit, end = at + part->n_units, n = *n_units;
    part->unit = n;
    while (at < end) {
        size_t length = 1;
        while (!units[at].is_separator && at + length < end &&
               !is_cut(cutting, &units[at + length]))
            length++;
        if (pith_units_tokens(units + at, length) <= limit) {
            pith_units_unite(parts, &units[n++], units + at, length);
        } else {
            memmove(units + n, units + at, length * sizeof *units);
            n += length;
            parts->n_cut++;
        }
        at += length;
    }
    part->n_units = n - part->unit;
    *n_units = n;
}

static int by_start(const void *a, const void *b)
{
    const struct pith_range *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* What is never cut, whatever the units are. */
static enum pith_status find_atoms(struct pith_text text,
                                   struct pith_ranges *atoms,
                                   struct pith_error *error)
{
    PITH_TRY(pith_number_ranges(text, atoms, error));
    PITH_TRY(pith_chat_marker_ranges(text, atoms, error));
    if (atoms->n > 0)
        qsort(atoms->items, atoms->n, sizeof *atoms->items, by_start);
    return PITH_OK;
}

enum pith_status pith_units_merge(struct pith_parts *parts,
                                  enum pith_units units, size_t limit,
                                  struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    size_t n = 0;
    for (size_t i = 0; i < parts->n_parts && status == PITH_OK; i++) {
        struct cutting cutting = {.units = units};
        cutting.text = pith_part_text(parts, &parts->parts[i]);
        if (cutting.text.size > 0)
            cutting.origin = (size_t)(cutting.text.bytes - parts->text.data);
        status = find_atoms(cutting.text, &cutting.atoms, error);
        if (status == PITH_OK)
            merge_part(parts, &parts->parts[i], &n, &cutting, limit);
        pith_ranges_free(&cutting.atoms);
    }
    if (status == PITH_OK)
        parts->n_units = n;
    return status;
}

enum pith_status pith_unit_split(struct pith_parts *parts, size_t unit,
                                 size_t at, struct pith_error *error)
{
    PITH_TRY(make_room(parts, error));
    struct pith_unit *first = &parts->units[unit], *second = first + 1;
    memmove(second, first,
            (parts->n_units - unit) * sizeof *parts->units);
    parts->n_units++;
    first->n_tokens = first->n_tokens / 2;
    first->n_bytes = at;
    first->n_lead = 0;
    second->token += first->n_tokens;
    second->n_tokens -= first->n_tokens;
    second->byte += at;
    second->n_bytes -= at;
    second->n_lead = 0;
    second->opens_piece = false;
    parts->parts[first->part].n_units++;
    for (size_t i = first->part + 1; i < parts->n_parts; i++)
        parts->parts[i].unit++;
    return PITH_OK;
}

float pith_unit_mean(const struct pith_unit *unit, const float *losses)
{
    double sum = 0;
    for (size_t i = unit->n_lead; i < unit->n_tokens; i++)
        sum += (double)losses[i];
    return (float)(sum / (double)(unit->n_tokens - unit->n_lead));
}
