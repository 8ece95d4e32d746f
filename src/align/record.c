/*
 * record.c - what one record holds; see records.h.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "records.h"

/* --- names ---------------------------------------------------------------- */

enum field { PROMPT, INPUT, ANSWER, SYSTEM, N_FIELDS };

static const struct {
    const char *name;
    enum field field;
    enum pith_record_kind kind; /* of a prompt */
} names[] = {
    {"instruction", PROMPT, PITH_RECORD_ALPACA},
    {"question", PROMPT, PITH_RECORD_QUESTION},
    {"prompt", PROMPT, PITH_RECORD_COMPLETION},
    {"input", INPUT, 0},      {"context", INPUT, 0},
    {"output", ANSWER, 0},    {"response", ANSWER, 0},
    {"answer", ANSWER, 0},    {"completion", ANSWER, 0},
    {"system", SYSTEM, 0},    {"system_prompt", SYSTEM, 0},
};

enum { N_NAMES = sizeof names / sizeof names[0] };

/* What an answer is called where the record has none. */
static const char *const usual_answers[] = {
    [PITH_RECORD_ALPACA] = "output",
    [PITH_RECORD_QUESTION] = "answer",
    [PITH_RECORD_COMPLETION] = "completion"};

/* Members of records and of messages that an answer depends on. */
static const char *const refused[] = {"history", "tools", "functions",
                                      "tool_calls", "function_call"};

static const char *const role_names[] = {"system", "user", "assistant"};

static const struct {
    const char *name;
    enum pith_role role;
} roles[] = {
    {"system", PITH_ROLE_SYSTEM},   {"developer", PITH_ROLE_SYSTEM},
    {"user", PITH_ROLE_USER},       {"human", PITH_ROLE_USER},
    {"assistant", PITH_ROLE_ASSISTANT}, {"gpt", PITH_ROLE_ASSISTANT},
};

enum { N_ROLES = sizeof roles / sizeof roles[0] };

const char *pith_role_name(enum pith_role role)
{
    return role_names[role];
}

static const char *const kind_names[] = {
    [PITH_JSON_NULL] = "null",     [PITH_JSON_FALSE] = "false",
    [PITH_JSON_TRUE] = "true",     [PITH_JSON_NUMBER] = "a number",
    [PITH_JSON_STRING] = "a string", [PITH_JSON_ARRAY] = "an array",
    [PITH_JSON_OBJECT] = "an object"};

static const char *found(const struct pith_json *value)
{
    return value != NULL ? kind_names[value->kind] : "nothing";
}

static bool is_named(const struct pith_json *member, const char *name)
{
    return member->key.size == strlen(name) &&
           memcmp(member->key.bytes, name, member->key.size) == 0;
}

/* null, "", [] and {}. */
static bool is_empty(const struct pith_json *value)
{
    return pith_json_is(value, PITH_JSON_NULL) ||
           (pith_json_is(value, PITH_JSON_STRING) && value->string.size == 0) ||
           ((pith_json_is(value, PITH_JSON_ARRAY) ||
             pith_json_is(value, PITH_JSON_OBJECT)) && value->first == NULL);
}

/* A member that nothing here reads. */
static enum pith_status pass_over(struct pith_record_reader *reader,
                                  const struct pith_json *member,
                                  const char *place, struct pith_error *error)
{
    if (is_empty(member))
        return PITH_OK;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (is_named(member, refused[i]))
            return pith_fail(error, PITH_ERR_FORMAT,
                             "%s: \"%s\" is not supported, and the answer "
                             "depends on it; put earlier exchanges into "
                             "\"messages\", or leave the record out", place,
                             refused[i]);
    if (reader->unused != NULL)
        pith_unused_count(reader->unused, member->key);
    return PITH_OK;
}

static enum pith_status make_room(struct pith_record_reader *reader, size_t n,
                                  struct pith_error *error)
{
    return pith_grow(&reader->messages, n, &reader->n_room,
                     sizeof *reader->messages, error);
}

