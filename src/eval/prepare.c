/*
 * prepare.c - requests to a target model: a compressed prompt and a question
 * each, and beside them the keys by which score.c reads the answers.
 */
#include <string.h>

#include "../base/crc32.h"
#include "../base/options.h"
#include "../base/text.h"
#include "../json/completions.h"
#include "group.h"

/* How each task is asked.  GSM8K: the words and the limit of LLMLingua's own
 * examples (they also end an answer at a blank line, which the chat models of
 * today begin too early).  BBH: the system message of Chain-of-Thought Hub.
 * qa: the instruction of LongBench's tasks. */
static const struct {
    const char *system, *lead;
    size_t max_tokens;
} manners[] = {
    [PITH_TASK_GSM8K] = {NULL, "Please reference the following examples to "
                               "answer the math question,\n", 400},
    [PITH_TASK_BBH] = {"Follow the given examples and answer the question.",
                       "", 512},
    [PITH_TASK_CHAT] = {NULL, "", 512},
    [PITH_TASK_DOCUMENTS] = {NULL, "", 512},
    [PITH_TASK_QA] = {NULL, "Answer the question based on the given passages. "
                            "Only give me the answer and do not output any "
                            "other words.\n\n", 32},
};

static const char restore_lead[] =
    "Most words of the following prompt were left out. Write down the whole "
    "prompt again, with every line of its reasoning.\n\n";

enum { RESTORE_TOKENS = 4096 };

struct prepare {
    struct pith_session *session;
    struct pith_group group;
    struct pith_prepare_options options;
    struct pith_baseline_result compressed;
    struct pith_buffer requests, keys;
};

/* A message, from what precedes the question. */
static enum pith_status make_content(const struct prepare *p,
                                     const struct pith_case *at,
                                     struct pith_text prompt,
                                     struct pith_buffer *content,
                                     struct pith_error *error)
{
    if (p->options.ask == PITH_ASK_RESTORE)
        pith_buffer_string(content, restore_lead);
    else if (prompt.size > 0)
        pith_buffer_string(content, manners[at->task].lead);
    pith_buffer_append(content, prompt.bytes, prompt.size);
    if (p->options.ask == PITH_ASK_ANSWERS) {
        if (prompt.size > 0)
            pith_buffer_string(content, "\n\n");
        pith_case_write_question(content, at);
    }
    return content->failed ? pith_no_memory(error, content->size, 1) : PITH_OK;
}

/* CASE-METHOD-BUDGET-SEED-CRC: the checksum of what is asked, so that
 * answers to something else are not taken for answers to this. */
static void write_id(struct pith_buffer *id, const struct prepare *p,
                     const struct pith_case *at, struct pith_text content)
{
    const struct pith_prepare_options *o = &p->options;
    pith_buffer_printf(id, "%s%s-%s-", at->id,
                       o->ask == PITH_ASK_RESTORE ? "-restore" : "",
                       o->method);
    pith_json_write_number(id, o->ratio > 0 ? o->ratio : o->shots);
    pith_buffer_printf(id, "%s-%llu-%08lX", o->ratio > 0 ? "x" : "shot",
                       (unsigned long long)o->seed,
                       (unsigned long)pith_crc32(0, content.bytes,
                                                 content.size));
}

/* NULL: none. */
static const char *system_of(const struct prepare *p,
                             const struct pith_case *at)
{
    const char *given = p->options.system;
    if (given != NULL)
        return *given != '\0' ? given : NULL;
    return p->options.ask == PITH_ASK_ANSWERS ? manners[at->task].system
                                              : NULL;
}

static size_t max_tokens_of(const struct prepare *p,
                            const struct pith_case *at)
{
    if (p->options.max_tokens > 0)
        return p->options.max_tokens;
    return p->options.ask == PITH_ASK_ANSWERS ? manners[at->task].max_tokens
                                              : RESTORE_TOKENS;
}

static void write_request(struct prepare *p, const struct pith_case *at,
                          struct pith_text id, struct pith_text content)
{
    pith_completion_open(&p->requests, id, p->options.target_model,
                            system_of(p, at));
    pith_buffer_string(&p->requests, "{\"role\":\"user\",\"content\":");
    pith_json_write_string(&p->requests, content);
    pith_buffer_string(&p->requests, "}");
    pith_completion_close(&p->requests, 0, max_tokens_of(p, at));
}

static void write_member(struct pith_buffer *out, const char *key,
                         struct pith_text value)
{
    pith_buffer_printf(out, ", \"%s\": ", key);
    pith_json_write_string(out, value);
}

static enum pith_status write_tokens(struct prepare *p, const char *key,
                                     struct pith_text content,
                                     struct pith_error *error)
{
    size_t n;
    pith_buffer_printf(&p->keys, ", \"%s\": ", key);
    if (p->options.count_with == NULL) {
        pith_buffer_string(&p->keys, "null");
        return PITH_OK;
    }
    PITH_TRY(pith_counter_count(p->options.count_with, content, &n, error));
    pith_buffer_printf(&p->keys, "%zu", n);
    return PITH_OK;
}

