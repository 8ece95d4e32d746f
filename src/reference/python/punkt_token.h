/*
 * punkt_token.h - the words that Punkt looks at, and the types under which
 * it knows them.
 */
#ifndef PITH_REFERENCE_PYTHON_PUNKT_TOKEN_H
#define PITH_REFERENCE_PYTHON_PUNKT_TOKEN_H

#include <stdbool.h>

#include "../../text/casing.h"
#include "punkt_params.h"

/* A word in lower case, "##number##" for all numbers. */
struct pith_punkt_type {
    char bytes[PITH_PUNKT_MAX_TYPE + 1];
    size_t size; /* 0: longer than any word that parameters have */
};

struct pith_punkt_token {
    struct pith_text text;
    struct pith_punkt_type type;
    bool ends_in_period;
    bool is_ellipsis, is_abbreviation, is_break; /* annotations */
};

/* White space, as the property of Unicode has it; pith_is_space() has four
 * control characters more. */
bool pith_punkt_is_space(uint32_t code);

/* Takes the next token of a line off `line`; false when only white space is
 * left.  Periods stay with the word before them, other punctuation is
 * split off; runs of hyphens and of periods are tokens. */
bool pith_punkt_next_token(struct pith_text *line,
                           struct pith_punkt_token *token);

/* The type without the period at its end. */
struct pith_text pith_punkt_type_no_period(const struct pith_punkt_type *type);

/* The type without the period when that ends a sentence. */
struct pith_text
pith_punkt_type_no_break(const struct pith_punkt_token *token);

/* One letter (or '_', or Roman numeral) and a period: "J." */
bool pith_punkt_is_initial(const struct pith_punkt_token *token);

/* What the first character of a text is: PITH_CASING_UPPER or LOWER or
 * something else. */
enum pith_casing_kind pith_punkt_first_case(struct pith_text text);

/* Characters that end a word although no space is there: quotes, brackets,
 * colons, '?', '!' and others, but neither ',' nor '.'. */
bool pith_punkt_splits_words(uint32_t code);

#endif
