/*
 * requests.c - asking the target model for y^LLM of eq. 8, and joining its
 * answers to the instructions.
 */
#include <string.h>

#include "../base/options.h"
#include "../json/completions.h"
#include "answers.h"

enum { DEFAULT_MAX_TOKENS = 512 };

/* Calls write for every well-formed record, with its number. */
static enum pith_status
each_record(struct pith_text records, const char *name,
            void (*write)(const struct pith_answers *answers, size_t index,
                          const struct pith_record *record,
                          const struct pith_align_requests_options *options,
                          struct pith_buffer *out),
            const struct pith_answers *answers,
            const struct pith_align_requests_options *options,
            struct pith_buffer *out, struct pith_error *error)
{
    struct pith_record_reader reader;
    struct pith_record record;
    enum pith_status status = PITH_OK;
    size_t index = 0;
    bool more = true;

    pith_record_reader_open(&reader, records, name);
    while (more && (status == PITH_OK || status == PITH_ERR_FORMAT)) {
        status = pith_record_read(&reader, &record, &more, error);
        if (status == PITH_OK && more)
            write(answers, index++, &record, options, out);
    }
    pith_record_reader_close(&reader);
    return status;
}

static void write_request(const struct pith_answers *answers, size_t index,
                          const struct pith_record *record,
                          const struct pith_align_requests_options *options,
                          struct pith_buffer *out)
{
    if (answers->slots[index].is_settled)
        return;
    struct pith_buffer id = {0};
    pith_answers_write_id(answers, index, &id);
    pith_completion_open(out, pith_buffer_text(&id), options->model,
                            options->system);
    out->failed |= id.failed;
    pith_buffer_free(&id);
    pith_record_write_asked(record, out);
    pith_completion_close(out, options->temperature, options->max_tokens);
}

enum pith_status
pith_align_requests(struct pith_text records, const char *name,
                    struct pith_text answers,
                    const struct pith_align_requests_options *options,
                    char **batch, size_t *n_bytes,
                    struct pith_align_requests_info *info,
                    struct pith_error *error)
{
    struct pith_align_requests_options own = {.sizeof_options = sizeof own};
    struct pith_answers table;
    struct pith_buffer out = {0};
    enum pith_status status;

    PITH_REQUIRE(batch, error);
    *batch = NULL;
    PITH_REQUIRE(n_bytes, error);
    PITH_REQUIRE(info, error);
    *info = (struct pith_align_requests_info){0};
    PITH_REQUIRE(name, error);
    PITH_REQUIRE_ALL(records.bytes, records.size, error);
    PITH_REQUIRE_ALL(answers.bytes, answers.size, error);
    PITH_TRY(pith_options_copy(&own, sizeof own, options, error));
    if (own.model == NULL || *own.model == '\0')
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "no name of the target model; expected one that its "
                         "server knows, such as gpt-4o-mini");
    if (!(own.temperature >= 0 && own.temperature <= 2))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "temperature: %g is not from 0 to 2",
                         own.temperature);
    if (own.max_tokens == 0)
        own.max_tokens = DEFAULT_MAX_TOKENS;
    PITH_TRY_DONE(pith_answers_open(&table, records, name, &own, error));
    PITH_TRY_DONE(pith_answers_read(&table, answers, "answers", &own, error));
    PITH_TRY_DONE(each_record(records, name, write_request, &table, &own, &out,
                              error));
    info->n_records = table.n;
    info->n_bad = table.info.n_bad;
    for (size_t i = 0; i < table.n; i++) {
        const struct pith_answer_slot *slot = &table.slots[i];
        info->n_answered += slot->is_answered;
        info->n_refused += slot->is_settled && !slot->is_answered;
    }
    PITH_TRY_DONE(pith_buffer_take(&out, batch, n_bytes, error));
done:
    pith_buffer_free(&out);
    pith_answers_free(&table);
    return status;
}

static bool is_one_of(struct pith_text key, const char *const *names)
{
    while (*names != NULL && (key.size != strlen(*names) ||
                              memcmp(key.bytes, *names, key.size) != 0))
        names++;
    return *names != NULL;
}

