/*
 * read.c - finds the texts of a chat; see pith_messages.h.
 *
 * Every key is looked up as parsers do that keep the last of two.
 */
#include <string.h>

#include "../base/memory.h"
#include "messages.h"

struct reader {
    struct pith_messages *messages;
    const char *name;
    struct pith_error *error;
    size_t message;       /* that is being read */
    size_t turn, turn_end; /* the last user turn: messages [turn, turn_end) */
    size_t n_messages;
};

static const char *const role_names[PITH_N_MESSAGE_ROLES] = {
    "system", "user", "assistant", "tool", "document", "other"};

const char *pith_message_role_name(enum pith_message_role role)
{
    return (size_t)role < PITH_N_MESSAGE_ROLES ? role_names[role] : NULL;
}

static enum pith_message_role role_of(const struct pith_json *spelled)
{
    if (pith_json_string_is(spelled, "developer"))
        return PITH_MESSAGE_SYSTEM;
    if (pith_json_string_is(spelled, "function"))
        return PITH_MESSAGE_TOOL;
    for (int i = 0; i <= PITH_MESSAGE_TOOL; i++)
        if (pith_json_string_is(spelled, role_names[i]))
            return (enum pith_message_role)i;
    return PITH_MESSAGE_OTHER;
}

static size_t place_of(const struct reader *reader,
                       const struct pith_json *value)
{
    return (size_t)(value->source.bytes - reader->messages->document.bytes);
}

static enum pith_status refuse(const struct reader *reader,
                               const struct pith_json *found,
                               const char *expected)
{
    static const char *const kinds[] = {"null", "false", "true", "a number",
                                        "a string", "an array", "an object"};
    return pith_fail(reader->error, PITH_ERR_FORMAT,
                     "%s: JSON at byte %zu: found %s, expected %s",
                     reader->name, place_of(reader, found),
                     kinds[found->kind], expected);
}

/* --- texts ------------------------------------------------------------------ */

/* 0xD800 to 0xDFFF of \uXXXX; 0 where this is not one. */
static unsigned surrogate_at(const char *at, const char *end)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    unsigned unit = 0;
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return 0;
    for (int i = 2; i < 6; i++) {
        const char *digit = memchr(digits, at[i], sizeof digits - 1);
        unit = unit << 4 | ((unsigned)(digit - digits) & 15);
    }
    return unit >= 0xD800 && unit <= 0xDFFF ? unit : 0;
}

