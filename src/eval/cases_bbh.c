/*
 * cases_bbh.c - BIG-Bench Hard (Suzgun et al., 2022): the examples of one
 * task after its chain-of-thought prompt.
 *
 * That prompt is a line that warns of training on it, a line of dashes, the
 * task in a sentence or two, and demonstrations that start with "Q: ".
 */
#include <string.h>

#include "cases.h"

/* What follows the line of dashes; all of it without one. */
static struct pith_text skip_canary(struct pith_text text)
{
    static const char dashes[] = "\n-----\n";
    size_t n = strlen(dashes);
    for (size_t i = 0; i + n <= text.size; i++)
        if (memcmp(text.bytes + i, dashes, n) == 0)
            return (struct pith_text){text.bytes + i + n, text.size - i - n};
    return text;
}

static bool is_demonstration(struct pith_text paragraph)
{
    return paragraph.size >= 3 && memcmp(paragraph.bytes, "Q: ", 3) == 0;
}

/* The text from the first to the last of some paragraphs, with what is
 * between them. */
static struct pith_text join(const struct pith_text *paragraphs, size_t n)
{
    const char *end = paragraphs[n - 1].bytes + paragraphs[n - 1].size;
    return (struct pith_text){paragraphs[0].bytes,
                              (size_t)(end - paragraphs[0].bytes)};
}

/* Paragraphs up to the first "Q: " are the instruction; each "Q: " starts a
 * demonstration, to which what follows it belongs. */
static enum pith_status read_prompt(struct pith_case_source *source,
                                    struct pith_prompt *prompt,
                                    struct pith_error *error)
{
    PITH_TRY(pith_cases_paragraphs(source->cases, skip_canary(source->prompts),
                                   prompt, error));
    size_t n = prompt->n_contexts, n_joined = 0, first = 0;
    struct pith_text *joined =
        pith_cases_array(source->cases, n, sizeof *joined, error);
    if (joined == NULL)
        return PITH_ERR_MEMORY;
    for (size_t i = 0; i <= n; i++) {
        if (i < n && !is_demonstration(prompt->contexts[i]))
            continue;
        if (i > first && is_demonstration(prompt->contexts[first]))
            joined[n_joined++] = join(prompt->contexts + first, i - first);
        else if (i > first)
            prompt->instruction = join(prompt->contexts + first, i - first);
        first = i;
    }
    if (n_joined == 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: no paragraph starts with \"Q: \"; is this a "
                         "chain-of-thought prompt of BBH?",
                         source->prompts_path);
    prompt->contexts = joined;
    prompt->n_contexts = n_joined;
    return PITH_OK;
}

static enum pith_status read_example(struct pith_case_source *source,
                                     const struct pith_json *example,
                                     size_t number,
                                     struct pith_error *error)
{
    struct pith_cases *cases = source->cases;
    struct pith_case made = {.prompt = source->prompt};
    struct pith_text input, target;
    struct pith_buffer text = {0}, reference = {0}, answer = {0};
    PITH_TRY(pith_case_string(example, "input", &input, source->path, 0,
                              error));
    PITH_TRY(pith_case_string(example, "target", &target, source->path, 0,
                              error));
    pith_buffer_string(&text, "Q: ");
    pith_buffer_append(&text, input.bytes, input.size);
    pith_buffer_string(&text, "\nA: Let's think step by step.\n");
    PITH_TRY(pith_cases_take(cases, &text, &made.prompt.question, error));
    pith_buffer_append(&reference, target.bytes, target.size);
    PITH_TRY(pith_cases_take(cases, &reference, &made.reference, error));
    pith_buffer_string(&answer, "So the answer is ");
    pith_buffer_append(&answer, target.bytes, target.size);
    pith_buffer_byte(&answer, '.');
    PITH_TRY(pith_cases_take(cases, &answer, &made.answer, error));
    return pith_cases_add(cases, source->name, number, &made, error);
}

static enum pith_status read_examples(struct pith_case_source *source,
                                      const struct pith_json *root,
                                      struct pith_error *error)
{
    const struct pith_json *examples = pith_json_get(root, "examples");
    size_t number = 1;
    if (examples == NULL || examples->kind != PITH_JSON_ARRAY)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: expected a list \"examples\"; is this a task "
                         "of BBH?", source->path);
    PITH_TRY(read_prompt(source, &source->prompt, error));
    for (const struct pith_json *example = examples->first; example != NULL;
         example = example->next)
        PITH_TRY(read_example(source, example, number++, error));
    return PITH_OK;
}

enum pith_status pith_cases_bbh(struct pith_case_source *source,
                                struct pith_error *error)
{
    struct pith_json_document *document;
    PITH_TRY(pith_json_parse(source->text, source->path, &document, error));
    source->cases->n_groups++;
    enum pith_status status =
        read_examples(source, pith_json_root(document), error);
    pith_json_free(document);
    return status;
}
