/*
 * measure_answers.c - how likely the right answers are after a compressed
 * prompt, and whether they still are in it.
 */
#include <stdlib.h>
#include <string.h>

#include "../json/json.h"
#include "../model/session.h"
#include "measure.h"

static enum pith_status count_question(const struct pith_measure *m,
                                       const struct pith_case *at, size_t *n,
                                       struct pith_error *error)
{
    struct pith_buffer question = {0};
    pith_case_write_question(&question, at);
    enum pith_status status =
        question.failed
            ? pith_no_memory(error, question.size, 1)
            : pith_measure_tokens(m, pith_buffer_text(&question), n, error);
    pith_buffer_free(&question);
    return status;
}

/* What the longest question and answer need. */
static enum pith_status find_room(const struct pith_measure *m, size_t *room,
                                  struct pith_error *error)
{
    *room = 0;
    for (size_t i = 0; i < m->group.n_picked; i++) {
        const struct pith_case *at = pith_group_pick(&m->group, i);
        size_t n_question, n_answer;
        PITH_TRY(count_question(m, at, &n_question, error));
        PITH_TRY(pith_measure_tokens(m, at->answer, &n_answer, error));
        if (n_question + n_answer + 1 > *room)
            *room = n_question + n_answer + 1;
    }
    return PITH_OK;
}

static enum pith_status score_answer(struct pith_premise *premise,
                                     const struct pith_case *at,
                                     struct pith_likelihood *likelihood,
                                     struct pith_error *error)
{
    struct pith_buffer question = {0};
    pith_case_write_question(&question, at);
    enum pith_status status =
        question.failed
            ? pith_no_memory(error, question.size, 1)
            : pith_premise_score(premise, pith_buffer_text(&question),
                                 at->answer, likelihood, error);
    pith_buffer_free(&question);
    return status;
}

static enum pith_status write_answers(struct pith_measure *m,
                                      struct pith_premise *premise,
                                      struct pith_error *error)
{
    for (size_t i = 0; i < m->group.n_picked; i++) {
        const struct pith_case *at = pith_group_pick(&m->group, i);
        struct pith_likelihood likelihood;
        PITH_TRY(score_answer(premise, at, &likelihood, error));
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

/* [1, 1]: an answer is in both; [0, 0]: in neither, as "yes". */
static void write_stands(struct pith_measure *m)
{
    struct pith_text answers = m->group.first->reference;
    bool given = pith_answer_stands(m->original, answers);
    bool left = given && pith_answer_stands(m->compressed.text, answers);
    pith_buffer_printf(&m->out, ", \"stands\": [%d, %d]", left, given);
}

enum pith_status pith_measure_answers(struct pith_measure *m,
                                      struct pith_error *error)
{
    struct pith_buffer text = {0};
    struct pith_premise *premise;
    size_t room;
    if (m->group.first->task == PITH_TASK_QA)
        write_stands(m);
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
