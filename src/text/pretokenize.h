/*
 * pretokenize.h - cutting a text into the words inside which byte-level BPE
 * merges.
 */
#ifndef PITH_TEXT_PRETOKENIZE_H
#define PITH_TEXT_PRETOKENIZE_H

#include "tokenizer.h"

/* Bytes of the first word of text; text.size > 0.  Cutting a whole text word
 * by word takes time linear in its size. */
size_t pith_pretokenize_next(enum pith_pre_tokenizer kind,
                             struct pith_text text);

#endif
