/*
 * names.c - names of programs: words that their spelling or what is
 * around them tells from those of a language.
 */
#include <string.h>

#include "code.h"
#include "scan.h"

/* What was read of a chain of words: "np", ".", "array", "()". */
struct chain {
    size_t end;
    bool is_name;   /* a word is spelled as one, or a sign makes it one */
    bool is_dotted;
    bool is_long;   /* a word has two letters: not i.e. */
};

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* getName, JSONDecoder, but neither kHz nor PDFs */
static bool is_camel_case(const char *word, size_t n)
{
    for (size_t i = 0; i + 1 < n && n > 3; i++) {
        if (is_lower(word[i]) && pith_is_capital(word[i + 1]))
            return true;
        if (i + 3 < n && pith_is_capital(word[i]) && pith_is_capital(word[i + 1]) &&
            is_lower(word[i + 2]) && is_lower(word[i + 3]))
            return true;
    }
    return false;
}

/* snake_case, _x, __init__, MAX_SIZE, but neither ____ nor _emphasis_ */
static bool has_underscores(const char *word, size_t n)
{
    size_t first = 0, last = n;
    while (first < n && word[first] == '_')
        first++;
    while (last > first && word[last - 1] == '_')
        last--;
    bool inside = last > first &&
                  memchr(word + first, '_', last - first) != NULL;
    bool emphasis = first == 1 && last == n - 1;
    return last > first && (inside || ((first > 0 || last < n) && !emphasis));
}

static size_t word_end(struct pith_text text, size_t at)
{
    struct pith_cluster c = pith_cluster_at(text, at);
    while (pith_is_word_character(c.code))
        c = pith_cluster_at(text, c.end);
    return c.start;
}

static void add_word(struct chain *chain, struct pith_text text, size_t at)
{
    const char *word = text.bytes + at;
    chain->end = word_end(text, at);
    size_t n = chain->end - at;
    chain->is_name |= is_camel_case(word, n) || has_underscores(word, n);
    chain->is_long |= n > 1;
}

/* Where a sign that joins names at `at` ends, with a letter after it; `at`
 * when there is none. */
static size_t joint_end(struct pith_text text, size_t at)
{
    static const char *const joints[] = {".", "::", "->", "?."};
    for (size_t i = 0; i < sizeof joints / sizeof *joints; i++) {
        size_t end = at + strlen(joints[i]);
        char next = pith_byte_at(text, end);
        if (pith_starts_with(text, at, joints[i]) &&
            (pith_is_ascii_letter(next) || next == '_'))
            return end;
    }
    return at;
}

/* Whether a "(" at `at` opens arguments rather than an ending: word(s). */
static bool opens_call(struct pith_text text, size_t at)
{
    static const char *const endings[] = {"(s)", "(es)", "(e)", "(n)", "(en)",
                                          "(r)", "(er)", "(in)", "(innen)"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (pith_starts_with(text, at, endings[i]))
            return false;
    return pith_starts_with(text, at, "(");
}

size_t pith_name_end(struct pith_text text, size_t at, size_t *read)
{
    struct chain chain = {.end = at};
    struct pith_cluster first = pith_cluster_at(text, at);
    *read = word_end(text, at);
    if (pith_role_of(first.code) != PITH_ROLE_LETTER)
        return at;
    size_t next = at;
    do {
        add_word(&chain, text, next);
        if (pith_starts_with(text, chain.end, "()")) {
            chain.end += 2;
            chain.is_name = true;
        }
        next = joint_end(text, chain.end);
        if (next > chain.end && text.bytes[chain.end] == '.')
            chain.is_dotted = true;
        else
            chain.is_name |= next > chain.end;
    } while (next > chain.end);
    *read = chain.end;
    chain.is_name |= opens_call(text, chain.end) ||
                     (chain.is_dotted && chain.is_long);
    return chain.is_name ? chain.end : at;
}
