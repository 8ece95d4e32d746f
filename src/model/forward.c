/*
 * forward.c - tokens in, losses out: a run of tokens cut into blocks, each
 * sent through the layers of its architecture and, where losses are wanted,
 * through the output projection.
 */
#include "forward.h"

#include <math.h>
#include <string.h>

/* Moves the rows of x (T, C) that have a target to its front, and those
 * targets to the front of a->targets.  Returns how many there are. */
static size_t gather_targets(struct pith_activations *a, size_t C,
                             const int32_t *targets, size_t T)
{
    size_t n = 0;
    for (size_t t = 0; t < T; t++) {
        if (targets[t] == PITH_NO_TARGET)
            continue;
        if (n < t)
            memcpy(a->x + n * C, a->x + t * C, C * sizeof *a->x);
        a->targets[n++] = targets[t];
    }
    return n;
}

/* losses (T) from the stream x (T, C), which is used up. */
static void token_losses(const struct pith_pass *pass, const int32_t *targets,
                         float *losses)
{
    const struct pith_weights *weights = &pass->session->model->weights;
    struct pith_activations *a = pass->session->activations;
    size_t C = weights->output.cols, next = 0;
    size_t n = gather_targets(a, C, targets, pass->T);

    if (n > 0) {
        pith_output_norm(pass, a->norm, n);                         /* (n, C) */
        pith_target_losses(&pass->compute, a->losses, a->norm,
                           &weights->output, a->targets, n);           /* (n) */
    }
    for (size_t t = 0; t < pass->T; t++)
        losses[t] = targets[t] == PITH_NO_TARGET ? NAN : a->losses[next++];
}

struct pith_pass pith_pass_make(struct pith_session *session,
                                const struct pith_precision *precision,
                                const struct pith_run *runs, size_t n_runs,
                                size_t T)
{
    struct pith_pass pass = {session, session->compute, runs, n_runs, T};
    if (precision != NULL)
        pass.compute.precision = precision;
    return pass;
}

void pith_forward_pass(const struct pith_pass *pass, const int32_t *ids,
                       const int32_t *targets, float *losses)
{
    pith_run_layers(pass, ids);
    token_losses(pass, targets, losses);
}

/* The next T tokens of the cache. */
static void forward_block(struct pith_session *session,
                          const struct pith_precision *precision,
                          const int32_t *ids, size_t T, const int32_t *targets,
                          float *losses)
{
    struct pith_run run = {.session = session,
                           .T = T,
                           .position = session->n_past,
                           .row = session->n_past,
                           .n_shared = session->n_past};
    struct pith_pass pass = pith_pass_make(session, precision, &run, 1, T);

    if (targets != NULL)
        pith_forward_pass(&pass, ids, targets, losses);
    else
        pith_run_layers(&pass, ids);
    session->n_past += T;
}

enum pith_status pith_check_ids(const struct pith_session *session,
                                  const int32_t *ids, size_t n,
                                  bool no_target_allowed,
                                  struct pith_error *error)
{
    uint32_t n_vocab = session->model->format.config.n_vocab;
    for (size_t i = 0; i < n; i++) {
        if (no_target_allowed && ids[i] == PITH_NO_TARGET)
            continue;
        if (ids[i] < 0 || (uint32_t)ids[i] >= n_vocab)
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "token %zu of %zu has id %ld; the model has ids 0 "
                             "to %lu", i, n, (long)ids[i],
                             (unsigned long)n_vocab - 1);
    }
    return PITH_OK;
}

enum pith_status pith_session_forward(struct pith_session *session,
                                      const struct pith_precision *precision,
                                      const int32_t *ids, size_t n,
                                      const int32_t *targets, float *losses,
                                      struct pith_error *error)
{
    size_t before = session->n_past;
    size_t step = session->activations->max_tokens;

    PITH_TRY(pith_check_ids(session, ids, n, false, error));
    if (targets != NULL)
        PITH_TRY(pith_check_ids(session, targets, n, true, error));
    if (n > session->n_ctx - before)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%zu tokens do not fit: the context of %zu positions "
                         "holds %zu; use a larger context", n, session->n_ctx,
                         before);
    for (size_t at = 0; at < n; at += step) {
        size_t T = n - at < step ? n - at : step;
        enum pith_status status = PITH_OK;
        if (n > step)
            status = pith_session_report(session, "forward", at, n, error);
        if (status != PITH_OK) {
            session->n_past = before;
            return status;
        }
        forward_block(session, precision, ids + at, T,
                      targets ? targets + at : NULL,
                      targets ? losses + at : NULL);
    }
    return PITH_OK;
}
