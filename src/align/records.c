/*
 * records.c - see records.h.
 *
 * A line of JSONL, or an element of the array as it lies between two commas,
 * is cut out of the text first and parsed on its own.
 */
#include "records.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "pith_files.h"

/* A kind of record by the names of its members. */
struct shape {
    enum pith_record_kind kind;
    const char *prompt, *answer;
};

static const struct shape shapes[] = {
    {PITH_RECORD_ALPACA, "instruction", "output"},
    {PITH_RECORD_COMPLETION, "prompt", "completion"},
    {PITH_RECORD_QUESTION, "question", "answer"},
};

enum { N_SHAPES = sizeof shapes / sizeof shapes[0] };

static const char *const role_names[] = {"system", "user", "assistant"};

enum { N_ROLES = sizeof role_names / sizeof role_names[0] };

const char *pith_role_name(enum pith_role role)
{
    return role_names[role];
}

void pith_record_keys(enum pith_record_kind kind, const char **prompt,
                      const char **answer)
{
    *prompt = *answer = NULL;
    for (size_t i = 0; i < N_SHAPES; i++)
        if (shapes[i].kind == kind) {
            *prompt = shapes[i].prompt;
            *answer = shapes[i].answer;
        }
}

/* --- cutting the text ----------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_spaces(struct pith_record_reader *reader)
{
    while (reader->at < reader->text.size &&
           is_space(reader->text.bytes[reader->at]))
        reader->line += reader->text.bytes[reader->at++] == '\n';
}

/* Where the JSON value at `from` ends: at a comma or a closing bracket that
 * is not inside it, or with the text. */
static size_t find_end(struct pith_text text, size_t from)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = from; i < text.size; i++) {
        char c = text.bytes[i];
        if (quoted) {
            if (c == '\\')
                i++;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            depth++;
        } else if (c == ']' || c == '}') {
            if (depth == 0)
                return i;
            depth--;
        } else if (c == ',' && depth == 0) {
            return i;
        }
    }
    return text.size;
}

/* The next line that is not blank. */
static bool next_line(struct pith_record_reader *reader,
                      struct pith_text *cut)
{
    skip_spaces(reader);
    reader->record_line = reader->line;
    const char *start = reader->text.bytes + reader->at;
    size_t rest = reader->text.size - reader->at;
    if (rest == 0)
        return false;
    const char *feed = memchr(start, '\n', rest);
    *cut = (struct pith_text){start,
                              feed != NULL ? (size_t)(feed - start) : rest};
    reader->at += cut->size;
    return true;
}

/* The next element of the array; `at` is behind its opening bracket or behind
 * a comma. */
static bool next_element(struct pith_record_reader *reader,
                         struct pith_text *cut)
{
    skip_spaces(reader);
    reader->record_line = reader->line;
    if (reader->ended)
        return false;
    size_t start = reader->at, end = find_end(reader->text, start);
    *cut = (struct pith_text){reader->text.bytes + start, end - start};
    for (size_t i = start; i < end; i++)
        reader->line += reader->text.bytes[i] == '\n';
    reader->ended = end == reader->text.size || reader->text.bytes[end] != ',';
    reader->at = end + (end < reader->text.size);
    return true;
}

/* Whether the text is one array, and not lines that are arrays. */
static bool is_one_array(struct pith_text text, size_t start)
{
    size_t at = start;
    do
        at = find_end(text, at + 1);
    while (at < text.size && text.bytes[at] == ',');
    for (at++; at < text.size; at++)
        if (!is_space(text.bytes[at]))
            return false;
    return true;
}

/* Whether an array holds the messages of one chat. */
static bool holds_messages(const struct pith_record_reader *reader)
{
    struct pith_json_document *document;
    size_t start = reader->at + 1, end = find_end(reader->text, start);
    struct pith_text first = {reader->text.bytes + start, end - start};
    if (pith_json_parse(first, reader->name, &document, NULL) != PITH_OK)
        return false;
    bool found = pith_json_get(pith_json_root(document), "role") != NULL;
    pith_json_free(document);
    return found;
}