/* --- pairs ---------------------------------------------------------------- */

/* The members of a record by what they hold; NULL, or index into names. */
struct members {
    const struct pith_json *values[N_FIELDS];
    size_t name[N_FIELDS];
};

static enum pith_status take_member(struct members *members,
                                    const struct pith_json *member,
                                    size_t name, const char *place,
                                    struct pith_error *error)
{
    enum field field = names[name].field;
    const struct pith_json *before = members->values[field];
    if (!is_empty(member) && !pith_json_is(member, PITH_JSON_STRING))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: \"%s\" is %s, expected a string", place,
                         names[name].name, found(member));
    if (before != NULL && !is_empty(before) && !is_empty(member))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: \"%s\" and \"%s\" mean the same; remove one of "
                         "them", place, names[members->name[field]].name,
                         names[name].name);
    if (before == NULL || is_empty(before)) {
        members->values[field] = member;
        members->name[field] = name;
    }
    return PITH_OK;
}

static enum pith_status sort_members(struct pith_record_reader *reader,
                                     const struct pith_json *object,
                                     const char *place,
                                     struct members *members,
                                     struct pith_error *error)
{
    for (const struct pith_json *member = object->first; member != NULL;
         member = member->next) {
        size_t name = 0;
        while (name < N_NAMES && !is_named(member, names[name].name))
            name++;
        if (name < N_NAMES)
            PITH_TRY(take_member(members, member, name, place, error));
        else
            PITH_TRY(pass_over(reader, member, place, error));
    }
    return PITH_OK;
}

static struct pith_text string_of(const struct pith_json *value)
{
    return pith_json_is(value, PITH_JSON_STRING) ? value->string
                                                 : (struct pith_text){"", 0};
}

static void add_message(struct pith_record_reader *reader,
                        struct pith_record *record, enum pith_role role,
                        struct pith_text content)
{
    reader->messages[record->n_messages++] =
        (struct pith_message){.role = role, .content = content};
}

static bool has_prompt(const struct pith_json *object)
{
    for (size_t i = 0; i < N_NAMES; i++)
        if (names[i].field == PROMPT &&
            pith_json_get(object, names[i].name) != NULL)
            return true;
    return false;
}

static enum pith_status take_pair(struct pith_record_reader *reader,
                                  const struct pith_json *object,
                                  const char *place,
                                  struct pith_record *record,
                                  struct pith_error *error)
{
    struct members members = {{NULL}, {0}};
    PITH_TRY(sort_members(reader, object, place, &members, error));
    size_t prompt_name = members.name[PROMPT];
    struct pith_text prompt = string_of(members.values[PROMPT]);
    struct pith_text answer = string_of(members.values[ANSWER]);
    struct pith_text system = string_of(members.values[SYSTEM]);
    record->kind = names[prompt_name].kind;
    record->input = string_of(members.values[INPUT]);
    record->answer_key = members.values[ANSWER] != NULL
                             ? names[members.name[ANSWER]].name
                             : usual_answers[record->kind];
    if (prompt.size == 0 && record->input.size == 0)
        return pith_fail(error, PITH_ERR_FORMAT, "%s: \"%s\" is empty", place,
                         names[prompt_name].name);
    PITH_TRY(make_room(reader, 3, error));
    if (system.size > 0)
        add_message(reader, record, PITH_ROLE_SYSTEM, system);
    add_message(reader, record, PITH_ROLE_USER, prompt);
    if (answer.size > 0)
        add_message(reader, record, PITH_ROLE_ASSISTANT, answer);
    return PITH_OK;
}

/* --- chats ---------------------------------------------------------------- */