static enum pith_status write_key(struct prepare *p,
                                  const struct pith_case *at,
                                  struct pith_text id, struct pith_text content,
                                  struct pith_text full,
                                  struct pith_error *error)
{
    const struct pith_prepare_options *o = &p->options;
    bool restores = o->ask == PITH_ASK_RESTORE;
    pith_buffer_string(&p->keys, "{\"custom_id\": ");
    pith_json_write_string(&p->keys, id);
    write_member(&p->keys, "task", pith_text_of(pith_task_name(at->task)));
    write_member(&p->keys, "case", pith_text_of(at->id));
    write_member(&p->keys, "ask", pith_text_of(restores ? "restore" : "answers"));
    write_member(&p->keys, "method", pith_text_of(o->method));
    pith_buffer_string(&p->keys, ", \"ratio\": ");
    pith_json_write_number(&p->keys, o->ratio);
    pith_buffer_string(&p->keys, ", \"shots\": ");
    pith_json_write_number(&p->keys, o->ratio > 0 ? 0 : o->shots);
    pith_buffer_printf(&p->keys, ", \"origin_tokens\": %zu, "
                                 "\"compressed_tokens\": %zu",
                       p->compressed.origin_tokens,
                       p->compressed.compressed_tokens);
    PITH_TRY(write_tokens(p, "prompt_tokens", content, error));
    PITH_TRY(write_tokens(p, "full_prompt_tokens", full, error));
    write_member(&p->keys, "reference",
                 restores ? pith_buffer_text(&p->group.original)
                          : at->reference);
    pith_buffer_string(&p->keys, "}\n");
    return PITH_OK;
}

static enum pith_status prepare_case(struct prepare *p,
                                     const struct pith_case *at,
                                     struct pith_error *error)
{
    struct pith_buffer content = {0}, full = {0}, id = {0};
    enum pith_status status;
    PITH_TRY_DONE(make_content(p, at, p->compressed.text, &content, error));
    PITH_TRY_DONE(make_content(p, at, pith_buffer_text(&p->group.original),
                               &full, error));
    write_id(&id, p, at, pith_buffer_text(&content));
    if (id.failed)
        PITH_TRY_DONE(pith_no_memory(error, id.size, 1));
    write_request(p, at, pith_buffer_text(&id), pith_buffer_text(&content));
    PITH_TRY_DONE(write_key(p, at, pith_buffer_text(&id),
                            pith_buffer_text(&content),
                            pith_buffer_text(&full), error));
done:
    pith_buffer_free(&content);
    pith_buffer_free(&full);
    pith_buffer_free(&id);
    return status;
}

static enum pith_status prepare_group(struct prepare *p,
                                      const struct pith_cases *cases,
                                      size_t index, struct pith_error *error)
{
    const struct pith_prepare_options *o = &p->options;
    PITH_TRY(pith_group_open(&p->group, cases, index, o->max_cases, error));
    if (p->group.first->task == PITH_TASK_CONTINUE)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "the task continue has no question to ask; pith eval "
                         "measure reads on after its texts");
    PITH_TRY(pith_group_compress(
        &p->group, p->session, o->method,
        (struct pith_budget){.ratio = o->ratio, .shots = o->shots}, o->seed,
        &p->compressed, error));
    size_t n = o->ask == PITH_ASK_RESTORE ? 1 : p->group.n_picked;
    for (size_t i = 0; i < n; i++)
        PITH_TRY(prepare_case(p, pith_group_pick(&p->group, i), error));
    return PITH_OK;
}

static enum pith_status check_options(const struct pith_prepare_options *o,
                                      struct pith_error *error)
{
    if (o->target_model == NULL || *o->target_model == '\0')
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "no name of the target model; expected one that its "
                         "server knows, such as gpt-4o-mini");
    if (o->ratio > 0 ? !(o->ratio >= 1) : !(o->shots > 0))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "ratio is %g and shots %g; expected a ratio of 1 or "
                         "more, or no ratio and some shots", o->ratio,
                         o->shots);
    return PITH_OK;
}

enum pith_status pith_prepare_group(struct pith_session *session,
                                    const struct pith_cases *cases,
                                    size_t index,
                                    const struct pith_prepare_options *options,
                                    char **requests, char **keys,
                                    struct pith_error *error)
{
    struct prepare p = {.session = session,
                        .options = {.sizeof_options = sizeof p.options}};
    enum pith_status status;
    *requests = *keys = NULL;
    PITH_TRY(pith_options_copy(&p.options, sizeof p.options, options, error));
    if (p.options.method == NULL)
        p.options.method = "paper";
    PITH_TRY(check_options(&p.options, error));
    PITH_TRY_DONE(prepare_group(&p, cases, index, error));
    PITH_TRY_DONE(pith_buffer_take(&p.requests, requests, NULL, error));
    status = pith_buffer_take(&p.keys, keys, NULL, error);
    if (status != PITH_OK) {
        pith_free(*requests);
        *requests = NULL;
    }
done:
    pith_group_free(&p.group);
    pith_free((void *)p.compressed.text.bytes);
    pith_buffer_free(&p.requests);
    pith_buffer_free(&p.keys);
    return status;
}