void pith_record_reader_open(struct pith_record_reader *reader,
                             struct pith_text text, const char *name)
{
    *reader = (struct pith_record_reader){
        .name = name, .text = text, .line = 1, .record_line = 1};
    /* The first record says what is wrong with the encoding. */
    (void)pith_text_start(&reader->text, name, NULL);
    skip_spaces(reader);
    if (reader->at == reader->text.size ||
        reader->text.bytes[reader->at] != '[' ||
        !is_one_array(reader->text, reader->at))
        return;
    reader->is_chat = holds_messages(reader);
    if (reader->is_chat)
        return;
    reader->is_array = true;
    reader->at++;
    skip_spaces(reader);
    reader->ended = reader->at < reader->text.size &&
                    reader->text.bytes[reader->at] == ']';
}

void pith_record_reader_close(struct pith_record_reader *reader)
{
    pith_json_free(reader->document);
    free(reader->messages);
    *reader = (struct pith_record_reader){0};
}

/* The whole text, once. */
static bool next_whole(struct pith_record_reader *reader,
                       struct pith_text *cut)
{
    reader->record_line = reader->line;
    *cut = (struct pith_text){reader->text.bytes + reader->at,
                              reader->text.size - reader->at};
    bool first = !reader->ended;
    reader->ended = true;
    return first;
}

/* --- reading a record ----------------------------------------------------- */

static const char *const kind_names[] = {
    [PITH_JSON_NULL] = "null",     [PITH_JSON_FALSE] = "false",
    [PITH_JSON_TRUE] = "true",     [PITH_JSON_NUMBER] = "a number",
    [PITH_JSON_STRING] = "a string", [PITH_JSON_ARRAY] = "an array",
    [PITH_JSON_OBJECT] = "an object"};

static const char *found(const struct pith_json *value)
{
    return value != NULL ? kind_names[value->kind] : "nothing";
}

/* A member that is a string; a missing one and null are empty. */
static enum pith_status read_string(const struct pith_json *object,
                                    const char *key, const char *place,
                                    struct pith_text *string,
                                    struct pith_error *error)
{
    const struct pith_json *value = pith_json_get(object, key);
    *string = (struct pith_text){"", 0};
    if (value == NULL || pith_json_is(value, PITH_JSON_NULL))
        return PITH_OK;
    if (!pith_json_is(value, PITH_JSON_STRING))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: \"%s\" is %s, expected a string", place, key,
                         found(value));
    *string = value->string;
    return PITH_OK;
}

static enum pith_status make_room(struct pith_record_reader *reader, size_t n,
                                  struct pith_error *error)
{
    if (n <= reader->n_room)
        return PITH_OK;
    struct pith_message *grown =
        pith_array_resize(reader->messages, n, sizeof *grown);
    if (grown == NULL)
        return pith_no_memory(error, n, sizeof *grown);
    reader->messages = grown;
    reader->n_room = n;
    return PITH_OK;
}

static enum pith_status read_pair(struct pith_record_reader *reader,
                                  const struct shape *shape,
                                  const struct pith_json *object,
                                  const char *place,
                                  struct pith_record *record,
                                  struct pith_error *error)
{
    struct pith_text prompt, answer;
    PITH_TRY(read_string(object, shape->prompt, place, &prompt, error));
    PITH_TRY(read_string(object, shape->answer, place, &answer, error));
    if (shape->kind == PITH_RECORD_ALPACA)
        PITH_TRY(read_string(object, "input", place, &record->input, error));
    if (prompt.size == 0 && record->input.size == 0)
        return pith_fail(error, PITH_ERR_FORMAT, "%s: \"%s\" is empty", place,
                         shape->prompt);
    PITH_TRY(make_room(reader, 2, error));
    reader->messages[0] = (struct pith_message){PITH_ROLE_USER, prompt};
    reader->messages[1] = (struct pith_message){PITH_ROLE_ASSISTANT, answer};
    record->kind = shape->kind;
    record->n_messages = answer.size > 0 ? 2 : 1;
    return PITH_OK;
}

/* The string, or what there is in its place, cut to a few words. */
static struct pith_text shown(const struct pith_json *value)
{
    struct pith_text text = {found(value), strlen(found(value))};
    if (pith_json_is(value, PITH_JSON_STRING))
        text = value->string;
    if (text.size > 40)
        text.size = 40;
    return text;
}