/* The string, or the value found instead of one, cut to a few words. */
static struct pith_text shown(const struct pith_json *value)
{
    struct pith_text text = {found(value), strlen(found(value))};
    if (pith_json_is(value, PITH_JSON_STRING))
        text = value->string;
    if (text.size > 40)
        text.size = 40;
    return text;
}

/* The first of the two names that the object has; *name: it, else the first. */
static const struct pith_json *either(const struct pith_json *object,
                                      const char *first, const char *second,
                                      const char **name)
{
    const struct pith_json *value = pith_json_get(object, first);
    *name = first;
    if (value == NULL && pith_json_get(object, second) != NULL) {
        value = pith_json_get(object, second);
        *name = second;
    }
    return value;
}

static enum pith_status take_weight(const struct pith_json *weight, size_t at,
                                    const char *place,
                                    struct pith_message *message,
                                    struct pith_error *error)
{
    if (weight == NULL || pith_json_is(weight, PITH_JSON_NULL))
        return PITH_OK;
    if (!pith_json_is(weight, PITH_JSON_NUMBER) ||
        (weight->number != 0 && weight->number != 1))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: \"weight\" of message %zu is not 0 or 1", place,
                         at);
    message->is_given = weight->number == 0;
    return PITH_OK;
}

static enum pith_status pass_over_others(struct pith_record_reader *reader,
                                         const struct pith_json *object,
                                         const char *const *known,
                                         const char *place,
                                         struct pith_error *error)
{
    for (const struct pith_json *member = object->first; member != NULL;
         member = member->next) {
        const char *const *name = known;
        while (*name != NULL && !is_named(member, *name))
            name++;
        if (*name == NULL)
            PITH_TRY(pass_over(reader, member, place, error));
    }
    return PITH_OK;
}

static enum pith_status take_message(struct pith_record_reader *reader,
                                     const struct pith_json *value, size_t at,
                                     const char *place,
                                     struct pith_message *message,
                                     struct pith_error *error)
{
    static const char *const known[] = {"role", "from", "content", "value",
                                        "weight", NULL};
    const char *role_name, *content_name;
    const struct pith_json *role = either(value, "role", "from", &role_name);
    const struct pith_json *content =
        either(value, "content", "value", &content_name);
    size_t r = 0;
    while (r < N_ROLES && !pith_json_string_is(role, roles[r].name))
        r++;
    if (r == N_ROLES)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: \"%s\" of message %zu is %.*s, expected "
                         "system, user or assistant", place, role_name, at,
                         (int)shown(role).size, shown(role).bytes);
    PITH_TRY(pass_over_others(reader, value, known, place, error));
    if (!pith_json_is(content, PITH_JSON_STRING))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: \"%s\" of message %zu is %s, expected a "
                         "string", place, content_name, at, found(content));
    *message = (struct pith_message){.role = roles[r].role,
                                     .content = content->string};
    return take_weight(pith_json_get(value, "weight"), at, place, message,
                       error);
}

/* The messages of the array, after what the reader has already. */
static enum pith_status take_messages(struct pith_record_reader *reader,
                                      const struct pith_json *array,
                                      const char *place,
                                      struct pith_record *record,
                                      struct pith_error *error)
{
    size_t n = 0;
    bool asked = false;
    if (!pith_json_is(array, PITH_JSON_ARRAY))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: \"%s\" is %s, expected an array", place,
                         record->answer_key, found(array));
    PITH_TRY(make_room(reader, record->n_messages + array->n_children, error));
    for (const struct pith_json *value = array->first; value != NULL;
         value = value->next) {
        struct pith_message *message = &reader->messages[record->n_messages++];
        PITH_TRY(take_message(reader, value, ++n, place, message, error));
        asked |= message->role == PITH_ROLE_USER;
    }
    if (!asked)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: no message of the user among %zu", place, n);
    return PITH_OK;
}

/* {"messages": [...]} or {"conversations": [...]}, with or without the message
 * of the system beside them. */
