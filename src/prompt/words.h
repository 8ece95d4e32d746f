/*
 * words.h - where words begin and end, and what would read as one word.
 */
#ifndef PITH_PROMPT_WORDS_H
#define PITH_PROMPT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "../base/error.h"

/* Whether text can be cut between its bytes at - 1 and at without cutting a
 * word: white space, if any, with a run of letters, digits, marks and
 * underscores after it; signs such as an apostrophe, a hyphen, a point or a
 * slash between two of these hold them together.  Every other sign is a word
 * of its own, and so is every character of a script that writes no spaces. */
bool pith_is_word_boundary(struct pith_text text, size_t at);

/* Whether the end of `left` and the start of `right`, side by side, would
 * read as one word, number, operator or character, in any script. */
bool pith_reads_as_one(struct pith_text left, struct pith_text right);

/* Whether all of text is white space; true of an empty text. */
bool pith_is_blank(struct pith_text text);

#endif
