/*
 * itpc.h - iterative token-level prompt compression (section 3.2 of the
 * paper): Algorithm 2 and eq. 5 to 7.
 */
#ifndef PITH_PAPER_ITPC_H
#define PITH_PAPER_ITPC_H

#include "output.h"
#include "scorer.h"

/* What eq. 7 is asked about one segment. */
struct pith_choice {
    const struct pith_unit *units; /* (n) borrowed */
    const float *losses;           /* (n) mean loss of each unit's tokens */
    size_t n;
    size_t quota; /* tokens that stay, with blank lines before them */
    size_t n_separator; /* tokens of a blank line before the first unit */
    /* Fill the quota with units below the threshold where one above it does
     * not fit; otherwise it may be missed by less than one unit. */
    bool exact;
    size_t max_tokens; /* that may stay at all, not below quota */
};

/* Eq. 7: which units stay; forced ones do whatever the quota.
 *   keep    (n) filled by the call; of a separator: whether text after it,
 *           before the next separator, stays
 *   n_kept  tokens that stay, with blank lines
 *   gamma   the threshold: losses above it are kept */
enum pith_status pith_select(const struct pith_choice *choice, bool *keep,
                             size_t *n_kept, double *gamma,
                             struct pith_error *error);

/* Units of one component, or of one document, and where its budget ends. */
struct pith_stage {
    const struct pith_unit *units; /* borrowed */
    size_t n_units;
    double end;              /* tokens of the output once this stage is done */
    pith_score_units *score; /* gives the losses that it goes by */
};

/* A segment that was decided about; borrowed. */
struct pith_decided {
    const struct pith_unit *units; /* (n) */
    const float *losses;           /* (n) of the units */
    const bool *keep;              /* (n) as of pith_select */
    size_t n, n_choices;           /* units; those that are not separators */
    struct pith_threshold threshold; /* n_losses 0: nothing was scored */
    size_t n_done, n_total; /* tokens of all stages */
};

struct pith_itpc {
    const struct pith_parts *parts; /* borrowed */
    size_t segment_size;
    struct pith_scorer scorer; /* whole_context and question are set */
    /* Is told of each segment. */
    enum pith_status (*observe)(void *user, const struct pith_decided *segment,
                                struct pith_error *error);
    void *user;
    /* Found. */
    struct pith_output output;
    size_t n_forced; /* tokens that had to stay, with blank lines */
};

/* Compresses n stages, in the order of Algorithm 2: the instruction, the
 * demonstrations, the question.  Free itpc, also after an error. */
enum pith_status pith_itpc_run(struct pith_itpc *itpc,
                               struct pith_session *session,
                               const struct pith_stage *stages, size_t n,
                               struct pith_error *error);
void pith_itpc_free(struct pith_itpc *itpc);

#endif
