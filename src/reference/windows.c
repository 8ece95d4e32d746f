/*
 * windows.c - the token stage of `reference`: windows, passes over a KV
 * cache, thresholds, and what they keep.  See reference.h; docs/ALGORITHM.md,
 * "token stage".
 *
 * It answers to iterative_compress_prompt(), get_compressed_input() and
 * get_estimate_threshold_base_distribution() of the Python package.
 *
 * To read it, know that loss[i] belongs to token i + 1 but decides
 * about token i, and the array of losses is shortened together with the
 * prompt, so that entry i stays beside token i.  Entries right of the latest
 * pass are stale; thresholds are taken from all of them.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "../base/memory.h"
#include "../model/extend.h"
#include "../prompt/trace.h"
#include "reference.h"

/* Positions that stay when the left end of the cache is dropped. */
enum { N_SPARED = 10 };

/* "\n" in LLaMA's SentencePiece vocabulary, taken for it in every other. */
enum { SPLIT_ID = 13 };

/* The k-th largest of n values, k from 0; reorders them (Hoare's selection). */
static float kth_largest(float *values, ptrdiff_t n, ptrdiff_t k)
{
    ptrdiff_t low = 0, high = n - 1;
    while (low < high) {
        float pivot = values[k];
        ptrdiff_t i = low, j = high;
        while (i <= j) {
            while (values[i] > pivot)
                i++;
            while (values[j] < pivot)
                j--;
            if (i <= j) {
                float value = values[i];
                values[i++] = values[j];
                values[j--] = value;
            }
        }
        if (j < k)
            low = i;
        if (k < i)
            high = j;
    }
    return values[k];
}

float pith_reference_threshold(const float *losses, size_t n, double rate,
                               float *scratch)
{
    size_t n_used = 0;
    if (rate == 1)
        return -INFINITY;
    for (size_t i = 0; i < n; i++)
        if (losses[i] != 10000.0f) /* the Python's mark of "no loss" */
            scratch[n_used++] = isnan(losses[i]) ? INFINITY : losses[i];
    if (n_used == 0)
        return -INFINITY;
    double at = floor((double)n_used * rate) - 1;
    double last = (double)(n_used - 1);
    at = at < 0 ? 0 : at > last ? last : at;
    return kth_largest(scratch, (ptrdiff_t)n_used, (ptrdiff_t)at);
}

/* --- State ----------------------------------------------------------------- */

/* A view of the prompt: the whole of it, or (for contrastive losses) what
 * follows the question. */
struct view {
    struct pith_session *session; /* NULL: no such view */
    size_t skip;                  /* tokens in front that it does not see */
    float *losses;
    size_t n_losses;
};

struct itpc {
    const struct pith_itpc_task *task;
    struct pith_result *trace;
    /* The partly compressed prompt.  The first `popped` tokens have left the
     * cache for good; what follows them, n tokens, is the prompt that all
     * other counts are about.  Those of them after the first n_here are read
     * from the task when they are needed, so that nothing moves them. */
    int32_t *ids;
    size_t *origin;
    bool *forced; /* keep_split: stays whatever its loss */
    size_t popped, n, n_here;
    size_t capacity;           /* of these arrays and of all below */
    struct view whole, alone; /* alone: without the first `start` tokens */
    float *scores, *scratch;
    bool *keep;
};

static size_t max_positions(const struct itpc *itpc)
{
    return pith_session_positions(itpc->whole.session);
}

static void itpc_free(struct itpc *itpc)
{
    pith_free(itpc->ids);
    pith_free(itpc->origin);
    pith_free(itpc->forced);
    pith_free(itpc->whole.losses);
    pith_free(itpc->alone.losses);
    pith_free(itpc->scores);
    pith_free(itpc->scratch);
    pith_free(itpc->keep);
}

/* Newlines that are adjacent are kept with keep_split. */
static bool is_forced(const struct pith_itpc_task *task, size_t i)
{
    const int32_t *ids = task->ids;
    return task->keep_split && ids[i] == SPLIT_ID &&
           ((i > 0 && ids[i - 1] == SPLIT_ID) ||
            (i + 1 < task->n_ids && ids[i + 1] == SPLIT_ID));
}

/* Makes the first n tokens those of the arrays, or all there are and what
 * follows the last one. */
static void bring(struct itpc *itpc, size_t n)
{
    size_t at = itpc->popped + itpc->n_here;
    size_t from = itpc->task->n_ids - (itpc->n - itpc->n_here);
    for (; itpc->n_here < n && itpc->n_here < itpc->n;
         itpc->n_here++, at++, from++) {
        itpc->ids[at] = itpc->task->ids[from];
        itpc->origin[at] = from;
        itpc->forced[at] = is_forced(itpc->task, from);
    }
    if (itpc->n_here == itpc->n)
        itpc->ids[at] = PITH_NO_TARGET;
}

