/*
 * pith_eval.h - measuring what compression costs: data sets, simpler methods
 * to compare with, metrics of answers, and measures that need no target
 * model.  docs/EVALUATION.md explains each.
 *
 * The rules of pith.h hold here too, but that NULL which may not be is not
 * looked for.
 */
#ifndef PITH_EVAL_H
#define PITH_EVAL_H

#include "pith.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --------------------------------------------------------------------------
 * Data sets
 * ------------------------------------------------------------------------ */

enum pith_task {
    PITH_TASK_GSM8K = 0,
    PITH_TASK_BBH = 1,
    PITH_TASK_CHAT = 2,
    PITH_TASK_DOCUMENTS = 3,
    PITH_TASK_QA = 4,
    PITH_TASK_CONTINUE = 5
};

/* "gsm8k", "bbh", "chat", "documents", "qa", "continue". */
PITH_API
const char *pith_task_name(enum pith_task task);

/* A question with the prompt that leads to it; all borrowed from its set.
 * Cases of one group have the same instruction and contexts, side by side. */
struct pith_case {
    const char *id; /* "NAME-12", unique in a set of files of different names:
                       gsm8k's prompts, of others the file */
    enum pith_task task;
    size_t group;
    struct pith_prompt prompt;
    struct pith_text reference; /* what the data set gives as the answer; may
                                   be empty where it gives none; qa: all that
                                   are right, a line each */
    struct pith_text answer;    /* the same as a text that continues after the
                                   prompt */
};

struct pith_cases; /* a set of them */

/*   path     one file of the data set
 *     gsm8k      test.jsonl: {"question", "answer"}
 *     bbh        TASK.json: {"examples": [{"input", "target"}]}
 *     chat       JSONL of {"messages": [{"role", "content"}]}, of ShareGPT's
 *                {"conversations": [{"from", "value"}]} or of MT-Bench's
 *                {"question_id", "turns"}; earlier turns are the contexts
 *     documents  JSONL of {"document", "summary"}, or MiniLongBench's
 *                {"0": {"origin_prompt", "gold"}}; paragraphs are contexts
 *     qa         JSONL of {"question", "answers", "passages"}, NQ-open's
 *                {"question", "answers", "ctxs": [{"title", "text"}]}, or
 *                MiniLongBench's hotpotqa, musique, 2wikimqa and qasper;
 *                passages are contexts.  Where all questions of a file have one
 *                passage, those of the next three join it.
 *     continue   JSONL of {"text"} or {"document"}, or MiniLongBench's; the
 *                text is the context
 *   prompts  what precedes its questions
 *     gsm8k      demonstrations with a blank line between them
 *     bbh        the task's chain-of-thought prompt
 *     chat       MT-Bench: reference answers; else NULL
 *     the others NULL
 *   cases    the set that the file's cases are added to; NULL begins one;
 *            handed over, free with pith_cases_free.  Unchanged on failure.
 * Errors: IO, FORMAT (file and line), MEMORY, ARGUMENT (prompts missing). */
PITH_API
enum pith_status pith_cases_load(struct pith_cases **cases,
                                 enum pith_task task, const char *path,
                                 const char *prompts,
                                 struct pith_error *error);
PITH_API
void pith_cases_free(struct pith_cases *cases);

PITH_API
size_t pith_cases_count(const struct pith_cases *cases);
PITH_API
const struct pith_case *pith_cases_get(const struct pith_cases *cases,
                                       size_t index);

/* --------------------------------------------------------------------------
 * Simpler methods to compare with
 * ------------------------------------------------------------------------ */

enum pith_baseline {
    PITH_BASELINE_TRUNCATION = 0, /* the first tokens */
    PITH_BASELINE_RANDOM = 1,     /* tokens at random */
    PITH_BASELINE_SENTENCES = 2,  /* sentences of high perplexity, each read
                                     alone */
    /* Selective Context (Li et al., 2023): what carries most information,
     * read in one pass over the prompt. */
    PITH_BASELINE_SELECTIVE_TOKENS = 3,
    PITH_BASELINE_SELECTIVE_SENTENCES = 4,
    PITH_BASELINE_STOP_WORDS = 5 /* all but the words that any English text is
                                    full of, whatever the target */
};