static enum pith_status read_message(const struct pith_json *value, size_t at,
                                     const char *place,
                                     struct pith_message *message,
                                     struct pith_error *error)
{
    const struct pith_json *role = pith_json_get(value, "role");
    const struct pith_json *content = pith_json_get(value, "content");
    size_t r = 0;
    while (r < N_ROLES && !pith_json_string_is(role, role_names[r]))
        r++;
    if (r == N_ROLES)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: \"role\" of message %zu is %.*s, expected "
                         "system, user or assistant", place, at,
                         (int)shown(role).size, shown(role).bytes);
    if (!pith_json_is(content, PITH_JSON_STRING))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: \"content\" of message %zu is %s, expected a "
                         "string", place, at, found(content));
    *message = (struct pith_message){(enum pith_role)r, content->string};
    return PITH_OK;
}

static enum pith_status read_chat(struct pith_record_reader *reader,
                                  const struct pith_json *array,
                                  const char *place,
                                  struct pith_record *record,
                                  struct pith_error *error)
{
    size_t n = 0;
    bool asked = false;
    if (!pith_json_is(array, PITH_JSON_ARRAY))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: \"messages\" is %s, expected an array", place,
                         found(array));
    PITH_TRY(make_room(reader, array->n_children, error));
    for (const struct pith_json *value = array->first; value != NULL;
         value = value->next, n++) {
        PITH_TRY(read_message(value, n + 1, place, &reader->messages[n],
                              error));
        asked |= reader->messages[n].role == PITH_ROLE_USER;
    }
    if (!asked)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: no message of the user among %zu", place, n);
    record->kind = PITH_RECORD_CHAT;
    record->n_messages = n;
    return PITH_OK;
}

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

static enum pith_status read_value(struct pith_record_reader *reader,
                                   const struct pith_json *value,
                                   const char *place,
                                   struct pith_record *record,
                                   struct pith_error *error)
{
    char members[96];
    if (pith_json_is(value, PITH_JSON_ARRAY))
        return read_chat(reader, value, place, record, error);
    if (!pith_json_is(value, PITH_JSON_OBJECT))
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: found %s, expected an object or an array of "
                         "messages", place, found(value));
    const struct pith_json *messages = pith_json_get(value, "messages");
    if (messages != NULL)
        return read_chat(reader, messages, place, record, error);
    for (size_t i = 0; i < N_SHAPES; i++)
        if (pith_json_get(value, shapes[i].prompt) != NULL)
            return read_pair(reader, &shapes[i], value, place, record, error);
    list_members(value, members);
    return pith_fail(error, PITH_ERR_FORMAT,
                     "%s: found members (%s), expected instruction and "
                     "output, question and answer, prompt and completion, or "
                     "messages", place, members);
}

enum pith_status pith_record_read(struct pith_record_reader *reader,
                                  struct pith_record *record, bool *more,
                                  struct pith_error *error)
{
    struct pith_buffer place = {0};
    struct pith_text cut;
    enum pith_status status = PITH_OK;
    char *name = NULL;

    *record = (struct pith_record){.input = {"", 0}};
    pith_json_free(reader->document);
    reader->document = NULL;
    *more = reader->is_array  ? next_element(reader, &cut)
            : reader->is_chat ? next_whole(reader, &cut)
                              : next_line(reader, &cut);
    if (!*more)
        return PITH_OK;
    pith_buffer_printf(&place, "%s:%zu", reader->name, reader->record_line);
    PITH_TRY(pith_buffer_take(&place, &name, NULL, error));
    PITH_TRY_DONE(pith_json_parse(cut, name, &reader->document, error));
    PITH_TRY_DONE(read_value(reader, pith_json_root(reader->document), name,
                             record, error));
    record->messages = reader->messages;
done:
    free(name);
    return status;
}

enum pith_status pith_record_check_answer(const struct pith_record *record,
                                          const char *name, size_t line,
                                          struct pith_error *error)
{
    size_t last = record->n_messages - 1;
    if (record->messages[last].role == PITH_ROLE_ASSISTANT &&
        record->messages[last].content.size > 0)
        return PITH_OK;
    if (record->kind == PITH_RECORD_CHAT)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s:%zu: the last message is not an answer of the "
                         "assistant; pith align requests asks for one", name,
                         line);
    const char *prompt, *answer;
    pith_record_keys(record->kind, &prompt, &answer);
    return pith_fail(error, PITH_ERR_FORMAT,
                     "%s:%zu: \"%s\" is missing or empty; pith align requests "
                     "asks for answers", name, line, answer);
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
