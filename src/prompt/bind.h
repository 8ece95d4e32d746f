/*
 * bind.h - words that mean little or the opposite without each other, as one
 * unit: a negation and what it denies, a number and what it counts.
 */
#ifndef PITH_PROMPT_BIND_H
#define PITH_PROMPT_BIND_H

#include "parts.h"

/* Merges, in the contexts,
 *   - each negation (negations.c) with the word after it, small words between
 *     the two included ("not to be restarted"), or with the one before it
 *     where a clause ends or where it is a Japanese verb's ending,
 *   - each whole number of up to three digits with the word after it
 *     ("30 days").
 * What would have more than `limit` tokens stays apart. */
enum pith_status pith_bind_words(struct pith_parts *parts, size_t limit,
                                 struct pith_error *error);

/* A unit's text without the white space before it. */
struct pith_text pith_unit_word(const struct pith_parts *parts,
                                const struct pith_unit *unit);

#endif