struct pith_baseline_result {
    struct pith_text text;  /* owned, valid UTF-8; pith_free the bytes */
    size_t origin_tokens, compressed_tokens; /* of the session's model */
};

/* The n_tokens of a prompt that a simpler method keeps, in their order; the
 * last sentence that is kept may be cut to that end.
 *   seed    of PITH_BASELINE_RANDOM
 *   result  filled by the call
 * Errors: MEMORY, CANCELLED. */
PITH_API
enum pith_status pith_baseline_compress(struct pith_session *session,
                                        const struct pith_prompt *prompt,
                                        enum pith_baseline baseline,
                                        size_t n_tokens, uint64_t seed,
                                        struct pith_baseline_result *result,
                                        struct pith_error *error);

/* The methods of an evaluation: "full", "zero-shot", the baselines above,
 * "reference", "paper" and "paper-no-..." for the paper less one step, "spans"
 * and "spans-no-question".
 * NULL past the last. */
PITH_API
const char *pith_eval_method(size_t index);

/* "reference", "paper", "spans" and those made from them take options after
 * their name, "paper+units=token+protect=numbers": every option of
 * pith_compress_option that its method has, except for the method and how much
 * stays.  Lists grow with each mention, flags need no value.  "+question" lets
 * the method see the question, which `question_aware` does too; it is not part
 * of what is left. */
struct pith_eval_traits {
    bool sees_question;
    bool draws;          /* its result depends on the seed */
    bool ignores_budget; /* and not on the budget */
};

/* What a method is like.
 *   traits  filled by the call
 * Errors: ARGUMENT (no such method or option, a value out of range). */
PITH_API
enum pith_status pith_eval_look_up(const char *method,
                                   struct pith_eval_traits *traits,
                                   struct pith_error *error);

/* Compresses by a method's name.  "reference" misses its budget by some
 * tokens; the target that comes closest is found by search.
 *   n_tokens  of what is left, without the question of methods that see it
 * Errors: as pith_eval_look_up and pith_compress. */
PITH_API
enum pith_status pith_eval_compress(struct pith_session *session,
                                    const struct pith_prompt *prompt,
                                    const char *method, size_t n_tokens,
                                    uint64_t seed,
                                    struct pith_baseline_result *result,
                                    struct pith_error *error);

/* --------------------------------------------------------------------------
 * Measures that need no target model
 * ------------------------------------------------------------------------ */

/* A sum of losses in nats; perplexity is exp(sum / n_tokens). */
struct pith_likelihood {
    double sum;
    size_t n_tokens;
};

/* A text that others are scored after, read once. */
struct pith_premise;

/* Reads a text into the session, which serves nothing else until the
 * premise is freed.
 *   room     tokens that must fit after it in the session's context; of a
 *            text that leaves too little, the last tokens are read
 *   premise  handed over; free with pith_premise_free
 * Errors: ARGUMENT (room is larger than the context), MEMORY. */
PITH_API
enum pith_status pith_premise_create(struct pith_session *session,
                                     struct pith_text text, size_t room,
                                     struct pith_premise **premise,
                                     struct pith_error *error);
PITH_API
void pith_premise_free(struct pith_premise *premise);

/* Tokens at the start of the text that were left out. */
PITH_API
size_t pith_premise_dropped(const struct pith_premise *premise);

/* How likely an answer is after premise and question.  Tokens of all three
 * are those of each alone.
 * Errors: ARGUMENT (longer than the room), MEMORY. */
PITH_API
enum pith_status pith_premise_score(struct pith_premise *premise,
                                    struct pith_text question,
                                    struct pith_text answer,
                                    struct pith_likelihood *likelihood,
                                    struct pith_error *error);

