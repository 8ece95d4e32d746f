/*
 * bm25.c - see bm25.h.
 *
 *   idf(w)      = log(N - n_w + 1/2) - log(n_w + 1/2)
 *   score(D, Q) = sum over w in Q of
 *                 idf(w) f(w, D) (k1 + 1) /
 *                 (f(w, D) + k1 (1 - b + b |D| / mean |D|))
 *
 * N documents, n_w of them with the word w, f(w, D) times in D.
 */
#include "bm25.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../text/piece_index.h"

static const double k1 = 1.5, b = 0.75, epsilon = 0.25;

/* f(w, D) > 0 */
struct posting {
    size_t document, n_times;
};

struct corpus {
    size_t n_documents, n_words; /* words that differ */
    double mean_length;
    size_t *lengths;             /* (n_documents) in words */
    struct pith_text *words;     /* (n_words) in the order of first use */
    struct pith_piece_index index;
    int32_t empty_word;          /* which the index does not hold; -1: none */
    size_t *n_postings;          /* (n_words) documents with the word */
    size_t *first_posting;       /* (n_words) */
    struct posting *postings;    /* those of a word together */
    double *idf;                 /* (n_words) */
};

/* Takes the next word off text; false after the last one. */
static bool next_word(struct pith_text *text, struct pith_text *word)
{
    if (text->bytes == NULL)
        return false;
    const char *space =
        text->size > 0 ? memchr(text->bytes, ' ', text->size) : NULL;
    word->bytes = text->bytes;
    word->size = space ? (size_t)(space - text->bytes) : text->size;
    text->bytes = space ? space + 1 : NULL;
    text->size -= word->size + (space != NULL);
    return true;
}

/* An empty text is one empty word. */
static struct pith_text words_of(struct pith_text text)
{
    return text.bytes != NULL ? text : (struct pith_text){"", 0};
}

static size_t count_words(const struct pith_text *documents, size_t n)
{
    size_t n_words = 0;
    for (size_t i = 0; i < n; i++) {
        struct pith_text rest = words_of(documents[i]), word;
        while (next_word(&rest, &word))
            n_words++;
    }
    return n_words;
}

static int32_t find_word(const struct corpus *corpus, struct pith_text word)
{
    return word.size == 0 ? corpus->empty_word
                          : pith_piece_index_find(&corpus->index,
                                                  corpus->words, word);
}

static int32_t add_word(struct corpus *corpus, struct pith_text word)
{
    int32_t id = find_word(corpus, word);
    if (id >= 0)
        return id;
    id = (int32_t)corpus->n_words++;
    corpus->words[id] = word;
    if (word.size == 0)
        corpus->empty_word = id;
    else
        pith_piece_index_add(&corpus->index, corpus->words, id);
    return id;
}

static void corpus_free(struct corpus *corpus)
{
    pith_piece_index_free(&corpus->index);
    pith_free(corpus->lengths);
    pith_free(corpus->words);
    pith_free(corpus->n_postings);
    pith_free(corpus->first_posting);
    pith_free(corpus->postings);
    pith_free(corpus->idf);
}

static enum pith_status corpus_allocate(struct corpus *corpus, size_t n_words,
                                        struct pith_error *error)
{
    if (n_words > INT32_MAX)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "BM25 over %zu words: expected less than 2^31",
                         n_words);
    PITH_TRY(pith_piece_index_create(&corpus->index, n_words, error));
    corpus->lengths = pith_array_zero(corpus->n_documents, sizeof(size_t));
    corpus->words = pith_array(n_words, sizeof *corpus->words);
    corpus->n_postings = pith_array_zero(n_words, sizeof(size_t));
    corpus->first_posting = pith_array_zero(n_words, sizeof(size_t));
    corpus->postings = pith_array(n_words, sizeof *corpus->postings);
    corpus->idf = pith_array(n_words, sizeof *corpus->idf);
    if (!corpus->lengths || !corpus->words || !corpus->n_postings ||
        !corpus->first_posting || !corpus->postings || !corpus->idf)
        return pith_no_memory(error, n_words, sizeof *corpus->postings);
    return PITH_OK;
}

/* Gives every word its number and room for as many postings as it has uses. */
static void number_words(struct corpus *corpus,
                         const struct pith_text *documents)
{
    size_t n_all = 0, first = 0;
    for (size_t i = 0; i < corpus->n_documents; i++) {
        struct pith_text rest = words_of(documents[i]), word;
        while (next_word(&rest, &word)) {
            corpus->first_posting[add_word(corpus, word)]++;
            corpus->lengths[i]++;
        }
        n_all += corpus->lengths[i];
    }
    for (size_t w = 0; w < corpus->n_words; w++) {
        size_t n_uses = corpus->first_posting[w];
        corpus->first_posting[w] = first;
        first += n_uses;
    }
    corpus->mean_length = (double)n_all / (double)corpus->n_documents;
}

