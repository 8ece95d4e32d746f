/*
 * records.c - see records.h.
 *
 * A line of JSONL, or an element of the array as it is between two commas,
 * is cut out of the text first and parsed on its own.  What it means:
 * record.c.
 */
#include "records.h"

#include <string.h>

#include "../base/text.h"
#include "pith_files.h"

/* --- cutting the text ----------------------------------------------------- */

static void skip_spaces(struct pith_record_reader *reader)
{
    while (reader->at < reader->text.size &&
           pith_is_json_space(reader->text.bytes[reader->at]))
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

/* The next element of the array; `at` is after its opening bracket or after
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
        if (!pith_is_json_space(text.bytes[at]))
            return false;
    return true;
}

/* Whether an array holds the messages of one chat; what cannot be parsed is
 * left to the code that reads it as a record. */
static enum pith_status holds_messages(const struct pith_record_reader *reader,
                                       bool *found, struct pith_error *error)
{
    struct pith_json_document *document;
    size_t start = reader->at + 1, end = find_end(reader->text, start);
    struct pith_text first = {reader->text.bytes + start, end - start};
    enum pith_status status =
        pith_json_parse(first, reader->name, &document, error);
    *found = false;
    if (status != PITH_OK)
        return status == PITH_ERR_MEMORY ? status : PITH_OK;
    const struct pith_json *message = pith_json_root(document);
    *found = pith_json_get(message, "role") != NULL ||
             pith_json_get(message, "from") != NULL;
    pith_json_free(document);
    return PITH_OK;
}

void pith_record_reader_open(struct pith_record_reader *reader,
                             struct pith_text text, const char *name)
{
    *reader = (struct pith_record_reader){
        .name = name, .text = text, .line = 1, .record_line = 1};
    /* The first record says what is wrong with the encoding. */
    (void)pith_text_start(&reader->text, name, NULL);
    skip_spaces(reader);
    reader->is_array = reader->at < reader->text.size &&
                       reader->text.bytes[reader->at] == '[' &&
                       is_one_array(reader->text, reader->at);
}

/* What an array is of is known once its first element is. */
static enum pith_status enter_array(struct pith_record_reader *reader,
                                    struct pith_error *error)
{
    PITH_TRY(holds_messages(reader, &reader->is_chat, error));
    reader->is_array = !reader->is_chat;
    if (reader->is_chat)
        return PITH_OK;
    reader->is_entered = true;
    reader->at++;
    skip_spaces(reader);
    reader->ended = reader->at < reader->text.size &&
                    reader->text.bytes[reader->at] == ']';
    return PITH_OK;
}

void pith_record_reader_close(struct pith_record_reader *reader)
{
    pith_json_free(reader->document);
    pith_free(reader->messages);
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

/* --- reading -------------------------------------------------------------- */

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
    *more = true;
    if (reader->is_array && !reader->is_entered)
        PITH_TRY(enter_array(reader, error));
    *more = reader->is_array  ? next_element(reader, &cut)
            : reader->is_chat ? next_whole(reader, &cut)
                              : next_line(reader, &cut);
    if (!*more)
        return PITH_OK;
    pith_buffer_printf(&place, "%s:%zu", reader->name, reader->record_line);
    PITH_TRY(pith_buffer_take(&place, &name, NULL, error));
    PITH_TRY_DONE(pith_json_parse_utf8(cut, name, &reader->document, error));
    PITH_TRY_DONE(pith_record_take(reader, pith_json_root(reader->document),
                                   name, record, error));
    record->messages = reader->messages;
done:
    pith_free(name);
    return status;
}
