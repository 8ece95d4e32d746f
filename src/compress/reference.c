/*
 * reference.c - the pipeline of `reference`: lengths and target, coarse
 * filter, token stage, text.  See reference.h; docs/REFERENCE.md.
 *
 * It answers to compress_prompt() of the Python package.
 */
#include "counter.h"
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
    struct pith_reference_contexts contexts; /* all, without tags */
    size_t *lengths;          /* (contexts.n) tokens, BOS with them */
    double *perplexities;     /* (contexts.n) 0 when not ranked */
    size_t *n_kept;           /* (contexts.n) */
    double rate, target;      /* target: tokens of context, may be negative */
    struct pith_reference_query query;
    bool has_prefix;          /* the question is put in front of all */
    size_t *forced;           /* contexts that the coarse filter must keep */
    size_t n_forced;
    struct pith_selection selection;
    struct pith_reference_contexts chosen; /* after the filters */
    struct pith_buffer text;  /* what is left of the contexts */
};

static struct pith_text buffer_text(const struct pith_buffer *buffer)
{
    return (struct pith_text){buffer->data, buffer->size};
}

/* --- Preparation ----------------------------------------------------------- */

enum pith_status
pith_reference_contexts_make(struct pith_reference_contexts *contexts, size_t n,
                             struct pith_error *error)
{
    contexts->items = pith_array_zero(n, sizeof *contexts->items);
    contexts->n = contexts->items != NULL ? n : 0;
    return contexts->items != NULL
               ? PITH_OK
               : pith_no_memory(error, n, sizeof *contexts->items);
}

void pith_reference_contexts_free(struct pith_reference_contexts *contexts)
{
    for (size_t i = 0; i < contexts->n; i++) {
        free(contexts->items[i].owned);
        free(contexts->items[i].segments);
        free(contexts->items[i].owned_origins);
    }
    free(contexts->items);
    *contexts = (struct pith_reference_contexts){0};
}

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
    if (o->rank_method > PITH_RANK_BM25)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "rank_method is %d; there are llmlingua, "
                         "longllmlingua and bm25",
                         (int)o->rank_method);
    if (o->condition_in_question > PITH_CONDITION_AFTER)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "condition_in_question is %d; there are none, before "
                         "and after",
                         (int)o->condition_in_question);
    if (isnan(o->dynamic_context_compression_ratio) ||
        isnan(o->high_priority_bonus) || isnan(o->token_budget_ratio))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "dynamic_context_compression_ratio (%g), "
                         "high_priority_bonus (%g) and token_budget_ratio "
                         "(%g) must be numbers",
                         o->dynamic_context_compression_ratio,
                         o->high_priority_bonus, o->token_budget_ratio);
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
    size_t n = prompt->n_contexts > 0 ? prompt->n_contexts : 1;
    PITH_TRY(pith_reference_contexts_make(&run->contexts, n, error));
    for (size_t i = 0; i < n; i++) {
        run->contexts.items[i].text =
            prompt->n_contexts > 0 ? prompt->contexts[i] : space;
        run->contexts.items[i].index = i;
    }
    run->lengths = pith_array_zero(n, sizeof *run->lengths);
    run->perplexities = pith_array_zero(n, sizeof *run->perplexities);
    run->n_kept = pith_array_zero(n, sizeof *run->n_kept);
    if (!run->lengths || !run->perplexities || !run->n_kept)
        return pith_no_memory(error, n, sizeof *run->lengths);
    run->rate = run->options->rate;
    run->target = run->options->target;
    return set_query(run, error);
}

static void free_run(struct reference_run *run)
{
    pith_reference_contexts_free(&run->contexts);
    free(run->lengths);
    free(run->perplexities);
    free(run->n_kept);
    free(run->forced);
    pith_selection_free(&run->selection);
    pith_reference_contexts_free(&run->chosen);
    pith_buffer_free(&run->text);
}

static enum pith_status count_default(const struct reference_run *run,
                                      struct pith_text text, size_t *n,
                                      struct pith_error *error)
{
    return pith_reference_count(run->tokenizer, text,
                                PITH_TOKENIZE_DEFAULT_BOS, n, error);
}