static enum pith_status itpc_init(struct itpc *itpc,
                                  const struct pith_itpc_task *task,
                                  struct pith_session *session,
                                  struct pith_result *trace,
                                  struct pith_error *error)
{
    size_t n = task->n_ids, capacity = n + 1;
    *itpc = (struct itpc){.task = task, .trace = trace, .n = n,
                          .capacity = capacity};
    itpc->whole.session = session;
    itpc->alone.session = task->alone;
    itpc->alone.skip = task->start;
    itpc->ids = pith_array(capacity, sizeof *itpc->ids);
    itpc->origin = pith_array(capacity, sizeof *itpc->origin);
    itpc->forced = pith_array_zero(capacity, sizeof *itpc->forced);
    itpc->whole.losses = pith_array(capacity, sizeof(float));
    itpc->alone.losses = pith_array(capacity, sizeof(float));
    itpc->scores = pith_array(capacity, sizeof(float));
    itpc->scratch = pith_array(capacity, sizeof(float));
    itpc->keep = pith_array(capacity, sizeof *itpc->keep);
    if (!itpc->ids || !itpc->origin || !itpc->forced || !itpc->whole.losses ||
        !itpc->alone.losses || !itpc->scores || !itpc->scratch ||
        !itpc->keep) {
        itpc_free(itpc);
        return pith_no_memory(error, capacity, sizeof *itpc->origin);
    }
    return PITH_OK;
}

/* --- Passes ---------------------------------------------------------------- */

/* Runs the tokens of a view from its cache's end up to `end` through the
 * model and enters their losses.  *none: there was nothing to score. */
static enum pith_status score_pass(struct itpc *itpc, struct view *view,
                                   size_t end, bool *none,
                                   struct pith_error *error)
{
    size_t past = pith_session_past(view->session);
    const int32_t *ids = itpc->ids + itpc->popped + view->skip;
    *none = end <= past + 1;
    if (*none)
        return PITH_OK;
    bring(itpc, view->skip + end + 1);
    /* Entries that no pass has filled yet read as zero; none is left once
     * the pass is done, as passes follow one another without a gap. */
    PITH_TRY(pith_session_reserve(view->session, end, error));
    PITH_TRY(pith_session_forward(
        view->session, pith_session_exact(view->session), ids + past,
        end - past, ids + past + 1, itpc->scratch, error));
    memcpy(view->losses + past, itpc->scratch,
           (end - past - 1) * sizeof(float));
    if (view->n_losses < end - 1)
        view->n_losses = end - 1;
    return PITH_OK;
}

/* The Python fails with a shape error in these cases. */
static enum pith_status window_too_large(const struct itpc *itpc,
                                         struct pith_error *error)
{
    return pith_fail(error, PITH_ERR_UNSUPPORTED,
                     "iterative_size %zu is too large for this prompt and a "
                     "model of %zu positions; use a smaller one",
                     itpc->task->window, max_positions(itpc));
}

/* Beyond the model's positions the left end of the cache is dropped, sparing
 * the first N_SPARED entries, while it is the first tokens of the prompt that
 * are given up: keys and tokens go out of step, and so do the losses, which
 * stay where they are. */
static enum pith_status drop_left(struct itpc *itpc, struct view *view,
                                  size_t n_drop, struct pith_error *error)
{
    size_t n_past = pith_session_past(view->session);
    size_t from = N_SPARED + itpc->task->start;
    if (n_past < n_drop || (view->skip == 0 && n_past < from + n_drop))
        return window_too_large(itpc, error);
    if (view->skip > 0 && from > n_past - n_drop)
        from = n_past - n_drop;
    pith_session_drop(view->session, from, from + n_drop);
    return PITH_OK;
}

/* The first pass sees all that fits the model's positions, later ones what
 * the cache does not hold up to the window's end. */
static enum pith_status score_window(struct itpc *itpc, size_t end, bool first,
                                     bool *none, struct pith_error *error)
{
    struct view *views[2] = {&itpc->whole, &itpc->alone};
    size_t limit = max_positions(itpc);
    for (size_t i = 0; i < 2; i++) {
        struct view *view = views[i];
        if (view->session == NULL)
            continue;
        size_t pass_end = (first ? itpc->n : end) - view->skip;
        if (pass_end > limit && !first)
            return window_too_large(itpc, error);
        if (pass_end > limit)
            pass_end = limit;
        PITH_TRY(score_pass(itpc, view, pass_end, none, error));
        if (*none)
            break;
        /* The cache of the first pass is not used again. */
        pith_session_truncate(view->session,
                              first ? 0
                                    : end - itpc->task->window - view->skip);
    }
    return PITH_OK;
}