static void fill_postings(struct corpus *corpus,
                          const struct pith_text *documents)
{
    for (size_t i = 0; i < corpus->n_documents; i++) {
        struct pith_text rest = words_of(documents[i]), word;
        while (next_word(&rest, &word)) {
            int32_t w = find_word(corpus, word);
            size_t n = corpus->n_postings[w];
            struct posting *end =
                corpus->postings + corpus->first_posting[w] + n;
            if (n > 0 && end[-1].document == i) {
                end[-1].n_times++;
            } else {
                *end = (struct posting){i, 1};
                corpus->n_postings[w]++;
            }
        }
    }
}

/* A negative idf, of a word that most documents have, becomes epsilon times
 * the mean of all. */
static void weigh_words(struct corpus *corpus)
{
    double sum = 0;
    for (size_t w = 0; w < corpus->n_words; w++) {
        double n = (double)corpus->n_postings[w];
        double idf = log((double)corpus->n_documents - n + 0.5) - log(n + 0.5);
        corpus->idf[w] = idf;
        sum += idf;
    }
    double floor_of_idf = epsilon * (sum / (double)corpus->n_words);
    for (size_t w = 0; w < corpus->n_words; w++)
        if (corpus->idf[w] < 0)
            corpus->idf[w] = floor_of_idf;
}

/* Documents without the word would be added 0. */
static void add_scores_of_word(const struct corpus *corpus, int32_t word,
                               double *scores)
{
    const struct posting *postings =
        corpus->postings + corpus->first_posting[word];
    for (size_t i = 0; i < corpus->n_postings[word]; i++) {
        double f = (double)postings[i].n_times;
        double length = (double)corpus->lengths[postings[i].document];
        scores[postings[i].document] +=
            corpus->idf[word] *
            (f * (k1 + 1) /
             (f + k1 * (1 - b + b * length / corpus->mean_length)));
    }
}

enum pith_status pith_bm25_score(const struct pith_text *documents, size_t n,
                                 struct pith_text query, double *scores,
                                 struct pith_error *error)
{
    struct corpus corpus = {.n_documents = n, .empty_word = -1};
    struct pith_text word;
    enum pith_status status =
        corpus_allocate(&corpus, count_words(documents, n), error);
    if (status == PITH_OK && n > 0) {
        number_words(&corpus, documents);
        fill_postings(&corpus, documents);
        weigh_words(&corpus);
        for (size_t i = 0; i < n; i++)
            scores[i] = 0;
        query = words_of(query);
        while (next_word(&query, &word)) {
            int32_t found = find_word(&corpus, word);
            if (found >= 0)
                add_scores_of_word(&corpus, found, scores);
        }
    }
    corpus_free(&corpus);
    return status;
}

/* --- order ------------------------------------------------------------------- */

struct scored {
    double score;
    size_t index;
};

static int better_first(const void *left, const void *right)
{
    const struct scored *a = left, *c = right;
    if (a->score != c->score)
        return a->score > c->score ? -1 : 1;
    return a->index < c->index ? -1 : a->index > c->index;
}

/* Exchanges what is in the wrong order; equals stay.  Places from n on
 * are thought to hold the worst score of all. */
static void compare(struct scored *scored, size_t n, size_t i, size_t j)
{
    if (j >= n || scored[i].score >= scored[j].score)
        return;
    struct scored moved = scored[i];
    scored[i] = scored[j];
    scored[j] = moved;
}

/* Batcher's bitonic network with all comparisons in one direction: sorted
 * halves of a block are compared from the outside in, and then each place
 * with the one at half, a quarter, ... of the distance. */
static void sort_by_network(struct scored *scored, size_t n)
{
    for (size_t block = 2; block / 2 < n; block *= 2) {
        for (size_t i = 0; i < n; i++)
            if (i % block < block / 2)
                compare(scored, n, i, i - i % block + block - 1 - i % block);
        for (size_t step = block / 4; step > 0; step /= 2)
            for (size_t i = 0; i < n; i++)
                if (i % (2 * step) < step)
                    compare(scored, n, i, i + step);
    }
}

enum pith_status pith_bm25_order(const double *scores, size_t n, size_t *order,
                                 struct pith_error *error)
{
    enum { NETWORK_SIZE = 256 }; /* numpy partitions longer arrays */
    struct scored *sorted = pith_array(n, sizeof *sorted);
    if (sorted == NULL)
        return pith_no_memory(error, n, sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = (struct scored){scores[i], i};
    if (n <= NETWORK_SIZE)
        sort_by_network(sorted, n);
    else
        qsort(sorted, n, sizeof *sorted, better_first);
    for (size_t i = 0; i < n; i++)
        order[i] = sorted[i].index;
    pith_free(sorted);
    return PITH_OK;
}
