/*
 * merge.h - byte-pair merging of one word, for both kinds of tokenizer.
 *
 * A word is a list of symbols.  Again and again the adjacent pair with the
 * lowest rank, the leftmost among equals, becomes one symbol, until no pair
 * has a rank.  What a pair is worth is the vocabulary's business.
 *
 * The pairs wait in a binary heap: O(n log n) for n symbols.
 */
#ifndef PITH_TEXT_MERGE_H
#define PITH_TEXT_MERGE_H

#include "../base/buffer.h"
#include "../base/error.h"

struct pith_pair {
    uint32_t rank; /* lower merges earlier */
    int32_t id;    /* the piece that it becomes */
};

struct pith_symbol {
    uint32_t start, size;    /* bytes of the word */
    uint32_t previous, next; /* PITH_NO_SYMBOL at the ends */
    int32_t id;              /* piece, -1 for none */
    struct pith_pair pair;   /* with the next; rank PITH_NO_RANK: none */
};

#define PITH_NO_SYMBOL UINT32_MAX
#define PITH_NO_RANK UINT32_MAX

/* What a vocabulary says about two adjacent symbols of a word; false when
 * they do not merge. */
struct pith_pair_rule {
    bool (*find)(const void *vocabulary, const char *word,
                 const struct pith_symbol *left,
                 const struct pith_symbol *right, struct pith_pair *pair);
    const void *vocabulary;
};

/* Memory that the words of one text share; {0} is empty. */
struct pith_merger {
    struct pith_symbol *symbols;
    uint64_t *heap; /* merge.c */
    size_t n_symbols, capacity, n_heap;
};

/* Room for the n symbols of the next word. */
enum pith_status pith_merger_start(struct pith_merger *merger, size_t n,
                                   struct pith_error *error);
void pith_merger_free(struct pith_merger *merger);

/* Appends a symbol of the word; the symbols follow each other without gap. */
void pith_merger_push(struct pith_merger *merger, size_t size, int32_t id);

/* Merges; what is left is read from pith_merger_first() along `next`. */
void pith_merger_run(struct pith_merger *merger, const char *word,
                     struct pith_pair_rule rule);

/* PITH_NO_SYMBOL when the word has none. */
uint32_t pith_merger_first(const struct pith_merger *merger);

#endif
