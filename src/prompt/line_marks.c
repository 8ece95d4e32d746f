/*
 * line_marks.c - what Markdown and plain chat templates write at the start of
 * a line.
 */
#include <string.h>

#include "markup.h"
#include "scan.h"

/* Whose turn it is, before a colon: "USER:"; after "###" these and more. */
static const char *const roles[] = {
    "user", "assistant", "system", "human", "ai", "instruction",
    "instructions", "response", "input", "output", "context", "question",
    "answer",
};

enum { ROLES_OF_TURNS = 5, LONGEST_ROLE = 12, MAX_DIGITS = 3, LEAST_RULE = 3 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_blanks(struct pith_text text, size_t at)
{
    while (is_blank(pith_byte_at(text, at)))
        at++;
    return at;
}

/* Where the line ends without blanks at its end. */
static size_t line_end(struct pith_text text, size_t at)
{
    size_t end = pith_run_end(text, at, "\r\n");
    while (end > at && is_blank(text.bytes[end - 1]))
        end--;
    return end;
}

/* Whether a mark that ends at `at` is one: a blank or the line's end follows. */
static bool is_apart(struct pith_text text, size_t at)
{
    char c = pith_byte_at(text, at);
    return at >= text.size || is_blank(c) || c == '\n' || c == '\r';
}

/* How often a character is at `at`. */
static size_t count(struct pith_text text, size_t at, char c)
{
    size_t n = 0;
    while (at + n < text.size && text.bytes[at + n] == c)
        n++;
    return n;
}

/* How many bytes up to the end of the line are a character; 0 when others
 * than that and some allowed ones are there, too. */
static size_t count_in_line(struct pith_text text, size_t at, char c,
                            const char *allowed)
{
    size_t n = 0;
    for (size_t end = line_end(text, at); at < end; at++) {
        n += text.bytes[at] == c;
        if (text.bytes[at] != c && (text.bytes[at] == '\0' ||
                                    strchr(allowed, text.bytes[at]) == NULL))
            return 0;
    }
    return n;
}

static size_t role_end(struct pith_text text, size_t at, size_t n_roles)
{
    char word[LONGEST_ROLE + 1];
    size_t n = 0;
    while (n < LONGEST_ROLE && pith_is_ascii_letter(pith_byte_at(text, at + n)))
        n++;
    if (pith_byte_at(text, at + n) != ':')
        return at;
    for (size_t i = 0; i < n; i++)
        word[i] = (char)(text.bytes[at + i] | 0x20);
    word[n] = '\0';
    for (size_t i = 0; i < n_roles; i++)
        if (strcmp(word, roles[i]) == 0)
            return at + n + 1;
    return at;
}

/* "##", "### Response:" */
static size_t heading_end(struct pith_text text, size_t at)
{
    size_t end = at + count(text, at, '#'), start = skip_blanks(text, end);
    if (end == at || end - at > 6 || !is_apart(text, end))
        return at;
    size_t role = role_end(text, start, sizeof roles / sizeof *roles);
    return role > start ? role : end;
}

/* "---", "* * *", "=====", "|---|:-:|" */
size_t pith_rule_end(struct pith_text text, size_t at)
{
    char c = pith_byte_at(text, at);
    bool is_rule = c != '\0' && strchr("-=*_", c) != NULL &&
                   count_in_line(text, at, c, " \t") >= LEAST_RULE;
    bool is_row = (c == '|' || c == ':' || c == '-') &&
                  count_in_line(text, at, '|', ":- \t") > 0 &&
                  count_in_line(text, at, '-', ":| \t") > 0;
    return is_rule || is_row ? line_end(text, at) : at;
}

/* ">" */
static size_t quote_end(struct pith_text text, size_t at)
{
    return pith_byte_at(text, at) == '>' && pith_byte_at(text, at + 1) != '='
               ? at + 1 : at;
}

/* "-", "•", "12.", "3)", "a)" */
static size_t bullet_end(struct pith_text text, size_t at)
{
    struct pith_cluster c = pith_cluster_at(text, at);
    size_t n = 0;
    if (pith_is_one_of(c.code, "-*+•‣◦▪"))
        return c.end;
    while (pith_byte_at(text, at + n) >= '0' &&
           pith_byte_at(text, at + n) <= '9' && n <= MAX_DIGITS)
        n++;
    bool is_letter = n == 0 && pith_is_ascii_letter(pith_byte_at(text, at));
    char sign = pith_byte_at(text, at + n + is_letter);
    bool counts = n > 0 && n <= MAX_DIGITS && (sign == '.' || sign == ')');
    return counts || (is_letter && sign == ')') ? at + n + is_letter + 1 : at;
}

/* A bullet, with the box of a task after it: "- [x]". */
static size_t list_end(struct pith_text text, size_t at)
{
    size_t end = bullet_end(text, at), box = skip_blanks(text, end);
    if (end == at || !is_apart(text, end))
        return at;
    bool is_box = pith_starts_with(text, box, "[ ]") ||
                  pith_starts_with(text, box, "[x]") ||
                  pith_starts_with(text, box, "[X]");
    return is_box && is_apart(text, box + 3) ? box + 3 : end;
}

/* "[label]: https://x.org", "[^1]:" */
static size_t definition_end(struct pith_text text, size_t at)
{
    if (pith_byte_at(text, at) != '[')
        return at;
    size_t label = pith_run_end(text, at + 1, "[]\r\n");
    if (label == at + 1 || !pith_starts_with(text, label, "]:"))
        return at;
    if (pith_byte_at(text, at + 1) == '^')
        return label + 2;
    size_t address = skip_blanks(text, label + 2);
    size_t end = pith_run_end(text, address, " \t\r\n");
    bool is_address = pith_run_end(text, address, "/.#@") < end;
    return is_address ? end : at;
}

static size_t turn_end(struct pith_text text, size_t at)
{
    return role_end(text, at, ROLES_OF_TURNS);
}

size_t pith_line_mark_end(struct pith_text text, size_t at)
{
    static size_t (*const ends[])(struct pith_text, size_t) = {
        heading_end, quote_end, list_end, definition_end, turn_end};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = ends[i](text, at);
        if (end > at)
            return end;
    }
    return at;
}

size_t pith_fence_end(struct pith_text text, size_t at)
{
    char c = pith_byte_at(text, at);
    size_t n = c == '`' || c == '~' ? count(text, at, c) : 0;
    if (n < LEAST_RULE)
        return at;
    size_t end = line_end(text, at);
    bool closes_in_line = c == '`' && pith_run_end(text, at + n, "`") < end;
    return closes_in_line ? at : end;
}
