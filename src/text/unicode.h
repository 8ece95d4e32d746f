/*
 * unicode.h - the character properties that pre-tokenizers ask for.
 */
#ifndef PITH_TEXT_UNICODE_H
#define PITH_TEXT_UNICODE_H

#include <stddef.h>
#include <stdint.h>

enum pith_unicode_class {
    PITH_UNICODE_OTHER = 0,
    PITH_UNICODE_LETTER = 1, /* \p{L}: Lu Ll Lt Lm Lo */
    PITH_UNICODE_NUMBER = 2, /* \p{N}: Nd Nl No */
    PITH_UNICODE_SPACE = 3,  /* \s: the property White_Space */
    /* Numbers of Unicode 15.  Hugging Face's Digits knows them, the regular
     * expression it uses is of Unicode 14 and treats them as OTHER. */
    PITH_UNICODE_NEWER_NUMBER = 4
};

enum pith_unicode_class pith_unicode_class(uint32_t code);

/* Consecutive code points of one class.  Tables are sorted. */
struct pith_unicode_range {
    uint32_t first, last;
    uint8_t unicode_class;
};

/* The class of a code point by a table of n ranges; 0 where it is in none. */
uint8_t pith_range_class(const struct pith_unicode_range *ranges, size_t n,
                         uint32_t code);

extern const struct pith_unicode_range pith_unicode_ranges[];
extern const size_t pith_unicode_n_ranges;

#endif
