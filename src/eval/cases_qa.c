/*
 * cases_qa.c - questions about passages, each with the answers that count as
 * right: {"question", "answers", "passages"}; NQ-open's {"ctxs"}; and the
 * tasks of MiniLongBench that ask, whose prompts are taken apart.
 *
 * Where each question of a file has one passage (NQ with its gold document),
 * those of the next three questions are put around it, so that there is
 * something to leave out.
 */
#include <string.h>

#include "../prompt/clusters.h"
#include "../text/lines.h"
#include "cases.h"

enum { N_TOGETHER = 4, /* passages of NQ in one prompt */
       HEADING_BYTES = 80 /* a line as short belongs to the next one */ };

static enum pith_status take(struct pith_cases *cases, struct pith_text text,
                             struct pith_text *taken, struct pith_error *error)
{
    struct pith_buffer buffer = {0};
    pith_buffer_append(&buffer, text.bytes, text.size);
    return pith_cases_take(cases, &buffer, taken, error);
}

/* --- answers ---------------------------------------------------------------- */

static void write_answer(struct pith_buffer *out, struct pith_text answer)
{
    if (out->size > 0)
        pith_buffer_byte(out, '\n');
    for (size_t i = 0; i < answer.size; i++)
        pith_buffer_byte(out, answer.bytes[i] == '\n' ? ' '
                                                      : answer.bytes[i]);
}

/* A string or a list of them: all as the reference, a line each, and the
 * first as what continues after "Answer:". */
static enum pith_status read_answers(struct pith_cases *cases,
                                     const struct pith_json *value,
                                     struct pith_case *made, const char *where,
                                     size_t number, struct pith_error *error)
{
    struct pith_buffer all = {0}, first = {0};
    const struct pith_json *one =
        pith_json_is(value, PITH_JSON_ARRAY) ? value->first : value;
    for (; one != NULL && pith_json_is(one, PITH_JSON_STRING);
         one = one == value ? NULL : one->next) {
        if (first.size == 0 && one->string.size > 0) {
            pith_buffer_byte(&first, ' ');
            pith_buffer_append(&first, one->string.bytes, one->string.size);
        }
        write_answer(&all, one->string);
    }
    if (all.failed || first.failed || first.size == 0 || one != NULL) {
        bool failed = all.failed || first.failed;
        pith_buffer_free(&all);
        pith_buffer_free(&first);
        if (failed)
            return pith_no_memory(error, 1, 1);
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s:%zu: expected answers, a string or a list of "
                         "strings, the first not empty", where, number);
    }
    enum pith_status status =
        pith_cases_take(cases, &all, &made->reference, error);
    if (status == PITH_OK)
        status = pith_cases_take(cases, &first, &made->answer, error);
    pith_buffer_free(&first);
    return status;
}

/* --- lines ------------------------------------------------------------------ */

/* A string, or a title with its text. */
static enum pith_status read_passage(struct pith_cases *cases,
                                     const struct pith_json *value,
                                     struct pith_text *passage,
                                     const char *where, size_t number,
                                     struct pith_error *error)
{
    const struct pith_json *title = pith_json_get(value, "title");
    const struct pith_json *text =
        pith_json_is(value, PITH_JSON_OBJECT) ? pith_json_get(value, "text")
                                              : value;
    struct pith_buffer buffer = {0};
    if (!pith_json_is(text, PITH_JSON_STRING))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s:%zu: a passage is neither a string nor an object "
                         "with \"text\"", where, number);
    if (pith_json_is(title, PITH_JSON_STRING)) {
        pith_buffer_append(&buffer, title->string.bytes, title->string.size);
        pith_buffer_byte(&buffer, '\n');
    }
    pith_buffer_append(&buffer, text->string.bytes, text->string.size);
    return pith_cases_take(cases, &buffer, passage, error);
}

static enum pith_status read_passages(struct pith_cases *cases,
                                      const struct pith_json *list,
                                      struct pith_prompt *prompt,
                                      const char *where, size_t number,
                                      struct pith_error *error)
{
    if (!pith_json_is(list, PITH_JSON_ARRAY))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s:%zu: expected a list \"passages\" or \"ctxs\"",
                         where, number);
    struct pith_text *contexts =
        pith_cases_array(cases, list->n_children, sizeof *contexts, error);
    if (contexts == NULL)
        return PITH_ERR_MEMORY;
    for (const struct pith_json *at = list->first; at != NULL; at = at->next)
        PITH_TRY(read_passage(cases, at, &contexts[prompt->n_contexts++],
                              where, number, error));
    prompt->contexts = contexts;
    return PITH_OK;
}

static enum pith_status add_case(struct pith_case_source *source,
                                 const struct pith_case *made, size_t number,
                                 struct pith_error *error)
{
    source->cases->n_groups++;
    return pith_cases_add(source->cases, source->name, number, made, error);
}

static enum pith_status read_line(struct pith_case_source *source,
                                  const struct pith_json *line, size_t number,
                                  struct pith_error *error)
{
    struct pith_cases *cases = source->cases;
    const struct pith_json *passages = pith_json_get(line, "passages");
    struct pith_case made = {0};
    struct pith_text question;
    if (passages == NULL)
        passages = pith_json_get(line, "ctxs");
    PITH_TRY(pith_case_string(line, "question", &question, source->path,
                              number, error));
    PITH_TRY(take(cases, question, &made.prompt.question, error));
    PITH_TRY(read_answers(cases, pith_json_get(line, "answers"), &made,
                          source->path, number, error));
    PITH_TRY(read_passages(cases, passages, &made.prompt, source->path,
                           number, error));
    return add_case(source, &made, number, error);
}

