/*
 * sentencepiece.h - SentencePiece BPE: every character is a symbol, and the
 * adjacent pair whose union is the best-scoring piece merges first; or, where
 * the section has merges, as tokenizer.json has them, the pair with the lowest
 * rank.  User-defined pieces are found first, and merge with nothing.
 *
 * Pieces are kept with a space where the vocabulary has U+2581, so that the
 * text needs no rewriting.  U+2581 in a text is thus no space: it is encoded
 * as its bytes and decodes to itself.
 */
#ifndef PITH_TEXT_SENTENCEPIECE_H
#define PITH_TEXT_SENTENCEPIECE_H

#include "pair_index.h"
#include "piece_index.h"
#include "special.h"

struct pith_sentencepiece {
    const struct pith_text *pieces; /* borrowed: as they show in a text */
    struct pith_piece_index index;  /* of the normal ones */
    uint32_t *ranks;                /* by falling score, ties equal */
    struct pith_pair_index pairs;   /* of the merges, which then decide */
    bool has_merges;
    struct pith_specials user;      /* user-defined pieces */
    int32_t byte_ids[256];          /* -1: none */
    int32_t unk_id;                 /* -1: none */
    bool words_are_apart; /* no piece has a space after something else */
};

/* FORMAT when a text could not be encoded at all: neither an unknown piece
 * nor all bytes are there. */
enum pith_status pith_sentencepiece_create(struct pith_sentencepiece *sp,
                                           const struct pith_section *section,
                                           const struct pith_text *pieces,
                                           const char *name,
                                           struct pith_error *error);
void pith_sentencepiece_free(struct pith_sentencepiece *sp);

/* Appends the ids of a text that holds no special piece.
 *   prefixed  whether it gets the dummy prefix */
enum pith_status pith_sentencepiece_encode(const struct pith_sentencepiece *sp,
                                           struct pith_text text, bool prefixed,
                                           struct pith_merger *merger,
                                           struct pith_ids *ids,
                                           struct pith_error *error);

#endif
