/*
 * detail.c - what became of every token of a prompt that went
 * through `reference`, for the result's detail.  See reference.h.
 *
 * The token stage works on the contexts that are left, in its own order,
 * joined to one text; here its tokens are brought back to where they came
 * from.  What the filters before it dropped is tokenised on its own.
 */
#include <math.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/utf8.h"
#include "../prompt/detail.h"
#include "../prompt/detail_units.h"
#include "reference.h"

/* --- where the text of a context comes from ---------------------------------- */

/* Whether no character of the text has bytes on both sides of `at`. */
static bool between_characters(struct pith_text text, size_t at)
{
    return at >= text.size || ((unsigned char)text.bytes[at] & 0xC0) != 0x80;
}

/* U+FFFD, which a decoder writes for what is not a character, and U+2581, which
 * SentencePiece reads as a space. */
static const char replacement[] = "\xEF\xBF\xBD", mark[] = "\xE2\x96\x81";
enum { N_WIDE = 3 }; /* bytes of either */

static bool stands_at(struct pith_text text, size_t at, const char *character)
{
    return at < text.size && text.size - at >= N_WIDE &&
           memcmp(text.bytes + at, character, N_WIDE) == 0;
}

/* Where a byte of the decoded text comes from, at or after `at`: decoding
 * leaves out spaces and bytes that are not UTF-8.  SIZE_MAX: it was put in. */
static size_t find_origin(struct pith_text given, size_t at, char byte)
{
    while (at < given.size && given.bytes[at] != byte &&
           (given.bytes[at] == ' ' ||
            pith_utf8_valid_length(given.bytes + at, given.size - at) == 0))
        at++;
    if (at < given.size && given.bytes[at] == byte)
        return at;
    return byte == ' ' && stands_at(given, at, mark) ? at : SIZE_MAX;
}

enum pith_status pith_reference_origins(struct pith_text made,
                                        struct pith_text given,
                                        size_t **origins,
                                        struct pith_error *error)
{
    size_t at = 0, n_put_in = 0;
    *origins = pith_array(made.size, sizeof **origins);
    if (*origins == NULL)
        return pith_no_memory(error, made.size, sizeof **origins);
    for (size_t i = 0; i < made.size; i++) {
        if (n_put_in == 0 && stands_at(made, i, replacement) &&
            !stands_at(given, at, replacement))
            n_put_in = N_WIDE;
        size_t found = n_put_in > 0 ? SIZE_MAX
                                    : find_origin(given, at, made.bytes[i]);
        (*origins)[i] = found != SIZE_MAX ? found : at;
        if (found != SIZE_MAX)
            at = found + (given.bytes[found] == made.bytes[i] ? 1 : N_WIDE);
        n_put_in -= n_put_in > 0;
    }
    return PITH_OK;
}

static size_t origin(const struct pith_reference_context *context, size_t at)
{
    return context->origins != NULL ? context->origins[at] : at;
}

/* --- the token stage ----------------------------------------------------------- */

/* Goes through the text of the token stage. */
struct walk {
    const struct pith_reference_stage *stage;
    struct pith_result *result;
    size_t context; /* of stage->contexts */
    size_t begin;   /* of its text */
    bool shown;     /* it is a context of the prompt */
};

static const struct pith_reference_context *current(const struct walk *walk)
{
    return &walk->stage->contexts->items[walk->context];
}

/* An empty list of contexts has one that is not the user's. */
static void enter(struct walk *walk)
{
    walk->shown = current(walk)->index < walk->stage->prompt->n_contexts;
}

/* The blank line after a context belongs to it. */
static size_t end_of_context(const struct walk *walk)
{
    bool last = walk->context + 1 == walk->stage->contexts->n;
    return last ? walk->stage->text.size
                : walk->begin + current(walk)->text.size + 2;
}

static void move_to(struct walk *walk, size_t at)
{
    while (walk->context + 1 < walk->stage->contexts->n &&
           at >= end_of_context(walk)) {
        walk->begin = end_of_context(walk);
        walk->context++;
        enter(walk);
    }
}

static size_t first_context_part(const struct pith_prompt *prompt)
{
    return prompt->instruction.size > 0;
}

/* How far the bytes of a text, from `at` on, are adjacent in the prompt.
 * Those of a character that was put in are in the same place. */
static size_t piece_end(const struct pith_reference_context *context,
                        size_t at, size_t end)
{
    for (at++; at < end; at++)
        if (origin(context, at) - origin(context, at - 1) > 1)
            break;
    return at;
}

/* The end of the character of the prompt that has bytes on both sides of
 * `at`: one that became U+FFFD or a space as a whole. */
