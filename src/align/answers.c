/*
 * answers.c - see answers.h.
 */
#include "answers.h"

#include <stdio.h>
#include <string.h>

#include "../base/crc32.h"
#include "../base/memory.h"
#include "../json/outcome.h"

static void complain(const struct pith_align_requests_options *options,
                     const struct pith_error *error)
{
    if (options->complain != NULL)
        options->complain(options->user, error->detail);
}

/* --- records ------------------------------------------------------------- */

/* The messages to send: all but an answer at the end. */
static size_t n_asked(const struct pith_record *record)
{
    size_t n = record->n_messages;
    return n - (record->messages[n - 1].role == PITH_ROLE_ASSISTANT);
}

void pith_record_write_asked(const struct pith_record *record,
                             struct pith_buffer *out)
{
    size_t n = n_asked(record);
    for (size_t i = 0; i < n; i++) {
        struct pith_buffer content = {0};
        const struct pith_message *message = &record->messages[i];
        pith_record_write_content(record, message, &content);
        pith_buffer_printf(out, "%s{\"role\":\"%s\",\"content\":",
                           i > 0 ? "," : "", pith_role_name(message->role));
        pith_json_write_string(out, (struct pith_text){content.data,
                                                       content.size});
        pith_buffer_byte(out, '}');
        out->failed |= content.failed;
        pith_buffer_free(&content);
    }
}

static enum pith_status add_slot(struct pith_answers *answers,
                                 const struct pith_record *record, size_t line,
                                 struct pith_error *error)
{
    struct pith_buffer asked = {0};
    PITH_TRY(pith_grow(&answers->slots, answers->n + 1, &answers->n_room,
                       sizeof *answers->slots, error));
    pith_record_write_asked(record, &asked);
    bool failed = asked.failed;
    uint32_t crc = failed ? 0 : pith_crc32(0, asked.data, asked.size);
    pith_buffer_free(&asked);
    if (failed)
        return pith_no_memory(error, 1, 1);
    answers->slots[answers->n++] =
        (struct pith_answer_slot){.crc32 = crc, .line = line};
    return PITH_OK;
}

enum pith_status
pith_answers_open(struct pith_answers *answers, struct pith_text records,
                  const char *name,
                  const struct pith_align_requests_options *options,
                  struct pith_error *error)
{
    struct pith_record_reader reader;
    struct pith_record record;
    struct pith_error own = {0}, note;
    struct pith_unused unused = {.n = 0};
    enum pith_status status = PITH_OK;
    bool more = true;

    *answers = (struct pith_answers){0};
    pith_record_reader_open(&reader, records, name);
    reader.unused = &unused;
    while (more && status == PITH_OK) {
        status = pith_record_read(&reader, &record, &more, &own);
        if (status == PITH_OK && more)
            status = add_slot(answers, &record, reader.record_line, &own);
        if (status != PITH_ERR_FORMAT)
            continue;
        answers->info.n_bad++;
        complain(options, &own);
        if (options->skip_bad)
            status = PITH_OK;
    }
    pith_record_reader_close(&reader);
    if (pith_unused_describe(&unused, name, &note) && options->note != NULL)
        options->note(options->user, note.detail);
    if (status != PITH_OK && error != NULL)
        *error = own;
    return status;
}

void pith_answers_free(struct pith_answers *answers)
{
    pith_free(answers->slots);
    pith_buffer_free(&answers->texts);
    *answers = (struct pith_answers){0};
}

/* --- answers ------------------------------------------------------------- */

enum { ID_SIZE = sizeof "record-18446744073709551615-FFFFFFFF" };

static void format_id(const struct pith_answers *answers, size_t index,
                      char id[ID_SIZE])
{
    snprintf(id, ID_SIZE, "record-%zu-%08lX", index + 1,
             (unsigned long)answers->slots[index].crc32);
}

void pith_answers_write_id(const struct pith_answers *answers, size_t index,
                           struct pith_buffer *out)
{
    char id[ID_SIZE];
    format_id(answers, index, id);
    pith_buffer_string(out, id);
}

/* The record with this custom_id; n when there is none. */
static size_t find_record(const struct pith_answers *answers,
                          struct pith_text id)
{
    static const char prefix[] = "record-";
    size_t number = 0, at = sizeof prefix - 1;
    char own[ID_SIZE];
    if (id.size < at || memcmp(id.bytes, prefix, at) != 0)
        return answers->n;
    for (; at < id.size && id.bytes[at] >= '0' && id.bytes[at] <= '9'; at++)
        if (number <= answers->n)
            number = number * 10 + (size_t)(id.bytes[at] - '0');
    if (number == 0 || number > answers->n)
        return answers->n;
    format_id(answers, number - 1, own);
    return strlen(own) == id.size && memcmp(own, id.bytes, id.size) == 0
               ? number - 1 : answers->n;
}

