/*
 * token_stage.c - the token stage: the chosen contexts become one text,
 * its windows get their rates, tokens are dropped.  See run.h;
 * docs/ALGORITHM.md, "token stage"; windows.c drops the tokens.
 *
 * It answers to the token part of compress_prompt() of the Python package.
 */

#include "../base/memory.h"
#include "../model/extend.h"
#include "../prompt/trace.h"
#include "run.h"

/* The text of the token stage: the contexts, after the question where it
 * conditions their losses. */
struct token_text {
    struct pith_buffer joined;
    struct pith_ids ids;
    size_t n_prefix_bytes; /* with the blank line after it */
    size_t start;          /* tokens of the prefix */
};

static void free_token_text(struct token_text *text)
{
    pith_buffer_free(&text->joined);
    pith_ids_free(&text->ids);
}

/* Appends the contexts and encodes all of the text. */
static enum pith_status encode_joined(struct pith_reference_run *run,
                                      struct token_text *text,
                                      struct pith_error *error)
{
    bool behind_prefix = text->n_prefix_bytes > 0;
    for (size_t i = 0; i < run->chosen.n; i++)
        pith_reference_join(&text->joined, run->chosen.items[i].text,
                            i == 0 && !behind_prefix);
    if (text->joined.failed)
        return pith_no_memory(error, text->joined.size, 1);
    PITH_TRY(pith_reference_encode(run->tokenizer,
                                   pith_buffer_text(&text->joined), 0,
                                   &text->ids, error));
    if (text->start > text->ids.n)
        text->start = text->ids.n;
    return PITH_OK;
}

/* The question, where it conditions the losses, then the contexts. */
static enum pith_status join_contexts(struct pith_reference_run *run,
                                      struct token_text *text,
                                      struct pith_error *error)
{
    if (run->has_prefix) {
        PITH_TRY(pith_reference_prefix(run->session, run->prompt,
                                       run->options, &text->joined,
                                       error));
        PITH_TRY(pith_reference_prefix_length(run->session,
                                              pith_buffer_text(&text->joined),
                                              run->chosen.items[0].text,
                                              &text->start, error));
        text->n_prefix_bytes = text->joined.size + 2;
    }
    return encode_joined(run, text, error);
}

/* Rates by context. */
static enum pith_status lay_rates(struct pith_reference_run *run,
                                  struct pith_rate_plan *plan,
                                  struct pith_error *error)
{
    size_t n = run->chosen.n;
    size_t *lengths = pith_array(n, sizeof *lengths);
    if (lengths == NULL)
        return pith_no_memory(error, n, sizeof *lengths);
    enum pith_status status = PITH_OK;
    for (size_t i = 0; i < n; i++)
        PITH_TRY_DONE(
            pith_reference_count(run->tokenizer, run->chosen.items[i].text, 0,
                                 &lengths[i], error));
    status = pith_reference_rates(lengths, run->selection.offsets, n,
                                  run->target,
                                  run->options->iterative_size, plan,
                                  error);
done:
    pith_free(lengths);
    return status;
}

/* Rates by segment for structured prompts, by context otherwise. */
static enum pith_status plan_rates(struct pith_reference_run *run,
                                   const struct token_text *text,
                                   struct pith_rate_plan *plan,
                                   struct pith_error *error)
{
    if (!run->options->structured)
        return lay_rates(run, plan, error);
    return pith_reference_segment_rates(
        run->tokenizer, &run->chosen,
        text->ids.data != NULL ? text->ids.data + text->start : NULL,
        text->ids.n - text->start, run->options->iterative_size,
        plan, error);
}

/* Which context each kept token is in: the one that its first byte is in,
 * or the one before a blank line.  The contexts begin after `skip` bytes. */
static void count_kept(struct pith_reference_run *run, size_t skip,
                       const struct pith_ids *ids,
                       const struct pith_itpc_result *kept)
{
    const struct pith_reference_context *context = run->chosen.items;
    struct pith_vocab facts;
    pith_tokenizer_describe(run->tokenizer, &facts);
    size_t n_left = run->chosen.n, at = 0, token = 0;
    size_t end = skip + context->text.size + 2;
    if (facts.flags & PITH_VOCAB_DUMMY_PREFIX)
        end++;
    for (size_t k = 0; k < kept->n; k++) {
        for (; token < kept->origin[k]; token++)
            at += pith_tokenizer_piece(run->tokenizer, ids->data[token]).size;
        for (; at >= end && n_left > 1; n_left--)
            end += (++context)->text.size + 2;
        run->n_kept[context->index]++;
    }
}

