/*
 * regex_program.h - the automaton of a pattern: what regex_program.c makes of
 * a tree, and what regex.c needs to run it.
 */
#ifndef PITH_TEXT_REGEX_PROGRAM_H
#define PITH_TEXT_REGEX_PROGRAM_H

#include "regex_syntax.h"

enum pith_regex_step {
    PITH_REGEX_FOUND,
    PITH_REGEX_FORK,   /* continues to both others */
    PITH_REGEX_ASSERT, /* leads to next where value holds */
    PITH_REGEX_READ,   /* leads to next after the character `value` */
    PITH_REGEX_READ_ANY,
    PITH_REGEX_READ_SET
};

struct pith_regex_state {
    enum pith_regex_step step;
    uint32_t value;
    uint16_t next, other;
};

/* State 0 is FOUND. */
struct pith_regex_program {
    struct pith_regex_state states[PITH_REGEX_MAX_STATES];
    size_t n_states;
    uint16_t start;
};

/* Makes the automaton of the tree's pattern as it is read from right to left.
 * Errors: ARGUMENT (too many states; the empty text matches). */
enum pith_status pith_regex_compile(struct pith_regex_program *program,
                                    const struct pith_regex_tree *tree,
                                    const char *option,
                                    struct pith_error *error);

/* --- running it ------------------------------------------------------------- */

struct pith_regex_thread {
    size_t end; /* of the longest match that the state can be of */
    uint16_t state;
};

struct pith_regex_threads {
    struct pith_regex_thread threads[PITH_REGEX_MAX_STATES];
    size_t n;
    size_t longest; /* end of the longest match that starts here; 0: none */
};

struct pith_regex {
    struct pith_regex_tree tree;
    struct pith_regex_program program;
    struct pith_regex_threads threads[2];
    size_t seen_at[PITH_REGEX_MAX_STATES]; /* the latest offset, plus 1 */
    uint16_t stack[PITH_REGEX_MAX_STATES + 1];
    size_t n_steps; /* states visited by all searches */
};

#endif
