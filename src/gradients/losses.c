/*
 * losses.c - cross-entropy fused with the output projection, forward
 * and backward.
 *
 * With logits z = W x and the loss l = log(sum of exp z) - z[target],
 *
 *     dl/dz = softmax(z) - onehot(target),   dx = W^T dl/dz,
 *     dW = dl/dz x^T.
 *
 * log(sum of exp z) is known from the forward pass, so a stripe of the
 * vocabulary needs nothing of the others: its logits are computed again,
 * turned into dl/dz in place, used for both products and forgotten.
 */
#include "../base/threads.h"
#include "scratch.h"

struct stripe {
    struct pith_backward *backward;
    const int32_t *targets;
    size_t row, n_rows; /* of the vocabulary */
    float factor;
};

/* Logits of one token's stripe to factor * dl/dz. */
static void token_task(void *user, size_t token, int thread)
{
    const struct stripe *stripe = user;
    const struct pith_kernels *kernels = stripe->backward->compute->kernels;
    const struct pith_backward_scratch *scratch = stripe->backward->scratch;
    float *logits = scratch->logits + token * stripe->n_rows;
    size_t target = (size_t)stripe->targets[token];
    (void)thread;
    pith_gradient_kernels(kernels)->probabilities(logits, stripe->n_rows,
                                      scratch->log_sums[token],
                                      stripe->factor);
    if (target >= stripe->row && target - stripe->row < stripe->n_rows)
        logits[target - stripe->row] -= stripe->factor;
}

void pith_target_losses_backward(struct pith_backward *backward, float *dx,
                                 float *dweight, float *losses, const float *x,
                                 const struct pith_tensor *weight,
                                 const int32_t *targets, size_t T,
                                 float factor, bool accumulate)
{
    struct pith_compute *compute = backward->compute;
    struct pith_backward_scratch *scratch = backward->scratch;
    size_t C = weight->cols;
    size_t row_bytes = pith_row_bytes(weight->type, C);
    struct stripe stripe = {backward, targets, 0, 0, factor};

    pith_target_losses(compute, losses, x, weight, targets, T);        /* (T) */
    for (size_t t = 0; t < T; t++)
        scratch->log_sums[t] =
            losses[t] + compute->scratch->target_logits[t];
    for (size_t row = 0; row < weight->rows; row += PITH_LOGIT_STRIPE) {
        struct pith_tensor rows = *weight; /* (n_rows, C) */
        stripe.row = row;
        stripe.n_rows = pith_min(PITH_LOGIT_STRIPE, weight->rows - row);
        rows.rows = stripe.n_rows;
        rows.data = weight->data + row * row_bytes;
        pith_linear(compute, scratch->logits, x, &rows, NULL, T,
                    false);                                   /* (T, n_rows) */
        pith_parallel_for(compute->threads, T, token_task, &stripe);
        if (dweight != NULL)
            pith_linear_backward_weight(backward, dweight + row * C,
                                        scratch->logits, x, T, stripe.n_rows,
                                        C, accumulate);       /* (n_rows, C) */
        pith_linear_backward_input(backward, dx, scratch->logits, &rows, T,
                                   row > 0);                       /* (T, C) */
    }
}
