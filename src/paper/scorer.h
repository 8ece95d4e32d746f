/*
 * scorer.h - the losses that Algorithm 2 goes by: eq. 5, and LongLLMLingua's
 * contrast with the question.
 */
#ifndef PITH_PAPER_SCORER_H
#define PITH_PAPER_SCORER_H

#include "../prompt/units.h"
#include "prefix.h"

struct pith_scorer {
    const struct pith_parts *parts; /* borrowed */
    bool whole_context; /* eq. 4 instead of 5: segments are scored after all
                           text before them, dropped or not */
    struct pith_ids question; /* stands in front where losses are contrastive;
                                 empty: they are not */
    struct pith_prefix prefix;
    /* The same text after the question, in a cache of its own. */
    struct pith_session *second;
    struct pith_prefix after_question;
    int32_t *ids; /* of a segment, and their losses */
    float *losses, *conditional;
};

/* Fills losses (n), the mean loss of each unit's tokens after what was read
 * and, where new_part, a blank line. */
typedef enum pith_status pith_score_units(struct pith_scorer *scorer,
                                          const struct pith_unit *units,
                                          size_t n, bool new_part,
                                          float *losses,
                                          struct pith_error *error);
pith_score_units pith_score_segment, pith_score_contrast;

/* parts, whole_context and question are set.  Free the scorer, also after an
 * error.
 *   n_most  tokens of the longest segment */
enum pith_status pith_scorer_open(struct pith_scorer *scorer,
                                  struct pith_session *session, size_t n_most,
                                  struct pith_error *error);
void pith_scorer_free(struct pith_scorer *scorer);

/* Later segments are scored after these units, or what was kept of them. */
void pith_scorer_read(struct pith_scorer *scorer, const struct pith_unit *units,
                      size_t n, const int32_t *kept, size_t n_kept);

#endif