/* --- Decisions ------------------------------------------------------------- */

/* What decides about each token: its entry in the losses or, contrastively,
 * by how much the question lowers it.  Before `start` any loss is
 * enough, whatever the threshold. */
static void fill_scores(struct itpc *itpc)
{
    const float *loss = itpc->whole.losses;
    size_t n = itpc->whole.n_losses, start = itpc->task->start;
    memcpy(itpc->scores, loss, n * sizeof *loss);
    if (itpc->alone.session != NULL)
        for (size_t i = start; i < n; i++)
            itpc->scores[i] = itpc->alone.losses[i - start] - loss[i];
}

/* Marks what stays when tokens [begin, end) are to be pruned: the first n
 * entries are beside losses, entry n beside the token that has none. */
static void mark_kept(struct itpc *itpc, ptrdiff_t begin, ptrdiff_t end,
                      float gamma)
{
    size_t n = itpc->whole.n_losses;
    size_t n_free = itpc->alone.session != NULL ? itpc->task->start : 0;
    for (size_t i = 0; i < n; i++)
        itpc->keep[i] = itpc->scores[i] > (i < n_free ? 0 : gamma);
    itpc->keep[n] = itpc->whole.losses[0] > 0;
    for (size_t i = pith_slice_bound(end, n + 1); i <= n; i++)
        itpc->keep[i] = true;
    for (size_t i = pith_slice_bound(begin, n + 1); i-- > 0;)
        itpc->keep[i] = true;
}

static void squeeze_losses(struct view *view, const bool *keep)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < view->n_losses; i++)
        if (keep[i])
            view->losses[n_kept++] = view->losses[i];
    view->n_losses = n_kept;
}

/* keep_split: of newlines inside the window that pruning has brought side by
 * side, the first stays. */
static void merge_newlines(struct itpc *itpc, ptrdiff_t begin, ptrdiff_t end)
{
    const int32_t *ids = itpc->ids + itpc->popped;
    const bool *forced = itpc->forced + itpc->popped;
    int32_t last = PITH_NO_TARGET;
    for (ptrdiff_t i = begin > 0 ? begin : 0;
         i < end && i < (ptrdiff_t)itpc->n_here; i++) {
        if (!itpc->keep[i])
            continue;
        if (ids[i] == SPLIT_ID && last == SPLIT_ID && !forced[i])
            itpc->keep[i] = false;
        else
            last = ids[i];
    }
}

/* Takes the tokens out that are not kept. */
static void squeeze_tokens(struct itpc *itpc)
{
    size_t at = itpc->popped, from = itpc->popped, n = itpc->n_here;
    for (size_t i = 0; i < n; i++, from++) {
        if (!itpc->keep[i])
            continue;
        itpc->ids[at] = itpc->ids[from];
        itpc->origin[at] = itpc->origin[from];
        itpc->forced[at] = itpc->forced[from];
        at++;
    }
    itpc->n_here = at - itpc->popped;
    itpc->n -= n - itpc->n_here;
}

/* What the decision about tokens [begin, end) goes by. */
static enum pith_status note_decisions(const struct itpc *itpc,
                                       ptrdiff_t begin, ptrdiff_t end,
                                       struct pith_error *error)
{
    size_t n = itpc->whole.n_losses;
    size_t first = pith_slice_bound(begin, n + 1);
    size_t after = pith_slice_bound(end, n + 1);
    if (after > n)
        after = n;
    return pith_decisions_add(itpc->task->decisions,
                              itpc->origin + itpc->popped + first,
                              itpc->scores + first,
                              after > first ? after - first : 0, error);
}

/* Prunes the tokens [begin, end) at one rate; *end is moved to where they end
 * afterwards. */
