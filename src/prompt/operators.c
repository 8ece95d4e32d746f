/*
 * operators.c - operators of programs and formulas.
 */
#include <string.h>

#include "code.h"

/* Those that mean nothing else, the longest first. */
static const char *const operators[] = {
    "===", "!==", "<=>", ">>=", "<<=", "**=", "//=", "&&=", "||=",
    "==", "!=", "<=", ">=", "&&", "||", "->", "=>", "<-", ":=", "::", "+=",
    "-=", "*=", "/=", "%=", "^=", "|=", "&=", "~=", "=~", "<>", "<<", ">>",
    "++", "|>", "<", ">", "=",
};

static bool is_symbol(uint32_t code)
{
    return (code >= 0x2190 && code <= 0x22FF) || /* arrows, mathematics */
           (code >= 0x2A00 && code <= 0x2AFF) ||
           pith_is_one_of(code, "×÷¬±＜＝＞");
}

static bool is_bracket(uint32_t code)
{
    return pith_is_one_of(code, "()[]");
}

/* What is beside a sign, one blank between or none. */
struct operands {
    uint32_t left, right;
    bool left_spaced, right_spaced;
};

static struct operands look_around(struct pith_text text, size_t at, size_t end)
{
    struct pith_cluster left = pith_cluster_before(text, at);
    struct pith_cluster right = pith_cluster_at(text, end);
    struct operands o = {.left_spaced = left.code == ' ',
                         .right_spaced = right.code == ' '};
    if (o.left_spaced)
        left = pith_cluster_before(text, left.start);
    if (o.right_spaced)
        right = pith_cluster_at(text, right.end);
    o.left = left.code;
    o.right = right.code;
    return o;
}

static bool is_arithmetic(const char *sign, struct operands o)
{
    bool spaced = o.left_spaced;
    bool counts = pith_is_number(o.left) || pith_is_number(o.right);
    bool groups = is_bracket(o.left) || is_bracket(o.right);
    if (o.left_spaced != o.right_spaced ||
        !(pith_is_word_character(o.left) || pith_is_one_of(o.left, ")]")) ||
        !(pith_is_word_character(o.right) || pith_is_one_of(o.right, "([$")))
        return false;
    if (*sign == '/' || *sign == '-') /* and/or, 3/4, 3-5, this - that */
        return groups || (spaced && counts);
    if (*sign == '%') /* 100%ig, 5 % of it */
        return pith_is_number(o.right) || o.right == '(' ||
               (spaced && !pith_is_number(o.left));
    return true;
}

/* The operators of arithmetic, which are also dashes, bullets, emphasis. */
static size_t arithmetic_end(struct pith_text text, size_t at)
{
    static const char *const signs[] = {"**", "//", "+", "-", "*",
                                        "/",  "%",  "^"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t end = at + strlen(signs[i]);
        if (pith_starts_with(text, at, signs[i]))
            return is_arithmetic(signs[i], look_around(text, at, end)) ? end
                                                                       : at;
    }
    return at;
}

/* "!x", "!(", where nothing that "!" could end precedes it. */
static bool is_not(struct pith_text text, size_t at)
{
    if (!pith_starts_with(text, at, "!"))
        return false;
    uint32_t before = pith_cluster_before(text, at).code;
    uint32_t after = pith_cluster_at(text, at + 1).code;
    return (pith_is_word_character(after) || after == '(') &&
           (before == 0 || pith_role_of(before) == PITH_ROLE_SPACE ||
            pith_is_one_of(before, "([{=&|,;!"));
}

/* i--; but neither "word--word" nor "--flag" */
static bool is_decrement(struct pith_text text, size_t at)
{
    if (!pith_starts_with(text, at, "--"))
        return false;
    return pith_is_word_character(pith_cluster_before(text, at).code) &&
           pith_is_one_of(pith_cluster_at(text, at + 2).code, ";)],");
}

size_t pith_operator_end(struct pith_text text, size_t at)
{
    struct pith_cluster c = pith_cluster_at(text, at);
    if (is_symbol(c.code))
        return c.end;
    if (!pith_is_one_of(c.code, "=<>!&|+-*/%^~:?"))
        return at;
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (pith_starts_with(text, at, operators[i]))
            return at + strlen(operators[i]);
    if (is_not(text, at))
        return at + 1;
    return is_decrement(text, at) ? at + 2 : arithmetic_end(text, at);
}
