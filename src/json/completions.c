/*
 * completions.c - see completions.h.
 */
#include "completions.h"

#include <string.h>

static const double HTTP_OK = 200;

static struct pith_text text_of(const char *string)
{
    return (struct pith_text){string, strlen(string)};
}

void pith_completion_open(struct pith_buffer *out, struct pith_text id,
                             const char *model, const char *system)
{
    pith_buffer_string(out, "{\"custom_id\":");
    pith_json_write_string(out, id);
    pith_buffer_string(out, ",\"method\":\"POST\",\"url\":"
                            "\"/v1/chat/completions\",\"body\":{\"model\":");
    pith_json_write_string(out, text_of(model));
    pith_buffer_string(out, ",\"messages\":[");
    if (system == NULL)
        return;
    pith_buffer_string(out, "{\"role\":\"system\",\"content\":");
    pith_json_write_string(out, text_of(system));
    pith_buffer_string(out, "},");
}

void pith_completion_close(struct pith_buffer *out, double temperature,
                           size_t max_tokens)
{
    pith_buffer_string(out, "],\"temperature\":");
    pith_json_write_number(out, temperature);
    pith_buffer_printf(out, ",\"max_tokens\":%zu}}\n", max_tokens);
}

static bool is_blank(struct pith_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (strchr(" \t\r\n", text.bytes[i]) == NULL)
            return false;
    return true;
}

/* The message of an "error" member: an object's, or itself. */
static bool find_message(const struct pith_json *error,
                         struct pith_text *message)
{
    const struct pith_json *inner = pith_json_get(error, "message");
    const struct pith_json *said = inner != NULL ? inner : error;
    if (!pith_json_is(said, PITH_JSON_STRING))
        return false;
    *message = said->string;
    return true;
}

static size_t count_of(const struct pith_json *usage, const char *key)
{
    const struct pith_json *count = pith_json_get(usage, key);
    return pith_json_is(count, PITH_JSON_NUMBER) && count->number >= 0 &&
                   count->number < 1e9
               ? (size_t)count->number
               : 0;
}

struct pith_completion pith_completion_read(const struct pith_json *body,
                                              double status)
{
    struct pith_completion reply = {.failure = text_of("no answer in it")};
    const struct pith_json *choices = pith_json_get(body, "choices");
    const struct pith_json *choice =
        pith_json_is(choices, PITH_JSON_ARRAY) ? choices->first : NULL;
    const struct pith_json *content =
        pith_json_get(pith_json_get(choice, "message"), "content");
    const struct pith_json *usage = pith_json_get(body, "usage");
    find_message(pith_json_get(body, "error"), &reply.failure);
    if (status < HTTP_OK || status > HTTP_OK ||
        !pith_json_is(content, PITH_JSON_STRING) || is_blank(content->string))
        return reply;
    reply.is_answer = true;
    reply.content = content->string;
    reply.is_cut =
        pith_json_string_is(pith_json_get(choice, "finish_reason"), "length");
    reply.prompt_tokens = count_of(usage, "prompt_tokens");
    reply.completion_tokens = count_of(usage, "completion_tokens");
    return reply;
}

struct pith_completion pith_completion_of_answer(const struct pith_json *line)
{
    const struct pith_json *response = pith_json_get(line, "response");
    const struct pith_json *status = pith_json_get(response, "status_code");
    struct pith_completion reply = pith_completion_read(
        pith_json_get(response, "body"),
        pith_json_is(status, PITH_JSON_NUMBER) ? status->number : HTTP_OK);
    if (!reply.is_answer)
        find_message(pith_json_get(line, "error"), &reply.failure);
    return reply;
}
