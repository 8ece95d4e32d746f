/*
 * steps.c - which steps of a chain of thought are still there, or have come
 * back, in another text.  The paper asks this of a large model that restores
 * a compressed prompt (its section on recovery).
 */
#include <string.h>

#include "../base/text.h"
#include "../text/lines.h"
#include "pith_eval.h"
#include "split.h"

static bool contains(struct pith_text text, const char *string)
{
    for (; text.size > 0; text.bytes++, text.size--)
        if (pith_text_starts(text, string))
            return true;
    return false;
}

/* The next line after "... step by step" that is not a question. */
static bool next_step(struct pith_text *rest, bool *thinking,
                      struct pith_text *line)
{
    while (pith_next_line(rest, line)) {
        if (pith_text_starts(*line, "Question:") || pith_text_starts(*line, "Q:"))
            *thinking = false;
        else if (contains(*line, "step by step"))
            *thinking = true;
        else if (*thinking)
            return true;
    }
    return false;
}

static enum pith_status add_numbers(struct pith_words *numbers,
                                    const struct pith_words *words,
                                    struct pith_error *error)
{
    for (size_t i = 0, at = 0; i < words->n; at = words->ends[i++]) {
        struct pith_text word = {words->text.data + at, words->ends[i] - at};
        if (word.bytes[0] >= '0' && word.bytes[0] <= '9')
            PITH_TRY(pith_words_add(numbers, word, error));
    }
    return PITH_OK;
}

/* Words of ours that theirs has in the same order. */
static enum pith_status count_common(const struct pith_words *ours,
                                     const struct pith_words *theirs,
                                     size_t *n, struct pith_error *error)
{
    struct pith_word_pair pair;
    PITH_TRY(pith_word_pair_create(&pair, ours, theirs, error));
    enum pith_status status = pith_common_subsequence(&pair, n, error);
    pith_word_pair_free(&pair);
    return status;
}

/* A step and its numbers. */
struct step {
    struct pith_words words, numbers;
};

/* All of the step's numbers and half of its words, in their order. */
static enum pith_status is_in_line(const struct step *step,
                                   struct pith_text line, bool *found,
                                   struct pith_error *error)
{
    struct pith_words words = {0};
    size_t n_words = 0, n_numbers = 0;
    enum pith_status status;
    PITH_TRY_DONE(pith_split_rouge(&words, line, error));
    PITH_TRY_DONE(count_common(&step->words, &words, &n_words, error));
    PITH_TRY_DONE(count_common(&step->numbers, &words, &n_numbers, error));
    *found = 2 * n_words >= step->words.n && n_numbers == step->numbers.n;
done:
    pith_words_free(&words);
    return status;
}

static enum pith_status look_for(const struct step *step,
                                 struct pith_text response, bool *found,
                                 struct pith_error *error)
{
    struct pith_text line;
    *found = false;
    while (!*found && pith_next_line(&response, &line))
        PITH_TRY(is_in_line(step, line, found, error));
    return PITH_OK;
}

static enum pith_status count_step(struct pith_recall *steps,
                                   struct pith_text line,
                                   struct pith_text response,
                                   struct pith_error *error)
{
    struct step step = {0};
    bool found;
    enum pith_status status;
    PITH_TRY_DONE(pith_split_rouge(&step.words, line, error));
    if (step.words.n == 0)
        goto done;
    PITH_TRY_DONE(add_numbers(&step.numbers, &step.words, error));
    PITH_TRY_DONE(look_for(&step, response, &found, error));
    steps->all++;
    steps->found += found;
done:
    pith_words_free(&step.words);
    pith_words_free(&step.numbers);
    return status;
}

enum pith_status pith_steps_count(struct pith_recall *steps,
                                  struct pith_text response,
                                  struct pith_text original,
                                  struct pith_error *error)
{
    struct pith_text line;
    bool thinking = false;
    *steps = (struct pith_recall){0};
    while (next_step(&original, &thinking, &line))
        PITH_TRY(count_step(steps, line, response, error));
    return PITH_OK;
}
