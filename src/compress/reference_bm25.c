/*
 * reference_bm25.c - BM25 in the form of Robertson's Okapi, with the floor
 * under negative weights that the rank_bm25 package has.  See reference.h.
 *
 * Words are what lies between single spaces, empty ones among them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/crc32.h"
#include "../base/memory.h"
#include "reference.h"

/* A word of the corpus, in the order of first appearance. */
struct word {
    struct pith_text text;
    size_t n_documents; /* that hold it */
    size_t latest;      /* document, counted from 1, that it was seen in */
    double weight;      /* idf */
};

struct corpus {
    struct word *words;
    size_t n_words, capacity;
    size_t *slots; /* (n_slots) 1 + word, 0: free; n_slots a power of two */
    size_t n_slots;
};

/* The next word of a text; false behind the last.  *at starts at 0 and ends
 * one beyond the size. */
static bool next_word(struct pith_text text, size_t *at, struct pith_text *word)
{
    if (*at > text.size)
        return false;
    size_t end = *at;
    while (end < text.size && text.bytes[end] != ' ')
        end++;
    *word = (struct pith_text){text.size > 0 ? text.bytes + *at : "",
                               end - *at};
    *at = end + 1;
    return true;
}

static bool same(struct pith_text a, struct pith_text b)
{
    return a.size == b.size &&
           (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static size_t count_words(struct pith_text text)
{
    size_t n = 0, at = 0;
    struct pith_text word;
    while (next_word(text, &at, &word))
        n++;
    return n;
}

/* The slot that holds the word or would hold it. */
static size_t *find_slot(struct corpus *corpus, struct pith_text text)
{
    size_t mask = corpus->n_slots - 1;
    size_t at = pith_crc32(0, text.bytes, text.size) & mask;
    while (corpus->slots[at] != 0 &&
           !same(corpus->words[corpus->slots[at] - 1].text, text))
        at = (at + 1) & mask;
    return &corpus->slots[at];
}

static enum pith_status corpus_init(struct corpus *corpus,
                                    const struct pith_text *texts, size_t n,
                                    struct pith_error *error)
{
    *corpus = (struct corpus){.n_slots = 16};
    for (size_t i = 0; i < n; i++)
        corpus->capacity += count_words(texts[i]);
    while (corpus->n_slots / 2 < corpus->capacity)
        corpus->n_slots *= 2;
    corpus->words = pith_array(corpus->capacity, sizeof *corpus->words);
    corpus->slots = pith_array_zero(corpus->n_slots, sizeof *corpus->slots);
    return corpus->words && corpus->slots
               ? PITH_OK
               : pith_no_memory(error, corpus->n_slots, sizeof *corpus->words);
}

static void add_document(struct corpus *corpus, struct pith_text text,
                         size_t number)
{
    size_t at = 0;
    struct pith_text found;
    while (next_word(text, &at, &found)) {
        size_t *slot = find_slot(corpus, found);
        if (*slot == 0) {
            corpus->words[corpus->n_words++] = (struct word){.text = found};
            *slot = corpus->n_words;
        }
        struct word *word = &corpus->words[*slot - 1];
        word->n_documents += word->latest != number;
        word->latest = number;
    }
}

/* idf = log((N - n + 1/2) / (n + 1/2)); where it is negative, a quarter of
 * the mean over all words. */
static void weigh_words(struct corpus *corpus, size_t n_documents)
{
    double sum = 0;
    for (size_t i = 0; i < corpus->n_words; i++) {
        struct word *word = &corpus->words[i];
        double n = (double)word->n_documents;
        word->weight = log((double)n_documents - n + 0.5) - log(n + 0.5);
        sum += word->weight;
    }
    double floor_weight = 0.25 * (sum / (double)corpus->n_words);
    for (size_t i = 0; i < corpus->n_words; i++)
        if (corpus->words[i].weight < 0)
            corpus->words[i].weight = floor_weight;
}

static size_t count_word(struct pith_text text, struct pith_text wanted)
{
    size_t n = 0, at = 0;
    struct pith_text word;
    while (next_word(text, &at, &word))
        n += same(word, wanted);
    return n;
}

/* Adds a word of the question to the score of every text. */
static void add_scores(const struct pith_text *texts, size_t n,
                       struct pith_text wanted, double weight,
                       double mean_length, double *scores)
{
    const double k1 = 1.5, b = 0.75;
    for (size_t i = 0; i < n; i++) {
        double count = (double)count_word(texts[i], wanted);
        double length = (double)count_words(texts[i]);
        scores[i] += weight * (count * (k1 + 1) /
                               (count + k1 * (1 - b + b * length / mean_length)));
    }
}

enum pith_status pith_reference_bm25(const struct pith_text *texts, size_t n,
                                     struct pith_text question, double *scores,
                                     struct pith_error *error)
{
    struct corpus corpus;
    struct pith_text wanted;
    size_t at = 0;
    enum pith_status status = corpus_init(&corpus, texts, n, error);
    if (status != PITH_OK)
        goto done;
    for (size_t i = 0; i < n; i++) {
        add_document(&corpus, texts[i], i + 1);
        scores[i] = 0;
    }
    weigh_words(&corpus, n);
    double mean_length = (double)corpus.capacity / (double)n;
    while (next_word(question, &at, &wanted)) {
        size_t slot = *find_slot(&corpus, wanted);
        if (slot != 0)
            add_scores(texts, n, wanted, corpus.words[slot - 1].weight,
                       mean_length, scores);
    }
done:
    free(corpus.words);
    free(corpus.slots);
    return status;
}
