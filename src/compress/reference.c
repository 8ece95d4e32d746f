/*
 * reference.c - the pipeline of `reference`: lengths and target, coarse
 * filter, token stage, text.  See reference.h; docs/REFERENCE.md.
 *
 * It answers to compress_prompt() of the Python package.
 */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/memory.h"

/* What the stages hand to one another. */
struct reference_run {
    struct pith_session *session;
    const struct pith_tokenizer *tokenizer;
    const struct pith_prompt *prompt;
    const struct pith_compress_options *options;
    struct pith_result *result;
    const struct pith_text *contexts; /* (n_contexts) of the prompt */
    size_t n_contexts;
    size_t *lengths;          /* (n_contexts) tokens, BOS with them */
    double *perplexities;     /* (n_contexts) 0 when not ranked */
    size_t *n_kept;           /* (n_contexts) */
    double target;            /* tokens of context to keep; may be negative */
    struct pith_reference_query query;
    bool has_prefix;          /* the question is put in front of all */
    struct pith_selection selection;
    struct pith_text *chosen; /* (n_chosen) contexts after the coarse filter */
    size_t *chosen_index;     /* (n_chosen) which context */
    size_t n_chosen;
    struct pith_buffer text;  /* what is left of the contexts */
};

static struct pith_text buffer_text(const struct pith_buffer *buffer)
{
    return (struct pith_text){buffer->data, buffer->size};
}

/* --- Stages ---------------------------------------------------------------- */

static enum pith_status check_options(const struct pith_reference_options *o,
                                      struct pith_error *error)
{
    const size_t longest = 1000000000;
    if (o->iterative_size == 0 || o->iterative_size > longest)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "iterative_size is %zu; it is the window in tokens, "
                         "1 to %zu",
                         o->iterative_size, longest);
    if (o->n_force_context_ids > 0 && o->force_context_ids == NULL)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "force_context_ids is NULL and n_force_context_ids "
                         "is %zu",
                         o->n_force_context_ids);
    if (o->reorder_context > PITH_REORDER_TWO_STAGE)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "reorder_context is %d; there are original, sort and "
                         "two_stage",
                         (int)o->reorder_context);
    return PITH_OK;
}

/* How the question conditions ranking: longllmlingua without a word puts it
 * behind, llmlingua never uses it. */
static enum pith_status set_query(struct reference_run *run,
                                  struct pith_error *error)
{
    const struct pith_reference_options *o = &run->options->reference;
    run->query = (struct pith_reference_query){
        o->rank_method, o->condition_in_question, run->prompt->question};
    run->has_prefix = o->condition_prefix || o->condition_compare;
    switch (o->rank_method) {
    case PITH_RANK_LLMLINGUA:
        run->query.condition = PITH_CONDITION_NONE;
        break;
    case PITH_RANK_LONGLLMLINGUA:
        if (run->prompt->question.size == 0)
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "rank_method longllmlingua needs a question");
        if (o->condition_in_question == PITH_CONDITION_NONE && !run->has_prefix)
            run->query.condition = PITH_CONDITION_AFTER;
        break;
    case PITH_RANK_BM25: break;
    }
    return PITH_OK;
}

static enum pith_status start_run(struct reference_run *run,
                                  struct pith_error *error)
{
    /* An empty list of contexts is one context of one space. */
    static const struct pith_text space = {" ", 1};
    const struct pith_prompt *prompt = run->prompt;
    run->contexts = prompt->n_contexts > 0 ? prompt->contexts : &space;
    run->n_contexts = prompt->n_contexts > 0 ? prompt->n_contexts : 1;
    size_t n = run->n_contexts;
    run->lengths = pith_array_zero(n, sizeof *run->lengths);
    run->perplexities = pith_array_zero(n, sizeof *run->perplexities);
    run->n_kept = pith_array_zero(n, sizeof *run->n_kept);
    if (!run->lengths || !run->perplexities || !run->n_kept)
        return pith_no_memory(error, n, sizeof *run->lengths);
    return PITH_OK;
}

static void free_run(struct reference_run *run)
{
    free(run->lengths);
    free(run->perplexities);
    free(run->n_kept);
    pith_selection_free(&run->selection);
    free(run->chosen);
    free(run->chosen_index);
    pith_buffer_free(&run->text);
}

