/*
 * vocab.h - writing a vocabulary.
 */
#ifndef PITH_TEXT_VOCAB_H
#define PITH_TEXT_VOCAB_H

#include "tokenizer.h"

/* Appends the tokenizer section of a model file. */
enum pith_status pith_vocab_serialize(const struct pith_vocab *vocab,
                                      struct pith_buffer *out,
                                      struct pith_error *error);

#endif
