/*
 * section.h - the tokenizer section of a model file (docs/FORMAT.md), checked
 * once and then read in place.
 */
#ifndef PITH_TEXT_SECTION_H
#define PITH_TEXT_SECTION_H

#include "tokenizer.h"

enum {
    PITH_SECTION_HEADER = 40, /* bytes */
    PITH_SECTION_PIECE = 12,
    PITH_SECTION_MERGE = 12,
    PITH_MAX_PIECE = 65535 /* bytes of one piece */
};

struct pith_section {
    struct pith_vocab facts; /* pieces and merges NULL */
    const uint8_t *pieces, *merges; /* tables, borrowed */
    const char *text;               /* bytes of all pieces, borrowed */
    size_t text_size;
};

struct pith_section_merge {
    int32_t left, right, result;
};

/* Checks everything: after it, every piece is within the text and every
 * merge joins two pieces to the one that it names. */
enum pith_status pith_section_open(struct pith_section *section,
                                   const uint8_t *bytes, size_t size,
                                   const char *name, struct pith_error *error);

struct pith_piece pith_section_piece(const struct pith_section *section,
                                     size_t id);
struct pith_section_merge
pith_section_merge(const struct pith_section *section, size_t rank);

/* Whether pieces of that kind are searched for in a text as they are, so that
 * an empty one would be found everywhere. */
static inline bool pith_piece_is_whole(enum pith_piece_kind kind)
{
    return kind == PITH_PIECE_SPECIAL || kind == PITH_PIECE_USER;
}

/* Whether the facts of a vocabulary go together; NULL, or what is wrong with
 * them. */
const char *pith_vocab_fault(const struct pith_vocab *facts);

#endif
