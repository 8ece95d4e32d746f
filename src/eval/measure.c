/*
 * measure.c - one group of cases through one method: compressed once, and
 * what that costs each of its questions, as a line of JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/options.h"
#include "../model/session.h"
#include "../json/json.h"
#include "../text/lines.h"
#include "group.h"

struct measure {
    struct pith_session *session, *judge;
    struct pith_group group;
    struct pith_measure_options options;
    struct pith_baseline_result compressed;
    struct pith_buffer out;
};

static struct pith_text original(const struct measure *m)
{
    return pith_buffer_text(&m->group.original);
}

/* --- answers -------------------------------------------------------------- */

/* Tokens of the judge. */
static enum pith_status count_tokens(const struct measure *m,
                                     struct pith_text text, size_t *n,
                                     struct pith_error *error)
{
    int32_t *ids;
    PITH_TRY(pith_tokenize(pith_session_model(m->judge), text, 0, &ids, n, error));
    pith_free(ids);
    return PITH_OK;
}

/* What the longest question and answer need. */
static enum pith_status find_room(const struct measure *m, size_t *room,
                                  struct pith_error *error)
{
    *room = 0;
    for (size_t i = 0; i < m->group.n_picked; i++) {
        const struct pith_case *at = pith_group_pick(&m->group, i);
        size_t n_question, n_answer;
        PITH_TRY(count_tokens(m, at->prompt.question, &n_question, error));
        PITH_TRY(count_tokens(m, at->answer, &n_answer, error));
        if (n_question + n_answer + 1 > *room)
            *room = n_question + n_answer + 1;
    }
    return PITH_OK;
}

static enum pith_status write_answers(struct measure *m,
                                      struct pith_premise *premise,
                                      struct pith_error *error)
{
    for (size_t i = 0; i < m->group.n_picked; i++) {
        const struct pith_case *at = pith_group_pick(&m->group, i);
        struct pith_likelihood likelihood;
        PITH_TRY(pith_premise_score(premise, at->prompt.question, at->answer,
                                    &likelihood, error));
        pith_buffer_string(&m->out, i > 0 ? ", [" : "[");
        pith_json_write_string(&m->out,
                               (struct pith_text){at->id, strlen(at->id)});
        pith_buffer_string(&m->out, ", ");
        pith_json_write_number(&m->out, likelihood.sum);
        pith_buffer_printf(&m->out, ", %zu]", likelihood.n_tokens);
        PITH_TRY(pith_session_report(m->judge, "answers", i + 1,
                                     m->group.n_picked, error));
    }
    return PITH_OK;
}

static enum pith_status measure_answers(struct measure *m,
                                        struct pith_error *error)
{
    struct pith_buffer text = {0};
    struct pith_premise *premise;
    size_t room;
    PITH_TRY(find_room(m, &room, error));
    if (m->compressed.text.size > 0) {
        pith_buffer_append(&text, m->compressed.text.bytes,
                           m->compressed.text.size);
        pith_buffer_string(&text, "\n\n");
    }
    if (text.failed)
        return pith_no_memory(error, text.size, 1);
    enum pith_status status = pith_premise_create(
        m->judge, (struct pith_text){text.data, text.size}, room, &premise,
        error);
    pith_buffer_free(&text);
    PITH_TRY(status);
    pith_buffer_printf(&m->out, ", \"dropped\": %zu, \"answers\": [",
                       pith_premise_dropped(premise));
    status = write_answers(m, premise, error);
    pith_buffer_string(&m->out, "]");
    pith_premise_free(premise);
    return status;
}

/* --- what is left of the prompt ------------------------------------------- */

static enum pith_status measure_recall(struct measure *m, const char *name,
                                       enum pith_recall_kind kind,
                                       struct pith_error *error)
{
    struct pith_recall recall;
    PITH_TRY(pith_recall_count(&recall, kind, m->compressed.text, original(m),
                               error));
    pith_buffer_printf(&m->out, ", \"%s\": [%zu, %zu]", name, recall.found,
                       recall.all);
    return PITH_OK;
}

/* The compressed text, each line as pith_recover restores it: the best that
 * a large model's quotation of that line could come back as. */
static enum pith_status restore_lines(struct measure *m,
                                      struct pith_buffer *restored,
                                      struct pith_error *error)
{
    struct pith_text rest = m->compressed.text, line;
    while (pith_next_line(&rest, &line)) {
        char *bytes;
        size_t n;
        PITH_TRY(pith_recover(pith_session_model(m->session), original(m),
                              m->compressed.text, line, PITH_METHOD_PAPER,
                              &bytes, &n, error));
        pith_buffer_append(restored, bytes, n);
        pith_buffer_byte(restored, '\n');
        pith_free(bytes);
    }
    return restored->failed ? pith_no_memory(error, restored->size, 1)
                            : PITH_OK;
}