/* The whole prompt's tokens times the rate, less what is passed through. */
static enum pith_status set_target(struct reference_run *run,
                                   struct pith_error *error)
{
    size_t n_instruction, n_question, n_all;
    PITH_TRY(pith_reference_count(run->tokenizer, run->prompt->instruction,
                                  PITH_TOKENIZE_DEFAULT_BOS, &n_instruction,
                                  error));
    PITH_TRY(pith_reference_count(run->tokenizer, run->prompt->question,
                                  PITH_TOKENIZE_DEFAULT_BOS, &n_question,
                                  error));
    n_all = n_instruction + n_question;
    for (size_t i = 0; i < run->n_contexts; i++) {
        PITH_TRY(pith_reference_count(run->tokenizer, run->contexts[i],
                                      PITH_TOKENIZE_DEFAULT_BOS,
                                      &run->lengths[i], error));
        n_all += run->lengths[i];
    }
    run->target = run->options->target;
    if (run->target < 0) {
        run->target = (double)n_all * run->options->rate;
        run->target -= (double)n_instruction;
        if (run->options->reference.concate_question)
            run->target -= (double)n_question;
    }
    return PITH_OK;
}

/* All contexts in their order, no offsets. */
static enum pith_status select_all(struct reference_run *run,
                                   struct pith_error *error)
{
    size_t n = run->n_contexts;
    run->selection.used = pith_array(n, sizeof(size_t));
    run->selection.offsets = pith_array_zero(n, sizeof(double));
    if (!run->selection.used || !run->selection.offsets)
        return pith_no_memory(error, n, sizeof(double));
    for (size_t i = 0; i < n; i++)
        run->selection.used[i] = i;
    run->selection.n = n;
    return PITH_OK;
}

static enum pith_status select_by_rank(struct reference_run *run,
                                       struct pith_error *error)
{
    size_t n = run->n_contexts;
    double start = pith_seconds();
    struct pith_rank *ranks = pith_array(n, sizeof *ranks);
    if (ranks == NULL)
        return pith_no_memory(error, n, sizeof *ranks);
    enum pith_status status = PITH_OK;
    PITH_TRY_DONE(
        pith_reference_rank(run->session, run->contexts, n, &run->query, ranks,
                            error));
    for (size_t i = 0; i < n; i++)
        if (!isnan(ranks[i].score))
            run->perplexities[ranks[i].index] = exp(ranks[i].score);
    if (run->options->trace)
        PITH_TRY_DONE(pith_result_add_ranking(run->result, ranks, n, error));
    PITH_TRY_DONE(pith_reference_select(ranks, run->lengths, n, run->target,
                                        &run->options->reference,
                                        &run->selection, error));
    run->result->timings.rank += pith_seconds() - start;
done:
    free(ranks);
    return status;
}

/* The texts of the selection; forced ids that name no context have none. */
static enum pith_status choose_contexts(struct reference_run *run,
                                        struct pith_error *error)
{
    if (run->n_contexts > 1 && run->options->reference.use_context_level_filter)
        PITH_TRY(select_by_rank(run, error));
    else
        PITH_TRY(select_all(run, error));
    size_t n = run->selection.n;
    run->chosen = pith_array(n, sizeof *run->chosen);
    run->chosen_index = pith_array(n, sizeof *run->chosen_index);
    if (!run->chosen || !run->chosen_index)
        return pith_no_memory(error, n, sizeof *run->chosen);
    for (size_t i = 0; i < n; i++) {
        size_t index = run->selection.used[i];
        if (index >= run->n_contexts)
            continue;
        run->chosen[run->n_chosen] = run->contexts[index];
        run->chosen_index[run->n_chosen++] = index;
    }
    return PITH_OK;
}

/* Without the token stage the chosen contexts stay as they are. */
static void keep_whole(struct reference_run *run)
{
    for (size_t i = 0; i < run->n_chosen; i++) {
        pith_reference_join(&run->text, run->chosen[i], i == 0);
        run->n_kept[run->chosen_index[i]] = run->lengths[run->chosen_index[i]];
    }
}

/* Which context each kept token lies in: the one that its first byte is in,
 * or the one before a blank line.  The contexts begin behind `skip` bytes. */
static void count_kept(struct reference_run *run, size_t skip,
                       const struct pith_ids *ids,
                       const struct pith_itpc_result *kept)
{
    struct pith_vocab facts;
    pith_tokenizer_describe(run->tokenizer, &facts);
    size_t i = 0, at = 0, token = 0;
    if (run->n_chosen == 0)
        return;
    size_t end = skip + run->chosen[0].size + 2;
    if (facts.flags & PITH_VOCAB_DUMMY_PREFIX)
        end++;
    for (size_t k = 0; k < kept->n; k++) {
        for (; token < kept->origin[k]; token++)
            at += pith_tokenizer_piece(run->tokenizer, ids->data[token]).size;
        while (at >= end && i + 1 < run->n_chosen)
            end += run->chosen[++i].size + 2;
        run->n_kept[run->chosen_index[i]]++;
    }
}

