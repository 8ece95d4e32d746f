/*
 * protect.h - finding what a prompt should not lose: numbers, negations,
 * links, identifiers, names of code, markup.
 *
 * docs/PROTECT.md says what each kind holds.  Texts are valid UTF-8; time and
 * memory are linear in their size, whatever they are.
 */
#ifndef PITH_PROMPT_PROTECT_H
#define PITH_PROMPT_PROTECT_H

#include "../base/error.h"

/* Bytes of a text; both ends lie between grapheme clusters. */
struct pith_range {
    size_t start, end;
    unsigned kind; /* enum pith_protect, one of them */
};

/* {0} is empty. */
struct pith_ranges {
    struct pith_range *items;
    size_t n, capacity;
};

void pith_ranges_free(struct pith_ranges *ranges);

/* Appends what is of the kinds asked for, by ascending start.  Ranges of one
 * kind do not overlap; those of different kinds may.
 *   kinds  enum pith_protect, or-ed
 * Errors: MEMORY. */
enum pith_status pith_protect_find(struct pith_text text, unsigned kinds,
                                   struct pith_ranges *ranges,
                                   struct pith_error *error);

/* Appends what no prompt is cut inside, whatever it protects: numbers with
 * their signs and units; the markers of chat templates.  Every digit of the
 * text lies in a range of the first. */
enum pith_status pith_number_ranges(struct pith_text text,
                                    struct pith_ranges *ranges,
                                    struct pith_error *error);
enum pith_status pith_chat_marker_ranges(struct pith_text text,
                                         struct pith_ranges *ranges,
                                         struct pith_error *error);

#endif
