/*
 * json.c - JSON, also one value on each line: everything stays but the words of
 * strings that are long.
 */
#include <string.h>

#include "forms.h"

enum { LONG_WORDS = 6 }; /* a string of fewer stays */

/* Where the string ends that starts at `at`, after its closing quote. */
static size_t string_end(struct pith_text text, size_t at)
{
    for (at++; at < text.size && text.bytes[at] != '"'; at++)
        at += text.bytes[at] == '\\';
    return at < text.size ? at + 1 : text.size;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_key(struct pith_text text, size_t end)
{
    while (end < text.size && is_space(text.bytes[end]))
        end++;
    return end < text.size && text.bytes[end] == ':';
}

static bool is_long(struct pith_text text, size_t at, size_t end)
{
    size_t n_words = 1;
    for (; at + 1 < end; at++)
        n_words += text.bytes[at] == ' ' && text.bytes[at + 1] != ' ';
    return n_words >= LONG_WORDS;
}

/* \n, \u00e9, and two of the latter that spell one character. */
static size_t escape_end(struct pith_text text, size_t at, size_t end)
{
    size_t n = at + 1 < end && text.bytes[at + 1] == 'u' ? 6 : 2;
    bool high = n == 6 && end - at >= 12 &&
                (text.bytes[at + 2] | 0x20) == 'd' &&
                strchr("89abAB", text.bytes[at + 3]) != NULL &&
                text.bytes[at + 6] == '\\' && text.bytes[at + 7] == 'u';
    n = high ? 12 : n;
    return n < end - at ? at + n : end;
}

/* The words between the quotes may go, escapes only as a whole. */
static enum pith_status mark_long(struct pith_layout *layout,
                                  struct pith_text text, size_t at, size_t end,
                                  struct pith_error *error)
{
    PITH_TRY(pith_mark_add(layout, at, at + 1, PITH_MARK_FIXED, error));
    for (size_t i = at + 1, next; i < end - 1; i = next) {
        next = i + 1;
        if (text.bytes[i] != '\\')
            continue;
        next = escape_end(text, i, end - 1);
        PITH_TRY(pith_mark_add(layout, i, next, PITH_MARK_WHOLE, error));
    }
    return pith_mark_add(layout, end - 1, end, PITH_MARK_FIXED, error);
}

enum pith_status pith_layout_json(struct pith_layout *layout,
                                  struct pith_text text,
                                  struct pith_error *error)
{
    for (size_t at = 0, next; at < text.size; at = next) {
        next = at + 1;
        if (text.bytes[at] == '"')
            next = string_end(text, at);
        bool cut = text.bytes[at] == '"' && next - at >= 2 &&
                   text.bytes[next - 1] == '"' && !is_key(text, next) &&
                   is_long(text, at, next);
        PITH_TRY(cut ? mark_long(layout, text, at, next, error)
                     : pith_mark_add(layout, at, next, PITH_MARK_FIXED,
                                     error));
    }
    return PITH_OK;
}
