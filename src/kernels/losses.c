/*
 * losses.c - output projection and log-sum-exp in one go.
 *
 * The vocabulary is cut into parts.  A task takes one part and one block of
 * tokens, computes its logits PITH_BLOCK_ROWS at a time and keeps of them the
 * running maximum and sum of exponentials of every token, and the logit of
 * its target.  The parts are merged in order at the end.  How the vocabulary
 * is cut depends on its size alone.
 */
#include <math.h>

#include "../base/threads.h"
#include "ops.h"
#include "scratch.h"

struct losses {
    const struct pith_compute *compute;
    float *losses;
    const struct pith_tensor *weight;
    const int32_t *targets;
    size_t T, n_parts, part_rows;
};

static void init_softmax(struct pith_softmax *states, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t t = 0; t < PITH_MAX_LANES; t++) {
            states[i].max[t] = -INFINITY;
            states[i].sum[t] = 0;
        }
}

/* Logits row .. row + n_rows of the tokens from token on. */
struct logits {
    const struct losses *losses;
    struct pith_softmax *softmax; /* (panels) */
    size_t token, row, n_rows;
};

/* Takes the logits of a panel into its softmax, PITH_BLOCK_ROWS at a time, and
 * keeps those of the targets among them. */
static void take_logits(void *user, size_t panel, float *products,
                        size_t n_lanes)
{
    const struct logits *logits = user;
    const struct pith_compute *compute = logits->losses->compute;
    size_t L = compute->kernels->lanes;
    size_t token = logits->token + panel * L;
    for (size_t t = 0; t < n_lanes; t++) {
        size_t target = (size_t)logits->losses->targets[token + t];
        if (target >= logits->row && target - logits->row < logits->n_rows)
            compute->scratch->target_logits[token + t] =
                products[(target - logits->row) * L + t];
    }
    for (size_t r = 0; r < logits->n_rows; r += PITH_BLOCK_ROWS)
        compute->kernels->softmax(
            products + r * L, pith_min(PITH_BLOCK_ROWS, logits->n_rows - r),
            &logits->softmax[panel]);
}

static void part_task(void *user, size_t index, int thread)
{
    const struct losses *losses = user;
    const struct pith_compute *compute = losses->compute;
    const struct pith_tensor *weight = losses->weight;
    struct pith_scratch *shared = compute->scratch;
    struct pith_thread_scratch *scratch = &shared->threads[thread];
    size_t L = compute->kernels->lanes;
    size_t limit = pith_max_rows(compute, weight->cols);
    size_t part = index % losses->n_parts;
    size_t end = pith_min(weight->rows, (part + 1) * losses->part_rows);
    struct pith_token_block tokens =
        pith_token_block(compute, shared->panels, index / losses->n_parts,
                         losses->T, weight->cols);
    struct logits logits = {losses, scratch->softmax, tokens.first, 0, 0};
    struct pith_sink sink = {take_logits, &logits};

    init_softmax(scratch->softmax, tokens.n_panels);
    for (size_t row = part * losses->part_rows; row < end; row += limit) {
        logits.row = row;
        logits.n_rows = pith_min(limit, end - row);
        struct pith_row_block block = {
            {{weight, row, logits.n_rows}}, 1, logits.n_rows};
        pith_multiply_block(compute, scratch, &block, &tokens, &sink);
    }
    for (size_t i = 0; i < tokens.n_tokens; i++) {
        size_t place = part * shared->max_tokens + logits.token + i;
        shared->part_max[place] = scratch->softmax[i / L].max[i % L];
        shared->part_sum[place] = scratch->softmax[i / L].sum[i % L];
    }
}

/* -log softmax = max + log(sum of exp(logit - max)) - logit of the target. */
static void merge_task(void *user, size_t token, int thread)
{
    const struct losses *losses = user;
    const struct pith_scratch *shared = losses->compute->scratch;
    const float *max = shared->part_max + token;
    const float *sum = shared->part_sum + token;
    size_t stride = shared->max_tokens;
    double largest = -HUGE_VAL, total = 0;
    (void)thread;
    for (size_t i = 0; i < losses->n_parts; i++)
        largest = fmax(largest, (double)max[i * stride]);
    for (size_t i = 0; i < losses->n_parts; i++)
        total += (double)sum[i * stride] *
                 exp((double)max[i * stride] - largest);
    losses->losses[token] = (float)(largest + log(total) -
                                    (double)shared->target_logits[token]);
}

void pith_target_losses(const struct pith_compute *compute, float *losses,
                        const float *x, const struct pith_tensor *weight,
                        const int32_t *targets, size_t T)
{
    size_t part_rows = pith_round_up(
        pith_div_up(weight->rows, PITH_VOCAB_PARTS), PITH_BLOCK_ROWS);
    size_t n_parts = pith_div_up(weight->rows, part_rows);
    struct losses job = {compute, losses, weight,   targets,
                         T,       n_parts, part_rows};
    pith_pack_tokens(compute, compute->scratch->panels, x, NULL, T, weight->cols);
    pith_parallel_for(compute->threads,
                      n_parts * pith_div_up(T, PITH_BLOCK_TOKENS), part_task,
                      &job);
    pith_parallel_for(compute->threads, T, merge_task, &job);
}
