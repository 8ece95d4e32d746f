/*
 * sentences.c - see sentences.h.
 *
 * A sentence ends with a line, or with a full stop, a question or an
 * exclamation mark, or another script's, that white space and something other
 * than a small letter follow.  A point after a short capitalised word (Mr., No., B.) is taken for
 * an abbreviation.  Where this errs two sentences stay or go as one.
 */
#include "sentences.h"

#include <stdlib.h>

#include "../base/memory.h"
#include "../prompt/bind.h"
#include "../prompt/clusters.h"
#include "../prompt/units.h"
#include "../text/casing.h"

enum {
    LONGEST_ABBREVIATION = 3, /* letters */
    MOST_AFTER = 64 /* characters between the mark of a sentence and its end */
};

/* The first character of a unit that is not white space; tells whether a line
 * ended before it, and whether anything did. */
static uint32_t first_character(struct pith_text text, bool *line, bool *space)
{
    *line = *space = false;
    for (size_t at = 0; at < text.size;) {
        struct pith_cluster c = pith_cluster_at(text, at);
        if (pith_role_of(c.code) != PITH_ROLE_SPACE)
            return c.code;
        *space = true;
        *line |= c.code == '\n' || c.code == '\r';
        at = c.end;
    }
    return 0;
}

/* Whether a unit is a capitalised word of few letters. */
static bool is_short_word(struct pith_text text)
{
    bool line, space;
    uint32_t first = first_character(text, &line, &space);
    size_t n = 0;
    for (size_t at = 0; at < text.size;) {
        struct pith_cluster c = pith_cluster_at(text, at);
        n += pith_role_of(c.code) != PITH_ROLE_SPACE;
        at = c.end;
    }
    return pith_casing_kind(first) == PITH_CASING_UPPER &&
           n <= LONGEST_ABBREVIATION;
}

/* Whether a unit closes what a full stop may end: a quote, a bracket. */
static bool is_closing(uint32_t code)
{
    return pith_is_one_of(code, "\"')]’”»");
}

/* What may end a sentence, and the unit that has it. */
struct mark {
    uint32_t code;
    size_t unit;
};

/* Whether a sentence ends between units i - 1 and i of those from first to end,
 * or where they do. */
static bool ends(const struct pith_parts *parts, size_t first, size_t i,
                 size_t end, struct mark *mark)
{
    const struct pith_unit *unit = &parts->units[i], *before = unit - 1;
    bool line = true, space = true;
    uint32_t next = 0;
    if (i < end) {
        next = first_character(pith_unit_text(parts, unit), &line, &space);
        line &= !unit->wraps;
    }
    size_t begin = parts->units[first].byte;
    struct pith_text text = {parts->text.data + begin,
                             before->byte + before->n_bytes - begin};
    struct pith_cluster c = pith_cluster_before(text, text.size);
    int n = 0;
    for (; n < MOST_AFTER && c.start > 0 &&
           pith_role_of(c.code) == PITH_ROLE_SPACE; n++) {
        space = true;
        line |= c.code == '\n' && !before->wraps;
        c = pith_cluster_before(text, c.start);
    }
    for (; n < MOST_AFTER && c.start > 0 && is_closing(c.code); n++)
        c = pith_cluster_before(text, c.start);
    *mark = (struct mark){c.code, i - 1};
    while (parts->units[mark->unit].byte > begin + c.start)
        mark->unit--;
    if (line)
        return true;
    if (pith_is_one_of(c.code, "。！？"))
        return !is_closing(next);
    if (!space || pith_casing_kind(next) == PITH_CASING_LOWER)
        return false;
    if (pith_is_one_of(c.code, "?!؟।॥۔።"))
        return true;
    return c.code == '.' &&
           (mark->unit == first ||
            is_closing(pith_cluster_before(text, c.start).code) ||
            !is_short_word(
                pith_unit_text(parts, &parts->units[mark->unit - 1])));
}

static enum pith_status push(struct pith_sentences *sentences,
                             struct pith_stretch stretch,
                             struct pith_error *error)
{
    PITH_TRY(pith_grow(&sentences->items, sentences->n + 1,
                       &sentences->capacity, sizeof stretch, error));
    sentences->items[sentences->n++] = stretch;
    return PITH_OK;
}

static enum pith_status cut_part(struct pith_sentences *sentences,
                                 const struct pith_parts *parts,
                                 const struct pith_part *part,
                                 struct pith_error *error)
{
    size_t first = part->unit, end = part->unit + part->n_units;
    if (first < end && parts->units[first].is_separator)
        first++;
    struct pith_stretch stretch = {.unit = first};
    struct mark mark;
    for (size_t i = first; i < end; i++) {
        const struct pith_unit *unit = &parts->units[i];
        if (i == stretch.unit)
            stretch.token = unit->token;
        stretch.end = i + 1;
        stretch.n_tokens = unit->token + unit->n_tokens - stretch.token;
        if (!ends(parts, first, i + 1, end, &mark))
            continue;
        PITH_TRY(push(sentences, stretch, error));
        stretch.unit = i + 1;
    }
    return PITH_OK;
}

enum pith_status pith_sentences_find(struct pith_sentences *sentences,
                                     const struct pith_parts *parts,
                                     const bool *left_out,
                                     struct pith_error *error)
{
    for (size_t i = 0; i < parts->n_parts; i++) {
        const struct pith_part *part = &parts->parts[i];
        if (part->kind == PITH_PART_CONTEXT && part->n_units > 0 &&
            (left_out == NULL || !left_out[part->unit]))
            PITH_TRY(cut_part(sentences, parts, part, error));
    }
    return PITH_OK;
}

static void mark_part(struct pith_parts *parts, const struct pith_part *part)
{
    size_t first = part->unit, end = first + part->n_units;
    for (size_t i = first + 1; i <= end; i++) {
        struct mark mark;
        bool ended = ends(parts, first, i, end, &mark);
        if (pith_is_one_of(mark.code, ended ? ".?!。！？؟।॥۔።" : ";；"))
            parts->units[mark.unit].stops = !pith_unit_is_word(parts, mark.unit);
    }
}

void pith_sentences_mark_stops(struct pith_parts *parts)
{
    for (size_t i = 0; i < parts->n_parts; i++)
        if (parts->parts[i].kind == PITH_PART_CONTEXT)
            mark_part(parts, &parts->parts[i]);
}

void pith_sentences_free(struct pith_sentences *sentences)
{
    pith_free(sentences->items);
    *sentences = (struct pith_sentences){0};
}
