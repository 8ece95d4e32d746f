/*
 * requests.c - the requests of a batch file, and what servers say to them.
 */
#include <stdio.h>
#include <string.h>

#include "../base/memory.h"
#include "../json/outcome.h"
#include "../text/lines.h"
#include "../text/piece_index.h"
#include "cases.h"

struct pith_requests {
    struct pith_text *ids;    /* (n) in texts, as are the bodies */
    struct pith_text *bodies; /* (n) */
    bool *is_done;            /* (n) */
    bool *has_failed;         /* (n) in an earlier run */
    size_t n;
    char *texts;
    struct pith_piece_index index; /* of ids */
};

/* --- requests ------------------------------------------------------------- */

static size_t count_lines(struct pith_text text)
{
    struct pith_text line;
    size_t n = 0;
    while (pith_next_line(&text, &line))
        n++;
    return n;
}

static enum pith_status make_room(struct pith_requests *asked, size_t n,
                                  struct pith_error *error)
{
    if (n > INT32_MAX)
        return pith_no_memory(error, n, sizeof *asked->ids);
    asked->ids = pith_array_zero(n, sizeof *asked->ids);
    asked->bodies = pith_array_zero(n, sizeof *asked->bodies);
    asked->is_done = pith_array_zero(n, sizeof *asked->is_done);
    asked->has_failed = pith_array_zero(n, sizeof *asked->has_failed);
    if (asked->ids == NULL || asked->bodies == NULL || asked->is_done == NULL ||
        asked->has_failed == NULL)
        return pith_no_memory(error, n, sizeof *asked->ids);
    return pith_piece_index_create(&asked->index, n, error);
}

/* Texts move while they grow: sizes now, pointers at the end. */
static enum pith_status read_request(struct pith_requests *asked,
                                     const struct pith_json *line,
                                     const char *place,
                                     struct pith_buffer *texts,
                                     struct pith_error *error)
{
    const struct pith_json *body = pith_json_get(line, "body");
    struct pith_text id;
    PITH_TRY(pith_case_string(line, "custom_id", &id, place, 0, error));
    if (!pith_json_is(body, PITH_JSON_OBJECT) || id.size == 0)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: expected a \"custom_id\" and an object \"body\", "
                         "as pith eval prepare writes them", place);
    pith_buffer_append(texts, id.bytes, id.size);
    asked->ids[asked->n].size = id.size;
    size_t start = texts->size;
    pith_json_write_value(texts, body);
    asked->bodies[asked->n++].size = texts->size - start;
    return texts->failed ? pith_no_memory(error, texts->size, 1) : PITH_OK;
}

/* Calls read for every line that is not empty, parsed. */
static enum pith_status each_line(
    struct pith_requests *asked, struct pith_text text, const char *name,
    enum pith_status (*read)(struct pith_requests *asked,
                             const struct pith_json *line, const char *place,
                             struct pith_buffer *texts,
                             struct pith_error *error),
    struct pith_buffer *texts, struct pith_error *error)
{
    struct pith_json_document *document;
    struct pith_text line;
    char place[300];
    for (size_t number = 1; pith_next_line(&text, &line); number++) {
        if (line.size == 0)
            continue;
        snprintf(place, sizeof place, "%.250s:%zu", name, number);
        PITH_TRY(pith_json_parse(line, place, &document, error));
        enum pith_status status =
            read(asked, pith_json_root(document), place, texts, error);
        pith_json_free(document);
        PITH_TRY(status);
    }
    return PITH_OK;
}

static enum pith_status index_ids(struct pith_requests *asked,
                                  const char *name, struct pith_error *error)
{
    const char *at = asked->texts;
    for (size_t i = 0; i < asked->n; i++) {
        asked->ids[i].bytes = at;
        at += asked->ids[i].size;
        asked->bodies[i].bytes = at;
        at += asked->bodies[i].size;
        if (pith_requests_find(asked, asked->ids[i]) < asked->n)
            return pith_fail(error, PITH_ERR_FORMAT,
                             "%s: two requests have the custom_id \"%.*s\"",
                             name, (int)asked->ids[i].size,
                             asked->ids[i].bytes);
        pith_piece_index_add(&asked->index, asked->ids, (int32_t)i);
    }
    return PITH_OK;
}

static enum pith_status load(struct pith_requests *asked,
                             struct pith_text batch, const char *name,
                             struct pith_error *error)
{
    struct pith_buffer texts = {0};
    enum pith_status status;
    PITH_TRY(make_room(asked, count_lines(batch), error));
    PITH_TRY_DONE(each_line(asked, batch, name, read_request, &texts,
                            error));
    PITH_TRY_DONE(pith_buffer_take(&texts, &asked->texts, NULL, error));
    PITH_TRY_DONE(index_ids(asked, name, error));
done:
    pith_buffer_free(&texts);
    return status;
}

enum pith_status pith_requests_load(struct pith_requests **asked,
                                    struct pith_text batch, const char *name,
                                    struct pith_error *error)
{
    *asked = NULL;
    struct pith_requests *made = pith_array_zero(1, sizeof *made);
    if (made == NULL)
        return pith_no_memory(error, 1, sizeof *made);
    enum pith_status status = load(made, batch, name, error);
    if (status == PITH_OK)
        *asked = made;
    else
        pith_requests_free(made);
    return status;
}

void pith_requests_free(struct pith_requests *asked)
{
    if (asked == NULL)
        return;
    pith_piece_index_free(&asked->index);
    pith_free(asked->ids);
    pith_free(asked->bodies);
    pith_free(asked->is_done);
    pith_free(asked->has_failed);
    pith_free(asked->texts);
    pith_free(asked);
}

size_t pith_requests_count(const struct pith_requests *asked)
{
    return asked->n;
}

