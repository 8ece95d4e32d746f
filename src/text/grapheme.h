/*
 * grapheme.h - extended grapheme clusters (UAX #29, Unicode 18.0): what a
 * reader takes for one character.  A flag, a family of emoji, a letter with
 * its accents, a Devanagari conjunct, a Thai consonant with its vowel signs.
 */
#ifndef PITH_TEXT_GRAPHEME_H
#define PITH_TEXT_GRAPHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pith.h"
#include "unicode.h"

/* Where the cluster that starts at byte `at` ends, in time proportional to
 * its size.  at < text.size; an invalid byte is a character. */
size_t pith_grapheme_end(struct pith_text text, size_t at);

/* Whether `at` is between two clusters; 0 and text.size do.  Asking at every
 * byte takes time proportional to the text: at most 1,024 halves of flags in a
 * row are counted, after more the answer is no. */
bool pith_grapheme_boundary(struct pith_text text, size_t at);

/* Grapheme_Cluster_Break, divided by what other rules ask for. */
enum pith_grapheme_class {
    PITH_GRAPHEME_OTHER = 0,
    PITH_GRAPHEME_CR,
    PITH_GRAPHEME_LF,
    PITH_GRAPHEME_CONTROL,
    PITH_GRAPHEME_PREPEND,
    PITH_GRAPHEME_SPACING,     /* SpacingMark */
    PITH_GRAPHEME_EXTEND,      /* Extend, except for the next two */
    PITH_GRAPHEME_LINKER,      /* Extend with InCB=Linker: most viramas */
    PITH_GRAPHEME_NON_JOINER,  /* Extend without an InCB: U+200C */
    PITH_GRAPHEME_ZWJ,
    PITH_GRAPHEME_LINKER_BASE, /* Other with InCB=Linker */
    PITH_GRAPHEME_CONSONANT,   /* Other with InCB=Consonant */
    PITH_GRAPHEME_PICTOGRAPH,  /* Other with Extended_Pictographic */
    PITH_GRAPHEME_REGIONAL,    /* Regional_Indicator: half a flag */
    PITH_GRAPHEME_L,           /* Hangul: leading consonant, vowel, ... */
    PITH_GRAPHEME_V,
    PITH_GRAPHEME_T,
    PITH_GRAPHEME_LV,
    PITH_GRAPHEME_LVT
};

enum pith_grapheme_class pith_grapheme_class(uint32_t code);

/* Code points in no range are OTHER, LV or LVT. */
extern const struct pith_unicode_range pith_grapheme_ranges[];
extern const size_t pith_grapheme_n_ranges;

#endif
