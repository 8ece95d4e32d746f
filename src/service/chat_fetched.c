/*
 * chat_fetched.c - what the target model has fetched by a hash:
 * pith_chat_find_fetched().
 */
#include "chat.h"

#include <string.h>

/* A tool may be offered under a longer name: mcp__server__headroom_retrieve. */
static bool names_the_tool(const struct pith_json *name)
{
    static const char tool[] = "headroom_retrieve";
    size_t size = sizeof tool - 1;
    return pith_json_is(name, PITH_JSON_STRING) && name->string.size >= size &&
           memcmp(name->string.bytes + name->string.size - size, tool, size) ==
               0;
}

/* A call in either form: {"id", "function": {"name"}}, {"id", "name"}. */
static bool is_call(const struct pith_json *call, struct pith_text id)
{
    const struct pith_json *own = pith_json_get(call, "id");
    const struct pith_json *function = pith_json_get(call, "function");
    return pith_json_is(own, PITH_JSON_STRING) && own->string.size == id.size &&
           memcmp(own->string.bytes, id.bytes, id.size) == 0 &&
           names_the_tool(pith_json_get(function != NULL ? function : call,
                                        "name"));
}

static bool has_call(const struct pith_json *calls, struct pith_text id)
{
    if (!pith_json_is(calls, PITH_JSON_ARRAY))
        return false;
    for (const struct pith_json *at = calls->first; at != NULL; at = at->next)
        if (is_call(at, id))
            return true;
    return false;
}

/* Whether the id is of a call of the tool in one of the messages. */
static bool is_fetch(const struct pith_json *messages,
                     const struct pith_json *id)
{
    if (!pith_json_is(id, PITH_JSON_STRING))
        return false;
    for (const struct pith_json *at = messages->first; at != NULL;
         at = at->next)
        if (has_call(pith_json_get(at, "tool_calls"), id->string) ||
            has_call(pith_json_get(at, "content"), id->string))
            return true;
    return false;
}

/* The texts whose JSON is in that of the value.
 *   origin  where the texts count their bytes from */
static void mark(const struct pith_json *value, const char *origin,
                 const struct pith_message_text *texts, size_t n, bool *fetched)
{
    size_t start = (size_t)(value->source.bytes - origin);
    for (size_t i = 0; i < n; i++)
        fetched[i] |= texts[i].start >= start &&
                      texts[i].end <= start + value->source.size;
}

void pith_chat_find_fetched(const struct pith_json *messages,
                            const struct pith_message_text *texts, size_t n,
                            bool *fetched)
{
    for (const struct pith_json *at = messages->first; at != NULL;
         at = at->next) {
        const struct pith_json *content = pith_json_get(at, "content");
        if (is_fetch(messages, pith_json_get(at, "tool_call_id")))
            mark(at, messages->source.bytes, texts, n, fetched);
        if (!pith_json_is(content, PITH_JSON_ARRAY))
            continue;
        for (const struct pith_json *part = content->first; part != NULL;
             part = part->next)
            if (is_fetch(messages, pith_json_get(part, "tool_use_id")))
                mark(part, messages->source.bytes, texts, n, fetched);
    }
}