struct pith_text pith_requests_id(const struct pith_requests *asked,
                                  size_t index)
{
    return asked->ids[index];
}

struct pith_text pith_requests_body(const struct pith_requests *asked,
                                    size_t index)
{
    return asked->bodies[index];
}

bool pith_requests_is_done(const struct pith_requests *asked, size_t index)
{
    return asked->is_done[index];
}

bool pith_requests_has_failed(const struct pith_requests *asked, size_t index)
{
    return asked->has_failed[index];
}

size_t pith_requests_find(const struct pith_requests *asked,
                          struct pith_text id)
{
    int32_t found = pith_piece_index_find(&asked->index, asked->ids, id);
    return found < 0 ? asked->n : (size_t)found;
}

/* --- answers -------------------------------------------------------------- */

static enum pith_status read_answer(struct pith_requests *asked,
                                    const struct pith_json *line,
                                    const char *place,
                                    struct pith_buffer *texts,
                                    struct pith_error *error)
{
    struct pith_outcome outcome;
    struct pith_text id;
    (void)texts;
    PITH_TRY(pith_case_string(line, "custom_id", &id, place, 0, error));
    size_t index = pith_requests_find(asked, id);
    if (index == asked->n)
        return PITH_OK;
    enum pith_status status = pith_outcome_of_line(&outcome, line, error);
    if (status == PITH_OK && pith_outcome_is_final(outcome.kind))
        asked->is_done[index] = true;
    else
        asked->has_failed[index] = true;
    pith_outcome_free(&outcome);
    return status;
}

enum pith_status pith_requests_read_answers(struct pith_requests *asked,
                                            struct pith_text answers,
                                            const char *name,
                                            struct pith_error *error)
{
    return each_line(asked, answers, name, read_answer, NULL, error);
}

/* What else there is to say about an answer. */
static void write_notes(struct pith_buffer *out,
                        const struct pith_outcome *outcome)
{
    const struct { bool is; const char *name; } notes[] = {
        {outcome->is_cut, "length"},
        {outcome->had_thought, "thought_cut"},
        {outcome->n_choices > 1, "first_of_several_choices"}};
    size_t n = 0;
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        if (notes[i].is)
            pith_buffer_printf(out, "%s\"%s\"", n++ == 0 ? ",\"notes\":[" : ",",
                               notes[i].name);
    if (n > 0)
        pith_buffer_byte(out, ']');
}

/* {"custom_id", "response": {"status_code", "body"}, "error"}, as the files
 * of batch servers have it. */
static enum pith_status write_line(const struct pith_requests *asked,
                                   size_t index, int status,
                                   const struct pith_json *body,
                                   const struct pith_outcome *outcome,
                                   char **line, struct pith_error *error)
{
    struct pith_buffer out = {0};
    pith_buffer_string(&out, "{\"custom_id\":");
    pith_json_write_string(&out, asked->ids[index]);
    pith_buffer_printf(&out, ",\"response\":{\"status_code\":%d,\"body\":",
                       status);
    if (body != NULL)
        pith_json_write_value(&out, body);
    else
        pith_buffer_string(&out, "null");
    pith_buffer_string(&out, "},\"error\":");
    if (outcome->kind == PITH_OUTCOME_ANSWER) {
        pith_buffer_string(&out, "null");
        write_notes(&out, outcome);
    } else {
        const char *why = outcome->why.detail;
        pith_buffer_printf(&out, "{\"code\":\"%s\",\"message\":",
                           pith_outcome_name(outcome->kind));
        pith_json_write_string(&out, (struct pith_text){why, strlen(why)});
        pith_buffer_byte(&out, '}');
    }
    pith_buffer_byte(&out, '}');
    return pith_buffer_take(&out, line, NULL, error);
}

static enum pith_verdict verdict_of(enum pith_outcome_kind kind)
{
    switch (kind) {
    case PITH_OUTCOME_ANSWER: return PITH_REPLY_ANSWERED;
    case PITH_OUTCOME_SERVER_ERROR:
    case PITH_OUTCOME_NOT_A_COMPLETION: return PITH_REPLY_TRY_AGAIN;
    case PITH_OUTCOME_FORBIDDEN: return PITH_REPLY_LEAVE;
    case PITH_OUTCOME_UNUSABLE_ENDPOINT: return PITH_REPLY_STOP;
    default: return PITH_REPLY_NO_ANSWER;
    }
}

enum pith_status pith_requests_take_reply(struct pith_requests *asked,
                                          size_t index, int status,
                                          struct pith_text body,
                                          struct pith_reply *reply,
                                          struct pith_error *error)
{
    struct pith_json_document *document;
    struct pith_outcome outcome;
    const struct pith_json *root = NULL;
    enum pith_status result = pith_json_parse(body, "the reply", &document,
                                              error);
    *reply = (struct pith_reply){.line = NULL};
    if (result == PITH_ERR_MEMORY)
        return result;
    if (result == PITH_OK) {
        root = pith_json_root(document);
        result = pith_outcome_read(&outcome, root, status, error);
    } else {
        pith_outcome_read_text(&outcome, body, status);
        result = PITH_OK;
    }
    if (result == PITH_OK)
        result = write_line(asked, index, status, root, &outcome, &reply->line,
                            error);
    if (result == PITH_OK) {
        reply->verdict = verdict_of(outcome.kind);
        reply->name = pith_outcome_name(outcome.kind);
        reply->why = outcome.why;
        reply->is_cut = outcome.is_cut;
        reply->had_thought = outcome.had_thought;
        asked->is_done[index] = pith_outcome_is_final(outcome.kind);
    }
    pith_outcome_free(&outcome);
    pith_json_free(document);
    return result;
}
