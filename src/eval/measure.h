/*
 * measure.h - a line of pith eval measure while it is made, by the files
 * measure*.c.
 */
#ifndef PITH_EVAL_MEASURE_H
#define PITH_EVAL_MEASURE_H

#include "group.h"

struct pith_measure {
    struct pith_session *session, *judge;
    const struct pith_cases *cases;
    struct pith_group group;
    struct pith_measure_options options;
    struct pith_baseline_result compressed;
    struct pith_text original; /* of what was compressed; borrowed */
    char *context; /* owned: a text of which only a stretch is */
    struct pith_buffer out;
};

/* Compresses the prompt of a group, once for all its questions.
 *   result  its text is the caller's */
enum pith_status pith_measure_compress(const struct pith_measure *m,
                                       const struct pith_group *group,
                                       struct pith_baseline_result *result,
                                       struct pith_error *error);

/* Tokens of the judge. */
enum pith_status pith_measure_tokens(const struct pith_measure *m,
                                     struct pith_text text, size_t *n,
                                     struct pith_error *error);

/* Append members to m->out, of what m->compressed is: how likely the answers
 * are after it, and of qa whether one still is there. */
enum pith_status pith_measure_answers(struct pith_measure *m,
                                      struct pith_error *error);

/* The task continue: compresses the start of a text itself, and appends what
 * the judge expects after that and the next tokens. */
enum pith_status pith_measure_continuation(struct pith_measure *m,
                                           struct pith_error *error);

#endif