/* Python's replace(), which takes LLaMA's mark of the beginning out. */
static enum pith_status remove_begin_marks(struct pith_buffer *text,
                                           struct pith_error *error)
{
    PITH_TRY(pith_reference_replace(text, "<s> ", "", error));
    return pith_reference_replace(text, "<s>", "", error);
}

/* The tokens' part of the result's detail. */
static enum pith_status detail_of_tokens(struct pith_reference_run *run,
                                         const struct token_text *text,
                                         const struct pith_decisions *decisions,
                                         struct pith_error *error)
{
    struct pith_reference_stage stage = {
        .tokenizer = run->tokenizer,
        .prompt = run->prompt,
        .contexts = &run->chosen,
        .text = pith_buffer_text(&text->joined),
        .begin = text->n_prefix_bytes,
        .ids = text->ids.data,
        .n_ids = text->ids.n,
        .start = text->start,
        .decisions = decisions};
    return pith_reference_detail_stage(&stage, run->result, error);
}

enum pith_status pith_reference_keep_whole(struct pith_reference_run *run,
                                           struct pith_error *error)
{
    for (size_t i = 0; i < run->chosen.n; i++) {
        const struct pith_reference_context *context = &run->chosen.items[i];
        pith_reference_join(&run->text, context->text, i == 0);
        PITH_TRY(pith_reference_count_default(
            run, context->text, &run->n_kept[context->index], error));
    }
    if (!run->options->detail)
        return PITH_OK;
    struct token_text text = {0};
    struct pith_decisions decisions = {0};
    enum pith_status status = PITH_OK;
    PITH_TRY_DONE(encode_joined(run, &text, error));
    PITH_TRY_DONE(pith_decisions_make(&decisions, text.ids.n, error));
    for (size_t i = 0; i < decisions.n; i++)
        decisions.by_token[i].kept = true;
    status = detail_of_tokens(run, &text, &decisions, error);
done:
    free_token_text(&text);
    pith_decisions_free(&decisions);
    return status;
}

enum pith_status pith_reference_compress_tokens(struct pith_reference_run *run,
                                                struct pith_error *error)
{
    struct token_text text = {0};
    struct pith_rate_plan plan = {0};
    struct pith_session *second = NULL;
    struct pith_itpc_result kept = {0};
    struct pith_decisions decisions = {0};
    bool detail = run->options->detail;
    enum pith_status status = PITH_OK;

    PITH_TRY_DONE(join_contexts(run, &text, error));
    PITH_TRY_DONE(plan_rates(run, &text, &plan, error));
    if (run->options->condition_compare)
        PITH_TRY_DONE(pith_session_twin(run->session,
                                        pith_session_window(run->session),
                                        &second, error));
    if (detail)
        PITH_TRY_DONE(pith_decisions_make(&decisions, text.ids.n, error));
    struct pith_itpc_task task = {
        .ids = text.ids.data,
        .n_ids = text.ids.n,
        .plan = &plan,
        .window = run->options->iterative_size,
        .keep_split = run->options->keep_split,
        .start = text.start,
        .alone = second,
        .decisions = detail ? &decisions : NULL};
    PITH_TRY_DONE(pith_reference_itpc(run->session, &task, &kept,
                                      run->options->trace || detail
                                          ? run->result : NULL,
                                      error));
    for (size_t i = 0; detail && i < kept.n; i++)
        decisions.by_token[kept.origin[i]].kept = true;
    if (detail)
        PITH_TRY_DONE(detail_of_tokens(run, &text, &decisions, error));
    if (run->options->trace)
        PITH_TRY_DONE(pith_result_set_kept_ids(run->result, kept.ids, kept.n,
                                               error));
    count_kept(run, text.n_prefix_bytes, &text.ids, &kept);
    PITH_TRY_DONE(pith_reference_decode(run->tokenizer, kept.ids, kept.n,
                                        &run->text, error));
    status = remove_begin_marks(&run->text, error);
done:
    free_token_text(&text);
    pith_rate_plan_free(&plan);
    pith_session_free(second);
    pith_decisions_free(&decisions);
    pith_itpc_result_free(&kept);
    return status;
}
