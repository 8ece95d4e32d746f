/*
 * itpc.c - see itpc.h.
 *
 * Algorithm 2: the components are cut into segments; each is scored after
 * the compressed text so far, its threshold follows from its rate, and what
 * is above it is appended.  Budgets are exact: what a segment keeps too much
 * or too little is carried to the next one.
 */
#include "itpc.h"

#include <math.h>

#include "../base/memory.h"
#include "../prompt/result.h"
#include "../prompt/compose.h"
#include "prefix.h"

enum { MOST_POSITIONS = 640 };

/* A segment s_j: n units of a stage. */
struct segment {
    const struct pith_unit *units;
    size_t n, n_choices; /* units; those that are not structure */
    size_t n_free;       /* of these, those that need not stay */
    size_t n_tokens, n_forced; /* tokens; those that must stay */
    bool last;                 /* of the stage */
};

struct run {
    struct pith_itpc *itpc;
    struct pith_session *session;
    struct pith_prefix prefix;
    /* The same text after the question, in a cache of its own. */
    struct pith_session *second;
    struct pith_prefix after_question;
    bool contrastive; /* of the current stage */
    /* The blank line that comes before the next unit kept, if any. */
    const struct pith_unit *blank_line;
    const struct pith_unit *last; /* kept of the part, NULL: nothing yet */
    /* Of the current stage: tokens not yet walked, and the part of its budget
     * that segments so far were allotted and have not spent. */
    size_t n_left;
    size_t target; /* of the whole run */
    double end, allotted;
    /* Tokens not yet walked that must stay, of the stage and of the run. */
    size_t n_stage_forced, n_run_forced;
    size_t n_done, n_total; /* tokens, for progress */
    int32_t *ids;           /* scratch of one segment, (segment_size) */
    float *losses, *conditional, *unit_losses;
    bool *keep;
};

static size_t n_output(const struct run *run)
{
    return run->itpc->kept.n;
}

/* Tokens of the blank line that the next unit kept brings along. */
static size_t opening(const struct run *run)
{
    bool waits = run->blank_line != NULL && n_output(run) > 0;
    return waits ? run->blank_line->n_tokens : 0;
}

/* Later segments are scored after these tokens. */
static void show(struct run *run, const int32_t *ids, size_t n)
{
    pith_ids_append_all(&run->prefix.ids, ids, n);
    if (run->second != NULL)
        pith_ids_append_all(&run->after_question.ids, ids, n);
}

static void show_unit(struct run *run, const struct pith_unit *unit)
{
    show(run, run->itpc->parts->ids.data + unit->token, unit->n_tokens);
}

static void append(struct run *run, const int32_t *ids, size_t n,
                   struct pith_text text)
{
    pith_ids_append_all(&run->itpc->kept, ids, n);
    if (!run->itpc->whole_context)
        show(run, ids, n);
    pith_buffer_append(&run->itpc->text, text.bytes, text.size);
}

static void append_unit(struct run *run, const struct pith_unit *unit)
{
    const struct pith_parts *parts = run->itpc->parts;
    append(run, parts->ids.data + unit->token, unit->n_tokens,
           pith_unit_text(parts, unit));
}

/* White space, where the unit would run into the last one of its part. */
static void keep_apart(struct run *run, const struct pith_unit *unit)
{
    const struct pith_parts *parts = run->itpc->parts;
    if (run->last == NULL || run->last->part != unit->part)
        return;
    char space = pith_space_between(parts, pith_buffer_text(&run->itpc->text),
                                    run->last, unit);
    const struct pith_ids *ids = space == '\n' ? &parts->line : &parts->space;
    if (space != 0)
        append(run, ids->data, ids->n, (struct pith_text){&space, 1});
}

/* Puts out a unit that stays, and the blank line that was waiting for it. */
static void put_out(struct run *run, const struct pith_unit *unit)
{
    if (opening(run) > 0)
        append_unit(run, run->blank_line);
    run->blank_line = NULL;
    keep_apart(run, unit);
    append_unit(run, unit);
    run->itpc->decisions->of[unit->token].kept = true;
    run->last = unit;
}

/* Mean loss of each unit's tokens. */
static void average(struct run *run, const struct segment *segment)
{
    const float *loss = run->losses;
    for (size_t i = 0; i < segment->n; i++) {
        const struct pith_unit *unit = &segment->units[i];
        double sum = 0;
        for (size_t j = unit->n_lead; j < unit->n_tokens; j++)
            sum += (double)loss[j];
        loss += unit->n_tokens;
        run->unit_losses[i] =
            (float)(sum / (double)(unit->n_tokens - unit->n_lead));
    }
}

