/*
 * tiktoken.h - token counts of the target model: OpenAI's cl100k_base
 * (GPT-3.5 and GPT-4), from its file of ranks.
 *
 * This is not a tokenizer of a scoring model (tokenizer.h): a .tiktoken file
 * lists the bytes of each piece in base64 and its rank, which is its id too,
 * and text is cut into words by another pattern.  Special tokens are read as
 * ordinary text.
 *
 * How the methods use it: the result's origin_tokens and compressed_tokens
 * are pith_tiktoken_count() of the joined prompt and of the result.
 */
#ifndef PITH_TEXT_TIKTOKEN_H
#define PITH_TEXT_TIKTOKEN_H

#include "../base/buffer.h"
#include "../base/error.h"

struct pith_tiktoken; /* immutable, may be shared by threads */

/* Errors: IO, FORMAT, MEMORY; UNSUPPORTED for the files of other encodings,
 * which cut words by other patterns. */
enum pith_status pith_tiktoken_load(const char *path,
                                    struct pith_tiktoken **tiktoken,
                                    struct pith_error *error);
void pith_tiktoken_free(struct pith_tiktoken *tiktoken);

/* Appends the ids of text.  Time is O(n log n) whatever the text. */
enum pith_status pith_tiktoken_encode(const struct pith_tiktoken *tiktoken,
                                      struct pith_text text,
                                      struct pith_ids *ids,
                                      struct pith_error *error);

enum pith_status pith_tiktoken_count(const struct pith_tiktoken *tiktoken,
                                     struct pith_text text, size_t *n,
                                     struct pith_error *error);

/* Bytes of the first word of text by cl100k_base's pattern; text.size > 0. */
size_t pith_tiktoken_next_word(struct pith_text text);

#endif