/* How likely the original is after the compressed text and a blank line:
 * what of it the model can tell from there.  Of a compressed text longer than
 * half the context, the last tokens are read; the original slides. */
PITH_API
enum pith_status pith_reconstruction(struct pith_session *session,
                                     struct pith_text compressed,
                                     struct pith_text original,
                                     struct pith_likelihood *likelihood,
                                     struct pith_error *error);

enum pith_recall_kind {
    PITH_RECALL_NUMBERS = 0, /* runs of digits, points and commas in them */
    PITH_RECALL_NAMES = 1    /* words with a capital that do not start a
                                sentence or a line */
};

struct pith_recall {
    size_t found, all; /* different ones of the original */
};

/* Which of the original's numbers or names the compressed text has, whole.
 * Errors: MEMORY. */
PITH_API
enum pith_status pith_recall_count(struct pith_recall *recall,
                                   enum pith_recall_kind kind,
                                   struct pith_text compressed,
                                   struct pith_text original,
                                   struct pith_error *error);

/* What compression keeps of a prompt's facts, and what it makes of them. */
struct pith_facts {
    struct pith_recall numbers, names; /* as above */
    struct pith_recall negations; /* each time that one is there */
    struct pith_recall false_numbers; /* found: different numbers of the
                          compressed text that the original lacks; all: its
                          numbers */
    struct pith_recall bare; /* found: words that have lost the negation in
                          front of them; all: denied words of the original */
};

/* Spelling alone decides; negations are those of PITH_PROTECT_NEGATIONS.
 * Errors: MEMORY. */
PITH_API
enum pith_status pith_facts_count(struct pith_facts *facts,
                                  struct pith_text compressed,
                                  struct pith_text original,
                                  struct pith_error *error);

/* Whether one of the answers, a line each, is in a text: its words in a
 * row, without letter case, punctuation and articles. */
PITH_API
bool pith_answer_stands(struct pith_text text, struct pith_text answers);

/* Which steps of the original's chains of thought another text has: a
 * response that restores them, or what compression has left.  Steps are the
 * lines after one that says "step by step", up to the next question
 * ("Question:", "Q:").  A step is found when one line of the text has all its
 * numbers and at least half of its words, in their order.
 * Errors: MEMORY. */
PITH_API
enum pith_status pith_steps_count(struct pith_recall *steps,
                                  struct pith_text text,
                                  struct pith_text original,
                                  struct pith_error *error);

/* What compression costs the cases of one group, without a target model. */
struct pith_measure_options {
    size_t sizeof_options;
    const char *method; /* a name from pith_eval_method; NULL: "paper" */
    double ratio;       /* tokens before / after, at least 1 */
    uint64_t seed;      /* of methods that draw */
    size_t max_cases;   /* of the group, evenly spread; 0: all */
    bool reconstruction; /* measure that too: costs the most */
    struct pith_session *judge; /* borrowed; finds answers and originals
                                   likely or not; NULL: the session that
                                   compresses */
};

/* Compresses the instruction and contexts of the group of a case, not the
 * question, and measures what is left.
 *   index  of the group's first case
 *   json   handed over, one line, NUL-terminated; free with pith_free:
 *          {"key", "method", "ratio", "origin_tokens",
 *          "compressed_tokens", "numbers": [found, all], "names": [found,
 *          all], "steps": [found, found after pith_recover of each line,
 *          all], "reconstruction": [sum, tokens] or null, "dropped",
 *          "answers": [[id, sum, tokens], ...], "compressed"}
 * Errors: ARGUMENT, MEMORY, CANCELLED. */
PITH_API
enum pith_status pith_measure_group(struct pith_session *session,
                                    const struct pith_cases *cases,
                                    size_t index,
                                    const struct pith_measure_options *options,
                                    char **json, struct pith_error *error);

/* The member "key" of that line: what it measures, by names and numbers.
 *   key  handed over, NUL-terminated; free with pith_free */
