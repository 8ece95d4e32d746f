/*
 * facts.c - what a compressed text still says, and what it says that its
 * prompt does not: numbers that were cut into others, words that lost the
 * negation before them.
 *
 * A negation denies the first word after it that means something, at most
 * three small words away and in the same sentence.  Such a word has lost its
 * negation where the compressed text has it more often without one than the
 * original has.
 */
#include "../base/buffer.h"
#include "../base/memory.h"
#include "../base/utf8.h"
#include "../prompt/protect.h"
#include "../text/casing.h"
#include "pith_eval.h"
#include "plain_words.h"
#include "stop_words.h"
#include "words.h"

enum { MAX_SMALL_WORDS = 3 };

/* The words of a text that mean something, in lower case, and which of them
 * are denied. */
struct statement {
    struct pith_words words;
    struct pith_buffer denied; /* (words.n) 1 or 0 */
    struct pith_ranges negations;
    struct pith_words negating; /* what is in them, in lower case */
};

static void free_statement(struct statement *s)
{
    pith_words_free(&s->words);
    pith_buffer_free(&s->denied);
    pith_ranges_free(&s->negations);
    pith_words_free(&s->negating);
}

static enum pith_status add_lower(struct pith_words *words,
                                  struct pith_text word,
                                  struct pith_error *error)
{
    struct pith_buffer lower = {0};
    for (size_t i = 0; i < word.size;) {
        uint32_t code;
        char bytes[4];
        i += pith_utf8_decode(word.bytes + i, word.size - i, &code);
        size_t n = pith_utf8_encode(pith_lower_case(code), bytes);
        pith_buffer_append(&lower, bytes, n);
    }
    enum pith_status status =
        lower.failed ? pith_no_memory(error, word.size, 1)
                     : pith_words_add(words, pith_buffer_text(&lower), error);
    pith_buffer_free(&lower);
    return status;
}

static enum pith_status add_word(struct statement *s, struct pith_text word,
                                 bool denied, struct pith_error *error)
{
    PITH_TRY(add_lower(&s->words, word, error));
    pith_buffer_byte(&s->denied, denied);
    return s->denied.failed ? pith_no_memory(error, s->words.n, 1) : PITH_OK;
}

static enum pith_status find_negations(struct statement *s,
                                       struct pith_text text,
                                       struct pith_error *error)
{
    PITH_TRY(pith_protect_find(text, PITH_PROTECT_NEGATIONS, &s->negations,
                               error));
    for (size_t i = 0; i < s->negations.n; i++) {
        struct pith_range at = s->negations.items[i];
        PITH_TRY(add_lower(&s->negating,
                           (struct pith_text){text.bytes + at.start,
                                              at.end - at.start}, error));
    }
    return PITH_OK;
}

static bool ends_sentence(struct pith_text text, size_t from, size_t to)
{
    for (; from < to; from++)
        if (text.bytes[from] == '.' || text.bytes[from] == '!' ||
            text.bytes[from] == '?' || text.bytes[from] == '\n')
            return true;
    return false;
}

static enum pith_status read_statement(struct statement *s,
                                       struct pith_text text,
                                       struct pith_error *error)
{
    struct pith_text word;
    size_t reach = 0; /* words that a negation still reaches */
    PITH_TRY(find_negations(s, text, error));
    for (size_t at = 0, before = 0, next = 0;
         pith_next_plain_word(text, &at, &word); before = at) {
        size_t start = at - word.size;
        if (ends_sentence(text, before, start))
            reach = 0;
        while (next < s->negations.n && s->negations.items[next].end <= start)
            next++;
        if (next < s->negations.n && s->negations.items[next].start < at) {
            reach = MAX_SMALL_WORDS + 1;
        } else if (pith_is_stop_word(word)) {
            reach -= reach > 0;
        } else {
            PITH_TRY(add_word(s, word, reach > 0, error));
            reach = 0;
        }
    }
    return PITH_OK;
}

/* How often a word is in both texts. */
struct uses {
    size_t denied, plain, plain_left;
};

static enum pith_status compare(const struct statement *left,
                                const struct statement *given,
                                struct pith_recall *denied,
                                struct pith_error *error)
{
    struct pith_word_pair pair;
    PITH_TRY(pith_word_pair_create(&pair, &left->words, &given->words, error));
    size_t n = pair.n_hypothesis + pair.n_reference;
    struct uses *uses = pith_array_zero(n, sizeof *uses);
    if (uses == NULL) {
        pith_word_pair_free(&pair);
        return pith_no_memory(error, n, sizeof *uses);
    }
    for (size_t i = 0; i < pair.n_reference; i++)
        if (given->denied.data[i] != 0)
            uses[pair.reference[i]].denied++;
        else
            uses[pair.reference[i]].plain++;
    for (size_t i = 0; i < pair.n_hypothesis; i++)
        uses[pair.hypothesis[i]].plain_left += left->denied.data[i] == 0;
    for (size_t i = 0; i < n; i++) {
        size_t more = uses[i].plain_left > uses[i].plain
                          ? uses[i].plain_left - uses[i].plain : 0;
        denied->all += uses[i].denied;
        denied->found += more < uses[i].denied ? more : uses[i].denied;
    }
    pith_free(uses);
    pith_word_pair_free(&pair);
    return PITH_OK;
}

/* Each word of the original that is left counts once. */
static enum pith_status count_common(const struct pith_words *left,
                                     const struct pith_words *given,
                                     struct pith_recall *recall,
                                     struct pith_error *error)
{
    struct pith_word_pair pair;
    struct pith_ngram_counts counts;
    PITH_TRY(pith_word_pair_create(&pair, left, given, error));
    enum pith_status status = pith_count_ngrams(&pair, 1, &counts, error);
    if (status == PITH_OK)
        *recall = (struct pith_recall){counts.matches, counts.reference};
    pith_word_pair_free(&pair);
    return status;
}

static enum pith_status count_negations(struct pith_facts *facts,
                                        struct pith_text compressed,
                                        struct pith_text original,
                                        struct pith_error *error)
{
    struct statement left = {0}, given = {0};
    enum pith_status status;
    PITH_TRY_DONE(read_statement(&left, compressed, error));
    PITH_TRY_DONE(read_statement(&given, original, error));
    PITH_TRY_DONE(count_common(&left.negating, &given.negating,
                               &facts->negations, error));
    status = compare(&left, &given, &facts->bare, error);
done:
    free_statement(&left);
    free_statement(&given);
    return status;
}

enum pith_status pith_facts_count(struct pith_facts *facts,
                                  struct pith_text compressed,
                                  struct pith_text original,
                                  struct pith_error *error)
{
    *facts = (struct pith_facts){.numbers = {0, 0}};
    PITH_TRY(pith_recall_count(&facts->numbers, PITH_RECALL_NUMBERS,
                               compressed, original, error));
    PITH_TRY(pith_recall_count(&facts->names, PITH_RECALL_NAMES, compressed,
                               original, error));
    PITH_TRY(pith_recall_count(&facts->false_numbers, PITH_RECALL_NUMBERS,
                               original, compressed, error));
    facts->false_numbers.found =
        facts->false_numbers.all - facts->false_numbers.found;
    return count_negations(facts, compressed, original, error);
}
