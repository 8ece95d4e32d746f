/*
 * parts.h - the prompt x = (x_ins, x_dems, x_que) as tokens and as units.
 *
 * Parts are tokenised one by one and joined by a blank line.  The joined
 * prompt is stored once: its bytes, its tokens and its units, which are what
 * compression keeps or drops as a whole.
 */
#ifndef PITH_PROMPT_PARTS_H
#define PITH_PROMPT_PARTS_H

#include "../base/buffer.h"
#include "../text/tokenizer.h"

/* What is kept or dropped as a whole: one token, the tokens that spell a
 * character together, a number, a word (units.h). */
struct pith_unit {
    size_t token, n_tokens; /* in pith_parts.ids */
    size_t n_lead;          /* of these, leading white space: not a part of
                               the unit's loss */
    size_t byte, n_bytes;   /* in pith_parts.text */
    size_t part;
    bool is_separator; /* the blank line before a part */
    bool opens_piece;  /* the first of a tagged piece */
    bool denies, wraps; /* has a negation (bind.h); goes on a line (wraps.h) */
    bool stops;         /* the mark that ends a sentence (spans/sentences.h) */
    bool forced;    /* stays, whatever its loss; of structure: text of its
                       part is forced */
};

struct pith_part {
    enum pith_part_kind kind;
    size_t index;           /* which context; 0 for the others */
    size_t token, n_tokens; /* in pith_parts.ids, without the blank line */
    size_t unit, n_units;   /* in pith_parts.units, with the blank line */
};

/* Parts are in the order of the prompt: instruction, contexts, question.
 * Empty ones are there, without units. */
struct pith_parts {
    struct pith_part *parts;
    size_t n_parts;
    struct pith_buffer text; /* the joined prompt, valid UTF-8 */
    struct pith_ids ids;
    struct pith_unit *units;
    size_t n_units, unit_capacity;
    struct pith_tagged_piece *pieces; /* of structured prompts (pieces.h) */
    size_t n_pieces;
    struct pith_ids join; /* the tokens of one blank line */
    struct pith_ids space, line; /* those of one space, of one line end */
    size_t n_replaced;    /* invalid bytes that became U+FFFD */
    size_t n_unused, first_unused; /* strings of keep that occur nowhere */
    bool regex_unused;             /* keep_regex matches nothing */
    size_t n_cut;         /* words and numbers too long for one unit */
};

/* Appends the index-th context to the part that is being made. */
typedef enum pith_status pith_append_context(
    struct pith_parts *parts, const struct pith_tokenizer *tokenizer,
    size_t index, struct pith_text text, struct pith_error *error);

/* Fills parts; free them, also after an error.
 *   append  of contexts; NULL: as they are
 * Errors: MEMORY, UNSUPPORTED (no tokenizer), those of append. */
enum pith_status pith_parts_make(struct pith_parts *parts,
                                 const struct pith_tokenizer *tokenizer,
                                 const struct pith_prompt *prompt,
                                 pith_append_context *append,
                                 struct pith_error *error);
void pith_parts_free(struct pith_parts *parts);

/* Appends text to the part that is being made, with its tokens and units. */
enum pith_status pith_parts_append_text(struct pith_parts *parts,
                                        const struct pith_tokenizer *tokenizer,
                                        struct pith_text text,
                                        struct pith_error *error);

/* Tokens of a part with the blank line before it, 0 when empty. */
size_t pith_part_length(const struct pith_parts *parts, size_t part);

/* Where in text each of its n tokens ends, ascending; the last one ends with
 * the text, whatever its tokenizer had no token for.
 *   ends  (n) filled by the call */
void pith_token_ends(const struct pith_tokenizer *tokenizer,
                     struct pith_text text, const int32_t *ids, size_t n,
                     size_t *ends);

#endif