/* Tokens of instruction, question and contexts. */
static enum pith_status count_parts(struct reference_run *run,
                                    size_t *n_instruction, size_t *n_question,
                                    size_t *n_contexts,
                                    struct pith_error *error)
{
    PITH_TRY(
        count_default(run, run->prompt->instruction, n_instruction, error));
    PITH_TRY(count_default(run, run->prompt->question, n_question, error));
    *n_contexts = 0;
    for (size_t i = 0; i < run->contexts.n; i++) {
        PITH_TRY(count_default(run, run->contexts.items[i].text,
                               &run->lengths[i], error));
        *n_contexts += run->lengths[i];
    }
    return PITH_OK;
}

/* The whole prompt's tokens times the rate, less what is passed through. */
static enum pith_status set_target(struct reference_run *run,
                                   struct pith_error *error)
{
    size_t n_instruction, n_question, n_contexts;
    PITH_TRY(
        count_parts(run, &n_instruction, &n_question, &n_contexts, error));
    if (run->options->target >= 0 || run->options->reference.structured)
        return PITH_OK;
    run->target = (double)(n_instruction + n_question + n_contexts) * run->rate;
    run->target -= (double)n_instruction;
    if (run->options->reference.concate_question)
        run->target -= (double)n_question;
    return PITH_OK;
}

/* What a text becomes on its way through the tokenizer and back. */
static enum pith_status normalize(const struct reference_run *run,
                                  struct pith_reference_context *context,
                                  struct pith_error *error)
{
    struct pith_ids ids = {0};
    struct pith_buffer decoded = {0};
    enum pith_status status =
        pith_reference_encode(run->tokenizer, context->text, 0, &ids, error);
    if (status == PITH_OK)
        status = pith_reference_decode(run->tokenizer, ids.data, ids.n,
                                       &decoded, error);
    pith_ids_free(&ids);
    size_t size = decoded.size;
    if (status == PITH_OK)
        status = pith_buffer_take(&decoded, &context->owned, NULL, error);
    context->text = (struct pith_text){context->owned, size};
    pith_buffer_free(&decoded);
    return status;
}

/* Where the text of the segments stands in the context as it was given, once
 * `tagged` has been parsed into `structure`. */
static enum pith_status note_origins(const struct reference_run *run,
                                     struct pith_reference_context *context,
                                     const struct pith_structure *structure,
                                     struct pith_error *error)
{
    size_t n = 0, *origins, *decoded;
    if (!run->options->detail || context->index >= run->prompt->n_contexts)
        return PITH_OK;
    PITH_TRY(pith_reference_origins(context->text,
                                    run->prompt->contexts[context->index],
                                    &decoded, error));
    origins = pith_array(structure->size, sizeof *origins);
    if (origins == NULL) {
        free(decoded);
        return pith_no_memory(error, structure->size, sizeof *origins);
    }
    for (size_t i = 0; i < structure->n_segments; i++)
        for (size_t j = 0; j < structure->segments[i].n_bytes; j++)
            origins[n++] = decoded[structure->segments[i].offset + j];
    free(decoded);
    context->owned_origins = origins;
    context->origins = origins;
    return PITH_OK;
}

/* Reads the tags.  Target and the rate of segments that name none come from
 * the contexts as they are with their tags. */
static enum pith_status read_structure(struct reference_run *run,
                                       struct pith_error *error)
{
    size_t n_instruction, n_question, n_contexts;
    for (size_t i = 0; i < run->contexts.n; i++)
        PITH_TRY(normalize(run, &run->contexts.items[i], error));
    PITH_TRY(
        count_parts(run, &n_instruction, &n_question, &n_contexts, error));
    PITH_TRY(pith_structured_budget(n_instruction, n_question, n_contexts,
                                    run->options->reference.concate_question,
                                    &run->rate, &run->target, error));
    for (size_t i = 0; i < run->contexts.n; i++) {
        struct pith_reference_context *context = &run->contexts.items[i];
        struct pith_structure structure;
        PITH_TRY(pith_structure_parse(context->text, run->rate,
                                      PITH_STRUCTURE_REFERENCE, &structure,
                                      error));
        enum pith_status status =
            note_origins(run, context, &structure, error);
        if (status != PITH_OK) {
            pith_structure_free(&structure);
            return status;
        }
        free(context->owned);
        context->owned = structure.text;
        context->text = (struct pith_text){structure.text, structure.size};
        context->segments = structure.segments;
        context->n_segments = structure.n_segments;
    }
    return PITH_OK;
}

/* --- The coarse filter ----------------------------------------------------- */

static bool must_stay(const struct pith_reference_context *context)
{
    for (size_t i = 0; i < context->n_segments; i++)
        if (!context->segments[i].compress)
            return true;
    return false;
}

