/*
 * cases_gsm8k.c - GSM8K (Cobbe et al., 2021) with chain-of-thought
 * demonstrations: cases of {"question", "answer"}.
 *
 * The answer's calculator annotations "<<3+4=7>>" are left out of the text
 * that is to follow the prompt, and its last line "#### 7" becomes the
 * demonstrations' "The answer is 7".
 */
#include <string.h>

#include "../base/text.h"
#include "cases.h"

/* Bytes up to and with the end of an annotation. */
static size_t annotation_size(struct pith_text text)
{
    for (size_t i = 2; i + 2 <= text.size; i++)
        if (memcmp(text.bytes + i, ">>", 2) == 0)
            return i + 2;
    return 2;
}

static void write_answer(struct pith_buffer *out, struct pith_text solution)
{
    while (solution.size > 0) {
        size_t skip = 1;
        if (pith_text_starts(solution, "<<")) {
            skip = annotation_size(solution);
        } else if (pith_text_starts(solution, "#### ")) {
            skip = strlen("#### ");
            pith_buffer_string(out, "The answer is ");
        } else {
            pith_buffer_byte(out, solution.bytes[0]);
        }
        solution.bytes += skip;
        solution.size -= skip;
    }
}

static void write_question(struct pith_buffer *out, struct pith_text question)
{
    pith_buffer_string(out, "Question: ");
    pith_buffer_append(out, question.bytes, question.size);
    pith_buffer_string(out, "\nLet's think step by step\n");
}

static enum pith_status read_line(struct pith_case_source *source,
                                  const struct pith_json *line, size_t number,
                                  struct pith_error *error)
{
    struct pith_cases *cases = source->cases;
    struct pith_case made = {.prompt = source->prompt};
    struct pith_text question, solution;
    struct pith_buffer text = {0}, reference = {0}, answer = {0};
    PITH_TRY(pith_case_string(line, "question", &question, source->path,
                              number, error));
    PITH_TRY(pith_case_string(line, "answer", &solution, source->path, number,
                              error));
    write_question(&text, question);
    PITH_TRY(pith_cases_take(cases, &text, &made.prompt.question, error));
    pith_buffer_append(&reference, solution.bytes, solution.size);
    PITH_TRY(pith_cases_take(cases, &reference, &made.reference, error));
    write_answer(&answer, solution);
    PITH_TRY(pith_cases_take(cases, &answer, &made.answer, error));
    return pith_cases_add(cases, source->name, number, &made, error);
}

enum pith_status pith_cases_gsm8k(struct pith_case_source *source,
                                  struct pith_error *error)
{
    source->cases->n_groups++;
    PITH_TRY(pith_cases_paragraphs(source->cases, source->prompts,
                                   &source->prompt, error));
    return pith_cases_each_line(source, read_line, error);
}
