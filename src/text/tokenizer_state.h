/*
 * tokenizer_state.h - what a tokenizer is made of; for this folder alone.
 */
#ifndef PITH_TEXT_TOKENIZER_STATE_H
#define PITH_TEXT_TOKENIZER_STATE_H

#include "byte_bpe.h"

struct pith_tokenizer {
    struct pith_section section;
    struct pith_text *pieces; /* as they show in a text */
    struct pith_specials *specials; /* owned; encode.c */
    struct pith_byte_bpe byte_bpe;  /* where the kind is not SentencePiece */
    struct pith_sentencepiece *sentencepiece; /* owned; sentencepiece.c */
    /* Of SentencePiece; else NULL.  Appends the ids of a text that holds no
     * special piece; prefixed: it gets the dummy prefix. */
    enum pith_status (*encode)(const struct pith_tokenizer *tokenizer,
                               struct pith_text text, bool prefixed,
                               struct pith_merger *merger,
                               struct pith_ids *ids, struct pith_error *error);
    void (*release)(struct pith_tokenizer *tokenizer);
};

/* Fills the four members above, and shows a space where pieces have U+2581.
 * Errors: MEMORY; FORMAT when a text could not be encoded at all: neither an
 * unknown piece nor all bytes are there.  name: the file, for errors. */
enum pith_status
pith_tokenizer_open_sentencepiece(struct pith_tokenizer *tokenizer,
                                  const char *name, struct pith_error *error);

enum pith_status pith_tokenizer_find_specials(struct pith_tokenizer *tokenizer,
                                              struct pith_error *error);
void pith_tokenizer_drop_specials(struct pith_tokenizer *tokenizer);

/* Appends the ids of a stretch of text between special pieces. */
enum pith_status pith_tokenizer_stretch(const struct pith_tokenizer *tokenizer,
                                        struct pith_text text,
                                        bool after_special,
                                        struct pith_merger *merger,
                                        struct pith_ids *ids,
                                        struct pith_error *error);

#endif
