/*
 * tags.c - contexts with <llmlingua, rate=, compress=> tags: the
 * text between the tags, the rates of its segments, the target.  See
 * run.h; docs/ALGORITHM.md, "tags, lengths, target"; tagged.h for
 * the tags themselves, segment_rates.c for how the rates are applied.
 *
 * It answers to structured_compress_prompt() of the Python package.
 */

#include "../base/memory.h"
#include "run.h"

/* What a text becomes on its way through the tokenizer and back. */
static enum pith_status normalize(const struct pith_reference_run *run,
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

/* Where the text of the segments is in the context as it was given, once
 * `tagged` has been parsed into `parsed`. */
static enum pith_status note_origins(const struct pith_reference_run *run,
                                     struct pith_reference_context *context,
                                     const struct pith_tagged_text *parsed,
                                     struct pith_error *error)
{
    size_t n = 0, *origins, *decoded;
    if (!run->options->detail || context->index >= run->prompt->n_contexts)
        return PITH_OK;
    PITH_TRY(pith_reference_origins(context->text,
                                    run->prompt->contexts[context->index],
                                    &decoded, error));
    origins = pith_array(parsed->size, sizeof *origins);
    if (origins == NULL) {
        pith_free(decoded);
        return pith_no_memory(error, parsed->size, sizeof *origins);
    }
    for (size_t i = 0; i < parsed->n_segments; i++)
        for (size_t j = 0; j < parsed->segments[i].n_bytes; j++)
            origins[n++] = decoded[parsed->segments[i].offset + j];
    pith_free(decoded);
    context->owned_origins = origins;
    context->origins = origins;
    return PITH_OK;
}

enum pith_status pith_reference_read_tags(struct pith_reference_run *run,
                                          struct pith_error *error)
{
    size_t n_instruction, n_question, n_contexts, n_lost = 0;
    for (size_t i = 0; i < run->contexts.n; i++)
        PITH_TRY(normalize(run, &run->contexts.items[i], error));
    PITH_TRY(pith_reference_count_parts(run, &n_instruction, &n_question,
                                        &n_contexts, error));
    PITH_TRY(pith_structured_budget(n_instruction, n_question, n_contexts,
                                    run->options->concate_question,
                                    &run->rate, &run->target, error));
    for (size_t i = 0; i < run->contexts.n; i++) {
        struct pith_reference_context *context = &run->contexts.items[i];
        struct pith_tagged_text parsed;
        PITH_TRY(pith_tagged_parse(context->text, run->rate,
                                   PITH_TAGS_REFERENCE, &parsed, error));
        enum pith_status status =
            note_origins(run, context, &parsed, error);
        if (status != PITH_OK) {
            pith_tagged_free(&parsed);
            return status;
        }
        pith_free(context->owned);
        context->owned = parsed.text;
        context->text = (struct pith_text){parsed.text, parsed.size};
        context->segments = parsed.segments;
        context->n_segments = parsed.n_segments;
        n_lost += parsed.n_lost;
    }
    if (n_lost == 0)
        return PITH_OK;
    return pith_result_note(run->result, error,
                            "%zu byte%s of the contexts %s lost: the Python "
                            "package does not read %s as tagged text; method "
                            "paper keeps all.", n_lost, n_lost == 1 ? "" : "s",
                            n_lost == 1 ? "is" : "are",
                            n_lost == 1 ? "it" : "them");
}
