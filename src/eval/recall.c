/*
 * recall.c - which numbers and names of a prompt are still there after
 * compression.  Compressed text is not a sentence any more, so that nothing
 * cleverer than spelling is looked at.
 */
#include "pith_eval.h"

#include <stdlib.h>

#include "../base/utf8.h"
#include "../text/casing.h"
#include "words.h"

static bool is_digit(uint32_t code)
{
    return code >= '0' && code <= '9';
}

/* Parts of a text that are all of one kind: [at, end). */
struct scanner {
    struct pith_text text;
    size_t at;
};

static uint32_t peek(const struct scanner *scanner, size_t at, size_t *size)
{
    uint32_t code = 0;
    *size = 0;
    if (at < scanner->text.size)
        *size = pith_utf8_decode(scanner->text.bytes + at,
                                 scanner->text.size - at, &code);
    return code;
}

/* The end of the number that starts at scanner->at: digits, and points or
 * commas between two of them. */
static size_t number_end(const struct scanner *scanner)
{
    size_t at = scanner->at;
    struct pith_text text = scanner->text;
    while (at < text.size) {
        bool inside = (text.bytes[at] == '.' || text.bytes[at] == ',') &&
                      at + 1 < text.size &&
                      is_digit((unsigned char)text.bytes[at + 1]);
        if (!is_digit((unsigned char)text.bytes[at]) && !inside)
            break;
        at++;
    }
    return at;
}

static bool is_letter(uint32_t code)
{
    enum pith_casing_kind kind = pith_casing_kind(code);
    return kind != PITH_CASING_NONE && kind != PITH_CASING_DIGIT;
}

static size_t word_end(const struct scanner *scanner)
{
    size_t at = scanner->at, size;
    while (is_letter(peek(scanner, at, &size)))
        at += size;
    return at;
}

static bool ends_sentence(uint32_t code)
{
    return code == '.' || code == '!' || code == '?' || code == ':' ||
           code == '\n';
}

static struct pith_text cut(const struct scanner *scanner, size_t end)
{
    return (struct pith_text){scanner->text.bytes + scanner->at,
                              end - scanner->at};
}

static enum pith_status list_numbers(struct pith_words *numbers,
                                     struct pith_text text,
                                     struct pith_error *error)
{
    struct scanner scanner = {text, 0};
    while (scanner.at < text.size) {
        size_t end = scanner.at + 1;
        if (is_digit((unsigned char)text.bytes[scanner.at])) {
            end = number_end(&scanner);
            PITH_TRY(pith_words_add(numbers, cut(&scanner, end), error));
        }
        scanner.at = end;
    }
    return PITH_OK;
}

/* Words that start with a capital, or only those that do so inside a
 * sentence. */
static enum pith_status list_names(struct pith_words *names,
                                   struct pith_text text, bool inside,
                                   struct pith_error *error)
{
    struct scanner scanner = {text, 0};
    bool first = true; /* nothing but space and marks since the sentence began */
    while (scanner.at < text.size) {
        size_t size;
        uint32_t code = peek(&scanner, scanner.at, &size);
        if (!is_letter(code)) {
            first = ends_sentence(code) || (first && !is_digit(code));
            scanner.at += size;
            continue;
        }
        size_t end = word_end(&scanner);
        bool capital = pith_casing_kind(code) == PITH_CASING_UPPER;
        if (capital && end - scanner.at > size && !(first && inside))
            PITH_TRY(pith_words_add(names, cut(&scanner, end), error));
        first = false;
        scanner.at = end;
    }
    return PITH_OK;
}

static int compare_numbers(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

/* Leaves each number once, sorted. */
static size_t unique(uint32_t *numbers, size_t n)
{
    size_t n_unique = 0;
    if (n > 0)
        qsort(numbers, n, sizeof *numbers, compare_numbers);
    for (size_t i = 0; i < n; i++)
        if (n_unique == 0 || numbers[n_unique - 1] != numbers[i])
            numbers[n_unique++] = numbers[i];
    return n_unique;
}

static struct pith_recall count(struct pith_word_pair *pair)
{
    struct pith_recall recall = {0, unique(pair->reference, pair->n_reference)};
    size_t n = unique(pair->hypothesis, pair->n_hypothesis);
    for (size_t i = 0, j = 0; i < n && j < recall.all;) {
        uint32_t ours = pair->hypothesis[i], theirs = pair->reference[j];
        recall.found += ours == theirs;
        i += ours <= theirs;
        j += ours >= theirs;
    }
    return recall;
}

enum pith_status pith_recall_count(struct pith_recall *recall,
                                   enum pith_recall_kind kind,
                                   struct pith_text compressed,
                                   struct pith_text original,
                                   struct pith_error *error)
{
    struct pith_words left = {0}, given = {0};
    struct pith_word_pair pair = {0};
    enum pith_status status;
    *recall = (struct pith_recall){0};
    if (kind == PITH_RECALL_NUMBERS) {
        PITH_TRY_DONE(list_numbers(&left, compressed, error));
        PITH_TRY_DONE(list_numbers(&given, original, error));
    } else {
        PITH_TRY_DONE(list_names(&left, compressed, false, error));
        PITH_TRY_DONE(list_names(&given, original, true, error));
    }
    PITH_TRY_DONE(pith_word_pair_create(&pair, &left, &given, error));
    *recall = count(&pair);
done:
    pith_word_pair_free(&pair);
    pith_words_free(&left);
    pith_words_free(&given);
    return status;
}
