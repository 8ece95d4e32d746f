/*
 * cases_chat.c - conversations: the last turn of the user is the question,
 * what was said before it the contexts, what the assistant said to it the
 * reference.
 */
#include <string.h>

#include "../base/memory.h"
#include "../text/lines.h"
#include "cases.h"

/* Turns of a conversation in one of its two spellings. */
struct spelling {
    const char *list, *role, *content;
};

static const struct spelling spellings[] = {
    {"messages", "role", "content"},      /* OpenAI's */
    {"conversations", "from", "value"},   /* ShareGPT's */
};

static bool is_assistant(struct pith_text role)
{
    static const char *const names[] = {"assistant", "gpt", "chatgpt", "bard"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (role.size == strlen(names[i]) &&
            memcmp(role.bytes, names[i], role.size) == 0)
            return true;
    return false;
}

static enum pith_status take_string(struct pith_cases *cases,
                                    const char *before, struct pith_text string,
                                    struct pith_text *text,
                                    struct pith_error *error)
{
    struct pith_buffer buffer = {0};
    pith_buffer_string(&buffer, before);
    pith_buffer_append(&buffer, string.bytes, string.size);
    return pith_cases_take(cases, &buffer, text, error);
}

/* A turn as the prompt has it, after "User: " or "Assistant: ". */
static enum pith_status add_context(struct pith_cases *cases,
                                    struct pith_text *contexts, size_t *n,
                                    bool assistant, struct pith_text content,
                                    struct pith_error *error)
{
    return take_string(cases, assistant ? "Assistant: " : "User: ", content,
                       &contexts[(*n)++], error);
}

static enum pith_status finish(struct pith_case_source *source,
                               struct pith_case *made, size_t number,
                               struct pith_text question,
                               struct pith_text reference,
                               struct pith_error *error)
{
    struct pith_cases *cases = source->cases;
    PITH_TRY(take_string(cases, "User: ", question, &made->prompt.question,
                         error));
    PITH_TRY(take_string(cases, "", reference, &made->reference, error));
    if (reference.size > 0)
        PITH_TRY(take_string(cases, "Assistant: ", reference, &made->answer,
                             error));
    cases->n_groups++;
    return pith_cases_add(cases, source->name, number, made, error);
}

/* The last turn of the user that something may be said to: its index. */
static size_t last_question(const struct pith_json *list,
                            const struct spelling *spelling)
{
    size_t index = 0, last = SIZE_MAX;
    for (const struct pith_json *turn = list->first; turn != NULL;
         turn = turn->next, index++) {
        const struct pith_json *role = pith_json_get(turn, spelling->role);
        if (role != NULL && !is_assistant(role->string) &&
            !pith_json_string_is(role, "system"))
            last = index;
    }
    return last;
}

static enum pith_status read_turns(struct pith_case_source *source,
                                   const struct pith_json *list, size_t number,
                                   const struct spelling *spelling,
                                   struct pith_error *error)
{
    struct pith_cases *cases = source->cases;
    struct pith_case made = {0};
    struct pith_text question = {0}, reference = {0};
    size_t n = 0, index = 0, last = last_question(list, spelling);
    struct pith_text *contexts =
        pith_cases_array(cases, list->n_children, sizeof *contexts, error);
    if (contexts == NULL)
        return PITH_ERR_MEMORY;
    if (last == SIZE_MAX)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s:%zu: no turn of a user in \"%s\"", source->path,
                         number, spelling->list);
    for (const struct pith_json *turn = list->first; turn != NULL;
         turn = turn->next, index++) {
        struct pith_text role, content;
        PITH_TRY(pith_case_string(turn, spelling->role, &role, source->path,
                                  number, error));
        PITH_TRY(pith_case_string(turn, spelling->content, &content,
                                  source->path, number, error));
        if (index == last)
            question = content;
        else if (index < last)
            PITH_TRY(add_context(cases, contexts, &n, is_assistant(role),
                                 content, error));
        else if (index == last + 1)
            reference = content;
    }
    made.prompt.contexts = contexts;
    made.prompt.n_contexts = n;
    return finish(source, &made, number, question, reference, error);
}

