/*
 * spans.c - the method `spans`: the runs of words that keep the most
 * information for their tokens, from the prompt to the result.  docs/SPANS.md
 * derives it.
 *
 *   what a token is worth: one pass of the model     scores.c
 *   whole contexts, whole sentences: Algorithm 1     coarse.c, sentences.c
 *   words as nodes of a path                         nodes.c
 *   the path of highest value within the budget      path.c
 *   no operator without its operand                  operators.c
 *
 * Instruction and question stay byte for byte.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/memory.h"
#include "../prompt/bind.h"
#include "../prompt/breaks.h"
#include "../prompt/keep.h"
#include "../prompt/method.h"
#include "../prompt/pieces.h"
#include "../prompt/result.h"
#include "../prompt/retarget.h"
#include "../prompt/trace.h"
#include "../prompt/units.h"
#include "../prompt/wraps.h"
#include "run.h"
#include "sentences.h"

static enum pith_status check_options(const struct pith_compress_options *o,
                                      struct pith_error *error)
{
    if (!(o->k >= 0) || isinf(o->k))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "k is %g; expected a number above 0, or 0 for the "
                         "method's own", o->k);
    if (o->structured && o->threshold > 0)
        return pith_fail(error, PITH_ERR_UNSUPPORTED,
                         "structured: pieces have rates, and no threshold in "
                         "common; leave threshold unset");
    return PITH_OK;
}

/* Instruction and question must stay, with their blank lines. */
static void force_whole_parts(struct pith_parts *parts)
{
    for (size_t i = 0; i < parts->n_units; i++)
        if (parts->parts[parts->units[i].part].kind != PITH_PART_CONTEXT)
            parts->units[i].forced = true;
}

/* Whether lines are prose; the others' fields may be side by side. */
static bool has_sentences(int preset)
{
    return preset == PITH_PRESET_NONE || preset == PITH_PRESET_MARKDOWN ||
           preset == PITH_PRESET_CHAT;
}

static enum pith_status open_spans(struct pith_spans *spans,
                                   const struct pith_prompt *prompt,
                                   struct pith_error *error)
{
    struct pith_parts *parts = spans->parts;
    const struct pith_compress_options *o = spans->options;
    PITH_TRY(pith_prune_open(&spans->prune, prompt, error));
    if (o->preset != PITH_PRESET_NONE && o->threshold <= 0 && !o->structured &&
        spans->prune.goal < spans->prune.n_all)
        PITH_TRY(pith_spans_compact(spans, prompt, error));
    size_t longest = pith_prune_longest(spans->session, o);
    if (o->preset == PITH_PRESET_NONE)
        PITH_TRY(pith_wraps_find(parts, error));
    PITH_TRY(pith_bind_words(parts, longest, error));
    if (o->preset != PITH_PRESET_NONE)
        PITH_TRY(pith_frames_make(&spans->frames, parts,
                                  (enum pith_preset)o->preset, longest, error));
    PITH_TRY(pith_keep_apply(parts, o, error));
    force_whole_parts(parts);
    if (o->structured)
        PITH_TRY(pith_spans_open_pieces(spans, error));
    pith_frames_force(&spans->frames, parts);
    if (pith_spans_shares(spans) && has_sentences(o->preset))
        pith_sentences_mark_stops(parts);
    spans->prune.decisions.break_line =
        spans->frames.block_of != NULL ? pith_spans_break_line
                                       : pith_break_line;
    spans->prune.settled.is_lone = pith_spans_is_lone;
    spans->prune.n_forced = pith_forced_tokens(parts->units, parts->n_units);
    spans->steered = o->use_question &&
                     parts->parts[parts->n_parts - 1].n_tokens > 0;
    return PITH_OK;
}

/* Tokens that are left for the nodes of the path. */
static size_t room(const struct pith_spans *spans)
{
    const struct pith_parts *parts = spans->parts;
    size_t n_whole = 0, target = spans->prune.target;
    for (size_t i = 0; i < parts->n_units; i++)
        if (parts->parts[parts->units[i].part].kind != PITH_PART_CONTEXT)
            n_whole += parts->units[i].n_tokens;
    return target > n_whole ? target - n_whole : 0;
}

/* What must stay is kept, in any text. */
static void keep_forced(struct pith_spans *spans)
{
    const struct pith_parts *parts = spans->parts;
    for (size_t i = 0; i < parts->n_units; i++)
        spans->prune.decisions.by_token[parts->units[i].token].kept =
            parts->units[i].forced;
}

/* What the path says of the units. */
static void decide(struct pith_spans *spans)
{
    const struct pith_parts *parts = spans->parts;
    for (size_t i = 0; i < spans->n_nodes; i++) {
        const struct pith_unit *unit = &parts->units[spans->units[i]];
        struct pith_decision *d = &spans->prune.decisions.by_token[unit->token];
        d->margin = (float)spans->nodes[i].margin;
        d->kept = spans->nodes[i].margin > 0;
    }
}

/* The one threshold of the prompt, for those who want to see it. */
static enum pith_status note_decisions(struct pith_spans *spans,
                                       struct pith_error *error)
{
    enum pith_status status;
    size_t n = 0, n_all = spans->n_nodes;
    size_t *at = pith_array(n_all, sizeof *at);
    float *gains = pith_array(n_all, sizeof *gains);
    if (at == NULL || gains == NULL) {
        status = pith_no_memory(error, n_all, sizeof *at);
        goto done;
    }
    for (size_t i = 0; i < n_all; i++) {
        const struct pith_unit *unit = &spans->parts->units[spans->units[i]];
        if (spans->left_out[spans->units[i]])
            continue;
        at[n] = unit->token;
        gains[n++] = pith_unit_mean(unit, spans->gains + unit->token);
    }
    PITH_TRY_DONE(pith_decisions_add(&spans->prune.decisions, at, gains, n,
                                     error));
    PITH_TRY_DONE(pith_result_add_threshold(
        spans->result,
        (struct pith_threshold){.n_losses = n,
                                .rate = spans->budget.tau_dems,
                                .gamma = spans->path.lambda},
        error));
done:
    pith_free(at);
    pith_free(gains);
    return status;
}

