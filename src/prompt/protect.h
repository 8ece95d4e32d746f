/*
 * protect.h - finding what a prompt should not lose: numbers, negations,
 * links, identifiers, names of code, markup.
 *
 * docs/PROTECT.md says what each kind holds.
 */
#ifndef PITH_PROMPT_PROTECT_H
#define PITH_PROMPT_PROTECT_H

#include "ranges.h"

/* Appends what is of the kinds asked for, by ascending start.  Ranges of one
 * kind do not overlap; those of different kinds may.
 *   kinds  enum pith_protect, or-ed
 * Errors: MEMORY. */
enum pith_status pith_protect_find(struct pith_text text, unsigned kinds,
                                   struct pith_ranges *ranges,
                                   struct pith_error *error);

#endif
