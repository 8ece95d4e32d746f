/*
 * write.c - the result: the text put together again, and the counts
 * of it, of the prompt and of each part.  See run.h;
 * docs/ALGORITHM.md, "result"; text.c makes text of tokens.
 *
 * It answers to the end of compress_prompt() of the Python package.
 */
#include "../prompt/counter.h"
#include "../prompt/trace.h"
#include "run.h"

/* Instruction, what is left of the contexts, question: those that are there,
 * a blank line between them. */
enum pith_status pith_reference_write_text(struct pith_reference_run *run,
                                           struct pith_error *error)
{
    struct pith_buffer out = {0};
    const struct pith_prompt *prompt = run->prompt;
    struct pith_text middle = pith_buffer_text(&run->text);
    struct pith_result *result = run->result;
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
    if (prompt->question.size > 0 && run->options->concate_question)
        pith_reference_join(&out, prompt->question, first);
    enum pith_status status = PITH_OK;
    if (!out.failed)
        status = pith_reference_make_valid(&out, error);
    char *bytes = NULL;
    size_t size = 0;
    if (status == PITH_OK)
        status = pith_buffer_take(&out, &bytes, &size, error);
    pith_buffer_free(&out);
    PITH_TRY(status);
    result->text = (struct pith_text){bytes, size};
    PITH_TRY(pith_reference_count(run->tokenizer, result->text, 0,
                                  &result->compressed_tokens, error));
    return pith_counter_replace(run->options->count_with, result->text,
                                &result->compressed_tokens,
                                &result->model_compressed_tokens, error);
}

/* The prompt as it was: parts and blank lines, the ends stripped. */
enum pith_status pith_reference_count_origin(struct pith_reference_run *run,
                                             struct pith_error *error)
{
    struct pith_buffer all = {0};
    pith_reference_join(&all, run->prompt->instruction, true);
    for (size_t i = 0; i < run->contexts.n; i++)
        pith_reference_join(&all, run->contexts.items[i].text, false);
    pith_reference_join(&all, run->prompt->question, false);
    struct pith_text text = pith_reference_strip(pith_buffer_text(&all));
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

enum pith_status pith_reference_add_parts(struct pith_reference_run *run,
                                          struct pith_error *error)
{
    const struct pith_prompt *prompt = run->prompt;
    bool with_question = run->options->concate_question;
    struct pith_part_result part = {.kind = PITH_PART_INSTRUCTION};
    if (prompt->instruction.size > 0) {
        PITH_TRY(pith_reference_count(run->tokenizer, prompt->instruction, 0,
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
        PITH_TRY(pith_reference_count(run->tokenizer, prompt->question, 0,
                                      &part.n_tokens, error));
        part.n_kept = with_question ? part.n_tokens : 0;
        PITH_TRY(pith_result_add_part(run->result, &part, error));
    }
    return PITH_OK;
}
