/*
 * regex.h - regular expressions over characters, in linear time.
 *
 * POSIX extended regular expressions without back references: . [ ] ( ) | ^ $
 * * + ? {m,n} and \ before a special character.  Beyond POSIX there are
 * \d \D \w \W \s \S, \b \B \< \> (both sides, one side of a word), \t, and
 * [:word:].  A character is a code point, and classes know all of Unicode:
 * marks are letters, [:digit:] has the decimal digits of every script, and
 * [:punct:] has every sign that is neither letter nor number.  As in POSIX,
 * \ in brackets is itself, and matches are leftmost and longest.
 *
 * Thompson's automaton, so time is proportional to the text times the states
 * whatever the two are.
 */
#ifndef PITH_TEXT_REGEX_H
#define PITH_TEXT_REGEX_H

#include <stddef.h>

#include "../base/error.h"

enum {
    PITH_REGEX_MAX_BYTES = 1000,   /* of a pattern */
    PITH_REGEX_MAX_STATES = 2000,  /* of its automaton */
    PITH_REGEX_MAX_DEPTH = 50,     /* parentheses inside each other */
    PITH_REGEX_MAX_REPEATS = 255   /* m and n of {m,n} */
};

struct pith_regex;

/* What is never matched is the empty text, so a pattern that could match it
 * is refused.
 *   option  the pattern's name in errors: "keep_regex"
 * Errors: ARGUMENT (with the offset in the pattern), MEMORY. */
enum pith_status pith_regex_make(struct pith_regex **regex, const char *option,
                                 struct pith_text pattern,
                                 struct pith_error *error);

void pith_regex_free(struct pith_regex *regex);

/* Calls found() for each match in the text, bytes [start, end), from left to
 * right; no two overlap.  Each is within a line, which ends before LF
 * or CR LF.  One search at a time with a regex.  Errors: MEMORY. */
enum pith_status pith_regex_find(struct pith_regex *regex,
                                 struct pith_text text,
                                 void (*found)(void *context, size_t start,
                                               size_t end),
                                 void *context, struct pith_error *error);

#endif
