/*
 * regex_program.c - see regex_program.h.  Each function is given the state
 * that comes after a node and returns the one that the node starts with.
 */
#include "regex_program.h"

struct compiler {
    struct pith_regex_program *program;
    const struct pith_regex_node *nodes;
    bool failed; /* too many states; what is returned is 0 from then on */
};

static uint16_t add(struct compiler *c, enum pith_regex_step step,
                    uint32_t value, uint16_t next, uint16_t other)
{
    struct pith_regex_program *program = c->program;
    c->failed |= program->n_states == PITH_REGEX_MAX_STATES;
    if (c->failed)
        return 0;
    program->states[program->n_states] =
        (struct pith_regex_state){step, value, next, other};
    return (uint16_t)program->n_states++;
}

static uint16_t fork_at(struct compiler *c, uint16_t next, uint16_t other)
{
    return add(c, PITH_REGEX_FORK, 0, next, other);
}

static uint16_t compile(struct compiler *c, size_t node, uint16_t next);

/* Last in the automaton is what comes first in the pattern. */
static uint16_t compile_sequence(struct compiler *c, size_t child,
                                 uint16_t next)
{
    if (child == 0)
        return fork_at(c, next, next);
    for (; child != 0 && !c->failed; child = c->nodes[child].next)
        next = compile(c, child, next);
    return next;
}

static uint16_t compile_choice(struct compiler *c, size_t child, uint16_t next)
{
    uint16_t start = compile(c, child, next);
    while ((child = c->nodes[child].next) != 0 && !c->failed)
        start = fork_at(c, compile(c, child, next), start);
    return start;
}

static uint16_t compile_repeat(struct compiler *c,
                               const struct pith_regex_node *repeat,
                               uint16_t next)
{
    unsigned n = repeat->min;
    uint16_t start = next;
    if (repeat->max == PITH_REGEX_FOREVER) {
        uint16_t loop = fork_at(c, 0, next);
        uint16_t body = compile(c, repeat->child, loop);
        c->program->states[loop].next = body;
        start = n == 0 ? loop : body;
        n -= n > 0;
    } else {
        for (unsigned i = n; i < repeat->max && !c->failed; i++)
            start = fork_at(c, compile(c, repeat->child, start), next);
        if (repeat->max == 0)
            start = fork_at(c, next, next);
    }
    for (; n > 0 && !c->failed; n--)
        start = compile(c, repeat->child, start);
    return start;
}

/* As deep as the parentheses of the pattern. */
static uint16_t compile(struct compiler *c, size_t node, uint16_t next)
{
    const struct pith_regex_node *n = &c->nodes[node];
    switch (n->kind) {
    case PITH_REGEX_CHARACTER:
        return add(c, PITH_REGEX_READ, n->value, next, 0);
    case PITH_REGEX_ANY:
        return add(c, PITH_REGEX_READ_ANY, 0, next, 0);
    case PITH_REGEX_SET:
        return add(c, PITH_REGEX_READ_SET, n->value, next, 0);
    case PITH_REGEX_ASSERTION:
        return add(c, PITH_REGEX_ASSERT, n->value, next, 0);
    case PITH_REGEX_SEQUENCE:
        return compile_sequence(c, n->child, next);
    case PITH_REGEX_CHOICE:
        return compile_choice(c, n->child, next);
    case PITH_REGEX_REPEAT:
        break;
    }
    return compile_repeat(c, n, next);
}

/* Whether some text without a character matches a node, assertions aside. */
static bool may_be_empty(const struct pith_regex_node *nodes, size_t node)
{
    const struct pith_regex_node *n = &nodes[node];
    size_t child = n->child;
    switch (n->kind) {
    case PITH_REGEX_ASSERTION:
        return true;
    case PITH_REGEX_SEQUENCE:
        while (child != 0 && may_be_empty(nodes, child))
            child = nodes[child].next;
        return child == 0;
    case PITH_REGEX_CHOICE:
        while (child != 0 && !may_be_empty(nodes, child))
            child = nodes[child].next;
        return child != 0;
    case PITH_REGEX_REPEAT:
        return n->min == 0 || may_be_empty(nodes, child);
    default:
        return false;
    }
}

enum pith_status pith_regex_compile(struct pith_regex_program *program,
                                    const struct pith_regex_tree *tree,
                                    const char *option,
                                    struct pith_error *error)
{
    struct compiler c = {program, tree->nodes, false};
    if (may_be_empty(tree->nodes, tree->root))
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s matches the empty text, expected one that needs "
                         "a character (+, not *)", option);
    program->n_states = 0;
    add(&c, PITH_REGEX_FOUND, 0, 0, 0);
    program->start = compile(&c, tree->root, 0);
    if (c.failed)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s needs more than %d states with its repeats "
                         "written out, expected smaller numbers in {m,n}",
                         option, PITH_REGEX_MAX_STATES);
    return PITH_OK;
}
