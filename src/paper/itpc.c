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

/* A segment s_j: n units of a stage. */
struct segment {
    const struct pith_unit *units;
    size_t n, n_choices; /* units; those that are not separators */
    size_t n_free;       /* of these, those that need not stay */
    size_t n_tokens, n_forced; /* tokens; those that must stay */
    bool last;                 /* of the stage */
};

struct run {
    struct pith_itpc *itpc;
    struct pith_output *output;
    size_t target; /* of all stages */
    pith_score_units *score; /* of the current stage */
    /* Of the current stage: tokens not yet walked, and the part of its budget
     * that segments so far were allotted and have not spent. */
    size_t n_left;
    double end, allotted;
    /* Tokens not yet walked that must stay, of the stage and of the run. */
    size_t n_stage_forced, n_run_forced;
    size_t n_done, n_total; /* tokens, for progress */
    float *losses; /* (segment_size) of a segment's units */
    bool *keep;
};

static size_t round_to_tokens(double tokens)
{
    return tokens > 0 ? (size_t)(tokens + 0.5) : 0;
}

/* Eq. 6: the segment's rate is that of its component.
 * Differs: the rate is taken from what the component's budget has left, and
 * the fraction of a token that rounding loses goes to the next segment; the
 * last one spends all that is left.  Tokens that must stay come first: the
 * rate is that of the others.  Returns the segment's tokens. */
static size_t allot(struct run *run, const struct segment *segment,
                    double *rate)
{
    double left = run->end - (double)run->output->ids.n;
    size_t n_separator = pith_output_separator(run->output);
    size_t n_all = run->n_left + n_separator;
    size_t n_forced = run->n_stage_forced, n_must = segment->n_forced;
    if (n_separator > 0 && run->output->blank_line->forced) {
        n_forced += n_separator;
        n_must += segment->n_forced > 0 ? n_separator : 0;
    }
    *rate = n_all > n_forced ? (left - run->allotted - (double)n_forced) /
                                   (double)(n_all - n_forced)
                             : 0;
    run->allotted += (double)n_must +
                     *rate * (double)(segment->n_tokens + n_separator - n_must);
    *rate = fmin(fmax(*rate, 0), 1);
    return round_to_tokens(segment->last ? left : run->allotted);
}

/* What eq. 7 is asked: the quota, less what later tokens need that must
 * stay. */
static struct pith_choice make_choice(const struct run *run,
                                      const struct segment *segment,
                                      size_t quota)
{
    struct pith_choice choice = {.units = segment->units,
                                 .losses = run->losses,
                                 .n = segment->n,
                                 .quota = quota,
                                 .n_separator =
                                     pith_output_separator(run->output),
                                 .max_tokens = SIZE_MAX,
                                 .exact = segment->last};
    size_t taken =
        run->output->ids.n + run->n_run_forced - segment->n_forced;
    if (run->itpc->n_forced > 0) {
        choice.max_tokens = run->target > taken ? run->target - taken : 0;
        choice.quota = quota < choice.max_tokens ? quota : choice.max_tokens;
    }
    return choice;
}

/* Whether the losses decide anything. */
static bool has_choice(const struct pith_choice *choice,
                       const struct segment *segment)
{
    size_t all = segment->n_tokens + choice->n_separator;
    return choice->quota > segment->n_forced && choice->quota < all &&
           segment->n_free > 1;
}

/* Appends the kept units of s_j to the output; the next one is scored after. */
static void append_kept(struct run *run, const struct segment *segment)
{
    struct pith_output *output = run->output;
    size_t before = output->ids.n;
    for (size_t i = 0; i < segment->n; i++) {
        if (segment->units[i].is_separator)
            output->blank_line = &segment->units[i];
        else if (run->keep[i])
            pith_output_append(output, &segment->units[i]);
    }
    pith_scorer_read(&run->itpc->scorer, segment->units, segment->n,
                     output->ids.data ? output->ids.data + before : NULL,
                     output->ids.n - before);
    run->n_left -= segment->n_tokens;
    run->n_stage_forced -= segment->n_forced;
    run->n_run_forced -= segment->n_forced;
    run->n_done += segment->n_tokens;
}

