/*
 * outcome_choice.c - what one choice of a chat completion comes to.
 */
#include <string.h>

#include "outcome_parts.h"
#include "thought.h"

static bool starts_with(const struct pith_json *value, const char *start)
{
    size_t n = strlen(start);
    return pith_json_is(value, PITH_JSON_STRING) && value->string.size >= n &&
           memcmp(value->string.bytes, start, n) == 0;
}

/* The text of a message: a string, or the parts of one. */
static void read_content(struct pith_outcome *outcome,
                         const struct pith_json *content)
{
    outcome->joined.size = 0;
    outcome->content = (struct pith_text){"", 0};
    if (pith_json_is(content, PITH_JSON_STRING))
        outcome->content = content->string;
    if (!pith_json_is(content, PITH_JSON_ARRAY))
        return;
    for (const struct pith_json *part = content->first; part != NULL;
         part = part->next) {
        const struct pith_json *type = pith_json_get(part, "type");
        const struct pith_json *text =
            type == NULL || pith_json_string_is(type, "text") ||
                    pith_json_string_is(type, "output_text")
                ? pith_json_get(part, "text")
                : NULL;
        if (pith_json_is(text, PITH_JSON_STRING))
            pith_buffer_append(&outcome->joined, text->string.bytes,
                               text->string.size);
    }
    if (outcome->joined.size > 0)
        outcome->content = pith_buffer_text(&outcome->joined);
}

/* The refusal of a message, or of a part of its content. */
static const struct pith_json *find_refusal(const struct pith_json *message)
{
    const struct pith_json *refusal = pith_json_get(message, "refusal");
    const struct pith_json *content = pith_json_get(message, "content");
    if (pith_outcome_says(refusal))
        return refusal;
    if (!pith_json_is(content, PITH_JSON_ARRAY))
        return NULL;
    for (const struct pith_json *part = content->first; part != NULL;
         part = part->next)
        if (pith_outcome_says(pith_json_get(part, "refusal")))
            return pith_json_get(part, "refusal");
    return NULL;
}

static bool has_reasoning(const struct pith_json *message)
{
    static const char *const keys[] = {"reasoning_content", "reasoning",
                                       "thinking", "reasoning_details"};
    const struct pith_json *content = pith_json_get(message, "content");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct pith_json *value = pith_json_get(message, keys[i]);
        if (pith_outcome_says(value) || pith_outcome_has(value))
            return true;
    }
    if (pith_json_is(content, PITH_JSON_ARRAY))
        for (const struct pith_json *part = content->first; part != NULL;
             part = part->next)
            if (starts_with(pith_json_get(part, "type"), "think") ||
                starts_with(pith_json_get(part, "type"), "reason"))
                return true;
    return false;
}

static void cut_thought(struct pith_outcome *outcome)
{
    size_t n = pith_thought_size(outcome->content);
    outcome->had_thought = n > 0;
    outcome->content.bytes += n;
    outcome->content.size -= n;
}

/* The name of the first tool, for what is shown. */
static struct pith_text tool_name(const struct pith_json *message)
{
    const struct pith_json *calls = pith_json_get(message, "tool_calls");
    const struct pith_json *function =
        pith_outcome_has(calls) ? pith_json_get(calls->first, "function")
                                : pith_json_get(message, "function_call");
    const struct pith_json *name = pith_json_get(function, "name");
    return pith_json_is(name, PITH_JSON_STRING) ? name->string
                                                : (struct pith_text){"", 0};
}

static bool calls_tools(const struct pith_json *message)
{
    return pith_outcome_has(pith_json_get(message, "tool_calls")) ||
           pith_outcome_has(pith_json_get(message, "function_call"));
}

/* Servers' words for a text that they broke off. */
static bool is_broken_off(const struct pith_json *choice)
{
    const struct pith_json *reason = pith_json_get(choice, "finish_reason");
    return pith_outcome_has(pith_json_get(choice, "error")) ||
           pith_json_string_is(reason, "error") ||
           pith_json_string_is(reason, "abort") ||
           pith_json_string_is(reason, "insufficient_system_resource");
}

void pith_outcome_read_choice(struct pith_outcome *outcome,
                              const struct pith_json *choice, int status)
{
    const struct pith_json *message = pith_json_get(choice, "message");
    const struct pith_json *reason = pith_json_get(choice, "finish_reason");
    const struct pith_json *refusal = find_refusal(message), *error = NULL;
    bool refuses = refusal != NULL || pith_json_string_is(reason, "refusal");
    bool is_cut = pith_json_string_is(reason, "length");
    struct pith_text said = {"", 0};
    enum pith_outcome_kind kind = PITH_OUTCOME_EMPTY;
    const char *what = is_cut ? "max_tokens were used without any text"
                              : "an empty text";
    /* Servers of plain completions have no message. */
    read_content(outcome, message != NULL ? pith_json_get(message, "content")
                                          : pith_json_get(choice, "text"));
    cut_thought(outcome);
    outcome->is_cut = is_cut;
    if (is_broken_off(choice)) {
        kind = PITH_OUTCOME_SERVER_ERROR;
        what = "the text was broken off";
        error = pith_outcome_message(choice);
    } else if (starts_with(reason, "content_filter")) {
        kind = PITH_OUTCOME_CONTENT_FILTER;
        what = "a content filter ended the text";
        said = outcome->content;
    } else if (!pith_outcome_is_blank(outcome->content) &&
               !pith_json_string_is(reason, "refusal")) {
        outcome->kind = PITH_OUTCOME_ANSWER;
        return;
    } else if (refuses) {
        kind = PITH_OUTCOME_REFUSAL;
        what = "the model refuses";
        said = refusal != NULL ? refusal->string : outcome->content;
    } else if (calls_tools(message)) {
        kind = PITH_OUTCOME_TOOL_CALLS;
        what = "a tool is called without any text";
        said = tool_name(message);
    } else if (outcome->had_thought || has_reasoning(message)) {
        kind = PITH_OUTCOME_REASONING_ONLY;
        what = is_cut ? "reasoning up to max_tokens, and no answer"
                      : "reasoning, and no answer after it";
    }
    pith_outcome_set(outcome, kind, status, what,
                     error != NULL ? error->string : said);
}