static bool is_blank(struct pith_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (strchr(" \t\r\n", text.bytes[i]) == NULL)
            return false;
    return true;
}

/* A reply for a record, whose place is the line and its id. */
static enum pith_status take_reply(struct pith_answers *answers,
                                   struct pith_answer_slot *slot,
                                   const struct pith_outcome *reply,
                                   const char *place, const char *id,
                                   struct pith_error *error)
{
    if (reply->kind != PITH_OUTCOME_ANSWER) {
        answers->info.n_failed++;
        slot->is_settled |= pith_outcome_is_final(reply->kind);
        return pith_fail(error, PITH_ERR_FORMAT, "%s: %s failed: %s: %s", place,
                         id, pith_outcome_name(reply->kind),
                         reply->why.detail);
    }
    if (slot->is_answered) {
        answers->info.n_duplicate++;
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: %s was answered before; the first answer stays",
                         place, id);
    }
    answers->info.n_cut += reply->is_cut;
    answers->info.n_thoughts += reply->had_thought;
    slot->is_answered = slot->is_settled = true;
    slot->at = answers->texts.size;
    slot->size = reply->content.size;
    pith_buffer_append(&answers->texts, reply->content.bytes, slot->size);
    return PITH_OK;
}

/* One parsed line.  Anything irregular is FORMAT, with a detail, and counted;
 * only *is_bad tells a line that no server writes. */
static enum pith_status take_answer(struct pith_answers *answers,
                                    const struct pith_json *line,
                                    const char *place, bool *is_bad,
                                    struct pith_error *error)
{
    const struct pith_json *id = pith_json_get(line, "custom_id");
    struct pith_outcome reply;
    char shown[64];
    *is_bad = !pith_json_is(id, PITH_JSON_STRING);
    if (*is_bad)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: no \"custom_id\"; expected the answers to a "
                         "batch file of pith align requests", place);
    snprintf(shown, sizeof shown, "%.*s",
             id->string.size < 60 ? (int)id->string.size : 60,
             id->string.bytes);
    size_t index = find_record(answers, id->string);
    if (index == answers->n) {
        answers->info.n_unknown++;
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: %s: no such record; have the instructions "
                         "changed since they were sent?", place, shown);
    }
    enum pith_status status = pith_outcome_of_line(&reply, line, error);
    if (status == PITH_OK)
        status = take_reply(answers, &answers->slots[index], &reply, place,
                            shown, error);
    pith_outcome_free(&reply);
    return status;
}

static enum pith_status read_line(struct pith_answers *answers,
                                  struct pith_text line, const char *place,
                                  bool *is_bad, struct pith_error *error)
{
    struct pith_json_document *document;
    *is_bad = true;
    PITH_TRY(pith_json_parse(line, place, &document, error));
    enum pith_status status = take_answer(answers, pith_json_root(document),
                                          place, is_bad, error);
    pith_json_free(document);
    return status;
}

enum pith_status
pith_answers_read(struct pith_answers *answers, struct pith_text lines,
                  const char *name,
                  const struct pith_align_requests_options *options,
                  struct pith_error *error)
{
    size_t at = 0;
    for (size_t number = 1; at < lines.size; number++) {
        struct pith_buffer place = {0};
        struct pith_error own = {0};
        const char *start = lines.bytes + at;
        const char *feed = memchr(start, '\n', lines.size - at);
        struct pith_text line = {
            start, feed != NULL ? (size_t)(feed - start) : lines.size - at};
        char *shown;
        bool is_bad;
        at += line.size + 1;
        if (is_blank(line))
            continue;
        pith_buffer_printf(&place, "%s:%zu", name, number);
        PITH_TRY(pith_buffer_take(&place, &shown, NULL, error));
        enum pith_status status =
            read_line(answers, line, shown, &is_bad, &own);
        pith_free(shown);
        if (status == PITH_ERR_FORMAT) {
            answers->info.n_bad += is_bad;
            complain(options, &own);
        }
        if (status != PITH_OK && (status != PITH_ERR_FORMAT ||
                                  (is_bad && !options->skip_bad)))
            return pith_fail(error, status, "%s", own.detail);
    }
    if (answers->texts.failed)
        return pith_no_memory(error, answers->texts.size, 1);
    return PITH_OK;
}