/* The model is not asked where all or nothing of the segment stays. */
static enum pith_status compress_segment(struct run *run,
                                         const struct segment *segment,
                                         struct pith_error *error)
{
    struct pith_itpc *itpc = run->itpc;
    struct pith_threshold threshold = {0};
    size_t n_kept, quota = allot(run, segment, &threshold.rate);    /* eq. 6 */
    struct pith_choice choice = make_choice(run, segment, quota);
    bool scored = has_choice(&choice, segment);
    for (size_t i = 0; i < segment->n; i++)
        run->losses[i] = 0;
    if (scored)                                                     /* eq. 5 */
        PITH_TRY(run->score(&itpc->scorer, segment->units, segment->n,
                            choice.n_separator > 0, run->losses, error));
    PITH_TRY(pith_select(&choice, run->keep, &n_kept, &threshold.gamma,
                         error));                                   /* eq. 7 */
    if (scored)
        threshold.n_losses = segment->n_choices;
    else if (!isinf(threshold.gamma))
        threshold.gamma = (double)INFINITY;
    run->allotted -= (double)n_kept;
    append_kept(run, segment);
    struct pith_decided decided = {segment->units, run->losses, run->keep,
                                   segment->n, segment->n_choices, threshold,
                                   run->n_done, run->n_total};
    return itpc->observe(itpc->user, &decided, error);
}

static void add_unit(struct segment *segment, const struct pith_unit *unit)
{
    segment->n++;
    segment->n_tokens += unit->n_tokens;
    segment->n_choices += !unit->is_separator;
    segment->n_free += !unit->is_separator && !unit->forced;
    segment->n_forced += unit->forced ? unit->n_tokens : 0;
}

/* The longest run of units of at most segment_size tokens, at least one; a
 * blank line at its beginning waits for the text after it. */
static struct segment next_segment(size_t segment_size,
                                   const struct pith_unit *units, size_t n)
{
    struct segment segment = {.units = units};
    do
        add_unit(&segment, &units[segment.n]);
    while (!units[0].is_separator && segment.n < n &&
           segment.n_tokens + units[segment.n].n_tokens <= segment_size);
    segment.last = segment.n == n;
    return segment;
}

/* Its budget ends before what later stages have to keep. */
static void begin_stage(struct run *run, const struct pith_stage *stage)
{
    run->n_left = pith_units_tokens(stage->units, stage->n_units);
    run->n_stage_forced = pith_forced_tokens(stage->units, stage->n_units);
    run->score = stage->score;
    run->end = stage->end;
    if (run->n_run_forced > run->n_stage_forced) {
        size_t later = run->n_run_forced - run->n_stage_forced;
        run->end = fmin(run->end, (double)run->target - (double)later);
    }
    run->allotted = 0;
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

enum pith_status pith_itpc_run(struct pith_itpc *itpc,
                               struct pith_session *session,
                               const struct pith_stage *stages, size_t n,
                               struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    struct run run = {.itpc = itpc, .output = &itpc->output};
    size_t longest = longest_segment(itpc);
    for (size_t i = 0; i < n; i++) {
        run.n_total += pith_units_tokens(stages[i].units, stages[i].n_units);
        run.n_run_forced +=
            pith_forced_tokens(stages[i].units, stages[i].n_units);
    }
    run.target = round_to_tokens(stages[n - 1].end);
    itpc->n_forced = run.n_run_forced;
    itpc->output.parts = itpc->scorer.parts = itpc->parts;
    itpc->scorer.n_max = longest;
    PITH_TRY(pith_scorer_open(&itpc->scorer, session, error));
    run.losses = pith_array(longest, sizeof *run.losses);
    run.keep = pith_array(longest, sizeof *run.keep);
    if (run.losses == NULL || run.keep == NULL)
        PITH_TRY_DONE(pith_no_memory(error, longest, sizeof *run.losses));
    for (size_t i = 0; i < n; i++) {
        begin_stage(&run, &stages[i]);
        for (size_t at = 0; at < stages[i].n_units;) {
            struct segment segment =
                next_segment(itpc->segment_size, &stages[i].units[at],
                             stages[i].n_units - at);
            if (segment.n_choices > 0)
                PITH_TRY_DONE(compress_segment(&run, &segment, error));
            else
                append_kept(&run, &segment);
            at += segment.n;
        }
    }
    if (itpc->output.ids.failed || itpc->output.text.failed)
        status = pith_no_memory(error, itpc->output.ids.n, sizeof(int32_t));
done:
    pith_free(run.losses);
    pith_free(run.keep);
    return status;
}

void pith_itpc_free(struct pith_itpc *itpc)
{
    pith_scorer_free(&itpc->scorer);
    pith_output_free(&itpc->output);
}
