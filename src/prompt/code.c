/*
 * code.c - names and operators of programs, flags of commands, variables of
 * the environment, `inline code`, the lines of fences.
 */
#include "code.h"

#include <string.h>

#include "../text/grapheme.h"
#include "markup.h"
#include "scan.h"

enum {
    LONGEST_VARIABLE = 64, /* bytes of ${...} */
    LONGEST_CODE = 256,    /* bytes of inline code */
    SHORT_FLAG = 2,        /* letters of -lm */
    LEAST_LINE = 4,        /* signs that draw a line: ==== */
    MAX_OPEN = 32         /* "(" that wait; one more drops the first */
};

/* --- inline code ------------------------------------------------------------ */

static size_t count(struct pith_text text, size_t at, char c)
{
    size_t n = 0;
    while (at + n < text.size && text.bytes[at + n] == c)
        n++;
    return n;
}

/* `code`, ``code with ` in it``: on one line and not blank. */
static size_t inline_code_end(struct pith_text text, size_t at)
{
    struct pith_text near = text;
    if (near.size - at > LONGEST_CODE)
        near.size = at + LONGEST_CODE;
    size_t n = count(near, at, '`'), first = at + n, end = first;
    for (;;) {
        end = pith_run_end(near, end, "`\r\n");
        size_t run = count(near, end, '`');
        if (run == 0)
            return at;
        if (run == n)
            break;
        end += run;
    }
    while (pith_byte_at(near, first) == ' ')
        first++;
    return first < end ? end + n : at;
}

/* --- variables and flags ---------------------------------------------------- */

/* $HOME, ${HOME}, @decorator */
static size_t variable_end(struct pith_text text, size_t at)
{
    char sign = pith_byte_at(text, at), next = pith_byte_at(text, at + 1);
    size_t read;
    if (sign == '$' && next == '{') {
        struct pith_text near = text;
        if (near.size > at + LONGEST_VARIABLE)
            near.size = at + LONGEST_VARIABLE;
        size_t end = pith_run_end(near, at + 2, "}\r\n");
        return pith_byte_at(near, end) == '}' ? end + 1 : at;
    }
    bool is_variable = sign == '$' || sign == '@';
    if (!is_variable || !(pith_is_ascii_letter(next) || next == '_') ||
        pith_is_word_character(pith_cluster_before(text, at).code))
        return at;
    (void)pith_name_end(text, at + 1, &read);
    return read;
}

/* --keep-digits, --rate=0.5, -r, -Wall
 *   starts_line  a single hyphen may be a bullet: -item */
static size_t flag_end(struct pith_text text, size_t at, bool starts_line)
{
    size_t n = count(text, at, '-'), end = at + n;
    if (n == 0 || n > 2 || !pith_is_ascii_letter(pith_byte_at(text, end)))
        return at;
    uint32_t before = pith_cluster_before(text, at).code;
    if (before != 0 && pith_role_of(before) != PITH_ROLE_SPACE &&
        !pith_is_one_of(before, "([{`'\"|,"))
        return at;
    while (pith_is_ascii_word(pith_byte_at(text, end)) ||
           pith_byte_at(text, end) == '-')
        end++;
    if (n == 1 && starts_line && end - at > 1 + SHORT_FLAG)
        return at;
    if (pith_byte_at(text, end) == '=')
        end = pith_run_end(text, end, " \t\r\n\"'`,;)]}|");
    return end;
}

/* --- all of it -------------------------------------------------------------- */

/* The rest of a link, from "://" on, or of an address, from its "@" on. */
static size_t skip_address(struct pith_text text, size_t at)
{
    size_t read = at;
    if (pith_starts_with(text, at, "://"))
        return pith_run_end(text, at, " \t\r\n<>\"'`)]");
    if (pith_starts_with(text, at, "@") &&
        pith_is_word_character(pith_cluster_before(text, at).code))
        (void)pith_name_end(text, at + 1, &read);
    return read > at + 1 ? read : at;
}

/* What has signs of operators in it and is not code: tags, entities, markers of
 * chat templates, addresses, the mark of a quote. */
