/*
 * regex_parse.c - reads a pattern by recursive descent:
 *
 *     choice   = sequence { "|" sequence }
 *     sequence = { atom [ repeat ] }
 *     repeat   = "*" | "+" | "?" | "{" m [ "," [ n ] ] "}"
 *     atom     = "(" choice ")" | "[" set "]" | "." | "^" | "$"
 *              | "\" character | character
 */
#include <stdio.h>
#include <string.h>

#include "../base/utf8.h"
#include "regex_syntax.h"

struct parser {
    struct pith_regex_tree *tree;
    const char *option;
    struct pith_text pattern;
    size_t at;
    struct pith_error *error;
};

static bool is_at_end(const struct parser *p)
{
    return p->at == p->pattern.size;
}

/* The byte `ahead` of here, 0 after the end. */
static char peek(const struct parser *p, size_t ahead)
{
    return ahead < p->pattern.size - p->at ? p->pattern.bytes[p->at + ahead]
                                           : '\0';
}

static bool accept(struct parser *p, char byte)
{
    if (is_at_end(p) || p->pattern.bytes[p->at] != byte)
        return false;
    p->at++;
    return true;
}

/* The character here, which is read. */
static uint32_t take(struct parser *p)
{
    uint32_t code;
    p->at += pith_utf8_decode(p->pattern.bytes + p->at,
                              p->pattern.size - p->at, &code);
    return code;
}

/* Says what is at a byte of the pattern, of n characters. */
static enum pith_status fail(struct parser *p, size_t at, size_t n,
                             const char *expected)
{
    size_t end = at;
    while (end < p->pattern.size && n-- > 0)
        end += pith_utf8_valid_length(p->pattern.bytes + end,
                                      p->pattern.size - end);
    const char *quote = end > at ? "\"" : "";
    return pith_fail(p->error, PITH_ERR_ARGUMENT,
                     "%s, byte %zu: found %s%.*s%s, expected %s", p->option,
                     at, quote, end > at ? (int)(end - at) : 7,
                     end > at ? p->pattern.bytes + at : "the end", quote,
                     expected);
}

/* --- nodes ------------------------------------------------------------------ */

static size_t add_node(struct parser *p, enum pith_regex_kind kind,
                       uint32_t value)
{
    p->tree->nodes[p->tree->n_nodes] =
        (struct pith_regex_node){.kind = kind, .value = value};
    return p->tree->n_nodes++;
}

/* Adds a child after *last, which is 0 when there is none. */
static void add_child(struct parser *p, size_t parent, size_t *last,
                      size_t child)
{
    if (*last == 0)
        p->tree->nodes[parent].child = child;
    else
        p->tree->nodes[*last].next = child;
    *last = child;
}

static size_t add_set(struct parser *p, struct pith_regex_set set)
{
    p->tree->sets[p->tree->n_sets] = set;
    return add_node(p, PITH_REGEX_SET, (uint32_t)p->tree->n_sets++);
}

/* --- brackets --------------------------------------------------------------- */

/* "[:", "[." or "[=" with its name and its end. */
static enum pith_status read_name(struct parser *p, char mark,
                                  struct pith_text *name)
{
    size_t start = p->at;
    p->at += 2;
    name->bytes = p->pattern.bytes + p->at;
    while (!is_at_end(p) && !(peek(p, 0) == mark && peek(p, 1) == ']'))
        p->at++;
    if (is_at_end(p))
        return fail(p, start, 2,
                    mark == ':'   ? "\":]\" after it"
                    : mark == '.' ? "\".]\" after it"
                                  : "\"=]\" after it");
    name->size = (size_t)(p->pattern.bytes + p->at - name->bytes);
    p->at += 2;
    return PITH_OK;
}

static enum pith_status read_class(struct parser *p, struct pith_regex_set *set)
{
    struct pith_text name;
    size_t start = p->at;
    PITH_TRY(read_name(p, ':', &name));
    unsigned found = pith_regex_class_named(name);
    if (found == 0)
        return fail(p, start, 8,
                    "[:alpha:], [:digit:], [:alnum:], [:upper:], [:lower:], "
                    "[:space:], [:blank:], [:punct:], [:cntrl:], [:graph:], "
                    "[:print:], [:xdigit:] or [:word:]");
    set->classes |= found;
    return PITH_OK;
}

/* A character in brackets, which "[.x.]" and "[=x=]" are too. */
static enum pith_status read_member(struct parser *p, uint32_t *code)
{
    struct pith_text name;
    char mark = peek(p, 1);
    size_t start = p->at;
    if (peek(p, 0) != '[' || (mark != '.' && mark != '=')) {
        *code = take(p);
        return PITH_OK;
    }
    PITH_TRY(read_name(p, mark, &name));
    if (name.size == 0 ||
        pith_utf8_decode(name.bytes, name.size, code) != name.size)
        return fail(p, start, 2, "one character inside it");
    return PITH_OK;
}

