/*
 * divergence.c - see divergence.h.
 *
 * With logits x of P and y of Q,
 *
 *   KL(P || Q) = sum over v of P(v) (x_v - y_v) - log Z_x + log Z_y ,
 *
 * whose sums are kept relative to the largest logit so far, as in a running
 * softmax, so that the vocabulary passes by once.
 */
#include <math.h>
#include <string.h>

#include "../base/memory.h"
#include "divergence.h"
#include "forward.h"

enum { ROWS = 256 }; /* of the vocabulary at a time */

/* Of one token: maxima of x and y, and sums of exp(x - max), exp(y - max) and
 * exp(x - max) (x - y). */
struct running {
    double max_p, max_q, sum_p, sum_q, gap;
};

static void take_logits(struct running *r, double x, double y)
{
    if (x > r->max_p) {
        double shrink = exp(r->max_p - x);
        r->sum_p *= shrink;
        r->gap *= shrink;
        r->max_p = x;
    }
    if (y > r->max_q) {
        r->sum_q *= exp(r->max_q - y);
        r->max_q = y;
    }
    double weight = exp(x - r->max_p);
    r->sum_p += weight;
    r->gap += weight * (x - y);
    r->sum_q += exp(y - r->max_q);
}

static double divergence(const struct running *r)
{
    double log_p = r->max_p + log(r->sum_p), log_q = r->max_q + log(r->sum_q);
    return fmax(0, r->gap / r->sum_p - log_p + log_q);
}

/* All rows of the vocabulary; x, y (n, ROWS) are scratch. */
static void take_vocabulary(const struct pith_pass *pass, const float *p,
                            const float *q, struct running *running, float *x,
                            float *y)
{
    const struct pith_tensor *output = &pass->session->model->weights.output;
    size_t n = pass->T;
    size_t row_bytes = pith_row_bytes(output->type, output->cols);
    for (size_t row = 0; row < output->rows; row += ROWS) {
        struct pith_tensor block = *output;
        block.data += row * row_bytes;
        block.rows = output->rows - row < ROWS ? output->rows - row : ROWS;
        pith_linear(&pass->compute, x, p, &block, NULL, n, false);
        pith_linear(&pass->compute, y, q, &block, NULL, n, false);
        for (size_t i = 0; i < n; i++)
            for (size_t v = 0; v < block.rows; v++)
                take_logits(&running[i], (double)x[i * block.rows + v],
                            (double)y[i * block.rows + v]);
    }
}

static enum pith_status diverge(const struct pith_pass *pass, const float *p,
                                const float *q, double *divergences,
                                struct pith_error *error)
{
    size_t n = pass->T;
    struct running *running = pith_array(n, sizeof *running);
    float *logits = pith_array(n, 2 * ROWS * sizeof *logits);
    enum pith_status status = PITH_OK;
    if (running == NULL || logits == NULL) {
        status = pith_no_memory(error, n, 2 * ROWS * sizeof *logits);
    } else {
        for (size_t i = 0; i < n; i++)
            running[i] = (struct running){-HUGE_VAL, -HUGE_VAL, 0, 0, 0};
        take_vocabulary(pass, p, q, running, logits, logits + n * ROWS);
        for (size_t i = 0; i < n; i++)
            divergences[i] = divergence(&running[i]);
    }
    pith_free(running);
    pith_free(logits);
    return status;
}

enum pith_status pith_state_divergences(struct pith_session *session,
                                        const struct pith_precision *precision,
                                        const float *p, const float *q,
                                        size_t n, double *divergences,
                                        struct pith_error *error)
{
    size_t step = session->activations->max_tokens;
    size_t C = pith_session_state_size(session);
    for (size_t at = 0; at < n; at += step) {
        size_t T = n - at < step ? n - at : step;
        struct pith_pass pass = pith_pass_make(session, precision, NULL, 0, T);
        PITH_TRY(diverge(&pass, p + at * C, q + at * C, divergences + at,
                         error));
    }
    return PITH_OK;
}

enum pith_status pith_state_losses(struct pith_session *session,
                                   const struct pith_precision *precision,
                                   const float *states, const int32_t *targets,
                                   size_t n, float *losses,
                                   struct pith_error *error)
{
    size_t step = session->activations->max_tokens;
    size_t C = pith_session_state_size(session);
    PITH_TRY(pith_check_ids(session, targets, n, false, error));
    for (size_t at = 0; at < n; at += step) {
        size_t T = n - at < step ? n - at : step;
        struct pith_pass pass = pith_pass_make(session, precision, NULL, 0, T);
        pith_target_losses(&pass.compute, losses + at, states + at * C,
                           &session->model->weights.output, targets + at, T);
    }
    return PITH_OK;
}

size_t pith_session_state_size(const struct pith_session *session)
{
    return session->model->format.config.n_embd;
}

enum pith_status pith_session_states(struct pith_session *session,
                                     const struct pith_precision *precision,
                                     const int32_t *ids, size_t n,
                                     float *states, struct pith_error *error)
{
    size_t before = session->n_past, step = session->activations->max_tokens;
    size_t C = pith_session_state_size(session);
    for (size_t at = 0; at < n; at += step) {
        size_t T = n - at < step ? n - at : step;
        enum pith_status status =
            pith_session_forward(session, precision, ids + at, T, NULL, NULL,
                                 error);
        if (status != PITH_OK) {
            pith_session_truncate(session, before);
            return status;
        }
        struct pith_pass pass = pith_pass_make(session, precision, NULL, 0, T);
        pith_output_norm(&pass, states + at * C, T);
    }
    return PITH_OK;
}
