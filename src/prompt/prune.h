/*
 * prune.h - a prompt on its way to the result: what every method that keeps
 * units of the prompt has in common before and after its decisions.
 */
#ifndef PITH_PROMPT_PRUNE_H
#define PITH_PROMPT_PRUNE_H

#include "../model/session.h"
#include "settle.h"

struct pith_prune {
    struct pith_session *session;                /* borrowed, as is */
    const struct pith_compress_options *options; /* this one */
    struct pith_result *result;                  /* and this one */
    pith_append_context *append; /* of contexts; NULL: as they are */
    struct pith_parts parts;
    struct pith_decisions decisions;
    size_t target; /* tokens of the scoring model to plan with */
    size_t goal;   /* what is to be met, of n_all: the same, or tokens of
                      options->count_with */
    size_t n_all;
    size_t n_forced;      /* of these, those that must */
    size_t *order;        /* (n_parts) parts in the order of the result */
    bool *open;           /* (n_parts) parts that may give more of their text */
    double *perplexities; /* (n_parts) 0: not ranked */
    struct pith_settlement settled;
    bool passed; /* nothing would be saved: the prompt came back */
    /* Fills the result's trace and detail; NULL: nobody asks. */
    enum pith_status (*record)(struct pith_prune *prune,
                               const struct pith_prompt *prompt,
                               struct pith_error *error);
};

/* Splits the prompt into parts, tokens and units, and sets the target.  session,
 * options and result are set; order is that of the prompt, every part is
 * open.  Free the prune, also after an error. */
enum pith_status pith_prune_open(struct pith_prune *prune,
                                 const struct pith_prompt *prompt,
                                 struct pith_error *error);
void pith_prune_free(struct pith_prune *prune);

/* A number of tokens of n, as a whole one; a prompt that has any keeps at
 * least one. */
size_t pith_prune_target(double target, size_t n);

/* The most tokens of one unit: as many as the model can look at with as many
 * before them. */
size_t pith_prune_longest(const struct pith_session *session,
                          const struct pith_compress_options *options);

/* Positions that the model looks at together: those asked for, or 640, as
 * attention to more would make long prompts slow; at most the session's. */
size_t pith_window(const struct pith_session *session, size_t asked);

/* Everything stays. */
enum pith_status pith_prune_keep_all(struct pith_prune *prune,
                                     struct pith_error *error);

/* After the decisions: the target is met by the tokens of the text. */
enum pith_status pith_prune_settle(struct pith_prune *prune,
                                   struct pith_error *error);

/* Fills the result: text, counts, parts, note and what prune->record adds.  A
 * prompt that would not become shorter comes back. */
enum pith_status pith_prune_finish(struct pith_prune *prune,
                                   const struct pith_prompt *prompt,
                                   struct pith_error *error);

#endif
