/*
 * punkt_params.h - what Punkt has learnt about a language: sets of word
 * types, looked up in lower case.
 */
#ifndef PITH_REFERENCE_PYTHON_PUNKT_PARAMS_H
#define PITH_REFERENCE_PYTHON_PUNKT_PARAMS_H

#include <stdbool.h>

#include "../../base/error.h"
#include "../../text/piece_index.h"

/* Bytes of the longest word type (or pair of types) that parameters may
 * have; longer words are never in them. */
#define PITH_PUNKT_MAX_TYPE 255

/* A set of words, with a number for each. */
struct pith_punkt_table {
    struct pith_text *words; /* (n_words) */
    uint8_t *values;         /* (n_words) */
    size_t n_words;
    struct pith_piece_index index;
    char *bytes; /* of all words */
};

/* How a word type was seen: at the beginning, in the middle or somewhere
 * unknown of a sentence, with an upper-case or a lower-case first letter. */
enum pith_punkt_context {
    PITH_PUNKT_BEG_UC = 2,
    PITH_PUNKT_MID_UC = 4,
    PITH_PUNKT_UNK_UC = 8,
    PITH_PUNKT_BEG_LC = 16,
    PITH_PUNKT_MID_LC = 32,
    PITH_PUNKT_UNK_LC = 64,
    PITH_PUNKT_UC = PITH_PUNKT_BEG_UC | PITH_PUNKT_MID_UC | PITH_PUNKT_UNK_UC,
    PITH_PUNKT_LC = PITH_PUNKT_BEG_LC | PITH_PUNKT_MID_LC | PITH_PUNKT_UNK_LC
};

struct pith_punkt {
    struct pith_punkt_table abbreviations; /* without the final period */
    struct pith_punkt_table collocations;  /* two types, a tab between them */
    struct pith_punkt_table starters;      /* of sentences */
    struct pith_punkt_table contexts;      /* enum pith_punkt_context, or-ed */
};

/* The value of a word, 0 when it is not in the table. */
uint8_t pith_punkt_lookup(const struct pith_punkt_table *table,
                          struct pith_text word);

/* punkt_english.c: the built-in lists, one word a line. */
extern const char pith_punkt_english_abbreviations[];
extern const char pith_punkt_english_starters[];

#endif
