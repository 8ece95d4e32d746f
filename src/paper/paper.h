/*
 * paper.h - one compression by the method `paper`, and what may take the place
 * of its demonstrations: documents (question_aware.c), pieces (pieces.c).
 */
#ifndef PITH_PAPER_PAPER_H
#define PITH_PAPER_PAPER_H

#include "../prompt/method.h"
#include "../prompt/prune.h"
#include "budget.h"
#include "observer.h"

struct pith_paper;

/* Algorithm 1, line 4: fills ranks (n) in the order of the prompt; index is
 * that in p->parts->parts. */
typedef enum pith_status pith_rank_contexts(struct pith_paper *p,
                                            struct pith_rank *ranks, size_t n,
                                            struct pith_error *error);

struct pith_paper {
    struct pith_call call;
    struct pith_prune prune;
    /* Of these, borrowed. */
    struct pith_session *session;
    const struct pith_compress_options *options;
    struct pith_result *result;
    struct pith_parts *parts;
    const struct pith_plan *plan; /* static */
    pith_rank_contexts *rank;     /* in place of the plan's; NULL: none */
    bool *selected; /* D, by part, (n_parts) */
    size_t *order;  /* parts that are demonstrations, best first where they
                       were ranked, (n_order) */
    size_t n_order;
    struct pith_budget budget;
    struct pith_stage *stages; /* (n_stages) x_ins, D, x_que */
    struct pith_unit *units;   /* of D's stages */
    size_t n_stages;
    struct pith_itpc itpc;
    struct pith_observer observer;
    const struct pith_recorder *recorder; /* static; NULL: nobody asks */
};

/* What the result's trace and detail want to know besides the segments. */
struct pith_recorder {
    enum pith_status (*ranking)(struct pith_prune *prune,
                                struct pith_rank *ranks, size_t n,
                                struct pith_error *error);
    void (*settled)(struct pith_paper *p); /* the target is met */
};

/* What contexts are, and how they get their share of the target. */
struct pith_plan {
    /* Where the options have none. */
    double k;            /* granularity coefficient */
    size_t segment_size; /* tokens */
    /* Checks what this needs, and sets the target again; NULL: nothing. */
    enum pith_status (*open)(struct pith_paper *p, struct pith_error *error);
    pith_rank_contexts *rank; /* NULL: all contexts stay */
    bool low_is_best; /* by these scores; they are needed even where all
                         contexts stay */
    /* Fills the stages of D, from p->stages[1] on; p->n_stages counts them.
     * p->units has room for all units of the prompt and one more. */
    enum pith_status (*stage)(struct pith_paper *p, struct pith_error *error);
    /* What it has to say of the result; NULL: nothing. */
    enum pith_status (*note)(struct pith_paper *p, struct pith_error *error);
};

/* What the options ask for beyond the paper: question_aware and structured,
 * which take the place of the plan, selection_seed, trace and detail. */
enum pith_status pith_paper_extend(struct pith_paper *p,
                                   struct pith_error *error);

/* The units of a demonstration that are D's and, of one that was left out,
 * what must stay.
 *   units  filled by the call
 * Returns how many. */
size_t pith_paper_gather(const struct pith_paper *p, size_t part,
                         struct pith_unit *units);

#endif
