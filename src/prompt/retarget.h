/*
 * retarget.h - structured prompts: rates of pieces make another target.
 */
#ifndef PITH_PROMPT_RETARGET_H
#define PITH_PROMPT_RETARGET_H

#include "prune.h"

/* Plans with another target, in tokens of the scoring model. */
void pith_prune_retarget(struct pith_prune *prune, double target);

#endif
