/*
 * pith_eval.h - measuring what compression costs: metrics of answers against
 * references.
 *
 * The rules of pith.h hold here too.
 */
#ifndef PITH_EVAL_H
#define PITH_EVAL_H

#include "pith.h"

#ifdef __cplusplus
extern "C" {
#endif

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
enum pith_status pith_bleu_add(struct pith_bleu *bleu,
                               struct pith_text hypothesis,
                               struct pith_text reference,
                               struct pith_error *error);

/* 0 to 100.  of_sentence: orders that the hypotheses are too short for are
 * left out rather than making it 0 (sacrebleu's effective_order). */
double pith_bleu_score(const struct pith_bleu *bleu, bool of_sentence);

struct pith_rouge {
    double precision, recall, f1; /* 0 to 1 */
};

struct pith_rouge_scores {
    struct pith_rouge rouge1, rouge2, rougeL;
};

/* Errors: MEMORY. */
enum pith_status pith_rouge_score(struct pith_rouge_scores *scores,
                                  struct pith_text hypothesis,
                                  struct pith_text reference,
                                  struct pith_error *error);

/* --------------------------------------------------------------------------
 * Answers
 * ------------------------------------------------------------------------ */

enum pith_answer_rule {
    /* GSM8K's own: the number behind "#### ", without its commas. */
    PITH_ANSWER_GSM8K = 0,
    /* Chain-of-Thought Hub's, which the paper's protocol uses: the last run
     * of digits (with at most one period in it) up to the end of the first
     * line that says "answer is"; of the whole text when none does.  It has
     * no sign, and a comma ends it. */
    PITH_ANSWER_HUB = 1,
    /* Ours: the last number of the same lines, with sign, thousands commas
     * and decimals. */
    PITH_ANSWER_NUMBER = 2,
    /* BBH's of Chain-of-Thought Hub: what stands behind the last "answer
     * is ", a final period left out; of a multiple choice the letter. */
    PITH_ANSWER_BBH = 3
};

/* The answer that a text gives, a part of it and borrowed; size 0 when there
 * is none.  PITH_ANSWER_GSM8K and _NUMBER may have commas in it: compare with
 * pith_answer_matches. */
struct pith_text pith_answer_extract(struct pith_text text,
                                     enum pith_answer_rule rule);

/* Whether the answers of both texts are the same under a rule; no answer is
 * never right.  reference: with PITH_ANSWER_GSM8K and _NUMBER a solution of
 * GSM8K, with PITH_ANSWER_HUB likewise (its last number), with
 * PITH_ANSWER_BBH the bare target. */
bool pith_answer_matches(struct pith_text response, struct pith_text reference,
                         enum pith_answer_rule rule);

#ifdef __cplusplus
}
#endif
#endif