static enum pith_status prune(struct itpc *itpc, ptrdiff_t begin,
                              ptrdiff_t *end, double rate,
                              struct pith_error *error)
{
    size_t n_losses = itpc->whole.n_losses;
    size_t first = itpc->alone.session != NULL ? itpc->task->start : 0;
    fill_scores(itpc);
    float gamma =
        pith_reference_threshold(itpc->scores + first, n_losses - first, rate,
                                 itpc->scratch);
    if (itpc->trace != NULL)
        PITH_TRY(pith_result_add_threshold(
            itpc->trace,
            (struct pith_threshold){n_losses - first, rate, (double)gamma},
            error));
    size_t n_decided = *end > (ptrdiff_t)n_losses ? (size_t)*end : n_losses + 1;
    bring(itpc, n_decided);
    if (itpc->task->decisions != NULL)
        PITH_TRY(note_decisions(itpc, begin, *end, error));
    mark_kept(itpc, begin, *end, gamma);
    for (size_t i = n_losses + 1; i < itpc->n_here; i++)
        itpc->keep[i] = true;
    squeeze_losses(&itpc->whole, itpc->keep);
    squeeze_losses(&itpc->alone, itpc->keep + itpc->task->start);
    if (itpc->task->keep_split) {
        for (size_t i = 0; i < itpc->n_here; i++)
            itpc->keep[i] |= itpc->forced[itpc->popped + i];
        merge_newlines(itpc, begin, *end);
    }
    size_t bound = pith_slice_bound(*end, itpc->n);
    for (size_t i = 0; i < bound && i < itpc->n_here; i++)
        *end -= !itpc->keep[i];
    squeeze_tokens(itpc);
    return PITH_OK;
}

/* Gives up the first n_drop tokens: they are kept as they are now. */
static enum pith_status pop_left(struct itpc *itpc, size_t n_drop,
                                 struct pith_error *error)
{
    PITH_TRY(drop_left(itpc, &itpc->whole, n_drop, error));
    if (itpc->alone.session != NULL)
        PITH_TRY(drop_left(itpc, &itpc->alone, n_drop, error));
    bring(itpc, n_drop);
    itpc->popped += n_drop;
    itpc->n -= n_drop;
    itpc->n_here -= n_drop;
    return PITH_OK;
}

/* Algorithm 2 as the Python has it: window by window, each scored after what
 * is left of those before it. */
static enum pith_status run_windows(struct itpc *itpc, struct pith_error *error)
{
    const struct pith_rate_plan *plan = itpc->task->plan;
    ptrdiff_t window = (ptrdiff_t)itpc->task->window;
    size_t limit = max_positions(itpc), n_all = itpc->n;
    size_t end = itpc->task->window + itpc->task->start;
    bool first = true, none = false;
    if (itpc->n <= itpc->task->start)
        return PITH_OK;
    if (end > itpc->n)
        end = itpc->n;
    for (size_t i = 0; i < plan->n && end <= itpc->n; first = false) {
        PITH_TRY(pith_session_report(itpc->whole.session, "compress",
                                     n_all - (itpc->n - end), n_all, error));
        if (end > limit && !first &&
            pith_session_past(itpc->whole.session) > 0) {
            PITH_TRY(pop_left(itpc, end - limit, error));
            end = limit;
        }
        PITH_TRY(score_window(itpc, end, first, &none, error));
        if (none)
            break;
        /* Pieces are one after the other, each shortened by the time that
         * the next one begins. */
        ptrdiff_t at = (ptrdiff_t)end - window;
        bool closed = false;
        while (!closed) {
            const struct pith_rate_piece *piece = &plan->pieces[i++];
            ptrdiff_t begin = at;
            at += (ptrdiff_t)piece->n_tokens;
            PITH_TRY(prune(itpc, begin, &at, piece->rate, error));
            closed = piece->closes;
        }
        if (at + window < 0)
            break;
        end = (size_t)(at + window);
    }
    return PITH_OK;
}

enum pith_status pith_reference_itpc(struct pith_session *session,
                                     const struct pith_itpc_task *task,
                                     struct pith_itpc_result *kept,
                                     struct pith_result *trace,
                                     struct pith_error *error)
{
    struct itpc itpc;
    *kept = (struct pith_itpc_result){0};
    PITH_TRY(itpc_init(&itpc, task, session, trace, error));
    pith_session_truncate(session, 0);
    if (task->alone != NULL)
        pith_session_truncate(task->alone, 0);
    enum pith_status status = run_windows(&itpc, error);
    if (status == PITH_OK) {
        bring(&itpc, itpc.n);
        /* Tokens of the question may have gone too. */
        size_t n_left = itpc.popped + itpc.n;
        kept->n = n_left > task->start ? n_left - task->start : 0;
        memmove(itpc.ids, itpc.ids + task->start, kept->n * sizeof(int32_t));
        memmove(itpc.origin, itpc.origin + task->start,
                kept->n * sizeof(size_t));
        kept->ids = itpc.ids;
        kept->origin = itpc.origin;
        itpc.ids = NULL;
        itpc.origin = NULL;
    }
    itpc_free(&itpc);
    return status;
}

void pith_itpc_result_free(struct pith_itpc_result *kept)
{
    pith_free(kept->ids);
    pith_free(kept->origin);
    *kept = (struct pith_itpc_result){0};
}
