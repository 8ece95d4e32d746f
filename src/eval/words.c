/*
 * words.c - numbering words, counting common n-grams by sorting and merging,
 * and the longest common subsequence by rows.
 */
#include "words.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

/* --- lists of words ------------------------------------------------------- */

enum pith_status pith_words_add(struct pith_words *words, struct pith_text word,
                                struct pith_error *error)
{
    if (word.size == 0)
        return PITH_OK;
    PITH_TRY(pith_grow(&words->ends, words->n + 1, &words->capacity,
                       sizeof *words->ends, error));
    pith_buffer_append(&words->text, word.bytes, word.size);
    if (words->text.failed)
        return pith_no_memory(error, words->text.size + word.size, 1);
    words->ends[words->n++] = words->text.size;
    return PITH_OK;
}

void pith_words_free(struct pith_words *words)
{
    pith_buffer_free(&words->text);
    pith_free(words->ends);
    *words = (struct pith_words){0};
}

static struct pith_text word_at(const struct pith_words *words, size_t i)
{
    size_t start = i > 0 ? words->ends[i - 1] : 0;
    return (struct pith_text){words->text.data + start,
                              words->ends[i] - start};
}

/* --- numbers for words ---------------------------------------------------- */

/* An occurrence: a word and where its number goes. */
struct occurrence {
    struct pith_text word;
    uint32_t *number;
};

static int compare_words(const void *left, const void *right)
{
    const struct pith_text *a = &((const struct occurrence *)left)->word;
    const struct pith_text *b = &((const struct occurrence *)right)->word;
    size_t n = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->bytes, b->bytes, n);
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static size_t list_occurrences(struct occurrence *list,
                               const struct pith_words *words,
                               uint32_t *numbers)
{
    for (size_t i = 0; i < words->n; i++)
        list[i] = (struct occurrence){word_at(words, i), &numbers[i]};
    return words->n;
}

enum pith_status pith_word_pair_create(struct pith_word_pair *pair,
                                       const struct pith_words *hypothesis,
                                       const struct pith_words *reference,
                                       struct pith_error *error)
{
    size_t n = hypothesis->n + reference->n;
    struct occurrence *list = pith_array(n, sizeof *list);
    *pair = (struct pith_word_pair){
        pith_array(hypothesis->n, sizeof *pair->hypothesis),
        pith_array(reference->n, sizeof *pair->reference), hypothesis->n,
        reference->n};
    if (list == NULL || pair->hypothesis == NULL || pair->reference == NULL) {
        pith_free(list);
        pith_word_pair_free(pair);
        return pith_no_memory(error, n, sizeof *list);
    }
    size_t first = list_occurrences(list, hypothesis, pair->hypothesis);
    list_occurrences(list + first, reference, pair->reference);
    qsort(list, n, sizeof *list, compare_words);
    uint32_t number = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && compare_words(&list[i - 1], &list[i]) != 0)
            number++;
        *list[i].number = number;
    }
    pith_free(list);
    return PITH_OK;
}

void pith_word_pair_free(struct pith_word_pair *pair)
{
    pith_free(pair->hypothesis);
    pith_free(pair->reference);
    *pair = (struct pith_word_pair){0};
}

/* --- n-grams -------------------------------------------------------------- */

struct ngram {
    uint32_t words[PITH_MAX_NGRAM]; /* zeros past its order */
};

static int compare_ngrams(const void *left, const void *right)
{
    const struct ngram *a = left, *b = right;
    for (size_t i = 0; i < PITH_MAX_NGRAM; i++)
        if (a->words[i] != b->words[i])
            return a->words[i] < b->words[i] ? -1 : 1;
    return 0;
}

/* The n-grams of a side in sorted order; NULL when out of memory. */
static struct ngram *sorted_ngrams(const uint32_t *words, size_t n_words,
                                   size_t order, size_t *n)
{
    *n = n_words >= order ? n_words - order + 1 : 0;
    struct ngram *ngrams = pith_array_zero(*n, sizeof *ngrams);
    if (ngrams == NULL)
        return NULL;
    for (size_t i = 0; i < *n; i++)
        memcpy(ngrams[i].words, words + i, order * sizeof *words);
    if (*n > 0)
        qsort(ngrams, *n, sizeof *ngrams, compare_ngrams);
    return ngrams;
}

enum pith_status pith_count_ngrams(const struct pith_word_pair *pair,
                                   size_t order,
                                   struct pith_ngram_counts *counts,
                                   struct pith_error *error)
{
    *counts = (struct pith_ngram_counts){0};
    struct ngram *ours = sorted_ngrams(pair->hypothesis, pair->n_hypothesis,
                                       order, &counts->hypothesis);
    struct ngram *theirs = sorted_ngrams(pair->reference, pair->n_reference,
                                         order, &counts->reference);
    if (ours == NULL || theirs == NULL) {
        pith_free(ours);
        pith_free(theirs);
        return pith_no_memory(error, pair->n_hypothesis + pair->n_reference,
                              sizeof *ours);
    }
    for (size_t i = 0, j = 0; i < counts->hypothesis && j < counts->reference;) {
        int order_of_two = compare_ngrams(&ours[i], &theirs[j]);
        counts->matches += order_of_two == 0;
        i += order_of_two <= 0;
        j += order_of_two >= 0;
    }
    pith_free(ours);
    pith_free(theirs);
    return PITH_OK;
}

/* --- the longest common subsequence --------------------------------------- */

enum pith_status pith_common_subsequence(const struct pith_word_pair *pair,
                                         size_t *length,
                                         struct pith_error *error)
{
    /* row[j]: of the reference's words so far and j of the hypothesis. */
    size_t n = pair->n_hypothesis;
    size_t *row = pith_array_zero(n + 1, sizeof *row);
    if (row == NULL)
        return pith_no_memory(error, n + 1, sizeof *row);
    for (size_t i = 0; i < pair->n_reference; i++) {
        size_t diagonal = 0;
        for (size_t j = 1; j <= n; j++) {
            size_t above = row[j];
            if (pair->reference[i] == pair->hypothesis[j - 1])
                row[j] = diagonal + 1;
            else if (row[j - 1] > above)
                row[j] = row[j - 1];
            diagonal = above;
        }
    }
    *length = row[n];
    pith_free(row);
    return PITH_OK;
}