/* Losses of a segment's tokens after one of the prefixes and, if it starts a
 * part, a blank line. */
static enum pith_status score_behind(struct run *run,
                                     struct pith_prefix *prefix,
                                     size_t n_ids, float *losses,
                                     struct pith_error *error)
{
    const struct pith_parts *parts = run->itpc->parts;
    size_t n_prefix = prefix->ids.n;
    if (opening(run) > 0 && !run->itpc->whole_context)
        pith_ids_append_all(&prefix->ids, parts->join.data, parts->join.n);
    if (prefix->ids.failed)
        return pith_no_memory(error, n_prefix, sizeof *prefix->ids.data);
    PITH_TRY(pith_prefix_score(prefix, run->ids, n_ids, losses, error));
    pith_prefix_cut(prefix, n_prefix);
    return PITH_OK;
}

/* Eq. 5: p(s_j,i | s_j,<i and s~_<j): a segment's losses after the
 * compressed segments before it. */
static enum pith_status score_segment(struct run *run,
                                      const struct segment *segment,
                                      struct pith_error *error)
{
    const struct pith_parts *parts = run->itpc->parts;
    size_t n_ids = 0;
    for (size_t i = 0; i < segment->n; i++)
        for (size_t j = 0; j < segment->units[i].n_tokens; j++)
            run->ids[n_ids++] = parts->ids.data[segment->units[i].token + j];
    PITH_TRY(score_behind(run, &run->prefix, n_ids, run->losses, error));
    if (run->contrastive) {
        /* LongLLMLingua:
         * s_i = NLL(x_i | x_<i) - NLL(x_i | x_que, x_<i) */
        PITH_TRY(score_behind(run, &run->after_question, n_ids,
                              run->conditional, error));
        for (size_t i = 0; i < n_ids; i++)
            run->losses[i] -= run->conditional[i];
    }
    average(run, segment);
    return PITH_OK;
}

/* Tokens that may stay of a segment, so that those that must stay behind it
 * are paid for. */
static size_t room(const struct run *run, const struct segment *segment)
{
    size_t taken = n_output(run) + run->n_run_forced - segment->n_forced;
    return run->target > taken ? run->target - taken : 0;
}

/* Goes on after tokens of the stage. */
static void pass(struct run *run, size_t n_tokens, size_t n_forced)
{
    run->n_left -= n_tokens;
    run->n_stage_forced -= n_forced;
    run->n_run_forced -= n_forced;
    run->n_done += n_tokens;
}

/* Whether the losses decide anything. */
static bool has_choice(const struct pith_choice *choice,
                       const struct segment *segment)
{
    size_t all = segment->n_tokens + choice->opening;
    return choice->quota > segment->n_forced && choice->quota < all &&
           segment->n_free > 1;
}

/* Eq. 7, without the model where all or nothing of the segment stays. */
static enum pith_status choose(struct run *run, const struct segment *segment,
                               size_t quota, struct pith_threshold *threshold,
                               size_t *n_kept, struct pith_error *error)
{
    struct pith_choice choice = {.units = segment->units,
                                 .losses = run->unit_losses,
                                 .n = segment->n,
                                 .quota = quota,
                                 .opening = opening(run),
                                 .exact = segment->last};
    if (run->itpc->n_forced > 0) {
        choice.most = room(run, segment);
        choice.quota = quota < choice.most ? quota : choice.most;
    }
    bool scored = has_choice(&choice, segment);
    for (size_t i = 0; i < segment->n; i++)
        run->unit_losses[i] = 0;
    if (scored)
        PITH_TRY(score_segment(run, segment, error));
    PITH_TRY(pith_select(&choice, run->keep, n_kept, &threshold->gamma,
                         error));
    if (scored)
        threshold->n_losses = segment->n_choices;
    else if (!isinf(threshold->gamma))
        threshold->gamma = (double)INFINITY;
    return PITH_OK;
}

static size_t round_to_tokens(double tokens)
{
    return tokens > 0 ? (size_t)(tokens + 0.5) : 0;
}

/* Algorithm 2: append the kept tokens of s_j to the compressed prompt. */
static void append_kept(struct run *run, const struct segment *segment)
{
    for (size_t i = 0; i < segment->n; i++) {
        if (run->itpc->whole_context)
            show_unit(run, &segment->units[i]);
        if (segment->units[i].structure)
            run->blank_line = &segment->units[i];
        else if (run->keep[i])
            put_out(run, &segment->units[i]);
    }
}

