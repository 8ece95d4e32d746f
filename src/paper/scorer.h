/*
 * scorer.h - the losses that Algorithm 2 goes by: eq. 5, and LongLLMLingua's
 * contrast with the question (contrast.c).
 */
#ifndef PITH_PAPER_SCORER_H
#define PITH_PAPER_SCORER_H

#include "../prompt/units.h"
#include "prefix.h"

struct pith_scorer {
    const struct pith_parts *parts; /* borrowed */
    bool whole_context; /* eq. 4 instead of 5: segments are scored after all
                           text before them, dropped or not */
    size_t n_max;      /* tokens of the longest segment, at most half of the
                          positions of a window */
    size_t window;     /* positions that a segment and what precedes it take;
                          0: 640, or those of four segments */
    struct pith_prefix prefix;
    int32_t *ids; /* of a segment, and their losses */
    float *losses;
    /* Where losses are contrastive: the question, and the same text after it
     * in its own cache, NULL until it is first asked. */
    struct pith_ids question;
    struct pith_session *second;
    struct pith_prefix after_question;
    float *conditional;
};

/* Fills losses (n), the mean loss of each unit's tokens after what was read
 * and, where new_part, a blank line. */
typedef enum pith_status pith_score_units(struct pith_scorer *scorer,
                                          const struct pith_unit *units,
                                          size_t n, bool new_part,
                                          float *losses,
                                          struct pith_error *error);
pith_score_units pith_score_segment, pith_score_contrast;

/* What both do.  Fills losses of the units' *n_ids tokens after one of the
 * prefixes. */
enum pith_status pith_scorer_score(struct pith_scorer *scorer,
                                   struct pith_prefix *prefix,
                                   const struct pith_unit *units, size_t n,
                                   bool new_part, float *losses,
                                   size_t *n_ids, struct pith_error *error);
/* Fills losses (n), the mean loss of each unit's tokens. */
void pith_scorer_average(const float *token_losses,
                         const struct pith_unit *units, size_t n,
                         float *losses);

/* parts, whole_context, n_max, window and question are set.  Free the scorer, also
 * after an error. */
enum pith_status pith_scorer_open(struct pith_scorer *scorer,
                                  struct pith_session *session,
                                  struct pith_error *error);
void pith_scorer_free(struct pith_scorer *scorer);

/* Later segments are scored after these units, or what was kept of them. */
void pith_scorer_read(struct pith_scorer *scorer, const struct pith_unit *units,
                      size_t n, const int32_t *kept, size_t n_kept);

#endif
