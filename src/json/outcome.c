/*
 * outcome.c - see outcome.h.
 */
#include "outcome.h"

#include <stdio.h>
#include <string.h>

#include "outcome_parts.h"

/* --- names ---------------------------------------------------------------- */

static const char *const names[] = {
    [PITH_OUTCOME_ANSWER] = "answer",
    [PITH_OUTCOME_REFUSAL] = "refusal",
    [PITH_OUTCOME_CONTENT_FILTER] = "content_filter",
    [PITH_OUTCOME_TOOL_CALLS] = "tool_calls",
    [PITH_OUTCOME_REASONING_ONLY] = "reasoning_only",
    [PITH_OUTCOME_EMPTY] = "empty",
    [PITH_OUTCOME_BAD_REQUEST] = "bad_request",
    [PITH_OUTCOME_SERVER_ERROR] = "server_error",
    [PITH_OUTCOME_NOT_A_COMPLETION] = "not_a_completion",
    [PITH_OUTCOME_FORBIDDEN] = "forbidden",
    [PITH_OUTCOME_UNUSABLE_ENDPOINT] = "unusable_endpoint",
};

const char *pith_outcome_name(enum pith_outcome_kind kind)
{
    return names[kind];
}

bool pith_outcome_is_final(enum pith_outcome_kind kind)
{
    return kind <= PITH_OUTCOME_BAD_REQUEST;
}

static size_t count_of(const struct pith_json *usage, const char *key)
{
    const struct pith_json *count = pith_json_get(usage, key);
    return pith_json_is(count, PITH_JSON_NUMBER) && count->number >= 0 &&
                   count->number < 1e9
               ? (size_t)count->number
               : 0;
}

/* --- errors --------------------------------------------------------------- */

/* An error that came with status 200 may have its own status. */
static int status_of_error(const struct pith_json *error)
{
    const struct pith_json *code = pith_json_get(error, "code");
    return pith_json_is(code, PITH_JSON_NUMBER) && code->number >= 300 &&
                   code->number < 600
               ? (int)code->number
               : 0;
}

static void set_error(struct pith_outcome *outcome,
                      const struct pith_json *body, int status)
{
    const struct pith_json *error = pith_json_get(body, "error");
    const struct pith_json *said = pith_outcome_message(body);
    const struct pith_json *code = pith_json_get(error, "code");
    bool is_success = pith_outcome_is_success(status);
    int own = status_of_error(pith_outcome_has(error) ? error : body);
    enum pith_outcome_kind kind =
        pith_outcome_of_status(is_success ? own : status);
    if (pith_json_string_is(code, "content_filter"))
        kind = PITH_OUTCOME_CONTENT_FILTER;
    else if (pith_json_string_is(code, "insufficient_quota"))
        kind = PITH_OUTCOME_UNUSABLE_ENDPOINT;
    else if (is_success && own == 0 &&
             pith_json_string_is(pith_json_get(error, "type"),
                                 "invalid_request_error"))
        kind = PITH_OUTCOME_BAD_REQUEST;
    char what[40] = "";
    struct pith_buffer all = {0};
    if (is_success)
        snprintf(what, sizeof what, own > 0 ? "error %d" : "an error", own);
    if (said == NULL)
        pith_json_write_value(&all, body);
    pith_outcome_set(outcome, kind, status, what,
                     said != NULL ? said->string : pith_buffer_text(&all));
    pith_buffer_free(&all);
}

/* --- a body --------------------------------------------------------------- */

static bool is_error(const struct pith_json *body, int status)
{
    const struct pith_json *error = pith_json_get(body, "error");
    return !pith_outcome_is_success(status) || pith_outcome_has(error) ||
           pith_outcome_says(error) ||
           (pith_json_get(body, "choices") == NULL &&
            pith_outcome_message(body) != NULL);
}

static void read_choices(struct pith_outcome *outcome,
                         const struct pith_json *choices, int status)
{
    outcome->n_choices = choices->n_children;
    if (choices->first == NULL) {
        pith_outcome_set(outcome, PITH_OUTCOME_EMPTY, status,
                         "no choice in the reply", (struct pith_text){"", 0});
        return;
    }
    for (const struct pith_json *choice = choices->first; choice != NULL;
         choice = choice->next) {
        pith_outcome_read_choice(outcome, choice, status);
        if (outcome->kind == PITH_OUTCOME_ANSWER)
            return;
    }
    pith_outcome_read_choice(outcome, choices->first, status);
}

enum pith_status pith_outcome_read(struct pith_outcome *outcome,
                                   const struct pith_json *body, int status,
                                   struct pith_error *error)
{
    const struct pith_json *usage = pith_json_get(body, "usage");
    *outcome = (struct pith_outcome){
        .prompt_tokens = count_of(usage, "prompt_tokens"),
        .completion_tokens = count_of(usage, "completion_tokens")};
    if (pith_json_is(body, PITH_JSON_ARRAY)) /* some wrap their errors so */
        body = body->first;
    const struct pith_json *choices = pith_json_get(body, "choices");
    if (body == NULL || pith_json_is(body, PITH_JSON_NULL))
        pith_outcome_read_text(outcome, (struct pith_text){"", 0}, status);
    else if (is_error(body, status))
        set_error(outcome, body, status);
    else if (pith_json_is(choices, PITH_JSON_ARRAY))
        read_choices(outcome, choices, status);
    else
        pith_outcome_set(outcome, PITH_OUTCOME_NOT_A_COMPLETION, status,
                         "JSON without \"choices\"",
                         (struct pith_text){"", 0});
    return outcome->joined.failed
               ? pith_no_memory(error, outcome->joined.size, 1)
               : PITH_OK;
}

/* --- a line of answers ---------------------------------------------------- */

enum pith_status pith_outcome_of_line(struct pith_outcome *outcome,
                                      const struct pith_json *line,
                                      struct pith_error *error)
{
    const struct pith_json *response = pith_json_get(line, "response");
    const struct pith_json *code = pith_json_get(response, "status_code");
    const struct pith_json *said = pith_outcome_message(line);
    bool has_code = pith_json_is(code, PITH_JSON_NUMBER) &&
                    code->number >= 0 && code->number < 1000;
    PITH_TRY(pith_outcome_read(outcome, pith_json_get(response, "body"),
                               has_code ? (int)code->number : 200, error));
    if (outcome->kind != PITH_OUTCOME_ANSWER && said != NULL)
        pith_outcome_set(outcome, outcome->kind, 0, "", said->string);
    return PITH_OK;
}

void pith_outcome_free(struct pith_outcome *outcome)
{
    pith_buffer_free(&outcome->joined);
    *outcome = (struct pith_outcome){.kind = PITH_OUTCOME_EMPTY};
}
