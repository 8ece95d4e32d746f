/*
 * canonical.h - finding a string whichever way its characters are written:
 * "é" as one code point (NFC) or as "e" and an accent (NFD).
 *
 * Both sides are brought to their canonical decomposition (UAX #15, Unicode
 * 14.0) and compared by the algorithm of Knuth, Morris and Pratt.
 */
#ifndef PITH_TEXT_CANONICAL_H
#define PITH_TEXT_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/error.h"

/* A text's canonical decomposition.  Of more than 30 marks in a row the order
 * is not canonical throughout (UAX #15 calls such text not stream-safe). */
struct pith_canonical {
    struct pith_text text; /* borrowed */
    uint32_t *codes;       /* n: code points, with their combining classes */
    size_t *bytes;         /* n: where in text what each comes from starts */
    size_t n;
};

/* Errors: MEMORY.  The text must outlive the form.  Invalid bytes equal only
 * themselves. */
enum pith_status pith_canonical_make(struct pith_canonical *form,
                                     struct pith_text text,
                                     struct pith_error *error);

void pith_canonical_free(struct pith_canonical *form);

/* A string to look for. */
struct pith_needle {
    struct pith_canonical form;
    size_t *border; /* form.n: of each prefix, the longest proper border */
};

/* string.size > 0.  Errors: MEMORY. */
enum pith_status pith_needle_make(struct pith_needle *needle,
                                  struct pith_text string,
                                  struct pith_error *error);

void pith_needle_free(struct pith_needle *needle);

/* One search through one text; {0} at its beginning. */
struct pith_search {
    size_t at, matched; /* of form.codes, of needle.form.codes */
    size_t start, end;  /* what was found and not yet returned */
};

/* The next stretch of text, bytes [*start, *end), that occurrences cover, of
 * which those that touch are one; false when there is no more.  Occurrences
 * start and end between characters, and not before a mark of their last one:
 * "cafe" does not occur in "café".  The whole search takes time proportional
 * to the text. */
bool pith_canonical_next(struct pith_search *search,
                         const struct pith_canonical *form,
                         const struct pith_needle *needle, size_t *start,
                         size_t *end);

struct pith_combining_range {
    uint32_t first, last;
    uint8_t combining_class;
};

/* Sorted; characters in no range have class 0. */
extern const struct pith_combining_range pith_combining_ranges[];
extern const size_t pith_combining_n_ranges;

struct pith_decomposition {
    uint32_t code;
    uint32_t into[4]; /* 0 after the last one */
};

/* Sorted by code. */
extern const struct pith_decomposition pith_decompositions[];
extern const size_t pith_n_decompositions;

#endif
