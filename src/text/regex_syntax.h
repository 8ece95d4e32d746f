/*
 * regex_syntax.h - a pattern, read: what regex_parse.c hands to regex.c.
 */
#ifndef PITH_TEXT_REGEX_SYNTAX_H
#define PITH_TEXT_REGEX_SYNTAX_H

#include <stdbool.h>
#include <stdint.h>

#include "regex.h"

/* --- sets of characters ----------------------------------------------------- */

/* What a character can be; bits. */
enum pith_regex_class {
    PITH_REGEX_ALPHA = 1 << 0,
    PITH_REGEX_DIGIT = 1 << 1,
    PITH_REGEX_ALNUM = 1 << 2,
    PITH_REGEX_UPPER = 1 << 3,
    PITH_REGEX_LOWER = 1 << 4,
    PITH_REGEX_SPACE = 1 << 5,
    PITH_REGEX_BLANK = 1 << 6,
    PITH_REGEX_PUNCT = 1 << 7,
    PITH_REGEX_CNTRL = 1 << 8,
    PITH_REGEX_GRAPH = 1 << 9,
    PITH_REGEX_PRINT = 1 << 10,
    PITH_REGEX_XDIGIT = 1 << 11,
    PITH_REGEX_WORD = 1 << 12
};

/* The classes that a character is in, or-ed. */
unsigned pith_regex_classes(uint32_t code);

/* The class of a name such as "alpha", 0 when there is none. */
unsigned pith_regex_class_named(struct pith_text name);

struct pith_regex_range {
    uint32_t first, last;
};

/* Characters of these ranges and classes, or all others. */
struct pith_regex_set {
    size_t range, n_ranges; /* sorted and apart */
    unsigned classes;
    bool negated;
};

/* Sorts n ranges and joins those that touch; returns how many are left. */
size_t pith_regex_ranges_sort(struct pith_regex_range *ranges, size_t n);

/* Whether a set has a character of these classes. */
bool pith_regex_set_has(const struct pith_regex_set *set,
                        const struct pith_regex_range *ranges, uint32_t code,
                        unsigned classes);

/* --- the tree --------------------------------------------------------------- */

enum pith_regex_assertion {
    PITH_REGEX_LINE_START,
    PITH_REGEX_LINE_END,
    PITH_REGEX_WORD_START,
    PITH_REGEX_WORD_END,
    PITH_REGEX_WORD_EDGE,   /* a start or an end */
    PITH_REGEX_NO_WORD_EDGE
};

enum pith_regex_kind {
    PITH_REGEX_CHARACTER, /* value: a code point */
    PITH_REGEX_ANY,
    PITH_REGEX_SET,       /* value: of sets */
    PITH_REGEX_ASSERTION, /* value: enum pith_regex_assertion */
    PITH_REGEX_SEQUENCE,  /* children, in order */
    PITH_REGEX_CHOICE,    /* children, one of them */
    PITH_REGEX_REPEAT     /* a child, from least to most times */
};

enum { PITH_REGEX_FOREVER = PITH_REGEX_MAX_REPEATS + 1 };

/* Nodes are named by their index; 0 is none. */
struct pith_regex_node {
    enum pith_regex_kind kind;
    uint32_t value;
    unsigned min, max;
    size_t child, next; /* the first child, the next one of the parent */
};

/* A character of the pattern makes two nodes at most, and two are the root's. */
struct pith_regex_tree {
    struct pith_regex_node nodes[2 * PITH_REGEX_MAX_BYTES + 3];
    size_t n_nodes, root;
    struct pith_regex_set sets[PITH_REGEX_MAX_BYTES];
    size_t n_sets;
    struct pith_regex_range ranges[PITH_REGEX_MAX_BYTES];
    size_t n_ranges;
};

/* Fills a tree.  Errors: ARGUMENT. */
enum pith_status pith_regex_parse(struct pith_regex_tree *tree,
                                  const char *option, struct pith_text pattern,
                                  struct pith_error *error);

#endif
