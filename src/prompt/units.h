/*
 * units.h - what compression keeps or drops as a whole.
 */
#ifndef PITH_PROMPT_UNITS_H
#define PITH_PROMPT_UNITS_H

#include "parts.h"

/* Appends one unit to parts->units. */
enum pith_status pith_unit_push(struct pith_parts *parts, struct pith_unit unit,
                                struct pith_error *error);

/* Appends the units of n tokens: the fewest that begin and end between
 * grapheme clusters.
 *   first  token, byte and part of the first one
 *   ends   (n) where in parts->text each token ends, ascending; the last one
 *          ends the part */
enum pith_status pith_units_append(struct pith_parts *parts,
                                   struct pith_unit first, const size_t *ends,
                                   size_t n, struct pith_error *error);

/* Merges the units of each number and of each chat marker and, with
 * PITH_UNITS_WORD, those of each word with the white space before it.
 * One that has more than `limit` tokens stays in pieces; parts->n_cut counts
 * those. */
enum pith_status pith_units_merge(struct pith_parts *parts,
                                  enum pith_units units, size_t limit,
                                  struct pith_error *error);

/* Makes one unit of n, at `to`, which is not after them. */
void pith_units_unite(const struct pith_parts *parts, struct pith_unit *to,
                      const struct pith_unit *units, size_t n);

/* Tokens of n units. */
size_t pith_units_tokens(const struct pith_unit *units, size_t n);

/* Cuts a unit of several tokens in two at byte `at` of its text, which is
 * between clusters; units after it move up by one. */
enum pith_status pith_unit_split(struct pith_parts *parts, size_t unit,
                                 size_t at, struct pith_error *error);

/* The text of a unit, borrowed from parts->text. */
struct pith_text pith_unit_text(const struct pith_parts *parts,
                                const struct pith_unit *unit);

/* The text of a part, without the blank line before it. */
struct pith_text pith_part_text(const struct pith_parts *parts,
                                const struct pith_part *part);

/* The blank line before a part, borrowed; NULL: it has none. */
const struct pith_unit *pith_line_before(const struct pith_parts *parts,
                                         const struct pith_part *part);

/* Tokens of the forced units among n. */
size_t pith_forced_tokens(const struct pith_unit *units, size_t n);

/* Mean of the losses of a unit's tokens (n_tokens), in nats; the white space in
 * front is not counted. */
float pith_unit_mean(const struct pith_unit *unit, const float *losses);

#endif
