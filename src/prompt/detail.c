/*
 * detail.c - see detail.h.
 */
#include "detail.h"
#include "detail_units.h"

#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "../base/utf8.h"
#include "pieces.h"
#include "result.h"
#include "trace.h"
#include "units.h"
#include "words.h"

enum pith_status pith_detail_add(struct pith_detail *detail,
                                 struct pith_unit_result unit,
                                 const int32_t *ids, struct pith_error *error)
{
    unit.id = detail->n_ids;
    for (size_t i = 0; i < unit.n_ids; i++) {
        PITH_TRY(pith_result_grow(&detail->ids, detail->n_ids, sizeof *ids,
                                  error));
        detail->ids[detail->n_ids++] = ids[i];
    }
    PITH_TRY(pith_result_grow(&detail->units, detail->n_units, sizeof unit,
                              error));
    detail->units[detail->n_units++] = unit;
    return PITH_OK;
}

/* --- order and spans --------------------------------------------------------- */

/* Units of size 0 are after those that end where they are.  ids were
 * appended with the units, so that they tell which came first. */
static int by_place(const void *a, const void *b)
{
    const struct pith_unit_result *x = a, *y = b;
    if (x->part != y->part)
        return x->part < y->part ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

void pith_detail_sort(struct pith_detail *detail)
{
    if (detail->n_units > 0)
        qsort(detail->units, detail->n_units, sizeof *detail->units, by_place);
}

enum pith_status pith_detail_spans(struct pith_detail *detail,
                                   struct pith_error *error)
{
    struct pith_span *last = NULL;
    for (size_t i = 0; i < detail->n_units; i++) {
        const struct pith_unit_result *unit = &detail->units[i];
        if (!unit->kept || unit->size == 0)
            continue;
        if (last != NULL && last->part == unit->part &&
            last->end == unit->offset) {
            last->end += unit->size;
            continue;
        }
        PITH_TRY(pith_result_grow(&detail->spans, detail->n_spans,
                                  sizeof *last, error));
        last = &detail->spans[detail->n_spans++];
        *last = (struct pith_span){unit->part, unit->offset,
                                   unit->offset + unit->size};
    }
    return PITH_OK;
}

/* --- from the parts of `paper` ----------------------------------------------- */

/* A place in a text as it was given. */
struct place {
    struct pith_text given;
    size_t at;
};

/* Steps over the tag before a piece of the part. */
static void skip_tag(struct place *place, const struct pith_parts *parts,
                     const struct pith_unit *unit)
{
    const struct pith_tagged_piece *piece = pith_piece_at(parts, unit);
    if (piece != NULL)
        place->at = piece->given;
}

struct pith_text pith_given_text(const struct pith_prompt *prompt,
                                 enum pith_part_kind kind, size_t index)
{
    if (kind == PITH_PART_INSTRUCTION)
        return prompt->instruction;
    if (kind == PITH_PART_QUESTION)
        return prompt->question;
    return index < prompt->n_contexts ? prompt->contexts[index]
                                      : (struct pith_text){0};
}

/* The mean loss of a unit's tokens when its context was ranked. */
static float ranking_loss(const struct pith_decisions *decisions,
                          const struct pith_unit *unit)
{
    double sum = 0;
    for (size_t i = 0; i < unit->n_tokens; i++)
        sum += (double)decisions->ranked[unit->token + i];
    return (float)(sum / (double)unit->n_tokens);
}

/* A unit on its way: the bytes of a text as it was given that are its own, and
 * white space and marks that do not do what they do, each as one stretch. */
struct stretches {
    struct pith_detail *detail;
    struct pith_text given;
    struct pith_unit_result unit; /* its offset and size: of the stretch */
    const int32_t *ids;
    bool own; /* the stretch is; its first has the unit's tokens */
};

static enum pith_status end_stretch(struct stretches *s,
                                    struct pith_error *error)
{
    struct pith_unit_result unit = s->unit;
    const int32_t *ids = s->own ? s->ids : NULL;
    s->unit.offset += unit.size;
    s->unit.size = 0;
    if (s->own)
        s->ids = NULL;
    else if (unit.size == 0)
        return PITH_OK;
    if (ids == NULL) {
        unit.n_ids = unit.n_kept = 0;
        unit.space = 0;
    }
    struct pith_text text = {s->given.bytes + unit.offset, unit.size};
    if (ids == NULL && (s->own || pith_is_blank(text))) {
        unit.rank = 0;
        unit.loss = (float)NAN;
        unit.segment = PITH_NO_SEGMENT;
    }
    return pith_detail_add(s->detail, unit, ids, error);
}

static const size_t replacement_size = 3; /* of U+FFFD in UTF-8 */

/* A unit of that text, in which a byte that is not UTF-8 became U+FFFD and
 * which lacks what the form of the prompt can do without. */
static enum pith_status add_unit(struct stretches *s, struct place *place,
                                 struct pith_text text,
                                 const struct pith_decision *decision,
                                 struct pith_error *error)
{
    bool kept = s->unit.kept;
    size_t from = kept ? decision->from : decision->end; /* its own */
    for (size_t i = 0; i < text.size && place->at < place->given.size;) {
        size_t n = pith_utf8_valid_length(place->given.bytes + place->at,
                                          place->given.size - place->at);
        bool lacks = n > 0 && place->given.bytes[place->at] != text.bytes[i];
        bool own = !lacks && i >= from;
        bool stays = !lacks && i >= decision->from &&
                     (kept || i < decision->end);
        if (s->unit.size > 0 && (own != s->own || stays != s->unit.kept))
            PITH_TRY(end_stretch(s, error));
        s->own = own;
        s->unit.kept = stays;
        if (!lacks)
            i += n > 0 ? n : replacement_size;
        s->unit.size += n > 0 ? n : 1;
        place->at += n > 0 ? n : 1;
    }
    PITH_TRY(end_stretch(s, error));
    s->own = s->ids != NULL; /* it has tokens, and no byte of its own */
    s->unit.kept = kept;
    return s->own ? end_stretch(s, error) : PITH_OK;
}

static enum pith_status add_part(struct pith_result *result,
                                 const struct pith_parts *parts, size_t index,
                                 struct pith_text given,
                                 const struct pith_decisions *decisions,
                                 struct pith_error *error)
{
    const struct pith_part *part = &parts->parts[index];
    struct place place = {given, 0};
    for (size_t i = 0; i < part->n_units; i++) {
        const struct pith_unit *unit = &parts->units[part->unit + i];
        const struct pith_decision *decision =
            &decisions->by_token[unit->token];
        struct pith_unit_result made = {.part = index,
                                        .n_ids = unit->n_tokens,
                                        .kept = decision->kept,
                                        .join = unit->is_separator,
                                        .loss = decision->loss,
                                        .segment = decision->segment,
                                        .rank = decision->rank};
        const int32_t *ids = parts->ids.data + unit->token;
        made.n_kept = made.kept ? made.n_ids : 0;
        made.offset = place.at;
        if (unit->is_separator) {
            PITH_TRY(pith_detail_add(&result->detail, made, ids, error));
            continue;
        }
        if (decision->segment == PITH_NO_SEGMENT)
            made.loss = ranking_loss(decisions, unit);
        made.space = made.kept ? decision->space : 0;
        skip_tag(&place, parts, unit);
        made.offset = place.at;
        struct stretches stretches = {&result->detail, given, made, ids, false};
        PITH_TRY(add_unit(&stretches, &place, pith_unit_text(parts, unit),
                          decision, error));
    }
    if (parts->n_pieces > 0 || part->n_units == 0)
        return PITH_OK; /* a tag may be at the end */
    struct stretches rest = {
        .detail = &result->detail,
        .given = given,
        .unit = {.part = index, .offset = place.at,
                 .size = given.size - place.at,
                 .loss = (float)NAN, .segment = PITH_NO_SEGMENT}};
    return end_stretch(&rest, error);
}

enum pith_status pith_detail_of_parts(struct pith_result *result,
                                      const struct pith_parts *parts,
                                      const struct pith_prompt *prompt,
                                      const struct pith_decisions *decisions,
                                      struct pith_error *error)
{
    for (size_t i = 0; i < parts->n_parts; i++) {
        struct pith_text given = pith_given_text(prompt, parts->parts[i].kind,
                                                 parts->parts[i].index);
        PITH_TRY(add_part(result, parts, i, given, decisions, error));
    }
    return pith_detail_spans(&result->detail, error);
}
