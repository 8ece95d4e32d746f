/*
 * decode.h - token ids to text.
 */
#ifndef PITH_TEXT_DECODE_H
#define PITH_TEXT_DECODE_H

#include "tokenizer.h"

/* Appends the bytes of a sequence; the dummy prefix of a SentencePiece text
 * is taken off its start again, special tokens show their text.
 * Decoding what encode gave returns the very text. */
void pith_tokenizer_decode(const struct pith_tokenizer *tokenizer,
                           const int32_t *ids, size_t n,
                           struct pith_buffer *out);

#endif