/* Without a budget: the target is what the threshold leaves. */
static enum pith_status take_what_stays(struct pith_spans *spans,
                                        struct pith_error *error)
{
    struct pith_prune *p = &spans->prune;
    PITH_TRY(pith_compose(&p->parts, p->order, p->parts.n_parts, &p->decisions,
                          &p->settled.text, error));
    return pith_settle_count(&p->settled, pith_buffer_text(&p->settled.text),
                             &p->goal, error);
}

enum pith_status pith_spans_choose(struct pith_spans *spans, size_t room,
                                   struct pith_error *error)
{
    pith_spans_free_nodes(spans);
    if (spans->options->threshold <= 0)
        PITH_TRY(pith_spans_select_blocks(spans, room, error));
    PITH_TRY(pith_spans_make_nodes(spans, error));
    if (spans->options->threshold <= 0) {
        pith_path_meet(&spans->path, room);
    } else {
        spans->path.lambda = spans->options->threshold;
        pith_path_run(&spans->path);
    }
    decide(spans);
    return spans->prune.record != NULL ? note_decisions(spans, error) : PITH_OK;
}

/* What is left out before its words are compared has its gains all the same. */
static void note_gains(struct pith_spans *spans)
{
    for (size_t i = 0; i < spans->parts->n_parts; i++) {
        const struct pith_part *part = &spans->parts->parts[i];
        if (part->kind == PITH_PART_CONTEXT)
            memcpy(spans->prune.decisions.ranked + part->token,
                   spans->gains + part->token,
                   part->n_tokens * sizeof *spans->gains);
    }
}

static enum pith_status choose(struct pith_spans *spans,
                               struct pith_error *error)
{
    double start = pith_seconds();
    PITH_TRY(pith_spans_score(spans, error));
    note_gains(spans);
    pith_spans_measure_language(spans);
    double scored = pith_seconds();
    spans->result->timings.rank = scored - start;
    keep_forced(spans);
    if (spans->options->structured) {
        PITH_TRY(pith_spans_choose_pieces(spans, error));
    } else {
        PITH_TRY(pith_spans_select(spans, error));
        PITH_TRY(pith_spans_choose(spans, room(spans), error));
    }
    pith_spans_keep_frames(spans);
    if (spans->options->threshold > 0)
        PITH_TRY(take_what_stays(spans, error));
    PITH_TRY(pith_prune_settle(&spans->prune, error));
    if (spans->given.n_parts > 0 &&
        spans->prune.settled.n_tokens >= spans->n_compact)
        PITH_TRY(pith_spans_keep_compact(spans, error));
    spans->result->timings.compress = pith_seconds() - scored;
    return PITH_OK;
}

static enum pith_status note(struct pith_spans *spans,
                             struct pith_error *error)
{
    const struct pith_budget *b = &spans->budget;
    PITH_TRY(pith_spans_note_language(spans, error));
    PITH_TRY(pith_spans_note_compact(spans, error));
    if (spans->prune.passed)
        return PITH_OK;
    PITH_TRY(pith_spans_note_blocks(spans, error));
    if (pith_spans_shares(spans))
        PITH_TRY(pith_spans_note_lost(spans, error));
    if (spans->options->structured)
        PITH_TRY(pith_prune_note_retarget(&spans->prune, error));
    if (!b->scaled)
        return PITH_OK;
    return pith_result_note(spans->result, error,
                            "Instruction and question stay whole and leave "
                            "nothing of the target to the contexts.");
}

static enum pith_status run(struct pith_spans *spans,
                            const struct pith_prompt *prompt,
                            struct pith_error *error)
{
    PITH_TRY(check_options(spans->options, error));
    if (spans->options->trace || spans->options->detail)
        spans->prune.record = pith_trace_result;
    if (spans->options->structured)
        spans->prune.append = pith_pieces_append;
    PITH_TRY(open_spans(spans, prompt, error));
    if (spans->options->threshold > 0 ||
        spans->prune.target < spans->parts->ids.n)
        PITH_TRY(choose(spans, error));
    else if (spans->given.n_parts > 0)
        PITH_TRY(pith_spans_keep_compact(spans, error));
    else
        PITH_TRY(pith_prune_keep_all(&spans->prune, error));
    PITH_TRY(pith_prune_finish(&spans->prune, prompt, error));
    return note(spans, error);
}

enum pith_status
pith_compress_spans(struct pith_session *session,
                    const struct pith_prompt *prompt,
                    const struct pith_compress_options *options,
                    struct pith_result **result, struct pith_error *error)
{
    struct pith_call call;
    PITH_TRY(pith_call_begin(&call, session, prompt, options, result, error));
    struct pith_spans spans = {.prune = {.session = session,
                                         .options = &call.options,
                                         .result = call.result},
                               .session = session, .options = &call.options,
                               .result = call.result};
    spans.parts = &spans.prune.parts;
    enum pith_status status = run(&spans, prompt, error);
    pith_spans_free_nodes(&spans);
    pith_prune_free(&spans.prune);
    pith_parts_free(&spans.given);
    pith_free(spans.losses);
    pith_free(spans.gains);
    pith_free(spans.left_out);
    pith_frames_free(&spans.frames);
    return pith_call_end(&call, status, result);
}
