/*
 * pipeline.c - the pipeline of `reference`: target, coarse filter, sentence
 * filter, token stage, text.  Each stage has its own file; see
 * reference.h.
 *
 * It answers to compress_prompt() of the Python package.
 */

#include "../base/clock.h"
#include "../base/memory.h"
#include "../model/extend.h"
#include "../prompt/method.h"
#include "run.h"

static enum pith_status start_run(struct pith_reference_run *run,
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
    return pith_reference_set_query(run, error);
}

static void free_run(struct pith_reference_run *run)
{
    pith_reference_contexts_free(&run->contexts);
    pith_free(run->lengths);
    pith_free(run->perplexities);
    pith_free(run->n_kept);
    pith_free(run->forced);
    pith_selection_free(&run->selection);
    pith_reference_contexts_free(&run->chosen);
    pith_buffer_free(&run->text);
}

static enum pith_status choose_sentences(struct pith_reference_run *run,
                                         struct pith_error *error)
{
    if (!run->options->use_sentence_level_filter)
        return PITH_OK;
    return pith_reference_sentences(
        run->session, &run->chosen, &run->query, run->options,
        run->target, run->options->trace ? run->result : NULL, error);
}

/* Stages of the prompt's way, each timed. */
static enum pith_status prepare(struct pith_reference_run *run,
                                struct pith_error *error)
{
    PITH_TRY(start_run(run, error));
    if (run->options->structured)
        PITH_TRY(pith_reference_read_tags(run, error));
    PITH_TRY(pith_reference_set_target(run, error));
    return pith_reference_count_origin(run, error);
}

static enum pith_status filter(struct pith_reference_run *run,
                               struct pith_error *error)
{
    PITH_TRY(pith_reference_choose_contexts(run, error));
    return choose_sentences(run, error);
}

/* What scored the contexts by their own losses, without tags, where the token
 * stage goes by losses too; NULL: nothing did. */
static struct pith_session *ranker(const struct pith_reference_run *run)
{
    const struct pith_compress_options *options = run->options;
    bool ranked = run->contexts.n > 1 && options->use_context_level_filter &&
                  run->query.method == PITH_RANK_LLMLINGUA;
    return ranked && !run->options->structured && !options->condition_compare
               ? run->session : NULL;
}

static enum pith_status drop_tokens(struct pith_reference_run *run,
                                    struct pith_error *error)
{
    return run->options->use_token_level_filter
               ? pith_reference_compress_tokens(run, error)
               : pith_reference_keep_whole(run, error);
}

/* In float32: its decisions are there to be compared. */
enum pith_status
pith_compress_reference(struct pith_session *session,
                        const struct pith_prompt *prompt,
                        const struct pith_compress_options *given,
                        struct pith_result **result, struct pith_error *error)
{
    enum pith_status status;
    struct pith_call call;
    PITH_TRY(pith_call_begin(&call, session, prompt, given, result, error));
    call.result->precision =
        pith_precision_get_name(pith_session_exact(session));
    const struct pith_compress_options *options = &call.options;
    struct pith_timings *timings = &call.result->timings;
    struct pith_reference_run run = {.session = session,
                                     .tokenizer =
                                         pith_session_tokenizer(session),
                                     .prompt = prompt,
                                     .options = options,
                                     .result = call.result};
    PITH_TRY_DONE(pith_reference_check_options(options, error));
    double begun = pith_seconds();
    PITH_TRY_DONE(prepare(&run, error));
    double prepared = pith_seconds();
    PITH_TRY_DONE(filter(&run, error));
    double filtered = pith_seconds();
    PITH_TRY_DONE(drop_tokens(&run, error));
    PITH_TRY_DONE(pith_reference_write_text(&run, error));
    PITH_TRY_DONE(pith_reference_add_parts(&run, error));
    if (options->detail)
        PITH_TRY_DONE(pith_reference_detail_rest(
            run.tokenizer, ranker(&run), prompt,
            options->concate_question, call.result, error));
    timings->tokenize = prepared - begun;
    timings->rank = filtered - prepared;
    timings->compress = pith_seconds() - filtered;
done:
    free_run(&run);
    return pith_call_end(&call, status, result);
}
