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
#include "measure.h"

enum pith_status pith_measure_compress(const struct pith_measure *m,
                                       const struct pith_group *group,
                                       struct pith_baseline_result *result,
                                       struct pith_error *error)
{
    return pith_group_compress(group, m->session, m->options.method,
                               (struct pith_budget){.ratio = m->options.ratio},
                               m->options.seed, result, error);
}

enum pith_status pith_measure_tokens(const struct pith_measure *m,
                                     struct pith_text text, size_t *n,
                                     struct pith_error *error)
{
    int32_t *ids;
    PITH_TRY(pith_tokenize(pith_session_model(m->judge), text, 0, &ids, n,
                           error));
    pith_free(ids);
    return PITH_OK;
}

/* --- what is left of the prompt ------------------------------------------- */

static void write_recall(struct pith_buffer *out, const char *name,
                         struct pith_recall recall)
{
    pith_buffer_printf(out, ", \"%s\": [%zu, %zu]", name, recall.found,
                       recall.all);
}

static enum pith_status measure_facts(struct pith_measure *m,
                                      struct pith_error *error)
{
    struct pith_facts facts;
    PITH_TRY(pith_facts_count(&facts, m->compressed.text, m->original, error));
    write_recall(&m->out, "numbers", facts.numbers);
    write_recall(&m->out, "names", facts.names);
    write_recall(&m->out, "negations", facts.negations);
    write_recall(&m->out, "false_numbers", facts.false_numbers);
    write_recall(&m->out, "bare", facts.bare);
    return PITH_OK;
}

/* The compressed text, each line as pith_recover restores it: the best that
 * a large model's quotation of that line could come back as. */
static enum pith_status restore_lines(struct pith_measure *m,
                                      struct pith_buffer *restored,
                                      struct pith_error *error)
{
    struct pith_text rest = m->compressed.text, line;
    while (pith_next_line(&rest, &line)) {
        char *bytes;
        size_t n;
        PITH_TRY(pith_recover(pith_session_model(m->session), m->original,
                              m->compressed.text, line, PITH_METHOD_PAPER,
                              &bytes, &n, error));
        pith_buffer_append(restored, bytes, n);
        pith_buffer_byte(restored, '\n');
        pith_free(bytes);
    }
    return restored->failed ? pith_no_memory(error, restored->size, 1)
                            : PITH_OK;
}

static enum pith_status measure_steps(struct pith_measure *m,
                                      struct pith_error *error)
{
    struct pith_buffer restored = {0};
    struct pith_recall left, back;
    enum pith_status status;
    PITH_TRY_DONE(pith_steps_count(&left, m->compressed.text, m->original,
                                   error));
    if (left.all > 0)
        PITH_TRY_DONE(restore_lines(m, &restored, error));
    PITH_TRY_DONE(pith_steps_count(&back, pith_buffer_text(&restored),
                                   m->original, error));
    pith_buffer_printf(&m->out, ", \"steps\": [%zu, %zu, %zu]", left.found,
                       back.found, left.all);
done:
    pith_buffer_free(&restored);
    return status;
}

static enum pith_status measure_reconstruction(struct pith_measure *m,
                                               struct pith_error *error)
{
    struct pith_likelihood likelihood;
    pith_buffer_string(&m->out, ", \"reconstruction\": ");
    if (!m->options.reconstruction ||
        m->group.first->task == PITH_TASK_CONTINUE) {
        pith_buffer_string(&m->out, "null");
        return PITH_OK;
    }
    PITH_TRY(pith_reconstruction(m->judge, m->compressed.text, m->original,
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

static enum pith_status write_line(struct pith_measure *m, struct pith_error *error)
{
    struct pith_buffer *out = &m->out;
    const char *method = m->options.method;
    bool continues = m->group.first->task == PITH_TASK_CONTINUE;
    pith_buffer_string(out, "{\"key\": \"");
    write_key(out, m->group.first, &m->options);
    pith_buffer_string(out, "\", \"method\": ");
    pith_json_write_string(out, (struct pith_text){method, strlen(method)});
    pith_buffer_string(out, ", \"ratio\": ");
    pith_json_write_number(out, m->options.ratio);
    pith_buffer_printf(out, ", \"task\": \"%s\"",
                       pith_task_name(m->group.first->task));
    if (continues) {
        PITH_TRY(pith_measure_continuation(m, error));
    } else {
        PITH_TRY(pith_measure_compress(m, &m->group, &m->compressed, error));
        m->original = pith_buffer_text(&m->group.original);
    }
    pith_buffer_printf(out, ", \"origin_tokens\": %zu, "
                            "\"compressed_tokens\": %zu",
                       m->compressed.origin_tokens,
                       m->compressed.compressed_tokens);
    PITH_TRY(measure_facts(m, error));
    PITH_TRY(measure_steps(m, error));
    PITH_TRY(measure_reconstruction(m, error));
    if (!continues)
        PITH_TRY(pith_measure_answers(m, error));
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
    struct pith_measure m = {.session = session, .cases = cases};
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
    pith_free(m.context);
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