static enum pith_status take_chat(struct pith_record_reader *reader,
                                  const struct pith_json *object,
                                  const struct pith_json *array,
                                  const char *place,
                                  struct pith_record *record,
                                  struct pith_error *error)
{
    const char *const known[] = {record->answer_key, "system", "system_prompt",
                                 NULL};
    const char *name;
    const struct pith_json *system =
        either(object, "system", "system_prompt", &name);
    PITH_TRY(pass_over_others(reader, object, known, place, error));
    if (system == NULL || is_empty(system))
        return take_messages(reader, array, place, record, error);
    if (!pith_json_is(system, PITH_JSON_STRING))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: \"%s\" is %s, expected a string", place, name,
                         found(system));
    PITH_TRY(make_room(reader, 1, error));
    add_message(reader, record, PITH_ROLE_SYSTEM, system->string);
    PITH_TRY(take_messages(reader, array, place, record, error));
    if (reader->messages[1].role == PITH_ROLE_SYSTEM)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: \"%s\" is given beside a system message; "
                         "remove one of them", place, name);
    return PITH_OK;
}

/* --- records -------------------------------------------------------------- */

/* The first names of an object's members, for an error. */
static void list_members(const struct pith_json *object, char out[96])
{
    size_t n = 0;
    out[0] = '\0';
    for (const struct pith_json *member = object->first; member != NULL;
         member = member->next) {
        if (n + member->key.size + 8 > 96) {
            memcpy(out + n, "...", 4);
            return;
        }
        if (n > 0)
            out[n++] = ',', out[n++] = ' ';
        memcpy(out + n, member->key.bytes, member->key.size);
        n += member->key.size;
        out[n] = '\0';
    }
}

enum pith_status pith_record_take(struct pith_record_reader *reader,
                                  const struct pith_json *value,
                                  const char *place,
                                  struct pith_record *record,
                                  struct pith_error *error)
{
    char members[96];
    record->root = value;
    record->kind = PITH_RECORD_CHAT;
    record->answer_key = "messages";
    if (pith_json_is(value, PITH_JSON_ARRAY))
        return take_messages(reader, value, place, record, error);
    if (!pith_json_is(value, PITH_JSON_OBJECT))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: found %s, expected an object or an array of "
                         "messages", place, found(value));
    const struct pith_json *messages =
        either(value, "messages", "conversations", &record->answer_key);
    if (messages != NULL)
        return take_chat(reader, value, messages, place, record, error);
    if (has_prompt(value))
        return take_pair(reader, value, place, record, error);
    list_members(value, members);
    return pith_fail(error, PITH_ERR_FORMAT,
                     "%s: found members (%s), expected instruction and "
                     "output, question and answer, prompt and completion, or "
                     "messages", place, members);
}

enum pith_status pith_record_check_answer(const struct pith_record *record,
                                          const char *name, size_t line,
                                          struct pith_error *error)
{
    size_t last = record->n_messages - 1;
    char members[96];
    if (record->messages[last].role == PITH_ROLE_ASSISTANT &&
        record->messages[last].content.size > 0)
        return PITH_OK;
    if (record->kind == PITH_RECORD_CHAT)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s:%zu: the last message is not an answer of the "
                         "assistant; pith align requests asks for one", name,
                         line);
    list_members(record->root, members);
    return pith_fail(error, PITH_ERR_FORMAT,
                     "%s:%zu: \"%s\" is missing or empty (found %s); pith align "
                     "requests asks for answers", name, line,
                     record->answer_key, members);
}

void pith_record_write_content(const struct pith_record *record,
                               const struct pith_message *message,
                               struct pith_buffer *out)
{
    pith_buffer_append(out, message->content.bytes, message->content.size);
    if (message->role != PITH_ROLE_USER || record->input.size == 0)
        return;
    if (message->content.size > 0)
        pith_buffer_string(out, "\n\n");
    pith_buffer_append(out, record->input.bytes, record->input.size);
}
