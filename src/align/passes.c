/*
 * passes.c - batches through the model and back; see trainer.h.
 *
 * Eq. 8 of the paper asks for the theta that minimises
 *
 *     (1 / N) sum over i of L(x_i, y_i^LLM; theta),
 *
 * L being the loss of the answer's tokens.  A batch is a few of the N; its
 * targets are the tokens of its answers.
 */
#include "../model/access.h"
#include "passes.h"

#include <math.h>
#include <string.h>

/* --- forward -------------------------------------------------------------- */

/* x (T, C) = rows of the token embedding, plus those of the positions. */
static void embed(struct pith_trainer *trainer, float *x)
{
    const struct pith_parameters *p = &trainer->parameters;
    size_t T = trainer->batch.n_tokens;
    pith_table_rows(&trainer->compute, x, &p->token_embedding,
                    trainer->batch.ids, 0, T, false);
    if (p->position_embedding.rows > 0)
        pith_table_rows(&trainer->compute, x, &p->position_embedding,
                        trainer->positions, 0, T, true);
}

/* The rows of the stream that have a target, and those targets. */
static size_t pick_targets(struct pith_trainer *trainer)
{
    size_t C = pith_model_config(trainer->model)->n_embd, n = 0;
    for (size_t t = 0; t < trainer->batch.n_tokens; t++)
        if (trainer->batch.targets[t] != PITH_NO_TARGET) {
            memcpy(trainer->picked + n * C, trainer->stream + t * C,
                   C * sizeof(float));
            trainer->targets[n++] = trainer->batch.targets[t];
        }
    return n;
}

/* Up to the last norm: normed (n, C) of the n tokens that have a target. */
static size_t forward(struct pith_trainer *trainer)
{
    size_t n_layer = pith_model_config(trainer->model)->n_layer;
    embed(trainer, trainer->layers[0].x);                           /* (T, C) */
    for (size_t i = 0; i < n_layer; i++)
        pith_train_layer_forward(trainer, i,
                                 i + 1 < n_layer ? trainer->layers[i + 1].x
                                                 : trainer->stream);
    size_t n = pick_targets(trainer);
    pith_train_norm(trainer, trainer->normed, trainer->picked,
                    &trainer->parameters.output_norm, n,
                    pith_model_config(trainer->model)->n_embd);     /* (n, C) */
    return n;
}

static double sum_of(const float *losses, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)losses[i];
    return sum;
}

static size_t count_targets(const struct pith_training_batch *batch)
{
    size_t n = 0;
    for (size_t t = 0; t < batch->n_tokens; t++)
        n += batch->targets[t] != PITH_NO_TARGET;
    return n;
}

static void report(double sum, size_t n, double *loss_sum, size_t *n_targets)
{
    if (loss_sum != NULL)
        *loss_sum = sum;
    if (n_targets != NULL)
        *n_targets = n;
}

enum pith_status pith_trainer_loss(struct pith_trainer *trainer,
                                   const struct pith_training_batch *batch,
                                   double *loss_sum, size_t *n_targets,
                                   struct pith_error *error)
{
    size_t n = 0;
    PITH_TRY(pith_train_take_batch(trainer, batch, error));
    if (count_targets(batch) > 0) {
        n = forward(trainer);
        pith_target_losses(&trainer->compute, trainer->losses,
                           trainer->normed, &trainer->parameters.output,
                           trainer->targets, n);                       /* (n) */
    }
    report(sum_of(trainer->losses, n), n, loss_sum, n_targets);
    return PITH_OK;
}

/* --- backward ------------------------------------------------------------- */

/* Through the output projection and the last norm: dx (T, C) of the stream
 * after the last layer. */
static void output_backward(struct pith_trainer *trainer, size_t n,
                            double scale)
{
    const struct pith_parameters *p = &trainer->parameters;
    struct pith_train_gradients *g = &trainer->gradients;
    size_t C = p->output.cols, T = trainer->batch.n_tokens;

    pith_target_losses_backward(&trainer->backward, g->dnorm, p->doutput,
                                trainer->losses, trainer->normed, &p->output,
                                trainer->targets, n, (float)scale,
                                !trainer->gradients_zeroed);        /* (n, C) */
    pith_clear(&trainer->compute, g->dx, T * C);
    pith_train_norm_backward(trainer, g->dx, g->dnorm, trainer->picked,
                             &p->output_norm, n);                   /* (n, C) */
    for (size_t t = T; t-- > 0;) /* rows move to their tokens, the last first */
        if (trainer->batch.targets[t] != PITH_NO_TARGET && --n < t) {
            memcpy(g->dx + t * C, g->dx + n * C, C * sizeof(float));
            memset(g->dx + n * C, 0, C * sizeof(float));
        }
}

static void embed_backward(struct pith_trainer *trainer)
{
    const struct pith_parameters *p = &trainer->parameters;
    size_t C = p->token_embedding.cols, T = trainer->batch.n_tokens;
    if (p->dtoken != NULL)
        pith_embed_backward(&trainer->backward, p->dtoken,
                            trainer->gradients.dx, trainer->batch.ids, T, C);
    if (p->dposition != NULL)
        pith_embed_backward(&trainer->backward, p->dposition,
                            trainer->gradients.dx, trainer->positions, T, C);
}

static void backward(struct pith_trainer *trainer, size_t n, double scale)
{
    const struct pith_config *config = pith_model_config(trainer->model);
    bool checkpointed = trainer->options.checkpoint_activations;
    bool lora = trainer->options.mode == PITH_TRAIN_LORA;

    output_backward(trainer, n, scale);
    for (size_t i = config->n_layer; i-- > 0;) {
        /* What the last layer left has not been written over. */
        if (checkpointed && i + 1 < config->n_layer)
            pith_train_layer_forward(trainer, i, NULL);
        pith_train_layer_backward(trainer, i, lora && i == 0);
    }
    embed_backward(trainer);
}

enum pith_status pith_trainer_accumulate(struct pith_trainer *trainer,
                                         const struct pith_training_batch *batch,
                                         double scale, double *loss_sum,
                                         size_t *n_targets,
                                         struct pith_error *error)
{
    size_t n = 0;
    PITH_TRY(pith_train_take_batch(trainer, batch, error));
    if (count_targets(batch) > 0) {
        n = forward(trainer);
        if (trainer->gradients_zeroed)
            pith_train_clear(trainer, false);
        backward(trainer, n, scale);
        trainer->gradients_zeroed = false;
    }
    report(sum_of(trainer->losses, n), n, loss_sum, n_targets);
    return PITH_OK;
}
