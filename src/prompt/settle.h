/*
 * settle.h - the last step of a budget: the text that comes out has the
 * tokens that were asked for, as the model's tokenizer reads it again.
 *
 * A method decides by the tokens of the prompt.  Its text may be read with
 * other tokens: pieces join, or lose the space that they began with.  What is
 * too much goes, the least above its threshold first; what is missing is
 * filled with what was nearest to staying.
 */
#ifndef PITH_PROMPT_SETTLE_H
#define PITH_PROMPT_SETTLE_H

#include "compose.h"

struct pith_settlement {
    const struct pith_tokenizer *tokenizer; /* borrowed */
    const struct pith_counter *counter; /* counts instead of it; or NULL */
    struct pith_parts *parts;               /* units may be cut */
    struct pith_decisions *decisions;
    const size_t *order; /* (n_order) parts, in the order of the result */
    size_t n_order;
    const bool *open; /* by part: units may be added */
    size_t target;    /* tokens */
    /* Whether a unit says nothing as things stand, and goes; NULL: none. */
    bool (*is_lone)(const struct pith_settlement *settlement, size_t unit);
    /* Found. */
    struct pith_buffer text;
    size_t n_tokens; /* of text: at most target, unless what is forced has
                        more or the smallest piece of text has */
    bool cut;        /* a unit was cut, because none fits the target */
};

/* decisions->by_token: what is kept, and by which margin; forced units stay.
 * Free settlement->text, also after an error. */
enum pith_status pith_settle(struct pith_settlement *settlement,
                             struct pith_error *error);

/* Tokens of a text, of the tokenizer or the counter. */
enum pith_status pith_settle_count(const struct pith_settlement *settlement,
                                   struct pith_text text, size_t *n,
                                   struct pith_error *error);

/* Tokens of a text when it is read again. */
enum pith_status pith_count_tokens(const struct pith_tokenizer *tokenizer,
                                   struct pith_text text, size_t *n,
                                   struct pith_error *error);

#endif
