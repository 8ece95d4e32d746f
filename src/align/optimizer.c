/*
 * optimizer.c - from gradients to weights: clipping's norm and AdamW; see
 * trainer.h.
 */
#include <math.h>

#include "passes.h"

/* --- gradients ------------------------------------------------------------ */

void pith_train_clear(struct pith_trainer *trainer, bool all)
{
    for (size_t i = 0; i < trainer->parameters.n; i++) {
        const struct pith_parameter *p = &trainer->parameters.all[i];
        if (all || p->cleared)
            pith_clear(&trainer->compute, p->view.gradient,
                       p->view.rows * p->view.cols);
    }
}

void pith_trainer_zero_gradients(struct pith_trainer *trainer)
{
    trainer->gradients_zeroed = true;
}

void pith_train_settle(struct pith_trainer *trainer)
{
    if (trainer->gradients_zeroed)
        pith_train_clear(trainer, true);
    trainer->gradients_zeroed = false;
}

/* --- steps ---------------------------------------------------------------- */

double pith_trainer_gradient_norm(struct pith_trainer *trainer)
{
    double sum = 0;
    pith_train_settle(trainer);
    for (size_t i = 0; i < trainer->parameters.n; i++) {
        const struct pith_trainable *t = &trainer->parameters.all[i].view;
        sum += pith_sum_of_squares(&trainer->backward, t->gradient,
                                   t->rows * t->cols);
    }
    return sqrt(sum);
}

void pith_trainer_step(struct pith_trainer *trainer,
                       const struct pith_adamw *adamw)
{
    double t = (double)adamw->step;
    struct pith_adamw_factors factors = {
        .scale = (float)adamw->gradient_scale,
        .beta1 = (float)adamw->beta1,
        .rest1 = (float)(1 - adamw->beta1),
        .beta2 = (float)adamw->beta2,
        .rest2 = (float)(1 - adamw->beta2),
        .rate = (float)(adamw->lr / (1 - pow(adamw->beta1, t))),
        .root = (float)(1 / sqrt(1 - pow(adamw->beta2, t))),
        .eps = (float)adamw->eps};
    float keep = (float)(1 - adamw->lr * adamw->weight_decay);

    pith_train_settle(trainer);
    for (size_t i = 0; i < trainer->parameters.n; i++) {
        const struct pith_trainable *p = &trainer->parameters.all[i].view;
        factors.keep = p->decays ? keep : 1;
        pith_adamw(&trainer->compute, p->value, p->first_moment,
                   p->second_moment, p->gradient, p->rows * p->cols, &factors);
    }
    pith_parameters_publish(&trainer->parameters);
}
