/*
 * stop_words.h - the words that any English text is full of.
 */
#ifndef PITH_EVAL_STOP_WORDS_H
#define PITH_EVAL_STOP_WORDS_H

#include "../base/error.h"

/* Letter case does not matter; apostrophes are part of a word. */
bool pith_is_stop_word(struct pith_text word);

#endif
