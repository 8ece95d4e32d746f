/*
 * recover.h - subsequence recovery: a large model answers in the words of the
 * compressed prompt; names and numbers that compression has cut are put back
 * from the original one (LongLLMLingua, "Subsequence Recovery").
 *
 * The answer is read word by word (words are what is between single
 * spaces).  A run of words, as long as possible, that occurs in the
 * compressed prompt is searched for in the original one, token by token, and
 * replaced by the text found there; other words stay as they are.
 *
 * It needs a tokenizer and no model.  `reference` answers to
 * PromptCompressor.recover(); `paper` follows the paper's words: "the
 * shortest" text of the original that holds the run as a subsequence.
 */
#ifndef PITH_COMPRESS_RECOVER_H
#define PITH_COMPRESS_RECOVER_H

#include "../base/error.h"
#include "../text/tokenizer.h"

enum pith_recover_rules {
    /* From every place of the run's first token on, the next token of the
     * run is taken when it comes within 10 tokens and passed over when it
     * does not; the most tokens win, then the shortest text, then the first.
     * The run is tokenised on its own, so byte-level vocabularies, which know
     * most words with a leading space, often find little.  (Where the
     * reference fails, on two spaces in a row, the text stays.) */
    PITH_RECOVER_REFERENCE,
    /* The shortest text that has all tokens of the run in order; of several
     * the first that begins and ends with words, else the first.  The run
     * stays when there is none, or when the text would be more than ten times
     * as long as the run.  The run is also tried with a leading space.
     *
     * A run's first and last words are whole in the compressed prompt; where
     * the text found begins or ends inside a word of the original, it is
     * taken with the rest of that word: "in 20" of a compressed "in 2009".
     * Any white space parts words, and punctuation around a word that the
     * compressed prompt does not have is left where it is: "in 20." */
    PITH_RECOVER_PAPER
};

/* The answer with its runs put back.
 *   original, compressed  the prompt before and after compression
 *   recovered             handed over, NUL-terminated; free with pith_free() */
enum pith_status pith_recover_answer(const struct pith_tokenizer *tokenizer,
                                     struct pith_text original,
                                     struct pith_text compressed,
                                     struct pith_text answer,
                                     enum pith_recover_rules rules,
                                     char **recovered, size_t *size,
                                     struct pith_error *error);

#endif