/* --- MT-Bench ------------------------------------------------------------- */

/* Whether two values are the same string or number. */
static bool same_id(const struct pith_json *a, const struct pith_json *b)
{
    return a != NULL && b != NULL && a->kind == b->kind &&
           a->string.size == b->string.size &&
           memcmp(a->string.bytes, b->string.bytes, a->string.size) == 0;
}

static const struct pith_json *element(const struct pith_json *list, size_t i)
{
    const struct pith_json *at = list != NULL ? list->first : NULL;
    while (at != NULL && i-- > 0)
        at = at->next;
    return at;
}

/* Turns of the reference answer to a question, copied into the set: empty
 * texts where the file has none. */
static enum pith_status find_answer(struct pith_case_source *source,
                                    const struct pith_json *id,
                                    struct pith_text answers[2],
                                    struct pith_error *error)
{
    struct pith_text rest = source->prompts, line;
    bool found = false;
    answers[0] = answers[1] = (struct pith_text){0};
    while (!found && pith_next_line(&rest, &line)) {
        struct pith_json_document *document;
        if (line.size == 0)
            continue;
        PITH_TRY(pith_json_parse(line, source->prompts_path, &document, error));
        const struct pith_json *root = pith_json_root(document);
        const struct pith_json *turns = pith_json_get(
            element(pith_json_get(root, "choices"), 0), "turns");
        enum pith_status status = PITH_OK;
        found = same_id(pith_json_get(root, "question_id"), id);
        for (size_t i = 0; i < 2 && found && status == PITH_OK; i++)
            if (pith_json_is(element(turns, i), PITH_JSON_STRING))
                status = take_string(source->cases, "",
                                     element(turns, i)->string, &answers[i],
                                     error);
        pith_json_free(document);
        PITH_TRY(status);
    }
    return PITH_OK;
}

/* Two turns: the first with its reference answer is the context. */
static enum pith_status read_mt_bench(struct pith_case_source *source,
                                      const struct pith_json *line,
                                      size_t number, struct pith_error *error)
{
    const struct pith_json *turns = pith_json_get(line, "turns");
    const struct pith_json *first = element(turns, 0);
    const struct pith_json *second = element(turns, 1);
    struct pith_case made = {0};
    struct pith_text answers[2];
    size_t n = 0;
    if (!pith_json_is(first, PITH_JSON_STRING) ||
        (second != NULL && second->kind != PITH_JSON_STRING))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s:%zu: expected strings in \"turns\"",
                         source->path, number);
    PITH_TRY(find_answer(source, pith_json_get(line, "question_id"), answers,
                         error));
    if (second == NULL)
        return finish(source, &made, number, first->string, answers[0], error);
    struct pith_text *contexts =
        pith_cases_array(source->cases, 2, sizeof *contexts, error);
    if (contexts == NULL)
        return PITH_ERR_MEMORY;
    PITH_TRY(add_context(source->cases, contexts, &n, false, first->string,
                         error));
    if (answers[0].size > 0)
        PITH_TRY(add_context(source->cases, contexts, &n, true, answers[0],
                             error));
    made.prompt.contexts = contexts;
    made.prompt.n_contexts = n;
    return finish(source, &made, number, second->string, answers[1], error);
}

/* --- lines ---------------------------------------------------------------- */

static enum pith_status read_line(struct pith_case_source *source,
                                  const struct pith_json *line, size_t number,
                                  struct pith_error *error)
{
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        const struct pith_json *list = pith_json_get(line, spellings[i].list);
        if (pith_json_is(list, PITH_JSON_ARRAY))
            return read_turns(source, list, number, &spellings[i], error);
    }
    if (pith_json_is(pith_json_get(line, "turns"), PITH_JSON_ARRAY))
        return read_mt_bench(source, line, number, error);
    return pith_fail(error, PITH_ERR_FORMAT,
                     "%s:%zu: expected a list \"messages\", \"conversations\" "
                     "or \"turns\"", source->path, number);
}

enum pith_status pith_cases_chat(struct pith_case_source *source,
                                 struct pith_error *error)
{
    return pith_cases_each_line(source, read_line, error);
}