static enum pith_status read_range(struct parser *p)
{
    struct pith_regex_range range;
    size_t start = p->at;
    PITH_TRY(read_member(p, &range.first));
    range.last = range.first;
    if (peek(p, 0) == '-' && peek(p, 1) != ']' && peek(p, 1) != '\0') {
        p->at++;
        if (peek(p, 0) == '[' && peek(p, 1) == ':')
            return fail(p, p->at, 2, "a character that ends the range");
        PITH_TRY(read_member(p, &range.last));
    }
    if (range.last < range.first)
        return fail(p, start, 3,
                    "a range whose first character is not after its last");
    p->tree->ranges[p->tree->n_ranges++] = range;
    return PITH_OK;
}

static enum pith_status read_set(struct parser *p, size_t *node)
{
    size_t start = p->at++;
    struct pith_regex_set set = {.range = p->tree->n_ranges};
    set.negated = accept(p, '^');
    for (bool first = true; first || peek(p, 0) != ']'; first = false) {
        if (is_at_end(p))
            return fail(p, start, 1, "\"]\" after it, or \"\\[\"");
        if (peek(p, 0) == '[' && peek(p, 1) == ':')
            PITH_TRY(read_class(p, &set));
        else
            PITH_TRY(read_range(p));
    }
    p->at++;
    set.n_ranges =
        pith_regex_ranges_sort(p->tree->ranges + set.range,
                               p->tree->n_ranges - set.range);
    p->tree->n_ranges = set.range + set.n_ranges;
    *node = add_set(p, set);
    return PITH_OK;
}

/* --- atoms ------------------------------------------------------------------ */

