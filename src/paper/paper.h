/*
 * paper.h - the method `paper`.
 */
#ifndef PITH_PAPER_PAPER_H
#define PITH_PAPER_PAPER_H

#include "../prompt/result.h"

/* Algorithms 1 and 2 of the paper, as docs/ALGORITHM.md settles them. */
enum pith_status pith_compress_paper(struct pith_session *session,
                                     const struct pith_prompt *prompt,
                                     const struct pith_compress_options *options,
                                     struct pith_result *result,
                                     struct pith_error *error);

#endif