/* Each passage among those of the next questions, at another place each
 * time.  first: the file's first case. */
static enum pith_status surround(struct pith_cases *cases, size_t first,
                                 struct pith_error *error)
{
    size_t n = cases->n - first;
    for (size_t i = 0; i < n; i++)
        if (cases->cases[first + i].prompt.n_contexts != 1)
            return PITH_OK;
    if (n < N_TOGETHER)
        return PITH_OK;
    struct pith_text *all =
        pith_cases_array(cases, n * N_TOGETHER, sizeof *all, error);
    if (all == NULL)
        return PITH_ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < N_TOGETHER; j++)
            all[i * N_TOGETHER + (i + j) % N_TOGETHER] =
                cases->cases[first + (i + j) % n].prompt.contexts[0];
    for (size_t i = 0; i < n; i++) {
        struct pith_prompt *prompt = &cases->cases[first + i].prompt;
        prompt->contexts = all + i * N_TOGETHER;
        prompt->n_contexts = N_TOGETHER;
    }
    return PITH_OK;
}

/* --- MiniLongBench ---------------------------------------------------------- */

static const char lead[] = "The following are given passages.\n";
static const char mark[] = "\n\nQuestion: ";
static const char end_mark[] = "\nAnswer:";

/* Where a string starts, the last time it does; text.size when nowhere. */
static size_t find_last(struct pith_text text, const char *string)
{
    for (size_t i = text.size; i-- > 0;)
        if (pith_starts_with(text, i, string))
            return i;
    return text.size;
}

static size_t find_first(struct pith_text text, const char *string)
{
    size_t i = 0;
    while (i < text.size && !pith_starts_with(text, i, string))
        i++;
    return i;
}

static bool is_passage_mark(struct pith_text line)
{
    size_t n = strlen("Passage ");
    if (!pith_starts_with(line, 0, "Passage "))
        return false;
    while (n < line.size && line.bytes[n] >= '0' && line.bytes[n] <= '9')
        n++;
    return n > strlen("Passage ") && n + 1 == line.size &&
           line.bytes[n] == ':';
}

/* The next passage: up to a line "Passage N:", or, where the passages have no
 * such lines, a line with the headings before it. */
static bool next_passage(struct pith_text *rest, bool marked,
                         struct pith_text *passage)
{
    struct pith_text line;
    *passage = (struct pith_text){rest->bytes, 0};
    while (rest->size > 0) {
        struct pith_text before = *rest;
        pith_next_line(rest, &line);
        if (marked && is_passage_mark(line)) {
            if (passage->size > 0) {
                *rest = before;
                return true;
            }
            passage->bytes = line.bytes;
        }
        passage->size = (size_t)(line.bytes + line.size - passage->bytes);
        if (!marked && line.size > HEADING_BYTES)
            return true;
    }
    return passage->size > 0;
}

static enum pith_status split_passages(struct pith_cases *cases,
                                       struct pith_text text,
                                       struct pith_prompt *prompt,
                                       struct pith_error *error)
{
    struct pith_text whole, rest, passage;
    PITH_TRY(take(cases, text, &whole, error));
    bool marked = pith_starts_with(whole, 0, "Passage 1:");
    size_t n = 0;
    for (rest = whole; next_passage(&rest, marked, &passage);)
        n++;
    struct pith_text *contexts =
        pith_cases_array(cases, n, sizeof *contexts, error);
    if (contexts == NULL)
        return PITH_ERR_MEMORY;
    n = 0;
    for (rest = whole; next_passage(&rest, marked, &passage);)
        contexts[n++] = passage;
    prompt->contexts = contexts;
    prompt->n_contexts = n;
    return PITH_OK;
}

static enum pith_status read_item(struct pith_case_source *source,
                                  const struct pith_json *item, size_t number,
                                  struct pith_error *error)
{
    struct pith_cases *cases = source->cases;
    struct pith_case made = {0};
    struct pith_text text;
    PITH_TRY(pith_case_string(item, "origin_prompt", &text, source->path, 0,
                              error));
    size_t from = find_first(text, lead), asked = find_last(text, mark);
    size_t end = find_last(text, end_mark);
    if (from == text.size || asked == text.size || end == text.size ||
        end < asked + strlen(mark) || asked < from + strlen(lead))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: item %zu: found no passages, \"Question:\" and "
                         "\"Answer:\"; expected a task of LongBench that asks "
                         "about passages", source->path, number);
    size_t start = asked + strlen(mark);
    PITH_TRY(take(cases, (struct pith_text){text.bytes + start, end - start},
                  &made.prompt.question, error));
    PITH_TRY(read_answers(cases, pith_json_get(item, "gold"), &made,
                          source->path, number, error));
    /* The instruction once more is between passages and question. */
    from += strlen(lead);
    struct pith_text passages = {text.bytes + from, asked - from};
    passages.size = find_last(passages, "\n\n");
    PITH_TRY(split_passages(cases, passages, &made.prompt, error));
    return add_case(source, &made, number, error);
}

enum pith_status pith_cases_qa(struct pith_case_source *source,
                               struct pith_error *error)
{
    size_t first = source->cases->n;
    bool found;
    PITH_TRY(pith_cases_each_item(source, read_item, &found, error));
    if (found)
        return PITH_OK;
    PITH_TRY(pith_cases_each_line(source, read_line, error));
    return surround(source->cases, first, error);
}
