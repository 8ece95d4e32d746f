/*
 * split.h - texts into the words that BLEU and ROUGE count.
 */
#ifndef PITH_EVAL_SPLIT_H
#define PITH_EVAL_SPLIT_H

#include "words.h"

/* Each appends the words of a text. */

/* As mteval-v13a does for Western languages: symbols are their own words,
 * and so are periods and commas that are not between digits. */
enum pith_status pith_split_13a(struct pith_words *words, struct pith_text text,
                                struct pith_error *error);

/* Runs of a-z and 0-9 after lower-casing; everything else parts words. */
enum pith_status pith_split_rouge(struct pith_words *words,
                                  struct pith_text text,
                                  struct pith_error *error);

#endif