PITH_API
enum pith_status pith_measure_key(const struct pith_cases *cases, size_t index,
                                  const struct pith_measure_options *options,
                                  char **key, struct pith_error *error);

/* --------------------------------------------------------------------------
 * BLEU and ROUGE
 * ------------------------------------------------------------------------ */

enum { PITH_BLEU_ORDER = 4 };

/* Counts over a corpus, from which its BLEU follows; {0} is an empty one. */
struct pith_bleu {
    uint64_t matches[PITH_BLEU_ORDER]; /* n-grams that the reference has too */
    uint64_t ngrams[PITH_BLEU_ORDER];  /* of the hypotheses */
    uint64_t n_hypothesis, n_reference; /* words */
};

/* Adds one pair; unchanged on failure (MEMORY). */
PITH_API
enum pith_status pith_bleu_add(struct pith_bleu *bleu,
                               struct pith_text hypothesis,
                               struct pith_text reference,
                               struct pith_error *error);

/* 0 to 100.  of_sentence: orders that the hypotheses are too short for are
 * left out rather than making it 0 (sacrebleu's effective_order). */
PITH_API
double pith_bleu_score(const struct pith_bleu *bleu, bool is_sentence);

struct pith_rouge {
    double precision, recall, f1; /* 0 to 1 */
};

struct pith_rouge_scores {
    struct pith_rouge rouge1, rouge2, rougeL;
};

/* Errors: MEMORY. */
PITH_API
enum pith_status pith_rouge_score(struct pith_rouge_scores *scores,
                                  struct pith_text hypothesis,
                                  struct pith_text reference,
                                  struct pith_error *error);

/* A line {"hypothesis", "reference"} as {"bleu", "rouge1", "rouge2",
 * "rougeL"}: BLEU of the sentence, and [precision, recall, F1] of each ROUGE.
 *   bleu  the line is added to it
 *   json  handed over, one line, NUL-terminated; free with pith_free
 * Errors: FORMAT (name and what was expected), MEMORY. */
PITH_API
enum pith_status pith_metrics_json(struct pith_text line, const char *name,
                                   struct pith_bleu *bleu, char **json,
                                   struct pith_error *error);

/* --------------------------------------------------------------------------
 * Answers
 * ------------------------------------------------------------------------ */

enum pith_answer_rule {
    /* GSM8K's own: the number after "#### ", without its commas. */
    PITH_ANSWER_GSM8K = 0,
    /* Chain-of-Thought Hub's, which the paper's protocol uses: the last run
     * of digits (with at most one period in it) up to the end of the first
     * line that says "answer is", or of the text without such a line.  It has
     * no sign, and a comma ends it. */
    PITH_ANSWER_HUB = 1,
    /* Ours: the last number of the same lines, with sign, thousands commas
     * and decimals. */
    PITH_ANSWER_NUMBER = 2,
    /* BBH's of Chain-of-Thought Hub: what follows the last "answer
     * is ", a final period left out; of a multiple choice the letter. */
    PITH_ANSWER_BBH = 3,
    /* Of the task qa: one of the answers is in the text. */
    PITH_ANSWER_QA = 4
};

/* The answer that a text gives, a part of it and borrowed; size 0 when there
 * is none.  PITH_ANSWER_GSM8K and _NUMBER may have commas in it: compare with
 * pith_answer_matches. */
PITH_API
struct pith_text pith_answer_extract(struct pith_text text,
                                     enum pith_answer_rule rule);

/* Whether the answers of both texts are the same under a rule; no answer is
 * never right.  reference: with PITH_ANSWER_GSM8K and _NUMBER a solution of
 * GSM8K, with PITH_ANSWER_HUB likewise (its last number), with
 * PITH_ANSWER_BBH the bare target, with PITH_ANSWER_QA answers, a line
 * each. */
PITH_API
bool pith_answer_matches(struct pith_text response, struct pith_text reference,
                         enum pith_answer_rule rule);

