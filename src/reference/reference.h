/*
 * reference.h - the parts of `reference`, the decisions of
 * microsoft/LLMLingua.  docs/ALGORITHM.md, "The method `reference`", follows
 * them stage by stage and lists the quirks.
 *
 * run.h has the stages in their order:
 *
 * pipeline.c         the pipeline
 * options.c          what is asked for
 * target.c           lengths, and the tokens that contexts may keep
 * tags.c             contexts with tags: their text, rates, target
 * context_filter.c   the coarse filter
 * token_stage.c      the token stage, and the text it works on
 * write.c            the result
 *
 * Below is what they are made of:
 *
 * context.c          lists of contexts
 * rank.c             which context or sentence is how surprising
 * context_budget.c   the coarse filter's budget, orders and offsets
 * sentence_filter.c  the sentence filter
 * rates.c            rates laid over the windows of the token stage
 * segment_rates.c    the same for structured prompts
 * prefix.c           the question before the token stage
 * windows.c          windows, losses and thresholds of the token stage
 * text.c             from kept tokens to text
 * detail.c           what became of every token, when asked
 */
#ifndef PITH_REFERENCE_REFERENCE_H
#define PITH_REFERENCE_REFERENCE_H

#include "../base/buffer.h"
#include "../prompt/result.h"
#include "../prompt/detail.h"
#include "../prompt/tagged.h"

/* A context on its way through the stages. */
struct pith_reference_context {
    struct pith_text text; /* borrowed from the prompt or `owned` */
    char *owned;           /* NULL: borrowed */
    size_t index;          /* which context of the prompt */
    /* Structured prompts: the rates of its text, end to end; owned. */
    struct pith_segment *segments;
    size_t n_segments;
    /* Where each byte of text is in the prompt's context; NULL: in the
     * same place.  Known to the detail alone. */
    const size_t *origins;
    size_t *owned_origins; /* NULL: borrowed */
};

struct pith_reference_contexts {
    struct pith_reference_context *items;
    size_t n;
};

/* --- context.c --------------------------------------------------- */

/* n contexts without text.  Free with pith_reference_contexts_free. */
enum pith_status
pith_reference_contexts_make(struct pith_reference_contexts *contexts, size_t n,
                             struct pith_error *error);
void pith_reference_contexts_free(struct pith_reference_contexts *contexts);

/* A copy that borrows the text and has its own list of segments. */
enum pith_status
pith_reference_context_copy(const struct pith_reference_context *from,
                            struct pith_reference_context *to,
                            struct pith_error *error);

/* --- context_budget.c ---------------------------------------------------- */

/* target changed by arithmetic such as "+100", "*1.5" or "*2 + 100": numbers
 * after + - * /, with the usual precedence.  ARGUMENT for anything else. */
enum pith_status pith_reference_budget(const char *arithmetic, double target,
                                       double *changed,
                                       struct pith_error *error);

/* The contexts that the coarse filter leaves, in the order of the result. */
struct pith_selection {
    size_t *used;    /* which context; forced ones may be out of range */
    double *offsets; /* of the rate of each: "dynamic ratio" */
    size_t n;
};

/* *needs: whether the selection depends on the ranking. */
enum pith_status
pith_reference_needs_ranks(const size_t *lengths, size_t n, double target,
                           const struct pith_compress_options *options,
                           bool *needs, struct pith_error *error);

/* Takes contexts from the best rank down until the budget is overdrawn.
 *   ranks, lengths  (n)
 *   selection       handed over; free with pith_selection_free */
enum pith_status
pith_reference_select(const struct pith_rank *ranks, const size_t *lengths,
                      size_t n, double target,
                      const struct pith_compress_options *options,
                      struct pith_selection *selection,
                      struct pith_error *error);
void pith_selection_free(struct pith_selection *selection);

/* --- rank.c ------------------------------------------------------ */

struct pith_reference_query {
    enum pith_rank_method method;
    enum pith_condition condition; /* as settled for the method */
    struct pith_text question;
};

/* Ranks texts, the most useful first: by mean loss, high first without a
 * question and low first with one, or by BM25 (scores are 0 then).  A text
 * that has no loss scores NAN.
 *   ranks  (n) */