static enum pith_status measure_steps(struct measure *m,
                                      struct pith_error *error)
{
    struct pith_buffer restored = {0};
    struct pith_recall left, back;
    enum pith_status status;
    PITH_TRY_DONE(pith_steps_count(&left, m->compressed.text, original(m),
                                   error));
    PITH_TRY_DONE(restore_lines(m, &restored, error));
    PITH_TRY_DONE(pith_steps_count(&back, pith_buffer_text(&restored),
                                   original(m), error));
    pith_buffer_printf(&m->out, ", \"steps\": [%zu, %zu, %zu]", left.found,
                       back.found, left.all);
done:
    pith_buffer_free(&restored);
    return status;
}

static enum pith_status measure_reconstruction(struct measure *m,
                                               struct pith_error *error)
{
    struct pith_likelihood likelihood;
    pith_buffer_string(&m->out, ", \"reconstruction\": ");
    if (!m->options.reconstruction) {
        pith_buffer_string(&m->out, "null");
        return PITH_OK;
    }
    PITH_TRY(pith_reconstruction(m->judge, m->compressed.text, original(m),
                                 &likelihood, error));
    pith_buffer_string(&m->out, "[");
    pith_json_write_number(&m->out, likelihood.sum);
    pith_buffer_printf(&m->out, ", %zu]", likelihood.n_tokens);
    return PITH_OK;
}

/* --- the line ------------------------------------------------------------- */

static void write_key(struct pith_buffer *out, const struct pith_case *first,
                      const struct pith_measure_options *options)
{
    pith_buffer_printf(out, "%s %s ", first->id, options->method);
    pith_json_write_number(out, options->ratio);
    pith_buffer_printf(out, " %llu", (unsigned long long)options->seed);
}

static enum pith_status write_line(struct measure *m, struct pith_error *error)
{
    struct pith_buffer *out = &m->out;
    const char *method = m->options.method;
    pith_buffer_string(out, "{\"key\": \"");
    write_key(out, m->group.first, &m->options);
    pith_buffer_string(out, "\", \"method\": ");
    pith_json_write_string(out, (struct pith_text){method, strlen(method)});
    pith_buffer_string(out, ", \"ratio\": ");
    pith_json_write_number(out, m->options.ratio);
    PITH_TRY(pith_group_compress(
        &m->group, m->session, method,
        (struct pith_budget){.ratio = m->options.ratio}, m->options.seed,
        &m->compressed, error));
    pith_buffer_printf(out, ", \"origin_tokens\": %zu, "
                            "\"compressed_tokens\": %zu",
                       m->compressed.origin_tokens,
                       m->compressed.compressed_tokens);
    PITH_TRY(measure_recall(m, "numbers", PITH_RECALL_NUMBERS, error));
    PITH_TRY(measure_recall(m, "names", PITH_RECALL_NAMES, error));
    PITH_TRY(measure_steps(m, error));
    PITH_TRY(measure_reconstruction(m, error));
    PITH_TRY(measure_answers(m, error));
    pith_buffer_string(out, ", \"compressed\": ");
    pith_json_write_string(out, m->compressed.text);
    pith_buffer_string(out, "}");
    return PITH_OK;
}

static enum pith_status check_options(const struct pith_cases *cases,
                                      size_t index,
                                      const struct pith_measure_options *given,
                                      struct pith_measure_options *options,
                                      struct pith_error *error)
{
    *options = (struct pith_measure_options){
        .sizeof_options = sizeof *options, .ratio = 2};
    PITH_TRY(pith_options_copy(options, sizeof *options, given, error));
    if (options->method == NULL)
        options->method = "paper";
    if (!(options->ratio >= 1))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "ratio is %g; expected 1 or more", options->ratio);
    return pith_cases_check(cases, index, error);
}

enum pith_status pith_measure_group(struct pith_session *session,
                                    const struct pith_cases *cases,
                                    size_t index,
                                    const struct pith_measure_options *options,
                                    char **json, struct pith_error *error)
{
    struct measure m = {.session = session};
    *json = NULL;
    PITH_TRY(check_options(cases, index, options, &m.options, error));
    m.judge = m.options.judge != NULL ? m.options.judge : session;
    enum pith_status status = pith_group_open(
        &m.group, cases, index, m.options.max_cases, error);
    if (status == PITH_OK)
        status = write_line(&m, error);
    if (status == PITH_OK)
        status = pith_buffer_take(&m.out, json, NULL, error);
    pith_buffer_free(&m.out);
    pith_group_free(&m.group);
    pith_free((void *)m.compressed.text.bytes);
    return status;
}

enum pith_status pith_measure_key(const struct pith_cases *cases, size_t index,
                                  const struct pith_measure_options *options,
                                  char **key, struct pith_error *error)
{
    struct pith_measure_options checked;
    struct pith_buffer out = {0};
    *key = NULL;
    PITH_TRY(check_options(cases, index, options, &checked, error));
    write_key(&out, &cases->cases[index], &checked);
    return pith_buffer_take(&out, key, NULL, error);
}