static float margin_of(const struct run *run, size_t unit, bool scored,
                       double gamma)
{
    if (scored)
        return (float)((double)run->unit_losses[unit] - gamma);
    return run->keep[unit] ? INFINITY : -INFINITY;
}

/* What the segment's decision went by. */
static enum pith_status note_decisions(const struct run *run,
                                       const struct segment *segment,
                                       bool scored, double gamma,
                                       struct pith_error *error)
{
    enum pith_status status;
    size_t n = 0, n_most = segment->n_choices;
    size_t *at = pith_array(n_most, sizeof *at);
    float *losses = pith_array(n_most, sizeof *losses);
    if (at == NULL || losses == NULL) {
        status = pith_no_memory(error, n_most, sizeof *at);
        goto done;
    }
    for (size_t i = 0; i < segment->n; i++) {
        if (segment->units[i].structure)
            continue;
        at[n] = segment->units[i].token;
        run->itpc->decisions->of[at[n]].margin =
            margin_of(run, i, scored, gamma);
        losses[n++] = run->unit_losses[i];
    }
    status = pith_decisions_add(run->itpc->decisions, at,
                                scored ? losses : NULL, n, error);
done:
    pith_free(at);
    pith_free(losses);
    return status;
}

/* Tokens that a segment is allotted: those that must stay, and its rate of
 * the others. */
static double allot(const struct run *run, const struct segment *segment,
                    double left, double *rate)
{
    size_t n_opening = opening(run), n_all = run->n_left + n_opening;
    size_t n_forced = run->n_stage_forced, n_must = segment->n_forced;
    if (n_opening > 0 && run->blank_line->forced) {
        n_forced += n_opening;
        n_must += segment->n_forced > 0 ? n_opening : 0;
    }
    *rate = n_all > n_forced ? (left - run->allotted - (double)n_forced) /
                                   (double)(n_all - n_forced)
                             : 0;
    return (double)n_must +
           *rate * (double)(segment->n_tokens + n_opening - n_must);
}

/* Eq. 6: the segment's rate is that of its component.
 * Differs: the rate is taken from what the component's budget has left, and
 * the fraction of a token that rounding loses goes to the next segment; the
 * last one spends all that is left. */
static enum pith_status compress_segment(struct run *run,
                                         const struct segment *segment,
                                         struct pith_error *error)
{
    double left = run->end - (double)n_output(run);
    double rate;
    run->allotted += allot(run, segment, left, &rate);
    size_t n_kept, quota = round_to_tokens(run->allotted);
    if (segment->last)
        quota = round_to_tokens(left);
    struct pith_threshold threshold = {.rate = fmin(fmax(rate, 0), 1)};
    PITH_TRY(choose(run, segment, quota, &threshold, &n_kept, error));
    run->allotted -= (double)n_kept;
    append_kept(run, segment);
    pass(run, segment->n_tokens, segment->n_forced);
    PITH_TRY(note_decisions(run, segment, threshold.n_losses > 0,
                            threshold.gamma, error));
    if (run->itpc->result == NULL)
        return PITH_OK;
    return pith_result_add_threshold(run->itpc->result, threshold, error);
}

/* The longest run of units of at most segment_size tokens, at least one. */
static struct segment next_segment(size_t segment_size,
                                   const struct pith_unit *units, size_t n)
{
    struct segment segment = {.units = units};
    while (segment.n < n) {
        const struct pith_unit *unit = &units[segment.n];
        size_t n_tokens = segment.n_tokens + unit->n_tokens;
        if (segment.n > 0 && n_tokens > segment_size)
            break;
        segment.n++;
        segment.n_tokens = n_tokens;
        segment.n_choices += !unit->structure;
        segment.n_free += !unit->structure && !unit->forced;
        segment.n_forced += unit->forced ? unit->n_tokens : 0;
    }
    segment.last = segment.n == n;
    return segment;
}