enum pith_status pith_reference_rank(struct pith_session *session,
                                     const struct pith_text *texts, size_t n,
                                     const struct pith_reference_query *query,
                                     struct pith_rank *ranks,
                                     struct pith_error *error);

/* Mean losses of texts, each alone, or of that part of it and the question
 * which is after the other.
 *   ranks  (n) filled by the call, in the order of the texts */
enum pith_status pith_reference_scores(struct pith_session *session,
                                       const struct pith_text *texts, size_t n,
                                       struct pith_text question,
                                       enum pith_condition condition,
                                       struct pith_rank *ranks,
                                       struct pith_error *error);

/* Losses of a text's tokens as they are when it is ranked alone; NAN for those
 * that have none.
 *   losses  (n) n tokens, without BOS */
enum pith_status pith_reference_losses(struct pith_session *session,
                                       struct pith_text text, float *losses,
                                       size_t n, struct pith_error *error);

/* Orders by key as a stable sort does; where a key is NAN, as Python's
 * sorted() happens to (keys below that compare with nothing). */
void pith_reference_sort(struct pith_rank *ranks, double *keys, size_t n);

/* --- sentence_filter.c -------------------------------------------------- */

/* Leaves the sentences of the contexts that rank best; contexts stay, though
 * with less text or none, and their segments are cut alike.
 *   result  takes the ranking when trace asks for it */
enum pith_status
pith_reference_sentences(struct pith_session *session,
                         struct pith_reference_contexts *contexts,
                         const struct pith_reference_query *query,
                         const struct pith_compress_options *options,
                         double target, struct pith_result *trace,
                         struct pith_error *error);

/* --- rates.c ----------------------------------------------------- */

/* A run of tokens with one rate.  A window consists of the pieces up to and
 * with the one that closes it. */
struct pith_rate_piece {
    size_t n_tokens;
    double rate;
    bool closes;
};

struct pith_rate_plan {
    struct pith_rate_piece *pieces;
    size_t n, capacity;
};

void pith_rate_plan_free(struct pith_rate_plan *plan);

/* Lays the rate of each of n contexts over windows.
 *   lengths  tokens of each context, counted alone and without BOS
 *   offsets  of the rate of each context */
enum pith_status pith_reference_rates(const size_t *lengths,
                                      const double *offsets, size_t n,
                                      double target, size_t window,
                                      struct pith_rate_plan *plan,
                                      struct pith_error *error);

enum pith_status pith_rate_plan_add(struct pith_rate_plan *plan,
                                    struct pith_rate_piece piece,
                                    struct pith_error *error);

/* --- segment_rates.c -------------------------------------------------- */

/* Lays the rates of the contexts' segments over the tokens of their text,
 * which are joined by blank lines.
 *   ids  (n) of the whole text, after any question in front */
enum pith_status
pith_reference_segment_rates(const struct pith_tokenizer *tokenizer,
                             const struct pith_reference_contexts *contexts,
                             const int32_t *ids, size_t n, size_t window,
                             struct pith_rate_plan *plan,
                             struct pith_error *error);

/* --- prefix.c ---------------------------------------------------- */

/* Appends what precedes the contexts when the question conditions
 * the token stage: question, with the instruction after it where asked,
 * shortened in its middle when it leaves too little room. */
enum pith_status
pith_reference_prefix(const struct pith_session *session,
                      const struct pith_prompt *prompt,
                      const struct pith_compress_options *options,
                      struct pith_buffer *prefix, struct pith_error *error);

/* Tokens of the prefix and its blank line before the first context. */
enum pith_status pith_reference_prefix_length(const struct pith_session *session,
                                              struct pith_text prefix,
                                              struct pith_text first_context,
                                              size_t *length,
                                              struct pith_error *error);

/* --- windows.c ------------------------------------------------------ */

/* The value that losses must exceed: the int(n rate)-th largest. */
float pith_reference_threshold(const float *losses, size_t n, double rate,
                               float *scratch);

