/*
 * plain_words.h - a text word by word, as far as spelling tells: runs of
 * letters and digits, letter case aside; each character of a script without
 * spaces.
 */
#ifndef PITH_EVAL_PLAIN_WORDS_H
#define PITH_EVAL_PLAIN_WORDS_H

#include "pith.h"

/* The next word from byte *at on, which moves to its end; false at the end of
 * the text. */
bool pith_next_plain_word(struct pith_text text, size_t *at,
                          struct pith_text *word);

/* Letter case aside. */
bool pith_same_plain_word(struct pith_text a, struct pith_text b);

#endif
