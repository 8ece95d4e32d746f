/*
 * pretokenize.h - the first words of a text: what is merged alone.
 */
#ifndef PITH_TEXT_PRETOKENIZE_H
#define PITH_TEXT_PRETOKENIZE_H

#include "tokenizer.h"

/* Bytes of the next word of a text that is not empty, by the pattern of GPT-2
 * or SmolLM; by any of them (pretokenize_llama3.c). */
size_t pith_pretokenize_gpt2(enum pith_pre_tokenizer kind,
                             struct pith_text text);
size_t pith_pretokenize_next(enum pith_pre_tokenizer kind,
                             struct pith_text text);

/* What patterns are made of.  One character of a text: where a number stands
 * alone, it is ISOLATED, and so is the end of the text, since no run continues
 * through either. */
enum pith_character {
    PITH_CHARACTER_OTHER,
    PITH_CHARACTER_LETTER,
    PITH_CHARACTER_NUMBER,
    PITH_CHARACTER_SPACE,
    PITH_CHARACTER_ISOLATED
};

enum pith_character pith_character_at(enum pith_pre_tokenizer kind,
                                      struct pith_text text, size_t at,
                                      size_t *length);

/* Where a run of characters of one kind, which may be empty, ends. */
size_t pith_run_of(enum pith_pre_tokenizer kind, struct pith_text text,
                   size_t at, enum pith_character run);

/* 's 't 're 've 'm 'll 'd; 0 when there is none.  In any case of its letters
 * where folded: U+017F is an s, too. */
size_t pith_contraction_length(struct pith_text text, bool folded);

/* \s+(?!\S) | \s+ : white space gives its last character away to the word
 * after it, unless it is the only one. */
size_t pith_space_length(enum pith_pre_tokenizer kind, struct pith_text text);

#endif