static size_t character_end(const struct pith_text *contexts,
                            const struct pith_reference_context *context,
                            size_t at)
{
    while (context->origins != NULL &&
           !between_characters(contexts[context->index], at))
        at++;
    return at;
}

/* Says where bytes [at, end) of the stage's text are in the prompt, as far
 * as they are adjacent there; returns where that ends. */
static size_t place(const struct walk *walk, struct pith_unit_result *unit,
                    size_t at, size_t end)
{
    const struct pith_prompt *prompt = walk->stage->prompt;
    const struct pith_reference_context *context = current(walk);
    size_t size = context->text.size, from = at - walk->begin;
    unit->part = first_context_part(prompt) + context->index;
    unit->join = from >= size;
    unit->offset = unit->join ? prompt->contexts[context->index].size
                              : origin(context, from);
    unit->size = 0;
    if (unit->join || end == at)
        return end;
    size_t limit = end - walk->begin < size ? end - walk->begin : size;
    size_t to = piece_end(context, from, limit);
    unit->size = character_end(prompt->contexts, context,
                               origin(context, to - 1) + 1) - unit->offset;
    return walk->begin + to;
}

/* Adds a unit for bytes [at, end) of the stage's text, and one without tokens
 * for each further place of the prompt that they come from. */
static enum pith_status add_pieces(struct walk *walk,
                                   struct pith_unit_result unit,
                                   const int32_t *ids, size_t at, size_t end,
                                   struct pith_error *error)
{
    do {
        move_to(walk, at);
        size_t limit = end_of_context(walk);
        size_t next = end < limit ? end : limit;
        if (walk->shown) {
            next = place(walk, &unit, at, next);
            if (unit.n_ids > 0 || unit.size > 0)
                PITH_TRY(pith_detail_add(&walk->result->detail, unit, ids,
                                         error));
        }
        unit.n_ids = unit.n_kept = 0;
        at = next;
    } while (at < end);
    return PITH_OK;
}

/* Tokens [first, end) of the stage, which spell whole characters. */
static enum pith_status add_unit(struct walk *walk, const size_t *ends,
                                 size_t first, size_t end,
                                 struct pith_error *error)
{
    const struct pith_reference_stage *stage = walk->stage;
    const struct pith_decision *decision = &stage->decisions->by_token[first];
    struct pith_unit_result unit = {.n_ids = end - first,
                                    .loss = decision->loss,
                                    .segment = decision->segment,
                                    .rank = decision->rank};
    size_t at = first > 0 ? ends[first - 1] : 0;
    for (size_t i = first; i < end; i++)
        unit.n_kept += stage->decisions->by_token[i].kept;
    unit.kept = unit.n_kept == unit.n_ids;
    return add_pieces(walk, unit, stage->ids + first,
                      at > stage->begin ? at : stage->begin,
                      ends[end - 1] > stage->begin ? ends[end - 1]
                                                   : stage->begin,
                      error);
}

enum pith_status
pith_reference_detail_stage(const struct pith_reference_stage *stage,
                            struct pith_result *result,
                            struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    struct walk walk = {.stage = stage, .result = result,
                        .begin = stage->begin};
    if (stage->contexts->n == 0)
        return PITH_OK;
    size_t *ends = pith_array(stage->n_ids, sizeof *ends);
    if (ends == NULL)
        return pith_no_memory(error, stage->n_ids, sizeof *ends);
    pith_token_ends(stage->tokenizer, stage->text, stage->ids, stage->n_ids,
                    ends);
    enter(&walk);
    for (size_t i = stage->start, first = i; i < stage->n_ids; i++) {
        if (i + 1 < stage->n_ids &&
            !between_characters(stage->text, ends[i]))
            continue;
        PITH_TRY_DONE(add_unit(&walk, ends, first, i + 1, error));
        first = i + 1;
    }
done:
    pith_free(ends);
    return status;
}

/* --- everything else ------------------------------------------------------------ */

/* What the units are made with. */
struct rest {
    const struct pith_tokenizer *tokenizer;
    struct pith_session *ranker; /* or NULL */
    struct pith_detail *detail;
};

/* Mean of the losses [first, end). */
static float mean(const float *losses, size_t first, size_t end)
{
    double sum = 0;
    for (size_t i = first; i < end; i++)
        sum += (double)losses[i];
    return (float)(sum / (double)(end - first));
}