static size_t skip_markup(struct pith_text text, size_t at, bool starts_line)
{
    static const char *const ends[] = {"<!--", "-->"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (pith_starts_with(text, at, ends[i]))
            return at + strlen(ends[i]);
    if (starts_line && pith_starts_with(text, at, ">") &&
        !pith_starts_with(text, at, ">="))
        return at + 1;
    size_t end = pith_chat_marker_end(text, at);
    if (end == at)
        end = pith_tag_end(text, at);
    if (end == at)
        end = pith_entity_end(text, at);
    return end > at ? end : skip_address(text, at);
}

/* Where what starts with a sign at `at` ends; `at` when nothing does. */
static size_t end_from_sign(struct pith_text text, size_t at, bool starts_line)
{
    size_t end = variable_end(text, at);
    if (end == at)
        end = flag_end(text, at, starts_line);
    return end > at ? end : pith_operator_end(text, at);
}

/* Where what starts at `at` ends; `at` when nothing does.
 *   starts_line  only white space since the line began
 *   read         filled by the call: where to continue */
static size_t end_of(struct pith_text text, size_t at, bool starts_line,
                     size_t *read)
{
    struct pith_cluster c = pith_cluster_at(text, at);
    size_t end = starts_line ? pith_fence_end(text, at) : at;
    *read = c.end;
    if (end > at)
        return end;
    if (pith_is_word_character(c.code))
        return pith_name_end(text, at, read);
    if (c.code == '`') {
        *read = at + count(text, at, '`');
        return inline_code_end(text, at);
    }
    end = skip_markup(text, at, starts_line);
    size_t n = pith_role_of(c.code) == PITH_ROLE_SIGN
                   ? count(text, at, text.bytes[at]) : 0;
    if (end > at || n >= LEAST_LINE) {
        *read = end > at ? end : at + n;
        return at;
    }
    return end_from_sign(text, at, starts_line);
}

/* Parentheses that are open. */
struct open {
    size_t at[MAX_OPEN];
    bool is_call[MAX_OPEN]; /* a name is right before it */
    size_t n;
};

static void push(struct open *open, size_t at, bool is_call)
{
    if (open->n == MAX_OPEN) {
        open->n--;
        memmove(open->at, open->at + 1, open->n * sizeof *open->at);
        memmove(open->is_call, open->is_call + 1,
                open->n * sizeof *open->is_call);
    }
    open->at[open->n] = at;
    open->is_call[open->n++] = is_call;
}

/* Takes both parentheses of a call where the second is at `at`. */
static enum pith_status close_call(struct open *open, struct pith_text text,
                                   size_t at, struct pith_ranges *ranges,
                                   struct pith_error *error)
{
    if (open->n == 0 || !open->is_call[--open->n])
        return PITH_OK;
    size_t first = open->at[open->n], end = first + 1;
    PITH_TRY(pith_ranges_add(ranges, text, first, &end, PITH_PROTECT_CODE,
                             error));
    end = at + 1;
    return pith_ranges_add(ranges, text, at, &end, PITH_PROTECT_CODE, error);
}

enum pith_status pith_code_ranges(struct pith_text text,
                                  struct pith_ranges *ranges,
                                  struct pith_error *error)
{
    bool starts_line = true;
    size_t name_end = 0;
    struct open open = {.n = 0};
    for (size_t at = 0; at < text.size;) {
        uint32_t code = pith_cluster_at(text, at).code;
        size_t read, end = end_of(text, at, starts_line, &read);
        if (end > at)
            PITH_TRY(pith_ranges_add(ranges, text, at, &end,
                                     PITH_PROTECT_CODE, error));
        if (code == '(')
            push(&open, at, at > 0 && at == name_end);
        else if (code == ')')
            PITH_TRY(close_call(&open, text, at, ranges, error));
        if (end > at && pith_is_word_character(code))
            name_end = end;
        starts_line = code == '\n' || code == '\r' ||
                      (starts_line && pith_role_of(code) == PITH_ROLE_SPACE);
        at = end > at ? end : read;
        while (!pith_grapheme_boundary(text, at))
            at++;
    }
    return PITH_OK;
}