/* The user's ids, and contexts with a segment that must not be compressed. */
static enum pith_status list_forced(struct reference_run *run,
                                    struct pith_error *error)
{
    const struct pith_reference_options *o = &run->options->reference;
    size_t n = run->contexts.n, limit = n + o->n_force_context_ids;
    run->forced = pith_array(limit, sizeof *run->forced);
    if (run->forced == NULL)
        return pith_no_memory(error, limit, sizeof *run->forced);
    for (size_t i = 0; i < o->n_force_context_ids; i++)
        run->forced[run->n_forced++] = o->force_context_ids[i];
    for (size_t c = 0; c < n && o->strict_preserve_uncompressed; c++) {
        bool listed = !must_stay(&run->contexts.items[c]);
        for (size_t i = 0; i < run->n_forced && !listed; i++)
            listed = run->forced[i] == c;
        if (!listed)
            run->forced[run->n_forced++] = c;
    }
    return PITH_OK;
}

/* All contexts in their order, no offsets. */
static enum pith_status select_all(struct reference_run *run,
                                   struct pith_error *error)
{
    size_t n = run->contexts.n;
    run->selection.used = pith_array(n, sizeof(size_t));
    run->selection.offsets = pith_array_zero(n, sizeof(double));
    if (!run->selection.used || !run->selection.offsets)
        return pith_no_memory(error, n, sizeof(double));
    for (size_t i = 0; i < n; i++)
        run->selection.used[i] = i;
    run->selection.n = n;
    return PITH_OK;
}

/* The result's perplexities and trace of a ranking. */
static enum pith_status note_ranking(struct reference_run *run,
                                     const struct pith_rank *ranks,
                                     struct pith_error *error)
{
    size_t n = run->contexts.n;
    for (size_t i = 0; i < n; i++)
        if (!isnan(ranks[i].score) && run->query.method != PITH_RANK_BM25)
            run->perplexities[ranks[i].index] = exp(ranks[i].score);
    return run->options->trace
               ? pith_result_add_ranking(run->result, ranks, n, error)
               : PITH_OK;
}

static enum pith_status select_by_rank(struct reference_run *run,
                                       struct pith_error *error)
{
    size_t n = run->contexts.n;
    struct pith_reference_options options = run->options->reference;
    struct pith_rank *ranks = pith_array(n, sizeof *ranks);
    struct pith_text *texts = pith_array(n, sizeof *texts);
    enum pith_status status = PITH_OK;
    if (ranks == NULL || texts == NULL)
        PITH_TRY_DONE(pith_no_memory(error, n, sizeof *texts));
    for (size_t i = 0; i < n; i++)
        texts[i] = run->contexts.items[i].text;
    PITH_TRY_DONE(list_forced(run, error));
    options.force_context_ids = run->forced;
    options.n_force_context_ids = run->n_forced;
    PITH_TRY_DONE(pith_reference_rank(run->session, texts, n, &run->query,
                                      ranks, error));
    PITH_TRY_DONE(note_ranking(run, ranks, error));
    status = pith_reference_select(ranks, run->lengths, n, run->target,
                                   &options, &run->selection, error);
done:
    free(ranks);
    free(texts);
    return status;
}

/* A copy that borrows the text and has its own list of segments. */
static enum pith_status copy_context(const struct pith_reference_context *from,
                                     struct pith_reference_context *to,
                                     struct pith_error *error)
{
    size_t n = from->n_segments;
    to->text = from->text;
    to->index = from->index;
    to->origins = from->origins;
    if (n == 0)
        return PITH_OK;
    to->segments = pith_array(n, sizeof *to->segments);
    if (to->segments == NULL)
        return pith_no_memory(error, n, sizeof *to->segments);
    memcpy(to->segments, from->segments, n * sizeof *to->segments);
    to->n_segments = n;
    return PITH_OK;
}

/* The coarse filter; forced ids that name no context leave nothing. */
static enum pith_status choose_contexts(struct reference_run *run,
                                        struct pith_error *error)
{
    const struct pith_selection *selection = &run->selection;
    if (run->contexts.n > 1 && run->options->reference.use_context_level_filter)
        PITH_TRY(select_by_rank(run, error));
    else
        PITH_TRY(select_all(run, error));
    PITH_TRY(pith_reference_contexts_make(&run->chosen, selection->n, error));
    size_t n = 0;
    for (size_t i = 0; i < selection->n; i++)
        if (selection->used[i] < run->contexts.n)
            PITH_TRY(copy_context(&run->contexts.items[selection->used[i]],
                                  &run->chosen.items[n++], error));
    run->chosen.n = n;
    return PITH_OK;
}

