/*
 * answer_stands.c - whether one of several answers is still in a text:
 * its words in a row, without letter case, punctuation and articles, as
 * question answering is scored since SQuAD.
 */
#include <string.h>

#include "../text/lines.h"
#include "pith_eval.h"
#include "plain_words.h"

static bool is_article(struct pith_text word)
{
    static const char *const articles[] = {"a", "an", "the"};
    for (size_t i = 0; i < sizeof articles / sizeof *articles; i++)
        if (pith_same_plain_word(
                word, (struct pith_text){articles[i], strlen(articles[i])}))
            return true;
    return false;
}

static bool next_word(struct pith_text text, size_t *at,
                      struct pith_text *word)
{
    while (pith_next_plain_word(text, at, word))
        if (!is_article(*word))
            return true;
    return false;
}

/* The answer's words, at least one, from byte `at` of the text on. */
static bool starts_at(struct pith_text text, size_t at,
                      struct pith_text answer)
{
    struct pith_text want, got;
    size_t n = 0;
    for (size_t i = 0; next_word(answer, &i, &want); n++)
        if (!next_word(text, &at, &got) || !pith_same_plain_word(want, got))
            return false;
    return n > 0;
}

bool pith_answer_stands(struct pith_text text, struct pith_text answers)
{
    struct pith_text answer, word;
    while (pith_next_line(&answers, &answer)) {
        size_t at = 0;
        do
            if (starts_at(text, at, answer))
                return true;
        while (pith_next_plain_word(text, &at, &word));
    }
    return false;
}
