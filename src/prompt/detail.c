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

/* A place in a text and the same place in its valid form, in which a byte
 * that is not UTF-8 became U+FFFD. */
struct place {
    struct pith_text given;
    size_t at, valid;
};

static const size_t replacement_size = 3; /* of U+FFFD in UTF-8 */

/* Steps over the tag before a piece of the part. */
static void skip_tag(struct place *place, const struct pith_parts *parts,
                     const struct pith_unit *unit)
{
    const struct pith_tagged_piece *piece = pith_piece_at(parts, unit);
    if (piece != NULL)
        place->at = piece->given;
}

static size_t move_to(struct place *place, size_t valid)
{
    while (place->valid < valid && place->at < place->given.size) {
        size_t n = pith_utf8_valid_length(place->given.bytes + place->at,
                                          place->given.size - place->at);
        place->at += n > 0 ? n : 1;
        place->valid += n > 0 ? n : replacement_size;
    }
    return place->at;
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

/* White space that does not do what the rest of its unit does: no token of the
 * unit is its own. */
static enum pith_status add_white(struct pith_detail *detail,
                                  struct pith_unit_result unit, size_t size,
                                  bool kept, struct pith_error *error)
{
    if (size == 0)
        return PITH_OK;
    unit.size = size;
    unit.kept = kept;
    unit.n_ids = unit.n_kept = unit.rank = 0;
    unit.space = 0;
    unit.loss = (float)NAN;
    unit.segment = PITH_NO_SEGMENT;
    return pith_detail_add(detail, unit, NULL, error);
}

/* A unit, its white space apart where only one of the two is in the text. */
static enum pith_status add_unit(struct pith_detail *detail,
                                 struct pith_unit_result unit,
                                 const struct pith_decision *decision,
                                 const int32_t *ids, struct pith_error *error)
{
    size_t from = decision->from, end = decision->end;
    if (unit.join)
        return pith_detail_add(detail, unit, ids, error);
    PITH_TRY(add_white(detail, unit, from, false, error));
    unit.offset += from;
    unit.size -= from;
    if (!unit.kept) {
        PITH_TRY(add_white(detail, unit, end - from, true, error));
        unit.offset += end - from;
        unit.size -= end - from;
    }
    return pith_detail_add(detail, unit, ids, error);
}

static enum pith_status add_part(struct pith_result *result,
                                 const struct pith_parts *parts, size_t index,
                                 struct pith_text given,
                                 const struct pith_decisions *decisions,
                                 struct pith_error *error)
{
    const struct pith_part *part = &parts->parts[index];
    struct place place = {given, 0, 0};
    size_t begin = 0; /* of the part in parts->text */
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
        if (decision->segment == PITH_NO_SEGMENT && !unit->is_separator)
            made.loss = ranking_loss(decisions, unit);
        if (i == 0)
            begin = unit->byte + (unit->is_separator ? unit->n_bytes : 0);
        made.n_kept = made.kept ? made.n_ids : 0;
        made.space = made.kept ? decision->space : 0;
        if (!unit->is_separator)
            skip_tag(&place, parts, unit);
        made.offset = place.at;
        if (!unit->is_separator)
            made.size = move_to(&place, unit->byte + unit->n_bytes - begin) -
                        made.offset;
        PITH_TRY(add_unit(&result->detail, made, decision,
                          parts->ids.data + unit->token, error));
    }
    return PITH_OK;
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