static enum pith_status lay_rates(struct reference_run *run,
                                  struct pith_rate_plan *plan,
                                  struct pith_error *error)
{
    size_t n = run->n_chosen;
    size_t *lengths = pith_array(n, sizeof *lengths);
    if (lengths == NULL)
        return pith_no_memory(error, n, sizeof *lengths);
    enum pith_status status = PITH_OK;
    for (size_t i = 0; i < n; i++)
        PITH_TRY_DONE(
            pith_reference_count(run->tokenizer, run->chosen[i], 0, &lengths[i],
                                 error));
    status = pith_reference_rates(lengths, run->selection.offsets, n,
                                  run->target,
                                  run->options->reference.iterative_size, plan,
                                  error);
done:
    free(lengths);
    return status;
}

/* Python's replace(), which takes LLaMA's mark of the beginning out. */
static enum pith_status remove_begin_marks(struct pith_buffer *text,
                                           struct pith_error *error)
{
    PITH_TRY(pith_reference_replace(text, "<s> ", "", error));
    return pith_reference_replace(text, "<s>", "", error);
}

/* The text of the token stage: the contexts, behind the question where it
 * conditions their losses. */
struct token_text {
    struct pith_buffer joined;
    struct pith_ids ids;
    size_t n_prefix_bytes; /* with the blank line behind it */
    size_t start;          /* tokens of the prefix */
};

static void free_token_text(struct token_text *text)
{
    pith_buffer_free(&text->joined);
    pith_ids_free(&text->ids);
}

static enum pith_status join_contexts(struct reference_run *run,
                                      struct token_text *text,
                                      struct pith_error *error)
{
    if (run->has_prefix) {
        PITH_TRY(pith_reference_prefix(run->session, run->prompt,
                                       &run->options->reference, &text->joined,
                                       error));
        PITH_TRY(pith_reference_prefix_length(run->session,
                                              buffer_text(&text->joined),
                                              run->chosen[0], &text->start,
                                              error));
        text->n_prefix_bytes = text->joined.size + 2;
    }
    for (size_t i = 0; i < run->n_chosen; i++)
        pith_reference_join(&text->joined, run->chosen[i],
                            i == 0 && !run->has_prefix);
    if (text->joined.failed)
        return pith_no_memory(error, text->joined.size, 1);
    return pith_reference_encode(run->tokenizer, buffer_text(&text->joined), 0,
                                 &text->ids, error);
}

/* A second cache, for the losses of the contexts alone. */
static enum pith_status open_second(const struct reference_run *run,
                                    struct pith_session **second,
                                    struct pith_error *error)
{
    struct pith_session_options options = {
        .sizeof_options = sizeof options,
        .n_threads = run->session->compute.n_threads,
        .n_ctx = run->session->n_ctx};
    return run->options->reference.condition_compare
               ? pith_session_create(run->session->model, &options, second,
                                     error)
               : PITH_OK;
}

/* Algorithm 2 over the chosen contexts as one text. */
static enum pith_status compress_tokens(struct reference_run *run,
                                        struct pith_error *error)
{
    struct token_text text = {0};
    struct pith_rate_plan plan = {0};
    struct pith_session *second = NULL;
    struct pith_itpc_result kept = {0};
    enum pith_status status = PITH_OK;
    double begun = pith_seconds();

    PITH_TRY_DONE(join_contexts(run, &text, error));
    PITH_TRY_DONE(lay_rates(run, &plan, error));
    PITH_TRY_DONE(open_second(run, &second, error));
    struct pith_itpc_task task = {
        .ids = text.ids.data,
        .n_ids = text.ids.n,
        .plan = &plan,
        .window = run->options->reference.iterative_size,
        .keep_split = run->options->reference.keep_split,
        .start = text.start,
        .alone = second};
    PITH_TRY_DONE(pith_reference_itpc(run->session, &task, &kept,
                                      run->options->trace ? run->result : NULL,
                                      error));
    if (run->options->trace)
        PITH_TRY_DONE(pith_result_set_kept_ids(run->result, kept.ids, kept.n,
                                               error));
    count_kept(run, text.n_prefix_bytes, &text.ids, &kept);
    PITH_TRY_DONE(pith_reference_decode(run->tokenizer, kept.ids, kept.n,
                                        &run->text, error));
    PITH_TRY_DONE(remove_begin_marks(&run->text, error));
    run->result->timings.compress += pith_seconds() - begun;
done:
    free_token_text(&text);
    pith_rate_plan_free(&plan);
    pith_session_free(second);
    pith_itpc_result_free(&kept);
    return status;
}