static bool is_alphanumeric(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

static enum pith_status read_escape(struct parser *p, size_t *node)
{
    static const struct {
        char letter;
        unsigned classes;
        bool negated;
    } sets[] = {
        {'d', PITH_REGEX_DIGIT, false}, {'D', PITH_REGEX_DIGIT, true},
        {'w', PITH_REGEX_WORD, false},  {'W', PITH_REGEX_WORD, true},
        {'s', PITH_REGEX_SPACE, false}, {'S', PITH_REGEX_SPACE, true},
    };
    static const struct {
        char letter;
        enum pith_regex_assertion value;
    } assertions[] = {
        {'b', PITH_REGEX_WORD_EDGE},  {'B', PITH_REGEX_NO_WORD_EDGE},
        {'<', PITH_REGEX_WORD_START}, {'>', PITH_REGEX_WORD_END},
    };
    char letter = peek(p, 1);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (letter == sets[i].letter)
            *node = add_set(p, (struct pith_regex_set){
                                   .classes = sets[i].classes,
                                   .negated = sets[i].negated});
    for (size_t i = 0; i < sizeof assertions / sizeof *assertions; i++)
        if (letter == assertions[i].letter)
            *node = add_node(p, PITH_REGEX_ASSERTION, assertions[i].value);
    if (letter == 't')
        *node = add_node(p, PITH_REGEX_CHARACTER, '\t');
    if (letter >= '1' && letter <= '9')
        return fail(p, p->at, 2, "no back reference, which is not supported");
    if (letter == '\0' || (*node == 0 && is_alphanumeric(letter)))
        return fail(p, p->at, 2,
                    "a special character after \"\\\", or one of \\d \\D \\w "
                    "\\W \\s \\S \\b \\B \\< \\> \\t");
    p->at++;
    uint32_t code = take(p);
    if (*node == 0)
        *node = add_node(p, PITH_REGEX_CHARACTER, code);
    return PITH_OK;
}

static enum pith_status read_choice(struct parser *p, size_t depth,
                                    size_t *node);

static enum pith_status read_group(struct parser *p, size_t depth, size_t *node)
{
    size_t start = p->at++;
    if (depth == PITH_REGEX_MAX_DEPTH)
        return fail(p, start, 1,
                    "at most 50 parentheses inside each other");
    PITH_TRY(read_choice(p, depth + 1, node));
    if (!accept(p, ')'))
        return fail(p, start, 1, "\")\" after it, or \"\\(\"");
    return PITH_OK;
}

static enum pith_status read_atom(struct parser *p, size_t depth, size_t *node)
{
    *node = 0;
    switch (peek(p, 0)) {
    case '(':
        return read_group(p, depth, node);
    case '[':
        return read_set(p, node);
    case '\\':
        return read_escape(p, node);
    case ')':
        return fail(p, p->at, 1, "\"(\" before it, or \"\\)\"");
    case '*':
    case '+':
    case '?':
    case '{':
        return fail(p, p->at, 1,
                    "something before it to repeat, or \"\\\" for the character "
                    "itself");
    case '.':
        *node = add_node(p, PITH_REGEX_ANY, 0);
        break;
    case '^':
        *node = add_node(p, PITH_REGEX_ASSERTION, PITH_REGEX_LINE_START);
        break;
    case '$':
        *node = add_node(p, PITH_REGEX_ASSERTION, PITH_REGEX_LINE_END);
        break;
    default:
        *node = add_node(p, PITH_REGEX_CHARACTER, take(p));
        return PITH_OK;
    }
    p->at++;
    return PITH_OK;
}

/* --- repeats ---------------------------------------------------------------- */

/* A number of braces; `missing` without one. */
static enum pith_status read_count(struct parser *p, unsigned missing,
                                   unsigned *count)
{
    size_t start = p->at;
    *count = 0;
    for (; peek(p, 0) >= '0' && peek(p, 0) <= '9'; p->at++) {
        *count = *count * 10 + (unsigned)(peek(p, 0) - '0');
        if (*count > PITH_REGEX_MAX_REPEATS)
            return fail(p, start, p->at - start + 1, "at most 255 repeats");
    }
    if (p->at == start)
        *count = missing;
    return PITH_OK;
}

static enum pith_status read_braces(struct parser *p,
                                    struct pith_regex_node *repeat)
{
    size_t start = p->at++;
    if (peek(p, 0) == '}')
        return fail(p, p->at, 1, "a number of repeats, or \"\\{\" before it");
    PITH_TRY(read_count(p, 0, &repeat->min));
    repeat->max = repeat->min;
    if (accept(p, ','))
        PITH_TRY(read_count(p, PITH_REGEX_FOREVER, &repeat->max));
    if (!accept(p, '}'))
        return fail(p, p->at, 1,
                    "{m}, {m,} or {m,n} with numbers, or \"\\{\" before it");
    if (repeat->max < repeat->min)
        return fail(p, start, p->at - start, "m not above n in {m,n}");
    return PITH_OK;
}

static bool is_repeat(const struct parser *p)
{
    return !is_at_end(p) && strchr("*+?{", peek(p, 0)) != NULL &&
           peek(p, 0) != '\0';
}

/* What repeats *node, if anything does; becomes *node. */
static enum pith_status read_repeat(struct parser *p, size_t *node)
{
    struct pith_regex_node repeat = {.kind = PITH_REGEX_REPEAT,
                                     .max = PITH_REGEX_FOREVER,
                                     .child = *node};
    if (!is_repeat(p))
        return PITH_OK;
    if (peek(p, 0) == '{') {
        PITH_TRY(read_braces(p, &repeat));
    } else {
        repeat.min = peek(p, 0) == '+';
        repeat.max = peek(p, 0) == '?' ? 1 : PITH_REGEX_FOREVER;
        p->at++;
    }
    *node = add_node(p, PITH_REGEX_REPEAT, 0);
    p->tree->nodes[*node] = repeat;
    if (is_repeat(p))
        return fail(p, p->at, 1,
                    "one repeat (there are no lazy ones), or parentheses "
                    "around the first");
    return PITH_OK;
}

static enum pith_status read_sequence(struct parser *p, size_t depth,
                                      size_t *node)
{
    size_t last = 0, child;
    *node = add_node(p, PITH_REGEX_SEQUENCE, 0);
    while (!is_at_end(p) && peek(p, 0) != '|' &&
           (peek(p, 0) != ')' || depth == 0)) {
        PITH_TRY(read_atom(p, depth, &child));
        PITH_TRY(read_repeat(p, &child));
        add_child(p, *node, &last, child);
    }
    return PITH_OK;
}

static enum pith_status read_choice(struct parser *p, size_t depth,
                                    size_t *node)
{
    size_t last = 0, child;
    *node = add_node(p, PITH_REGEX_CHOICE, 0);
    do {
        PITH_TRY(read_sequence(p, depth, &child));
        add_child(p, *node, &last, child);
    } while (accept(p, '|'));
    return PITH_OK;
}

enum pith_status pith_regex_parse(struct pith_regex_tree *tree,
                                  const char *option, struct pith_text pattern,
                                  struct pith_error *error)
{
    struct parser p = {tree, option, pattern, 0, error};
    tree->n_nodes = 1;
    tree->n_sets = tree->n_ranges = 0;
    if (pattern.size > PITH_REGEX_MAX_BYTES)
        return pith_fail(error, PITH_ERR_ARGUMENT,
                         "%s has %zu bytes, expected at most %d", option,
                         pattern.size, PITH_REGEX_MAX_BYTES);
    for (size_t at = 0, length; at < pattern.size; at += length) {
        length = pith_utf8_valid_length(pattern.bytes + at, pattern.size - at);
        if (length == 0)
            return pith_fail(error, PITH_ERR_ARGUMENT,
                             "%s, byte %zu: found a byte that is not UTF-8, "
                             "expected UTF-8", option, at);
    }
    return read_choice(&p, 0, &tree->root);
}
