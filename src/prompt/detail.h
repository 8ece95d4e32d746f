/*
 * detail.h - the result's detail: what became of every unit of the prompt.
 */
#ifndef PITH_PROMPT_DETAIL_H
#define PITH_PROMPT_DETAIL_H

#include "decisions.h"
#include "parts.h"

/* The detail of a result of `paper`, whose parts have been added.
 *   prompt  the texts as they were given: parts->text may differ from them
 *           in bytes that were not UTF-8 */
enum pith_status pith_detail_of_parts(struct pith_result *result,
                                      const struct pith_parts *parts,
                                      const struct pith_prompt *prompt,
                                      const struct pith_decisions *decisions,
                                      struct pith_error *error);

#endif