struct pith_itpc_task {
    const int32_t *ids; /* (n_ids), without BOS */
    size_t n_ids;
    const struct pith_rate_plan *plan;
    size_t window; /* iterative_size */
    bool keep_split;
    /* The first `start` tokens are a question before the contexts: they
     * stay out of the result.  With a session for the contexts alone, the
     * difference of the losses decides, without one (NULL) the losses do. */
    size_t start;
    struct pith_session *alone;
    struct pith_decisions *decisions; /* borrowed, by token; or NULL */
};

struct pith_itpc_result {
    int32_t *ids;   /* (n) what is kept */
    size_t *origin; /* (n) its place in the task's ids, from start on */
    size_t n;
};

/* Thresholds are added to `trace` when it is not NULL. */
enum pith_status pith_reference_itpc(struct pith_session *session,
                                     const struct pith_itpc_task *task,
                                     struct pith_itpc_result *kept,
                                     struct pith_result *trace,
                                     struct pith_error *error);
void pith_itpc_result_free(struct pith_itpc_result *kept);

/* --- detail.c ---------------------------------------------------- */

/* Where each byte of a text is in the one that it was decoded from.
 *   origins  handed over, (made.size) */
enum pith_status pith_reference_origins(struct pith_text made,
                                        struct pith_text given,
                                        size_t **origins,
                                        struct pith_error *error);

/* What the token stage saw; all borrowed. */
struct pith_reference_stage {
    const struct pith_tokenizer *tokenizer;
    const struct pith_prompt *prompt;
    const struct pith_reference_contexts *contexts; /* in its order */
    struct pith_text text; /* the contexts joined, after any question */
    size_t begin;          /* of the contexts, in bytes */
    const int32_t *ids;    /* (n_ids) of the text */
    size_t n_ids, start;   /* start: of the contexts, in tokens */
    const struct pith_decisions *decisions;
};

/* Adds the units of the token stage to the result's detail. */
enum pith_status
pith_reference_detail_stage(const struct pith_reference_stage *stage,
                            struct pith_result *result,
                            struct pith_error *error);

/* Adds those of instruction and question and of what had been dropped before
 * the token stage, and the spans; the result has its parts by then.
 *   ranker  scores whole contexts that were dropped by their losses; NULL:
 *           they were not */
enum pith_status
pith_reference_detail_rest(const struct pith_tokenizer *tokenizer,
                           struct pith_session *ranker,
                           const struct pith_prompt *prompt,
                           bool keep_question, struct pith_result *result,
                           struct pith_error *error);

/* --- text.c ------------------------------------------------------ */

/* Appends what transformers' decode() gives for ids: U+FFFD for broken
 * characters, spaces cleaned up where the vocabulary asks for it. */
enum pith_status pith_reference_decode(const struct pith_tokenizer *tokenizer,
                                       const int32_t *ids, size_t n,
                                       struct pith_buffer *out,
                                       struct pith_error *error);

/* Characters (code points) of a text. */
size_t pith_reference_length(struct pith_text text);

/* Token ids of a text; appends.  flags: enum pith_tokenize_flags. */
enum pith_status pith_reference_encode(const struct pith_tokenizer *tokenizer,
                                       struct pith_text text, int flags,
                                       struct pith_ids *ids,
                                       struct pith_error *error);
enum pith_status pith_reference_count(const struct pith_tokenizer *tokenizer,
                                      struct pith_text text, int flags,
                                      size_t *n, struct pith_error *error);

/* Appends a text, after a blank line when it is not the first. */
void pith_reference_join(struct pith_buffer *out, struct pith_text text,
                         bool first);

/* Python's reading of a slice bound: negative ones count from the end, and
 * all are brought into the array. */
size_t pith_slice_bound(ptrdiff_t bound, size_t n);

/* Replaces broken characters by U+FFFD. */
enum pith_status pith_reference_make_valid(struct pith_buffer *text,
                                           struct pith_error *error);

/* Replaces every occurrence of a string, from left to right. */
enum pith_status pith_reference_replace(struct pith_buffer *text,
                                        const char *from, const char *to,
                                        struct pith_error *error);

/* The text without what Python's str.strip() takes off its ends. */
struct pith_text pith_reference_strip(struct pith_text text);

#endif