/* --------------------------------------------------------------------------
 * Asking a target model
 * ------------------------------------------------------------------------ */

enum pith_asking {
    PITH_ASK_ANSWERS = 0, /* each question after the compressed prompt */
    PITH_ASK_RESTORE = 1  /* the original prompt, once for each compressed
                             one: the recovery experiment of the paper */
};

struct pith_prepare_options {
    size_t sizeof_options;
    enum pith_asking ask;
    const char *target_model; /* as its server knows it */
    const char *method;       /* a name from pith_eval_method; NULL:
                                 "paper" */
    double ratio;     /* tokens before / after, at least 1; 0: by shots */
    double shots;     /* as many tokens as that many demonstrations
                         (contexts) of average length */
    uint64_t seed;    /* of methods that draw */
    size_t max_cases; /* of the group, evenly spread; 0: all */
    const char *system; /* a system message in front; NULL: the task's own
                           where it has one; "": none */
    size_t max_tokens;  /* of an answer; 0: the task's own */
    const struct pith_counter *count_with; /* counts tokens of the target
                                              model; NULL: no one does */
};

/* Compresses the instruction and contexts of the group of a case, and asks
 * its questions after what is left.
 *   index     of the group's first case
 *   requests  handed over, lines of a batch file for OpenAI-compatible
 *             servers, NUL-terminated; free with pith_free
 *   keys      handed over likewise, a line for each request:
 *             {"custom_id", "task", "case", "ask", "method", "ratio", "shots",
 *             "origin_tokens", "compressed_tokens", "prompt_tokens",
 *             "full_prompt_tokens", "reference"}; the last but one and two
 *             are of the target model and null without count_with
 * Errors: ARGUMENT, MEMORY, CANCELLED. */
PITH_API
enum pith_status pith_prepare_group(struct pith_session *session,
                                    const struct pith_cases *cases,
                                    size_t index,
                                    const struct pith_prepare_options *options,
                                    char **requests, char **keys,
                                    struct pith_error *error);

/* A batch file and which of its requests have been answered. */
struct pith_requests;

/*   batch     JSONL of {"custom_id", "body", ...}; copied
 *   name      of it, for errors
 *   requests  handed over; free with pith_requests_free
 * Errors: FORMAT (NAME:LINE), MEMORY. */
PITH_API
enum pith_status pith_requests_load(struct pith_requests **requests,
                                    struct pith_text batch, const char *name,
                                    struct pith_error *error);
PITH_API
void pith_requests_free(struct pith_requests *requests);

PITH_API
size_t pith_requests_count(const struct pith_requests *requests);
/* Borrowed; the body is JSON on one line. */
PITH_API
struct pith_text pith_requests_id(const struct pith_requests *requests,
                                  size_t index);
PITH_API
struct pith_text pith_requests_body(const struct pith_requests *requests,
                                    size_t index);
PITH_API
bool pith_requests_is_done(const struct pith_requests *requests, size_t index);
/* Whether lines that were read have it without settling it. */
PITH_API
bool pith_requests_has_failed(const struct pith_requests *requests,
                              size_t index);
/* The request with this id; pith_requests_count when there is none. */
PITH_API
size_t pith_requests_find(const struct pith_requests *requests,
                          struct pith_text id);

/* Marks as done what these lines settle, as pith_requests_take_reply does;
 * unknown ids are passed over.
 * Errors: FORMAT (NAME:LINE: no JSON), MEMORY. */
PITH_API
enum pith_status pith_requests_read_answers(struct pith_requests *requests,
                                            struct pith_text answers,
                                            const char *name,
                                            struct pith_error *error);

/* What a reply is to its request. */
enum pith_verdict {
    PITH_REPLY_ANSWERED = 0,
    PITH_REPLY_NO_ANSWER = 1, /* and another try would give none: a refusal, a
                                 content filter, an error 400, ... */
    PITH_REPLY_TRY_AGAIN = 2, /* an error that may pass */
    PITH_REPLY_LEAVE = 3,     /* an error 403: of this request or of all */
    PITH_REPLY_STOP = 4       /* no request would do better: a wrong key or
                                 address, no credit */
};

