/*
 * group.c - see group.h.
 */
#include "group.h"

#include <stdlib.h>

static void join(struct pith_buffer *out, struct pith_text part)
{
    if (part.size == 0)
        return;
    if (out->size > 0)
        pith_buffer_string(out, "\n\n");
    pith_buffer_append(out, part.bytes, part.size);
}

enum pith_status pith_group_open(struct pith_group *group,
                                 const struct pith_cases *cases, size_t index,
                                 size_t max_cases, struct pith_error *error)
{
    *group = (struct pith_group){0};
    PITH_TRY(pith_cases_check(cases, index, error));
    group->first = &cases->cases[index];
    group->n = 1;
    while (index + group->n < cases->n &&
           group->first[group->n].group == group->first->group)
        group->n++;
    group->n_picked =
        max_cases > 0 && max_cases < group->n ? max_cases : group->n;
    const struct pith_prompt *prompt = &group->first->prompt;
    group->prompt = *prompt;
    join(&group->original, prompt->instruction);
    for (size_t i = 0; i < prompt->n_contexts; i++)
        join(&group->original, prompt->contexts[i]);
    return group->original.failed
               ? pith_no_memory(error, group->original.size, 1)
               : PITH_OK;
}

void pith_group_free(struct pith_group *group)
{
    pith_buffer_free(&group->original);
}

const struct pith_case *pith_group_pick(const struct pith_group *group,
                                        size_t i)
{
    return &group->first[i * group->n / group->n_picked];
}

void pith_case_write_question(struct pith_buffer *out,
                              const struct pith_case *at)
{
    struct pith_text question = at->prompt.question;
    bool is_bare = at->task == PITH_TASK_QA;
    if (is_bare)
        pith_buffer_string(out, "Question: ");
    pith_buffer_append(out, question.bytes, question.size);
    if (is_bare)
        pith_buffer_string(out, "\nAnswer:");
}

/* The tokens that the budget leaves of a prompt of n. */
static double tokens_of(struct pith_budget budget, size_t n, size_t n_contexts)
{
    if (budget.ratio > 0)
        return (double)n / budget.ratio;
    return n_contexts > 0 ? budget.shots * (double)n / (double)n_contexts : 0;
}

enum pith_status pith_group_compress(const struct pith_group *group,
                                     struct pith_session *session,
                                     const char *method,
                                     struct pith_budget budget, uint64_t seed,
                                     struct pith_baseline_result *result,
                                     struct pith_error *error)
{
    struct pith_prompt prompt = group->prompt;
    struct pith_text question = prompt.question;
    struct pith_baseline_result full;
    struct pith_eval_traits traits;
    *result = (struct pith_baseline_result){0};
    prompt.question = (struct pith_text){0};
    PITH_TRY(pith_eval_look_up(method, &traits, error));
    if (traits.sees_question && group->n > 1)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "method \"%.100s\" sees the question, but %zu "
                         "questions share one prompt here; expected a "
                         "task with a prompt for each, such as qa", method,
                         group->n);
    PITH_TRY(pith_eval_compress(session, &prompt, "full", 0, 0, &full, error));
    pith_free((void *)full.text.bytes);
    double target = tokens_of(budget, full.origin_tokens, prompt.n_contexts);
    if (target > (double)full.origin_tokens)
        target = (double)full.origin_tokens;
    if (traits.sees_question)
        prompt.question = question;
    PITH_TRY(pith_eval_compress(session, &prompt, method,
                                (size_t)(target + 0.5), seed, result, error));
    result->origin_tokens = full.origin_tokens;
    return PITH_OK;
}
