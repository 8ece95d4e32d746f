/*
 * casing.h - what Python's str says about one character: isspace(),
 * isupper(), islower(), isdecimal() and lower().
 *
 * Not the classes of the pre-tokenizers (unicode.h): str.isspace() has four
 * control characters that the property White_Space does not have.
 */
#ifndef PITH_TEXT_CASING_H
#define PITH_TEXT_CASING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pith_casing_kind {
    PITH_CASING_NONE = 0,
    PITH_CASING_UPPER = 1,
    PITH_CASING_LOWER = 2,
    PITH_CASING_TITLE = 3, /* neither, but has a lower case: U+01C5 */
    PITH_CASING_DIGIT = 4, /* Nd */
    PITH_CASING_PAIRS = 5  /* in the table: UPPER and LOWER by turns */
};

enum pith_casing_kind pith_casing_kind(uint32_t code);

/* The character in lower case, itself where it has none.  One for one:
 * U+0130 gives 'i', a final sigma is not told from others. */
uint32_t pith_lower_case(uint32_t code);

bool pith_is_space(uint32_t code);

/* Consecutive code points of one kind, `delta` from their lower case. */
struct pith_casing_range {
    uint32_t first, last;
    uint8_t kind;
    int32_t delta;
};

extern const struct pith_casing_range pith_casing_ranges[];
extern const size_t pith_casing_n_ranges;

#endif
