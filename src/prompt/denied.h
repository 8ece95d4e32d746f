/*
 * denied.h - a negation and the word that it denies, as one unit.
 */
#ifndef PITH_PROMPT_DENIED_H
#define PITH_PROMPT_DENIED_H

#include "parts.h"

/* Merges each negation (negations.c) with the word after it, small words
 * between the two included ("not to be restarted"), or with the one before it
 * where a clause ends or where it is a Japanese verb's ending.  What would
 * have more than `most` tokens stays apart. */
enum pith_status pith_denied_bind(struct pith_parts *parts, size_t most,
                                  struct pith_error *error);

#endif