/* --- The result ------------------------------------------------------------ */

/* Instruction, what is left of the contexts, question: those that are there,
 * a blank line between them. */
static enum pith_status write_text(struct reference_run *run,
                                   struct pith_error *error)
{
    struct pith_buffer out = {0};
    const struct pith_prompt *prompt = run->prompt;
    struct pith_text middle = buffer_text(&run->text);
    bool first = true;
    if (run->text.failed)
        return pith_no_memory(error, run->text.size, 1);
    if (prompt->instruction.size > 0) {
        pith_reference_join(&out, prompt->instruction, first);
        first = false;
    }
    if (pith_reference_strip(middle).size > 0) {
        pith_reference_join(&out, middle, first);
        first = false;
    }
    if (prompt->question.size > 0 && run->options->reference.concate_question)
        pith_reference_join(&out, prompt->question, first);
    char *bytes;
    size_t size;
    PITH_TRY(pith_buffer_take(&out, &bytes, &size, error));
    run->result->text = (struct pith_text){bytes, size};
    return pith_reference_count(run->tokenizer, run->result->text, 0,
                                &run->result->compressed_tokens, error);
}

/* The prompt as it was: parts and blank lines, the ends stripped. */
static enum pith_status count_origin(struct reference_run *run,
                                     struct pith_error *error)
{
    struct pith_buffer all = {0};
    pith_reference_join(&all, run->prompt->instruction, true);
    for (size_t i = 0; i < run->n_contexts; i++)
        pith_reference_join(&all, run->contexts[i], false);
    pith_reference_join(&all, run->prompt->question, false);
    enum pith_status status =
        all.failed ? pith_no_memory(error, all.size, 1)
                   : pith_reference_count(
                         run->tokenizer,
                         pith_reference_strip(buffer_text(&all)), 0,
                         &run->result->origin_tokens, error);
    pith_buffer_free(&all);
    return status;
}

static enum pith_status add_parts(struct reference_run *run,
                                  struct pith_error *error)
{
    const struct pith_prompt *prompt = run->prompt;
    bool with_question = run->options->reference.concate_question;
    struct pith_part_result part = {.kind = PITH_PART_INSTRUCTION};
    if (prompt->instruction.size > 0) {
        PITH_TRY(
            pith_reference_count(run->tokenizer, prompt->instruction, 0,
                                 &part.n_tokens, error));
        part.n_kept = part.n_tokens;
        PITH_TRY(pith_result_add_part(run->result, &part, error));
    }
    for (size_t i = 0; i < prompt->n_contexts; i++) {
        part = (struct pith_part_result){.kind = PITH_PART_CONTEXT,
                                         .index = i,
                                         .n_tokens = run->lengths[i],
                                         .n_kept = run->n_kept[i],
                                         .perplexity = run->perplexities[i]};
        PITH_TRY(pith_result_add_part(run->result, &part, error));
    }
    if (prompt->question.size > 0) {
        part = (struct pith_part_result){.kind = PITH_PART_QUESTION};
        PITH_TRY(
            pith_reference_count(run->tokenizer, prompt->question, 0,
                                 &part.n_tokens, error));
        part.n_kept = with_question ? part.n_tokens : 0;
        PITH_TRY(pith_result_add_part(run->result, &part, error));
    }
    return PITH_OK;
}

enum pith_status
pith_compress_reference(struct pith_session *session,
                        const struct pith_prompt *prompt,
                        const struct pith_compress_options *options,
                        struct pith_result *result, struct pith_error *error)
{
    struct reference_run run = {.session = session,
                                .tokenizer = session->model->tokenizer,
                                .prompt = prompt,
                                .options = options,
                                .result = result};
    enum pith_status status = PITH_OK;
    PITH_TRY(check_options(&options->reference, error));
    double start = pith_seconds();
    PITH_TRY_DONE(start_run(&run, error));
    PITH_TRY_DONE(set_query(&run, error));
    PITH_TRY_DONE(set_target(&run, error));
    PITH_TRY_DONE(count_origin(&run, error));
    result->timings.tokenize = pith_seconds() - start;
    PITH_TRY_DONE(choose_contexts(&run, error));
    if (options->reference.use_token_level_filter)
        PITH_TRY_DONE(compress_tokens(&run, error));
    else
        keep_whole(&run);
    PITH_TRY_DONE(write_text(&run, error));
    PITH_TRY_DONE(add_parts(&run, error));
done:
    free_run(&run);
    return status;
}
