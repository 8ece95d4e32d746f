/*
 * tagged.h - prompts whose pieces carry their own rates:
 *
 *     <llmlingua, compress=False>Speaker 4:</llmlingua>
 *     <llmlingua, rate=0.4> Thank you. And can we do ...</llmlingua>
 *
 * This file knows tags, not tokens or models.  `paper` reads them by strict
 * rules that lose no text.  `reference` answers to LLMLingua's
 * structured_compress_prompt(), segment_structured_context() and
 * concate_segment_info():
 *
 *   1. pith_structured_budget() turns rate and target of the whole request
 *      into those that the methods continue with.  The lengths are those of the
 *      contexts with their tags (`reference` also takes each context through
 *      its tokenizer and back first).
 *   2. pith_tagged_parse() on each context gives its text without tags and
 *      the segments that are in it end to end; the plain text then goes
 *      through the usual stages.
 *   3. A stage that drops whole pieces of text (sentences) cuts the list of
 *      segments in the same places.
 *   4. Rates are laid over tokens; a segment with compress false has rate 1
 *      there.
 */
#ifndef PITH_PROMPT_TAGGED_H
#define PITH_PROMPT_TAGGED_H

#include "../base/error.h"

/* A run of text with one rate. */
struct pith_segment {
    size_t n_bytes;
    size_t offset;  /* where it begins in the text with its tags */
    size_t n_chars; /* code points: what len() of a Python string counts */
    double rate;    /* as in the tag or inherited; not forced to 1 */
    bool compress;
    bool has_rate; /* the tag names one */
};

struct pith_tagged_text {
    char *text; /* the segments joined; size bytes and a NUL */
    size_t size;
    struct pith_segment *segments; /* n_segments, in order, without gaps */
    size_t n_segments;
    size_t n_lost; /* bytes that the reference's rules pass over */
};

enum pith_tag_rules {
    /* What the Python package's regular expression finds.  A context that
     * does not start (end) with a tag gets one without options prepended
     * (after it).  What then is between two tags, and a tag whose text is
     * empty or holds a '<' or whose options are not understood, is lost
     * silently: n_lost counts it.  A rate of 0 counts as not given. */
    PITH_TAGS_REFERENCE,
    /* Nothing is lost: text outside tags inherits the default rate, text
     * inside may hold '<', and a tag that is not well-formed is an error
     * that says where.  Options come once each, in any order. */
    PITH_TAGS_STRICT
};

/* Reads one context.
 *   tagged     borrowed
 *   rate       of segments that name none; with compress=False that is 1
 *   parsed     handed over; free with pith_tagged_free
 * Errors: ARGUMENT for a rate that is not a number or above 1. */
enum pith_status pith_tagged_parse(struct pith_text tagged, double rate,
                                   enum pith_tag_rules rules,
                                   struct pith_tagged_text *parsed,
                                   struct pith_error *error);
void pith_tagged_free(struct pith_tagged_text *parsed);

/* Rate and target of a request as the stages see them.  With a target
 * (not negative) the rate is its share of the contexts; without, the target
 * is what the rate leaves for the contexts.
 *   n_instruction, n_question, n_contexts  tokens, contexts in all and with
 *       their tags
 *   concate_question  whether the question stays in the result
 * Errors: ARGUMENT when there is a target and no token. */
enum pith_status pith_structured_budget(size_t n_instruction,
                                        size_t n_question, size_t n_contexts,
                                        bool concate_question, double *rate,
                                        double *target,
                                        struct pith_error *error);

#endif
