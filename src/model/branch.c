/*
 * branch.c - several texts after one beginning, scored together; see
 * session.h.
 *
 * Their tokens make one stream that is cut into full passes wherever a text
 * may end, so that short texts cost no more per token than a long one.  The
 * rows of the cache after its n_past positions hold the tokens of a pass;
 * those of a text that the pass cuts move to their front, where the next pass
 * continues with it.
 */
#include "branch.h"
#include "../base/memory.h"
#include "extend.h"
#include "forward.h"
#include "kvcache.h"

struct stream {
    struct pith_session *session;
    const struct pith_precision *precision;
    const struct pith_branch *branches;
    size_t n_branches;
    size_t branch, at; /* what comes next: a token of a branch */
    /* The next pass. */
    struct pith_run *runs;
    size_t n_runs, T;
    int32_t ids[PITH_FORWARD_TOKENS], targets[PITH_FORWARD_TOKENS];
    float losses[PITH_FORWARD_TOKENS];
};

/* Takes up to `limit` tokens of the next branch into the pass. */
static void take_run(struct stream *s, size_t row, size_t limit)
{
    const struct pith_branch *branch = &s->branches[s->branch];
    size_t n_past = s->session->n_past;
    size_t T = pith_min(branch->n - s->at, limit);
    s->runs[s->n_runs++] = (struct pith_run){.session = s->session,
                                             .T = T,
                                             .position = n_past + s->at,
                                             .row = row,
                                             .n_shared = n_past};
    for (size_t t = 0; t < T; t++) {
        s->ids[s->T + t] = branch->ids[s->at + t];
        s->targets[s->T + t] = branch->targets[s->at + t];
    }
    s->T += T;
    s->at += T;
}

/* Fills a pass.  The branch that it cuts, if any, stays the current one. */
static void fill_pass(struct stream *s)
{
    size_t n_held = s->session->n_past + s->at;
    size_t limit = pith_min(s->session->activations->max_tokens,
                           s->session->n_ctx - n_held);
    s->n_runs = s->T = 0;
    while (s->branch < s->n_branches && s->T < limit) {
        if (s->at < s->branches[s->branch].n)
            take_run(s, n_held + s->T, limit - s->T);
        if (s->at < s->branches[s->branch].n)
            break;
        s->branch++;
        s->at = 0;
    }
}

static void hand_out(const struct stream *s, size_t branch, size_t at)
{
    for (size_t t = 0; t < s->T; t++) {
        while (at == s->branches[branch].n) {
            branch++;
            at = 0;
        }
        s->branches[branch].losses[at++] = s->losses[t];
    }
}

static void run_pass(struct stream *s)
{
    size_t branch = s->branch, at = s->at, n_past = s->session->n_past;
    fill_pass(s);
    if (s->T == 0)
        return;
    struct pith_pass pass =
        pith_pass_make(s->session, s->precision, s->runs, s->n_runs, s->T);
    /* Of whole texts that follow nothing. */
    s->session->share_layers = n_past == 0 && at == 0 && s->at == 0;
    pith_forward_pass(&pass, s->ids, s->targets, s->losses);
    s->session->share_layers = false;
    hand_out(s, branch, at);
    if (s->at > 0 && s->n_runs > 1) /* else it has its place already */
        pith_kv_move(s->session, n_past, s->runs[s->n_runs - 1].row, s->at);
}

static enum pith_status check(const struct pith_session *session,
                              const struct pith_branch *branches, size_t n,
                              size_t *n_tokens, struct pith_error *error)
{
    size_t room = session->n_ctx - session->n_past;
    *n_tokens = 0;
    for (size_t i = 0; i < n; i++) {
        const struct pith_branch *branch = &branches[i];
        PITH_TRY(pith_check_ids(session, branch->ids, branch->n, false, error));
        PITH_TRY(
            pith_check_ids(session, branch->targets, branch->n, true, error));
        if (branch->n > room)
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "text %zu of %zu tokens does not fit: the context "
                             "of %zu positions holds %zu; use a larger "
                             "context", i, branch->n, session->n_ctx,
                             session->n_past);
        *n_tokens += branch->n;
    }
    return PITH_OK;
}

enum pith_status pith_session_branch(struct pith_session *session,
                                     const struct pith_precision *precision,
                                     const struct pith_branch *branches,
                                     size_t n, const char *stage,
                                     struct pith_error *error)
{
    struct stream stream;
    size_t n_tokens, n_done = 0;
    stream.session = session;
    stream.precision = precision;
    stream.branches = branches;
    stream.n_branches = n;
    stream.branch = stream.at = 0;
    stream.runs = session->activations->runs;
    PITH_TRY(check(session, branches, n, &n_tokens, error));
    while (n_done < n_tokens) {
        PITH_TRY(pith_session_report(session, stage, n_done, n_tokens, error));
        run_pass(&stream);
        n_done += stream.T;
    }
    return pith_session_report(session, stage, n_done, n_tokens, error);
}
