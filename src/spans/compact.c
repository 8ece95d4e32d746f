/*
 * compact.c - prompts with a preset: what a form can do without goes before any
 * word does.
 *
 * JSON reads the same without its indentation, a table without the padding of
 * its cells.  The text without it is what the model scores and what units are
 * made of; the goal and the result's counts are of the prompt as it was given.
 */
#include <string.h>

#include "../base/exact.h"
#include "../base/memory.h"
#include "../prompt/keep.h"
#include "../prompt/result.h"
#include "../prompt/units.h"
#include "run.h"

/* --- what goes ------------------------------------------------------------------- */

/* Whether all that a mark touches must stay: it is inside of a string that
 * does.
 *   unit  the first that may; moved on */
static bool is_held(const struct pith_parts *parts,
                    const struct pith_mark *mark, size_t *unit)
{
    const struct pith_unit *units = parts->units;
    while (units[*unit].byte + units[*unit].n_bytes < mark->start)
        ++*unit;
    for (size_t i = *unit; i < parts->n_units && units[i].byte <= mark->end; i++)
        if (!units[i].forced)
            return false;
    return true;
}

/* Units of strings to keep are forced; those of kinds may lose their space. */
static enum pith_status hold_strings(struct pith_spans *spans,
                                     struct pith_layout *spare,
                                     struct pith_error *error)
{
    struct pith_compress_options options = *spans->options;
    options.protect = 0;
    PITH_TRY(pith_keep_apply(spans->parts, &options, error));
    size_t n = 0, unit = 0;
    for (size_t i = 0; i < spare->n_marks; i++)
        if (!is_held(spans->parts, &spare->marks[i], &unit))
            spare->marks[n++] = spare->marks[i];
    spare->n_marks = n;
    return PITH_OK;
}

static enum pith_status find_spare(struct pith_spans *spans,
                                   struct pith_layout *spare,
                                   struct pith_error *error)
{
    struct pith_layout layout = {.spare = spare};
    enum pith_status status = pith_frames_find(
        &layout, spans->parts, (enum pith_preset)spans->options->preset, error);
    pith_layout_free(&layout);
    bool keeps = spans->options->n_keep > 0 || spans->options->keep_regex != NULL;
    return status == PITH_OK && keeps && spare->n_marks > 0
               ? hold_strings(spans, spare, error) : status;
}

/* --- the text without it ---------------------------------------------------------- */

/* Appends [at, end) of the text without what is marked.
 *   mark  the first that may be in it; moved on */
static void append_rest(struct pith_buffer *out, const struct pith_parts *parts,
                        const struct pith_layout *spare, size_t at, size_t end,
                        size_t *mark)
{
    const char *bytes = parts->text.data;
    for (; *mark < spare->n_marks && spare->marks[*mark].start < end; ++*mark) {
        pith_buffer_append(out, bytes + at, spare->marks[*mark].start - at);
        at = spare->marks[*mark].end;
    }
    pith_buffer_append(out, bytes + at, end - at);
}

/* Fills contexts (n_contexts), which point into `text`. */
static enum pith_status make_contexts(struct pith_text *contexts,
                                      struct pith_buffer *text,
                                      const struct pith_parts *parts,
                                      const struct pith_layout *spare,
                                      struct pith_error *error)
{
    size_t mark = 0;
    for (size_t i = 0; i < parts->n_parts; i++) {
        struct pith_text given = pith_part_text(parts, &parts->parts[i]);
        if (parts->parts[i].kind != PITH_PART_CONTEXT || given.size == 0)
            continue;
        size_t begin = text->size;
        size_t at = (size_t)(given.bytes - parts->text.data);
        append_rest(text, parts, spare, at, at + given.size, &mark);
        contexts[parts->parts[i].index].size = text->size - begin;
    }
    if (text->failed)
        return pith_no_memory(error, parts->text.size, 1);
    const char *bytes = text->data;
    for (size_t i = 0; i < parts->n_parts; i++)
        if (parts->parts[i].kind == PITH_PART_CONTEXT) {
            struct pith_text *context = &contexts[parts->parts[i].index];
            context->bytes = bytes;
            bytes += context->size;
        }
    return PITH_OK;
}

/* Opens the shorter prompt in the place of the given one, which comes back
 * where it has no fewer tokens. */
static enum pith_status reopen(struct pith_spans *spans,
                               const struct pith_prompt *prompt,
                               struct pith_error *error)
{
    struct pith_prune given = spans->prune, *p = &spans->prune;
    *p = (struct pith_prune){.session = given.session, .options = given.options,
                             .result = given.result, .record = given.record};
    double seconds = given.result->timings.tokenize;
    enum pith_status status = pith_prune_open(p, prompt, error);
    given.result->timings.tokenize += seconds;
    if (status == PITH_OK && p->n_all >= given.n_all) {
        pith_prune_free(p);
        *p = given;
        return PITH_OK;
    }
    spans->given = given.parts;
    given.parts = (struct pith_parts){0};
    pith_prune_free(&given);
    PITH_TRY(status);
    size_t n = p->parts.ids.n;
    spans->n_compact = p->n_all;
    p->n_all = given.n_all;
    p->target = n;
    p->goal = spans->n_compact;
    spans->given_goal = given.goal;
    if (given.goal < p->goal) {
        p->goal = given.goal;
        p->target = pith_prune_target(
            (double)p->goal / (double)spans->n_compact * (double)n, n);
    }
    p->parts.n_replaced = spans->given.n_replaced;
    return PITH_OK;
}

enum pith_status pith_spans_compact(struct pith_spans *spans,
                                    const struct pith_prompt *prompt,
                                    struct pith_error *error)
{
    struct pith_layout spare = {0};
    struct pith_buffer text = {0};
    struct pith_text *contexts =
        pith_array_zero(prompt->n_contexts, sizeof *contexts);
    enum pith_status status =
        contexts != NULL ? find_spare(spans, &spare, error)
                         : pith_no_memory(error, prompt->n_contexts,
                                          sizeof *contexts);
    if (status == PITH_OK && spare.n_marks > 0) {
        struct pith_prompt shorter = *prompt;
        shorter.contexts = contexts;
        status = make_contexts(contexts, &text, spans->parts, &spare, error);
        if (status == PITH_OK)
            status = reopen(spans, &shorter, error);
    }
    pith_layout_free(&spare);
    pith_buffer_free(&text);
    pith_free(contexts);
    return status;
}

/* --- the result -------------------------------------------------------------------- */

enum pith_status pith_spans_keep_compact(struct pith_spans *spans,
                                         struct pith_error *error)
{
    PITH_TRY(pith_prune_keep_all(&spans->prune, error));
    spans->prune.settled.n_tokens = spans->n_compact;
    return PITH_OK;
}

enum pith_status pith_spans_note_compact(struct pith_spans *spans,
                                         struct pith_error *error)
{
    struct pith_result *result = spans->result;
    if (spans->given.n_parts == 0)
        return PITH_OK;
    result->model_origin_tokens = spans->given.ids.n;
    for (size_t i = 0; i < result->n_parts; i++)
        result->parts[i].n_tokens = spans->given.parts[i].n_tokens;
    if (spans->n_compact < spans->given_goal)
        return pith_result_note(result, error,
                                "White space that says nothing was all that "
                                "had to go: the result has %zu tokens, the "
                                "target is %zu.", spans->n_compact,
                                spans->given_goal);
    return pith_result_note(result, error,
                            "White space that says nothing went first: %zu "
                            "tokens became %zu.", spans->prune.n_all,
                            spans->n_compact);
}
