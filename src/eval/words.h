/*
 * words.h - texts as sequences of word numbers, and their n-grams: what BLEU
 * and ROUGE count.
 *
 * The words of both texts of a comparison get numbers from one table, so that
 * equal words have equal numbers and nothing else matters about them.
 */
#ifndef PITH_EVAL_WORDS_H
#define PITH_EVAL_WORDS_H

#include "../base/buffer.h"
#include "../base/error.h"

enum { PITH_MAX_NGRAM = 4 };

/* Words in a row, ended by their bounds: word i is text[ends[i - 1] ..
 * ends[i]) (from 0 for the first).  {0} is empty. */
struct pith_words {
    struct pith_buffer text;
    size_t *ends;
    size_t n, capacity;
};

/* A word without bytes is left out. */
enum pith_status pith_words_add(struct pith_words *words, struct pith_text word,
                                struct pith_error *error);
void pith_words_free(struct pith_words *words);

/* The two sides of a comparison. */
struct pith_word_pair {
    uint32_t *hypothesis, *reference; /* numbers of their words; owned */
    size_t n_hypothesis, n_reference;
};

enum pith_status pith_word_pair_create(struct pith_word_pair *pair,
                                       const struct pith_words *hypothesis,
                                       const struct pith_words *reference,
                                       struct pith_error *error);
void pith_word_pair_free(struct pith_word_pair *pair);

/* n-grams of length order (1 .. PITH_MAX_NGRAM): how many each side has, and
 * how many of the hypothesis the reference matches, each of its own once. */
struct pith_ngram_counts {
    size_t hypothesis, reference, matches;
};

enum pith_status pith_count_ngrams(const struct pith_word_pair *pair,
                                   size_t order,
                                   struct pith_ngram_counts *counts,
                                   struct pith_error *error);

/* Length of the longest common subsequence. */
enum pith_status pith_common_subsequence(const struct pith_word_pair *pair,
                                         size_t *length,
                                         struct pith_error *error);

#endif
