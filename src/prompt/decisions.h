/*
 * decisions.h - what a method decides about every token of the prompt.
 */
#ifndef PITH_PROMPT_DECISIONS_H
#define PITH_PROMPT_DECISIONS_H

#include "../base/error.h"

/* One token, the first of its unit; loss, segment, rank and space as in struct
 * pith_unit_result. */
struct pith_decision {
    float loss;
    float margin; /* of the loss above its threshold; INFINITY (-INFINITY)
                     where all (nothing) stayed without a threshold;
                     `spans`: struct pith_path_node */
    size_t segment, rank;
    bool kept;
    char space;
    size_t from, end; /* the bytes of the unit that are in the text: all of one
                         that is kept but white space that would begin a line,
                         none of one that is not but its line breaks */
};

struct pith_composition;
struct pith_part;
struct pith_unit;

struct pith_decisions {
    struct pith_decision *by_token; /* (n) */
    size_t n, n_segments;
    /* NULL, or pith_break_line() of breaks.h: what stays of different lines is
     * on different lines, sentences do not read as one, and white space that
     * began no part begins none. */
    size_t (*break_line)(struct pith_composition *composition,
                         const struct pith_part *part,
                         const struct pith_unit *last,
                         const struct pith_unit *unit);
    float *ranked; /* (n) the token's loss when its context was ranked by such;
                      NAN where none was */
};

/* n tokens that no decision was taken about and that are not kept. */
enum pith_status pith_decisions_make(struct pith_decisions *decisions, size_t n,
                                     struct pith_error *error);
void pith_decisions_free(struct pith_decisions *decisions);

#endif
