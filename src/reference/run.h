/*
 * run.h - the stages of `reference` in their order, and what they
 * hand to one another.  pipeline.c calls them; reference.h has the parts
 * that they are made of.
 */
#ifndef PITH_REFERENCE_RUN_H
#define PITH_REFERENCE_RUN_H

#include "reference.h"

/* What the stages hand to one another. */
struct pith_reference_run {
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
    bool has_prefix;          /* the question is prepended to all */
    size_t *forced;           /* contexts that the coarse filter must keep */
    size_t n_forced;
    struct pith_selection selection;
    struct pith_reference_contexts chosen; /* after the filters; 1 or more */
    struct pith_buffer text;  /* what is left of the contexts */
};

/* --- options.c --------------------------------------------------- */

enum pith_status
pith_reference_check_options(const struct pith_compress_options *options,
                             struct pith_error *error);

/* How the question conditions ranking: longllmlingua silently puts it
 * after, llmlingua never uses it.  Sets query and has_prefix. */
enum pith_status pith_reference_set_query(struct pith_reference_run *run,
                                          struct pith_error *error);

/* --- target.c ---------------------------------------------------- */

/* Tokens of a text as the tokenizer counts it by default. */
enum pith_status
pith_reference_count_default(const struct pith_reference_run *run,
                             struct pith_text text, size_t *n,
                             struct pith_error *error);

/* Tokens of instruction, question and contexts; sets lengths. */
enum pith_status pith_reference_count_parts(struct pith_reference_run *run,
                                            size_t *n_instruction,
                                            size_t *n_question,
                                            size_t *n_contexts,
                                            struct pith_error *error);

/* Sets lengths and, where the user gave none, the target. */
enum pith_status pith_reference_set_target(struct pith_reference_run *run,
                                           struct pith_error *error);

/* --- tags.c ------------------------------------------------------ */

/* Reads the tags: contexts lose them and get segments; target and the rate of
 * segments that name none come from the contexts with their tags. */
enum pith_status pith_reference_read_tags(struct pith_reference_run *run,
                                          struct pith_error *error);

/* --- context_filter.c ---------------------------------------------------- */

/* The coarse filter.  Sets selection and chosen. */
enum pith_status pith_reference_choose_contexts(struct pith_reference_run *run,
                                                struct pith_error *error);

/* --- token_stage.c ---------------------------------------------------- */

/* Algorithm 2 over the chosen contexts as one text.  Sets text and n_kept. */
enum pith_status pith_reference_compress_tokens(struct pith_reference_run *run,
                                                struct pith_error *error);

/* Without the token stage the chosen contexts stay as they are.  Sets the
 * same. */
enum pith_status pith_reference_keep_whole(struct pith_reference_run *run,
                                           struct pith_error *error);

/* --- write.c ----------------------------------------------------- */

/* The result's text and its counts. */
enum pith_status pith_reference_write_text(struct pith_reference_run *run,
                                           struct pith_error *error);

/* The counts of the prompt as it was. */
enum pith_status pith_reference_count_origin(struct pith_reference_run *run,
                                             struct pith_error *error);

/* The result's parts: instruction, contexts, question. */
enum pith_status pith_reference_add_parts(struct pith_reference_run *run,
                                          struct pith_error *error);

#endif