struct pith_reply {
    enum pith_verdict verdict;
    const char *name;      /* "answer", "refusal", "server_error", ...; static */
    struct pith_error why; /* the detail: "HTTP 503: ..." */
    bool is_cut;           /* an answer that ended at max_tokens */
    bool had_thought;      /* reasoning before the answer does not count */
    char *line; /* for a file of answers, NUL-terminated, without a line feed;
                   free with pith_free */
};

/* What a server has sent for a request; a request that is answered, or that
 * will not be, is done.
 *   status  of HTTP
 *   body    as it came
 *   reply   filled by the call; its line is handed over
 * Errors: MEMORY. */
PITH_API
enum pith_status pith_requests_take_reply(struct pith_requests *requests,
                                          size_t index, int status,
                                          struct pith_text body,
                                          struct pith_reply *reply,
                                          struct pith_error *error);

struct pith_score_options {
    size_t sizeof_options;
    enum pith_answer_rule rule; /* of GSM8K: PITH_ANSWER_HUB or _NUMBER */
    double price_in, price_out; /* of a million tokens */
    void (*complain)(void *user, const char *detail); /* a line that does not
                          count, "NAME:LINE: ..."; NULL: not reported */
    void *user;
};

/* Requests without an answer, by why: "refusal", "server_error", ... as in
 * struct pith_reply, or "no_reply". */
enum { PITH_UNANSWERED_KINDS = 11 };

struct pith_unanswered {
    const char *name; /* static */
    size_t n;         /* at least 1 */
};

/* What one method made of one task at one budget. */
struct pith_score_row {
    const char *task, *ask, *method; /* borrowed from the scores */
    double ratio_asked, shots;       /* 0: the other one was asked */
    size_t n;          /* requests */
    size_t n_answered; /* the others count nowhere, not as wrong either */
    size_t n_cut;      /* answers that ended at max_tokens */
    size_t n_thoughts; /* answers after reasoning, which is left out */
    struct pith_unanswered unanswered[PITH_UNANSWERED_KINDS];
    size_t n_unanswered_kinds;
    /* Tasks with right answers: the share of these among the answers, of BBH
     * the mean over its tasks, and a 95% interval.  NAN for others, and
     * without answers. */
    double exact, low, high;
    /* Means over answers that have a reference; NAN for the tasks above. */
    double bleu, rouge1, rouge2, rougeL;
    struct pith_recall steps; /* that were restored */
    double origin_tokens, compressed_tokens; /* of the model that compressed,
                                                means */
    double prompt_tokens;     /* means: as the server counted, else as
                                 count_with did, else NAN */
    double full_prompt_tokens, completion_tokens;
    double cost; /* of all answers; NAN without token counts */
};

struct pith_scores {
    struct pith_score_row *rows; /* in the order of the keys */
    size_t n_rows;
    size_t n_unknown, n_duplicate; /* lines of answers */
    char *pairs; /* JSONL of {"custom_id", "hypothesis", "reference"}, for
                    BERTScore and pith eval metrics */
    size_t n_pairs_bytes;
    struct pith_score_data *data; /* ours */
};

/* Reads the answers back.
 *   keys     of pith_prepare_group, all lines
 *   answers  as servers write them or pith eval run does
 *   scores   filled by the call; release with pith_scores_free
 * Errors: FORMAT (keys, or answers that are not JSON), MEMORY. */
PITH_API
enum pith_status pith_scores_create(struct pith_scores *scores,
                                    struct pith_text keys,
                                    const char *keys_name,
                                    struct pith_text answers,
                                    const char *answers_name,
                                    const struct pith_score_options *options,
                                    struct pith_error *error);
PITH_API
void pith_scores_free(struct pith_scores *scores);

#ifdef __cplusplus
}
#endif
#endif