static enum pith_status choose_sentences(struct reference_run *run,
                                         struct pith_error *error)
{
    if (!run->options->reference.use_sentence_level_filter)
        return PITH_OK;
    return pith_reference_sentences(
        run->session, &run->chosen, &run->query, &run->options->reference,
        run->target, run->options->trace ? run->result : NULL, error);
}

/* --- The token stage ------------------------------------------------------- */

/* Which context each kept token lies in: the one that its first byte is in,
 * or the one before a blank line.  The contexts begin behind `skip` bytes. */
static void count_kept(struct reference_run *run, size_t skip,
                       const struct pith_ids *ids,
                       const struct pith_itpc_result *kept)
{
    const struct pith_reference_context *context = run->chosen.items;
    struct pith_vocab facts;
    pith_tokenizer_describe(run->tokenizer, &facts);
    size_t n_left = run->chosen.n, at = 0, token = 0;
    if (n_left == 0)
        return;
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

static enum pith_status lay_rates(struct reference_run *run,
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

/* Appends the contexts and encodes all of the text. */
static enum pith_status encode_joined(struct reference_run *run,
                                      struct token_text *text,
                                      struct pith_error *error)
{
    bool behind_prefix = text->n_prefix_bytes > 0;
    for (size_t i = 0; i < run->chosen.n; i++)
        pith_reference_join(&text->joined, run->chosen.items[i].text,
                            i == 0 && !behind_prefix);
    if (text->joined.failed)
        return pith_no_memory(error, text->joined.size, 1);
    PITH_TRY(pith_reference_encode(run->tokenizer, buffer_text(&text->joined),
                                   0, &text->ids, error));
    if (text->start > text->ids.n)
        text->start = text->ids.n;
    return PITH_OK;
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
                                              run->chosen.items[0].text,
                                              &text->start, error));
        text->n_prefix_bytes = text->joined.size + 2;
    }
    return encode_joined(run, text, error);
}

/* The tokens' part of the result's detail. */
static enum pith_status detail_of_tokens(struct reference_run *run,
                                         const struct token_text *text,
                                         const struct pith_decisions *decisions,
                                         struct pith_error *error)
{
    struct pith_reference_stage stage = {.tokenizer = run->tokenizer,
                                         .prompt = run->prompt,
                                         .contexts = &run->chosen,
                                         .text = buffer_text(&text->joined),
                                         .begin = text->n_prefix_bytes,
                                         .ids = text->ids.data,
                                         .n_ids = text->ids.n,
                                         .start = text->start,
                                         .decisions = decisions};
    return pith_reference_detail_stage(&stage, run->result, error);
}

/* Without the token stage the chosen contexts stay as they are. */
static enum pith_status keep_whole(struct reference_run *run,
                                   struct pith_error *error)
{
    for (size_t i = 0; i < run->chosen.n; i++) {
        const struct pith_reference_context *context = &run->chosen.items[i];
        pith_reference_join(&run->text, context->text, i == 0);
        PITH_TRY(count_default(run, context->text,
                               &run->n_kept[context->index], error));
    }
    if (!run->options->detail)
        return PITH_OK;
    struct token_text text = {0};
    struct pith_decisions decisions = {0};
    enum pith_status status = PITH_OK;
    PITH_TRY_DONE(encode_joined(run, &text, error));
    PITH_TRY_DONE(pith_decisions_make(&decisions, text.ids.n, error));
    for (size_t i = 0; i < decisions.n; i++)
        decisions.of[i].kept = true;
    status = detail_of_tokens(run, &text, &decisions, error);
done:
    free_token_text(&text);
    pith_decisions_free(&decisions);
    return status;
}


/* Rates by segment for structured prompts, by context otherwise. */
static enum pith_status plan_rates(struct reference_run *run,
                                   const struct token_text *text,
                                   struct pith_rate_plan *plan,
                                   struct pith_error *error)
{
    if (!run->options->reference.structured)
        return lay_rates(run, plan, error);
    return pith_reference_segment_rates(
        run->tokenizer, &run->chosen, text->ids.data + text->start,
        text->ids.n - text->start, run->options->reference.iterative_size,
        plan, error);
}

