/*
 * clusters.h - a text grapheme cluster by grapheme cluster, and what each is
 * to those beside it.
 */
#ifndef PITH_PROMPT_CLUSTERS_H
#define PITH_PROMPT_CLUSTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pith.h"

enum pith_role {
    PITH_ROLE_SIGN,   /* punctuation, symbols, emoji, controls */
    PITH_ROLE_SPACE,
    PITH_ROLE_LETTER, /* and the underscore */
    PITH_ROLE_LONE,   /* a letter of a script without spaces between words */
    PITH_ROLE_DIGIT   /* any number of Unicode: 7, ², ½, ①, Ⅷ */
};

struct pith_cluster {
    uint32_t code;     /* the code point that it is read by; 0: no cluster */
    size_t start, end; /* bytes of the text; equal: no cluster */
};

enum pith_role pith_role_of(uint32_t code);

/* A letter of a script with spaces, an underscore or a digit. */
bool pith_is_word_character(uint32_t code);

/* PITH_ROLE_DIGIT */
bool pith_is_number(uint32_t code);

/* Whether a code point is among those of a string. */
bool pith_is_one_of(uint32_t code, const char *string);

/* The cluster that starts at byte `at`; none at the end of the text. */
struct pith_cluster pith_cluster_at(struct pith_text text, size_t at);

/* The cluster that ends at byte `at`; none at the start of the text. */
struct pith_cluster pith_cluster_before(struct pith_text text, size_t at);

/* Whether the bytes at `at` are those of a string. */
bool pith_starts_with(struct pith_text text, size_t at, const char *string);

#endif
