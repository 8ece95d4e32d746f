/*
 * rates.c - which rate holds for which tokens of the token stage.
 * See reference.h; docs/ALGORITHM.md, "rates over windows".
 *
 * It answers to get_dynamic_compression_ratio() of the Python package.
 */

#include "../base/memory.h"
#include "reference.h"

void pith_rate_plan_free(struct pith_rate_plan *plan)
{
    pith_free(plan->pieces);
    *plan = (struct pith_rate_plan){0};
}

enum pith_status pith_rate_plan_add(struct pith_rate_plan *plan,
                                    struct pith_rate_piece piece,
                                    struct pith_error *error)
{
    PITH_TRY(pith_grow(&plan->pieces, plan->n + 1, &plan->capacity,
                       sizeof *plan->pieces, error));
    plan->pieces[plan->n++] = piece;
    return PITH_OK;
}

static enum pith_status add_piece(struct pith_rate_plan *plan, size_t n_tokens,
                                  double rate, bool closes,
                                  struct pith_error *error)
{
    struct pith_rate_piece piece = {n_tokens, rate, closes};
    return pith_rate_plan_add(plan, piece, error);
}

static double clamp_rate(double rate)
{
    return rate > 1 ? 1 : rate > 0 ? rate : 0;
}

/* Lays one context of `length` tokens into the open window, which holds
 * *filled tokens, and into as many more as it takes. */
static enum pith_status lay_context(struct pith_rate_plan *plan, size_t length,
                                    double rate, size_t window, size_t *filled,
                                    struct pith_error *error)
{
    if (*filled + length < window) {
        *filled += length;
        return add_piece(plan, length, rate, false, error);
    }
    PITH_TRY(add_piece(plan, window - *filled, rate, true, error));
    size_t rest = *filled + length - window;
    /* A rest of exactly one window stays open, so that the next context adds
     * an empty piece to it: no decision, but a threshold in the trace. */
    if (rest > window)
        for (; rest >= window; rest -= window)
            PITH_TRY(add_piece(plan, window, rate, true, error));
    *filled = rest;
    return rest > 0 ? add_piece(plan, rest, rate, false, error) : PITH_OK;
}

/* Every context counts two tokens more, for the blank line after it, and the
 * first window starts with one token that no context has. */
enum pith_status pith_reference_rates(const size_t *lengths,
                                      const double *offsets, size_t n,
                                      double target, size_t window,
                                      struct pith_rate_plan *plan,
                                      struct pith_error *error)
{
    double sum = 0;
    size_t filled = 1;
    *plan = (struct pith_rate_plan){0};
    for (size_t i = 0; i < n; i++)
        sum += (double)(lengths[i] + 2);
    double tau = target / (sum + 1);
    for (size_t i = 0; i < n; i++) {
        enum pith_status status =
            lay_context(plan, lengths[i] + 2, clamp_rate(tau + offsets[i]),
                        window, &filled, error);
        if (status != PITH_OK) {
            pith_rate_plan_free(plan);
            return status;
        }
    }
    if (plan->n > 0)
        plan->pieces[plan->n - 1].closes = true;
    return PITH_OK;
}