/* Whether a JSON string has half a pair. */
static bool is_broken(struct pith_text string)
{
    const char *at = string.bytes, *end = at + string.size;
    while ((at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
        unsigned unit = surrogate_at(at, end);
        if (unit == 0) {
            at += 2;
            continue;
        }
        if (unit >= 0xDC00 || surrogate_at(at + 6, end) < 0xDC00)
            return true;
        at += 12;
    }
    return false;
}

static enum pith_status add_text(struct reader *reader,
                                 enum pith_message_role role,
                                 const struct pith_json *value)
{
    struct pith_messages *messages = reader->messages;
    bool named = reader->message != PITH_NO_MESSAGE;
    bool is_users = role == PITH_MESSAGE_USER || role == PITH_MESSAGE_DOCUMENT;
    if (!pith_json_is(value, PITH_JSON_STRING) || value->string.size == 0)
        return PITH_OK;
    PITH_TRY(pith_grow(&messages->texts, messages->n + 1, &messages->capacity,
                       sizeof *messages->texts, reader->error));
    size_t start = place_of(reader, value);
    messages->texts[messages->n++] = (struct pith_message_text){
        .role = role, .message = reader->message, .text = value->string,
        .start = start, .end = start + value->source.size,
        .old = !named || reader->message < reader->turn,
        .last_turn =
            named && ((is_users && reader->message >= reader->turn &&
                       reader->message < reader->turn_end) ||
                      (role == PITH_MESSAGE_ASSISTANT &&
                       reader->message + 1 == reader->n_messages)),
        .broken = is_broken(value->source)};
    return PITH_OK;
}

/* --- content ---------------------------------------------------------------- */

static bool is_type(const struct pith_json *block, const char *type)
{
    return pith_json_string_is(pith_json_get(block, "type"), type);
}

static bool is_text_block(const struct pith_json *block)
{
    return is_type(block, "text") || is_type(block, "input_text") ||
           is_type(block, "output_text");
}

/* Whether Anthropic's model cites places of a block by their offsets. */
static bool is_cited(const struct pith_json *block)
{
    const struct pith_json *citations = pith_json_get(block, "citations");
    return pith_json_is(pith_json_get(citations, "enabled"), PITH_JSON_TRUE);
}

static enum pith_status read_content(struct reader *reader,
                                     enum pith_message_role role,
                                     const struct pith_json *content);

/* {"type": "document", "source": {"type": "text", "data"}}, or with a source
 * {"type": "content", "content"}. */
static enum pith_status read_document(struct reader *reader,
                                      const struct pith_json *block)
{
    const struct pith_json *source = pith_json_get(block, "source");
    if (is_type(source, "text"))
        return add_text(reader, PITH_MESSAGE_DOCUMENT,
                        pith_json_get(source, "data"));
    if (is_type(source, "content"))
        return read_content(reader, PITH_MESSAGE_DOCUMENT,
                            pith_json_get(source, "content"));
    return PITH_OK;
}

/* Blocks are inside each other as deep as JSON may be. */
static enum pith_status read_block(struct reader *reader,
                                   enum pith_message_role role,
                                   const struct pith_json *block)
{
    if (is_text_block(block))
        return add_text(reader, role, pith_json_get(block, "text"));
    if (is_type(block, "tool_result"))
        return read_content(reader, PITH_MESSAGE_TOOL,
                            pith_json_get(block, "content"));
    if (is_cited(block))
        return PITH_OK;
    if (is_type(block, "search_result"))
        return read_content(reader, PITH_MESSAGE_DOCUMENT,
                            pith_json_get(block, "content"));
    if (is_type(block, "document"))
        return read_document(reader, block);
    return PITH_OK;
}

/* A string, or an array of blocks, some of which may be strings. */
static enum pith_status read_content(struct reader *reader,
                                     enum pith_message_role role,
                                     const struct pith_json *content)
{
    if (!pith_json_is(content, PITH_JSON_ARRAY))
        return add_text(reader, role, content);
    for (const struct pith_json *at = content->first; at != NULL; at = at->next)
        PITH_TRY(at->kind == PITH_JSON_STRING ? add_text(reader, role, at)
                                              : read_block(reader, role, at));
    return PITH_OK;
}

/* --- messages --------------------------------------------------------------- */

static enum pith_status check_message(const struct reader *reader,
                                      const struct pith_json *message)
{
    const struct pith_json *role = pith_json_get(message, "role");
    const struct pith_json *content = pith_json_get(message, "content");
    if (!pith_json_is(message, PITH_JSON_OBJECT))
        return refuse(reader, message,
                      "a message, an object with \"role\" and \"content\"");
    if (role == NULL)
        return refuse(reader, message, "a message with \"role\", which this "
                                       "one lacks");
    if (role->kind != PITH_JSON_STRING)
        return refuse(reader, role, "a string for \"role\"");
    if (content != NULL && content->kind != PITH_JSON_STRING &&
        content->kind != PITH_JSON_ARRAY && content->kind != PITH_JSON_NULL)
        return refuse(reader, content, "\"content\" that is a string, an array "
                                       "or null");
    return PITH_OK;
}

/* What the user says, rather than nothing but the results of tools. */
static bool is_user_turn(const struct pith_json *message)
{
    const struct pith_json *content = pith_json_get(message, "content");
    if (role_of(pith_json_get(message, "role")) != PITH_MESSAGE_USER)
        return false;
    if (!pith_json_is(content, PITH_JSON_ARRAY) || content->first == NULL)
        return true;
    for (const struct pith_json *at = content->first; at != NULL; at = at->next)
        if (!is_type(at, "tool_result"))
            return true;
    return false;
}

static void find_last_turn(struct reader *reader, const struct pith_json *list)
{
    size_t i = 0;
    for (const struct pith_json *at = list->first; at != NULL; at = at->next) {
        if (is_user_turn(at)) {
            if (reader->turn_end != i || i == 0)
                reader->turn = i;
            reader->turn_end = i + 1;
        }
        i++;
    }
    reader->n_messages = i;
}

static enum pith_status read_list(struct reader *reader,
                                  const struct pith_json *list)
{
    if (list->kind != PITH_JSON_ARRAY)
        return refuse(reader, list, "an array of messages");
    for (const struct pith_json *at = list->first; at != NULL; at = at->next)
        PITH_TRY(check_message(reader, at));
    find_last_turn(reader, list);
    reader->message = 0;
    for (const struct pith_json *at = list->first; at != NULL; at = at->next) {
        PITH_TRY(read_content(reader, role_of(pith_json_get(at, "role")),
                              pith_json_get(at, "content")));
        reader->message++;
    }
    return PITH_OK;
}

/* Texts in the order of the document: "system" is before the messages or after
 * them. */
static enum pith_status read_root(struct reader *reader,
                                  const struct pith_json *root)
{
    if (root->kind != PITH_JSON_OBJECT)
        return root->kind == PITH_JSON_ARRAY
                   ? read_list(reader, root)
                   : refuse(reader, root, "an array of messages, or an object "
                                          "with \"messages\"");
    const struct pith_json *list = pith_json_get(root, "messages");
    const struct pith_json *system = pith_json_get(root, "system");
    if (list == NULL)
        return refuse(reader, root, "a member \"messages\" in it");
    bool system_first = system != NULL && system->source.bytes < list->source.bytes;
    reader->message = PITH_NO_MESSAGE;
    if (system_first)
        PITH_TRY(read_content(reader, PITH_MESSAGE_SYSTEM, system));
    PITH_TRY(read_list(reader, list));
    reader->message = PITH_NO_MESSAGE;
    return system_first ? PITH_OK
                        : read_content(reader, PITH_MESSAGE_SYSTEM, system);
}

/* --- interface -------------------------------------------------------------- */

enum pith_status pith_messages_read(struct pith_text document, const char *name,
                                    struct pith_messages **messages,
                                    struct pith_error *error)
{
    PITH_REQUIRE(messages, error);
    *messages = NULL;
    PITH_REQUIRE_ALL(document.bytes, document.size, error);
    struct pith_messages *made = pith_array_zero(1, sizeof *made);
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    struct reader reader = {.messages = made, .error = error,
                            .name = name != NULL ? name : "messages"};
    made->document = document;
    enum pith_status status =
        pith_json_parse_utf8(document, reader.name, &made->json, error);
    if (status == PITH_OK)
        status = read_root(&reader, pith_json_root(made->json));
    if (status != PITH_OK)
        pith_messages_free(made);
    else
        *messages = made;
    return status;
}

void pith_messages_free(struct pith_messages *messages)
{
    if (messages == NULL)
        return;
    pith_json_free(messages->json);
    pith_free(messages->texts);
    pith_free(messages);
}

size_t pith_messages_count(const struct pith_messages *messages)
{
    return messages != NULL ? messages->n : 0;
}

const struct pith_message_text *
pith_messages_texts(const struct pith_messages *messages)
{
    return messages != NULL ? messages->texts : NULL;
}
