/*
 * random_prompt.h - prompts of random words, the same on every machine: many
 * scripts, digits, spellings of special tokens, white space of all kinds.
 */
#ifndef PITH_TESTS_RANDOM_PROMPT_H
#define PITH_TESTS_RANDOM_PROMPT_H

#include "../src/base/buffer.h"
#include "support.h"

enum { RANDOM_CONTEXTS = 7 };

/* A prompt and the memory that it borrows. */
struct random_prompt {
    struct pith_prompt prompt;
    struct pith_text contexts[RANDOM_CONTEXTS];
    struct pith_buffer texts[RANDOM_CONTEXTS + 2];
};

/* Appends n words. */
void random_words(struct pith_buffer *text, uint64_t *random, size_t n);

/* Contexts of 0 to `limit` words, the other parts of a quarter of that; one
 * part in four is empty. */
void random_prompt_make(struct random_prompt *made, uint64_t *random,
                        size_t most);
void random_prompt_free(struct random_prompt *made);

/* Instruction, contexts and question, by index. */
struct pith_text prompt_part(const struct pith_prompt *prompt, size_t i);

#endif