/* Losses of a text's tokens when it was ranked, NAN where it was not. */
static enum pith_status ranking_losses(const struct rest *rest,
                                       struct pith_text text, bool ranked,
                                       size_t n, float **losses,
                                       struct pith_error *error)
{
    *losses = pith_array(n, sizeof **losses);
    if (*losses == NULL)
        return pith_no_memory(error, n, sizeof **losses);
    if (ranked && rest->ranker != NULL)
        return pith_reference_losses(rest->ranker, text, *losses, n, error);
    for (size_t i = 0; i < n; i++)
        (*losses)[i] = (float)NAN;
    return PITH_OK;
}

/* Bytes [begin, end) of a part's text, tokenised by themselves; all of them
 * stay or none.
 *   ranked  they are a whole context */
static enum pith_status add_text(const struct rest *rest, size_t part,
                                 struct pith_text text, size_t begin,
                                 size_t end, bool kept, bool ranked,
                                 struct pith_error *error)
{
    struct pith_ids ids = {0};
    enum pith_status status = PITH_OK;
    size_t *ends = NULL;
    float *losses = NULL;
    if (begin == end)
        return PITH_OK;
    struct pith_text run = {text.bytes + begin, end - begin};
    PITH_TRY_DONE(pith_reference_encode(rest->tokenizer, run, 0, &ids, error));
    ends = pith_array(ids.n, sizeof *ends);
    if (ends == NULL)
        PITH_TRY_DONE(pith_no_memory(error, ids.n, sizeof *ends));
    PITH_TRY_DONE(ranking_losses(rest, run, ranked, ids.n, &losses, error));
    pith_token_ends(rest->tokenizer, run, ids.data, ids.n, ends);
    for (size_t i = 0, first = 0, at = 0; i < ids.n; i++) {
        if (i + 1 < ids.n && !between_characters(run, ends[i]))
            continue;
        struct pith_unit_result unit = {.part = part, .offset = begin + at,
                                        .size = ends[i] - at,
                                        .n_ids = i + 1 - first, .kept = kept,
                                        .n_kept = kept ? i + 1 - first : 0,
                                        .loss = mean(losses, first, i + 1),
                                        .segment = PITH_NO_SEGMENT};
        PITH_TRY_DONE(pith_detail_add(rest->detail, unit, ids.data + first,
                                      error));
        first = i + 1;
        at = ends[i];
    }
done:
    pith_ids_free(&ids);
    pith_free(ends);
    pith_free(losses);
    return status;
}

/* Cuts units where those before them reach, so that none overlap. */
static void separate(struct pith_detail *detail)
{
    size_t end = 0;
    for (size_t i = 0; i < detail->n_units; i++) {
        struct pith_unit_result *unit = &detail->units[i];
        size_t unit_end = unit->offset + unit->size;
        if (i == 0 || unit->part != detail->units[i - 1].part)
            end = 0;
        if (unit->offset < end)
            unit->offset = end < unit_end ? end : unit_end;
        unit->size = unit_end - unit->offset;
        end = unit_end > end ? unit_end : end;
    }
}

/* What no unit of a context covers was dropped before the token stage. */
static enum pith_status fill_gaps(const struct rest *rest,
                                  const struct pith_prompt *prompt,
                                  struct pith_error *error)
{
    struct pith_detail *detail = rest->detail;
    size_t first = first_context_part(prompt), n = detail->n_units, i = 0;
    for (size_t c = 0; c < prompt->n_contexts; c++) {
        struct pith_text text = prompt->contexts[c];
        size_t at = 0, part = first + c;
        for (; i < n && detail->units[i].part <= part; i++) {
            struct pith_unit_result unit = detail->units[i];
            if (unit.part < part)
                continue;
            if (unit.offset > at)
                PITH_TRY(add_text(rest, part, text, at, unit.offset, false,
                                  false, error));
            at = unit.offset + unit.size > at ? unit.offset + unit.size : at;
        }
        if (at < text.size)
            PITH_TRY(add_text(rest, part, text, at, text.size, false, at == 0,
                              error));
    }
    return PITH_OK;
}

enum pith_status
pith_reference_detail_rest(const struct pith_tokenizer *tokenizer,
                           struct pith_session *ranker,
                           const struct pith_prompt *prompt,
                           bool keep_question, struct pith_result *result,
                           struct pith_error *error)
{
    struct pith_detail *detail = &result->detail;
    struct rest rest = {tokenizer, ranker, detail};
    pith_detail_sort(detail);
    separate(detail);
    PITH_TRY(fill_gaps(&rest, prompt, error));
    PITH_TRY(add_text(&rest, 0, prompt->instruction, 0,
                      prompt->instruction.size, true, false, error));
    PITH_TRY(add_text(&rest, result->n_parts - 1, prompt->question, 0,
                      prompt->question.size, keep_question, false, error));
    pith_detail_sort(detail);
    return pith_detail_spans(detail, error);
}
