/*
 * marks.h - characters that belong to the one before them.
 */
#ifndef PITH_TEXT_MARKS_H
#define PITH_TEXT_MARKS_H

#include "grapheme.h"

/* Whether a character belongs to the one before it as accents do: a mark, a
 * vowel sign, a skin tone, a vowel or final consonant of Hangul; not a joiner
 * (U+200C, U+200D). */
bool pith_grapheme_is_mark(uint32_t code);

#endif
