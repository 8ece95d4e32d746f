/*
 * keep.h - what must stay: protected kinds, given strings, what a regular
 * expression matches.
 *
 * The papers have none of this.  It marks units as forced; Algorithm 2 then
 * counts forced units first.
 */
#ifndef PITH_PROMPT_KEEP_H
#define PITH_PROMPT_KEEP_H

#include "parts.h"
#include "result.h"

/* Marks the units that must stay and the blank lines before parts that
 * have some.
 * Errors: ARGUMENT (a string or an expression that is of no use), MEMORY. */
enum pith_status pith_keep_apply(struct pith_parts *parts,
                                 const struct pith_compress_options *options,
                                 struct pith_error *error);

/* Notes which strings of keep and which expression pith_keep_apply() found
 * nowhere. */
enum pith_status pith_keep_note(const struct pith_parts *parts,
                                const struct pith_compress_options *options,
                                struct pith_result *result,
                                struct pith_error *error);

#endif