/* A second cache, for the losses of the contexts alone. */
static enum pith_status open_second(const struct reference_run *run,
                                    struct pith_session **second,
                                    struct pith_error *error)
{
    struct pith_session_options options = {
        .sizeof_options = sizeof options,
        .n_threads = run->session->compute.n_threads,
        .n_ctx = run->session->n_ctx,
        .precision = pith_session_precision(run->session)};
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
    struct pith_decisions decisions = {0};
    bool detail = run->options->detail;
    enum pith_status status = PITH_OK;

    PITH_TRY_DONE(join_contexts(run, &text, error));
    PITH_TRY_DONE(plan_rates(run, &text, &plan, error));
    PITH_TRY_DONE(open_second(run, &second, error));
    if (detail)
        PITH_TRY_DONE(pith_decisions_make(&decisions, text.ids.n, error));
    struct pith_itpc_task task = {
        .ids = text.ids.data,
        .n_ids = text.ids.n,
        .plan = &plan,
        .window = run->options->reference.iterative_size,
        .keep_split = run->options->reference.keep_split,
        .start = text.start,
        .alone = second,
        .decisions = detail ? &decisions : NULL};
    PITH_TRY_DONE(pith_reference_itpc(run->session, &task, &kept,
                                      run->options->trace || detail
                                          ? run->result : NULL,
                                      error));
    for (size_t i = 0; detail && i < kept.n; i++)
        decisions.of[kept.origin[i]].kept = true;
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
    if (!out.failed)
        PITH_TRY(pith_reference_make_valid(&out, error));
    char *bytes;
    size_t size;
    PITH_TRY(pith_buffer_take(&out, &bytes, &size, error));
    run->result->text = (struct pith_text){bytes, size};
    struct pith_result *result = run->result;
    PITH_TRY(pith_reference_count(run->tokenizer, result->text, 0,
                                  &result->compressed_tokens, error));
    return pith_counter_replace(run->options->count_with, result->text,
                                &result->compressed_tokens,
                                &result->model_compressed_tokens, error);
}

/* The prompt as it was: parts and blank lines, the ends stripped. */
static enum pith_status count_origin(struct reference_run *run,
                                     struct pith_error *error)
{
    struct pith_buffer all = {0};
    pith_reference_join(&all, run->prompt->instruction, true);
    for (size_t i = 0; i < run->contexts.n; i++)
        pith_reference_join(&all, run->contexts.items[i].text, false);
    pith_reference_join(&all, run->prompt->question, false);
    struct pith_text text = pith_reference_strip(buffer_text(&all));
    struct pith_result *result = run->result;
    enum pith_status status =
        all.failed ? pith_no_memory(error, all.size, 1)
                   : pith_reference_count(run->tokenizer, text, 0,
                                          &result->origin_tokens, error);
    if (status == PITH_OK)
        status = pith_counter_replace(run->options->count_with, text,
                                      &result->origin_tokens,
                                      &result->model_origin_tokens, error);
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

/* Stages of the prompt's way, each timed. */
static enum pith_status prepare(struct reference_run *run,
                                struct pith_error *error)
{
    PITH_TRY(start_run(run, error));
    if (run->options->reference.structured)
        PITH_TRY(read_structure(run, error));
    PITH_TRY(set_target(run, error));
    return count_origin(run, error);
}

static enum pith_status filter(struct reference_run *run,
                               struct pith_error *error)
{
    PITH_TRY(choose_contexts(run, error));
    return choose_sentences(run, error);
}

static enum pith_status compress(struct reference_run *run,
                                 struct pith_error *error)
{
    return run->options->reference.use_token_level_filter
               ? compress_tokens(run, error)
               : keep_whole(run, error);
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
    double begun = pith_seconds();
    PITH_TRY_DONE(prepare(&run, error));
    double prepared = pith_seconds();
    PITH_TRY_DONE(filter(&run, error));
    double filtered = pith_seconds();
    PITH_TRY_DONE(compress(&run, error));
    PITH_TRY_DONE(write_text(&run, error));
    PITH_TRY_DONE(add_parts(&run, error));
    if (options->detail)
        PITH_TRY_DONE(pith_reference_detail_rest(
            run.tokenizer, prompt, options->reference.concate_question, result,
            error));
    result->timings.tokenize = prepared - begun;
    result->timings.rank = filtered - prepared;
    result->timings.compress = pith_seconds() - filtered;
done:
    free_run(&run);
    return status;
}
