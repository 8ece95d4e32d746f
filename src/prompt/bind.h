/*
 * bind.h - words that mean little or the opposite without each other, as one
 * unit: a negation and what it denies, a number and what it measures.
 */
#ifndef PITH_PROMPT_BIND_H
#define PITH_PROMPT_BIND_H

#include "parts.h"

/* Merges, in the contexts,
 *   - each negation (negations.c) with the word after it, small words between
 *     the two included ("not to be restarted"), or with the one before it
 *     where a clause ends (its comma too), and a Japanese ending with its verb,
 *   - "than" and its like with what is compared,
 *   - each number with its unit, with what it counts, belongs to or is compared
 *     by, and with the other end of a range (bind_numbers.c).
 * What would have more than `limit` tokens stays apart. */
enum pith_status pith_bind_words(struct pith_parts *parts, size_t limit,
                                 struct pith_error *error);

/* A unit's text without the white space before it. */
struct pith_text pith_unit_word(const struct pith_parts *parts,
                                const struct pith_unit *unit);

/* Whether a unit, without the white space before it, is one of a list's words
 * (pith_text_is_listed). */
bool pith_unit_is_listed(const struct pith_parts *parts, size_t unit,
                         const char *list);

/* Whether a unit begins with a letter or a digit, after its white space. */
bool pith_unit_is_word(const struct pith_parts *parts, size_t unit);

/* Whether a unit begins with a Chinese character, without white space. */
bool pith_unit_is_han(const struct pith_parts *parts, size_t unit);

/* Whether a unit is the first of a line. */
bool pith_unit_starts_line(const struct pith_parts *parts, size_t unit);

enum pith_number_word {
    PITH_NO_NUMBER,
    PITH_SMALL_NUMBER, /* three */
    PITH_LARGE_NUMBER  /* hundred, forty, half: one number with what is beside it */
};

/* What number a word says, or begins with before a hyphen: "forty-five".
 * Capitals beyond ASCII are not known. */
enum pith_number_word pith_number_word_of(struct pith_text word);

/* Marks, in joined[], the units that numbers of a part tie to the one before.
 *   joined  one for each unit of all parts */
void pith_bind_numbers(const struct pith_parts *parts,
                       const struct pith_part *part, bool *joined);

/* Merges units with those before them, in place.
 *   joined  (n_units) true: goes with the unit before it, of the same part
 * What would have more than `limit` tokens stays apart. */
void pith_units_join(struct pith_parts *parts, const bool *joined,
                     size_t limit);

#endif
