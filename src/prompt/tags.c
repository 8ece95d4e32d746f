/*
 * tags.c - tags, comments and entities of HTML and XML, and what Markdown
 * writes in angle brackets.
 *
 * A tag never holds "<", so that looking for its end takes time linear in the
 * text, however many "<" are there.
 */
#include <string.h>

#include "../base/text.h"
#include "markup.h"
#include "scan.h"

enum {
    MAX_BARE = 4,     /* attributes without a value; more are prose */
    LONGEST_ENTITY = 32
};

static size_t skip_space(struct pith_text text, size_t at)
{
    while (pith_is_json_space(pith_byte_at(text, at)))
        at++;
    return at;
}

/* Where `="value"` at `at` ends, or a value without quotes; `at` when there
 * is none. */
static size_t value_end(struct pith_text text, size_t at)
{
    size_t value = skip_space(text, at);
    if (pith_byte_at(text, value) != '=')
        return at;
    value = skip_space(text, value + 1);
    char quote = pith_byte_at(text, value);
    if (quote != '"' && quote != '\'')
        return pith_run_end(text, value, " \t\r\n<>");
    size_t end = pith_run_end(text, value + 1, quote == '"' ? "\"<" : "'<");
    return pith_byte_at(text, end) == quote ? end + 1 : at;
}

/* Where the attributes at `at` and the ">" after them end; 0: not a tag.
 *   is_prose  filled by the call: no attribute has a value, <input disabled> */
static size_t attributes_end(struct pith_text text, size_t at, bool *is_prose)
{
    size_t n = 0, n_bare = 0;
    while (n_bare <= MAX_BARE) {
        size_t start = skip_space(text, at);
        start += pith_byte_at(text, start) == '/';
        char first = pith_byte_at(text, start);
        *is_prose = n_bare > 0 && n_bare == n;
        if (first == '>')
            return start + 1;
        if (start == at || first == '\0' ||
            (!pith_is_ascii_letter(first) && strchr("_:@#*([{", first) == NULL))
            return 0;
        size_t end = pith_run_end(text, start, " \t\r\n<>=/\"'");
        at = value_end(text, end);
        n_bare += at == end;
        n++;
    }
    return 0;
}

/* Where <name ...>, </name> or <name/> at `at` ends; 0: there is none, as in
 * "if a<b and c>d". */
static size_t element_end(struct pith_text text, size_t at)
{
    size_t name = at + 1 + (pith_byte_at(text, at + 1) == '/');
    bool is_prose;
    if (!pith_is_ascii_letter(pith_byte_at(text, name)))
        return 0;
    for (char c = 'a'; pith_is_ascii_word(c) || c == ':' || c == '.' ||
                       c == '-'; c = pith_byte_at(text, name))
        name++;
    size_t end = attributes_end(text, name, &is_prose);
    bool after_word = at > 0 && pith_is_ascii_word(text.bytes[at - 1]);
    return is_prose && after_word ? 0 : end;
}

/* <!DOCTYPE html>, <?xml version="1.0"?> */
static size_t declaration_end(struct pith_text text, size_t at)
{
    char kind = pith_byte_at(text, at + 1);
    if ((kind != '!' && kind != '?') ||
        !pith_is_ascii_letter(pith_byte_at(text, at + 2)))
        return 0;
    size_t end = pith_run_end(text, at + 1, "<>");
    return pith_byte_at(text, end) == '>' ? end + 1 : 0;
}

/* <https://x.org>, <ada@x.org> */
static size_t autolink_end(struct pith_text text, size_t at)
{
    size_t end = pith_run_end(text, at + 1, " \t\r\n<>");
    if (pith_byte_at(text, end) != '>')
        return 0;
    for (size_t i = at + 1; i < end; i++)
        if (text.bytes[i] == '@' || pith_starts_with(text, i, "://"))
            return end + 1;
    return 0;
}

size_t pith_tag_end(struct pith_text text, size_t at)
{
    static size_t (*const ends[])(struct pith_text, size_t) = {
        element_end, declaration_end, autolink_end};
    if (pith_byte_at(text, at) != '<')
        return at;
    if (pith_starts_with(text, at, "<![CDATA["))
        return at + strlen("<![CDATA[");
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = ends[i](text, at);
        if (end > at)
            return end;
    }
    return at;
}

size_t pith_entity_end(struct pith_text text, size_t at)
{
    size_t start = at + 1;
    if (pith_byte_at(text, at) != '&')
        return at;
    if (pith_byte_at(text, start) == '#')
        start++;
    size_t end = start;
    while (end - at < LONGEST_ENTITY &&
           pith_is_ascii_word(pith_byte_at(text, end)))
        end++;
    return end > start && pith_byte_at(text, end) == ';' ? end + 1 : at;
}

size_t pith_comment_end(struct pith_text text, size_t at)
{
    if (!pith_starts_with(text, at, "<!--"))
        return at;
    for (size_t i = at + 4; i < text.size; i++)
        if (pith_starts_with(text, i, "-->"))
            return i + 3;
    return at;
}

/* Where "address" or "<address>" ends, with brackets balanced; it ends before
 * "](", so that no byte is read for many links. */
static size_t address_end(struct pith_text text, size_t at)
{
    size_t depth = 0;
    for (; at < text.size && !pith_is_json_space(text.bytes[at]); at++) {
        if (pith_starts_with(text, at, "]("))
            break;
        if (text.bytes[at] == ')' && depth-- == 0)
            break;
        depth += text.bytes[at] == '(';
    }
    return at;
}

/* Where a title in quotes at `at` ends; `at` when there is none. */
static size_t title_end(struct pith_text text, size_t at)
{
    char quote = pith_byte_at(text, at);
    if (quote != '"' && quote != '\'')
        return at;
    size_t end = pith_run_end(text, at + 1, quote == '"' ? "\"\n[" : "'\n[");
    return pith_byte_at(text, end) == quote ? end + 1 : at;
}

size_t pith_link_target_end(struct pith_text text, size_t at)
{
    if (pith_byte_at(text, at) == '[') {
        size_t end = pith_run_end(text, at + 1, "[]\r\n");
        return pith_byte_at(text, end) == ']' ? end + 1 : at;
    }
    if (pith_byte_at(text, at) != '(')
        return at;
    size_t end = address_end(text, skip_space(text, at + 1));
    end = skip_space(text, title_end(text, skip_space(text, end)));
    return pith_byte_at(text, end) == ')' ? end + 1 : at;
}