/* The members as they were read, except for those named; a comma after each. */
static void write_members(const struct pith_json *object,
                          const char *const *without, struct pith_buffer *out)
{
    if (!pith_json_is(object, PITH_JSON_OBJECT))
        return;
    for (const struct pith_json *member = object->first; member != NULL;
         member = member->next) {
        if (is_one_of(member->key, without))
            continue;
        pith_json_write_string(out, member->key);
        pith_buffer_byte(out, ':');
        pith_json_write_value(out, member);
        pith_buffer_byte(out, ',');
    }
}

static void write_answer(const struct pith_record *record,
                         struct pith_text answer, struct pith_buffer *out)
{
    const char *const own[] = {record->answer_key, NULL};
    /* The messages that are written hold the system's. */
    const char *const chat_members[] = {"messages", "conversations", "system",
                                        "system_prompt", NULL};
    bool is_chat = record->kind == PITH_RECORD_CHAT;
    pith_buffer_byte(out, '{');
    write_members(record->root, is_chat ? chat_members : own, out);
    if (is_chat) {
        pith_buffer_string(out, "\"messages\":[");
        pith_record_write_asked(record, out);
        pith_buffer_string(out, ",{\"role\":\"assistant\",\"content\":");
    } else {
        pith_buffer_printf(out, "\"%s\":", record->answer_key);
    }
    pith_json_write_string(out, answer);
    pith_buffer_string(out, is_chat ? "}]}\n" : "}\n");
}

static void write_joined(const struct pith_answers *answers, size_t index,
                         const struct pith_record *record,
                         const struct pith_align_requests_options *options,
                         struct pith_buffer *out)
{
    const struct pith_answer_slot *slot = &answers->slots[index];
    (void)options;
    if (!slot->is_answered)
        return;
    struct pith_text answer = {answers->texts.data + slot->at, slot->size};
    write_answer(record, answer, out);
}

/* Counts the records without an answer, and complains about each. */
static void report_missing(struct pith_answers *answers, const char *name,
                           const struct pith_align_requests_options *options)
{
    struct pith_error error;
    for (size_t i = 0; i < answers->n; i++) {
        answers->info.n_records += answers->slots[i].is_answered;
        if (answers->slots[i].is_answered)
            continue;
        answers->info.n_missing++;
        pith_fail(&error, PITH_ERR_FORMAT, "%s:%zu: record %zu has no answer",
                  name, answers->slots[i].line, i + 1);
        if (options->complain != NULL)
            options->complain(options->user, error.detail);
    }
}

enum pith_status
pith_align_collect(struct pith_text records, const char *name,
                   struct pith_text answers, const char *answers_name,
                   const struct pith_align_requests_options *options,
                   char **joined, size_t *n_bytes,
                   struct pith_align_collect_info *info,
                   struct pith_error *error)
{
    struct pith_align_requests_options own = {.sizeof_options = sizeof own};
    struct pith_answers table;
    struct pith_buffer out = {0};
    enum pith_status status;

    PITH_REQUIRE(joined, error);
    *joined = NULL;
    PITH_REQUIRE(n_bytes, error);
    PITH_REQUIRE(info, error);
    *info = (struct pith_align_collect_info){0};
    PITH_REQUIRE(name, error);
    PITH_REQUIRE(answers_name, error);
    PITH_REQUIRE_ALL(records.bytes, records.size, error);
    PITH_REQUIRE_ALL(answers.bytes, answers.size, error);
    PITH_TRY(pith_options_copy(&own, sizeof own, options, error));
    own.note = NULL; /* all members are passed on */
    PITH_TRY_DONE(pith_answers_open(&table, records, name, &own, error));
    PITH_TRY_DONE(pith_answers_read(&table, answers, answers_name, &own,
                                    error));
    report_missing(&table, name, &own);
    PITH_TRY_DONE(each_record(records, name, write_joined, &table, &own, &out,
                              error));
    *info = table.info;
    PITH_TRY_DONE(pith_buffer_take(&out, joined, n_bytes, error));
done:
    pith_buffer_free(&out);
    pith_answers_free(&table);
    return status;
}