static enum pith_status run_stage(struct run *run,
                                  const struct pith_stage *stage,
                                  struct pith_error *error)
{
    run->n_left = 0;
    for (size_t i = 0; i < stage->n_units; i++)
        run->n_left += stage->units[i].n_tokens;
    run->n_stage_forced = pith_forced_tokens(stage->units, stage->n_units);
    run->contrastive = stage->contrastive;
    run->end = stage->end;
    if (run->n_run_forced > run->n_stage_forced) {
        size_t later = run->n_run_forced - run->n_stage_forced;
        run->end = fmin(run->end, (double)run->target - (double)later);
    }
    run->allotted = 0;
    for (size_t at = 0; at < stage->n_units;) {
        const struct pith_unit *unit = &stage->units[at];
        if (unit->structure) {
            run->blank_line = unit;
            if (run->itpc->whole_context)
                show_unit(run, unit);
            pass(run, unit->n_tokens, unit->forced ? unit->n_tokens : 0);
            at++;
            continue;
        }
        struct segment segment = next_segment(run->itpc->segment_size, unit,
                                              stage->n_units - at);
        PITH_TRY(compress_segment(run, &segment, error));
        at += segment.n;
        PITH_TRY(pith_session_report(run->session, "compress", run->n_done,
                                     run->n_total, error));
    }
    return PITH_OK;
}

/* A single unit may be longer than a segment is to be. */
static size_t longest_segment(const struct pith_itpc *itpc)
{
    size_t n = itpc->segment_size;
    for (size_t i = 0; i < itpc->parts->n_units; i++)
        if (itpc->parts->units[i].n_tokens > n)
            n = itpc->parts->units[i].n_tokens;
    return n;
}

static enum pith_status allocate(struct run *run, struct pith_error *error)
{
    struct pith_itpc *itpc = run->itpc;
    size_t n = longest_segment(itpc);
    run->ids = pith_array(n, sizeof *run->ids);
    run->losses = pith_array(n, sizeof *run->losses);
    run->conditional = pith_array(n, sizeof *run->conditional);
    run->unit_losses = pith_array(n, sizeof *run->unit_losses);
    run->keep = pith_array(n, sizeof *run->keep);
    if (run->ids == NULL || run->losses == NULL ||
        run->conditional == NULL || run->unit_losses == NULL ||
        run->keep == NULL)
        return pith_no_memory(error, n, sizeof *run->ids);
    return PITH_OK;
}

/* Positions that a segment and what stands in front of it may take: attention
 * to more would make long documents slow. */
static size_t window(const struct run *run)
{
    size_t n = 4 * longest_segment(run->itpc);
    if (n < MOST_POSITIONS)
        n = MOST_POSITIONS;
    return n < run->session->n_window ? n : run->session->n_window;
}

/* A second session of the same kind, whose cache starts with the question. */
static enum pith_status open_second(struct run *run, struct pith_error *error)
{
    const struct pith_session *session = run->session;
    const struct pith_ids *question = &run->itpc->question;
    struct pith_session_options options = {
        .sizeof_options = sizeof options,
        .n_threads = session->compute.n_threads,
        .n_ctx = window(run)};
    if (question->n == 0)
        return PITH_OK;
    PITH_TRY(pith_session_create(session->model, &options, &run->second,
                                 error));
    run->second->compute.precision = session->compute.precision;
    PITH_TRY(pith_prefix_init(&run->after_question, run->second, error));
    return pith_prefix_open(&run->after_question, question->data, question->n,
                            error);
}

enum pith_status pith_itpc_run(struct pith_itpc *itpc,
                               struct pith_session *session,
                               const struct pith_stage *stages, size_t n,
                               struct pith_error *error)
{
    enum pith_status status;
    struct run run = {.itpc = itpc, .session = session};
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < stages[i].n_units; j++)
            run.n_total += stages[i].units[j].n_tokens;
        run.n_run_forced +=
            pith_forced_tokens(stages[i].units, stages[i].n_units);
    }
    run.target = round_to_tokens(stages[n - 1].end);
    itpc->n_forced = run.n_run_forced;
    PITH_TRY_DONE(pith_prefix_init(&run.prefix, session, error));
    run.prefix.n_most = window(&run);
    PITH_TRY_DONE(open_second(&run, error));
    PITH_TRY_DONE(allocate(&run, error));
    for (size_t i = 0; i < n; i++)
        PITH_TRY_DONE(run_stage(&run, &stages[i], error));
    if (run.prefix.ids.failed || itpc->kept.failed || itpc->text.failed)
        status = pith_no_memory(error, n_output(&run), sizeof *run.ids);
done:
    pith_prefix_free(&run.prefix);
    pith_prefix_free(&run.after_question);
    pith_session_free(run.second);
    pith_free(run.ids);
    pith_free(run.losses);
    pith_free(run.conditional);
    pith_free(run.unit_losses);
    pith_free(run.keep);
    return status;
}

void pith_itpc_free(struct pith_itpc *itpc)
{
    pith_ids_free(&itpc->kept);
    pith_ids_free(&itpc->question);
    pith_buffer_free(&itpc->text);
}
