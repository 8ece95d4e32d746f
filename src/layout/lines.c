/*
 * lines.c - forms whose lines stay or go: programs, logs, chats.
 */
#include <string.h>

#include "../base/exact.h"
#include "../prompt/scan.h"
#include "forms.h"

/* --- programs ----------------------------------------------------------------- */

/* Lines are whole.  The first stays, so that the indentation of those after
 * it means what it meant. */
enum pith_status pith_layout_code(struct pith_layout *layout,
                                  struct pith_text text,
                                  struct pith_error *error)
{
    bool first = true;
    for (size_t at = 0; at < text.size;) {
        struct pith_form_line line = pith_form_line_at(text, at);
        at = line.next;
        if (pith_form_is_blank(line))
            continue;
        if (first)
            PITH_TRY(pith_mark_add(layout, line.start, line.end,
                                   PITH_MARK_FIXED, error));
        else
            PITH_TRY(pith_block_add(layout,
                                    (struct pith_block){.start = line.start,
                                                        .end = line.end,
                                                        .whole = true},
                                    error));
        first = false;
    }
    return PITH_OK;
}

/* --- logs --------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether letters [at, end) are one of the words, in any case. */
static bool is_word(struct pith_text text, size_t at, size_t end,
                    const char *const *words)
{
    for (; *words != NULL; words++) {
        size_t n = strlen(*words), i = 0;
        while (n == end - at && i < n && (text.bytes[at + i] | 0x20) ==
                                             (*words)[i])
            i++;
        if (i == n && n == end - at)
            return true;
    }
    return false;
}

/* What a prefix has so far. */
struct prefix {
    bool time, level, severe;
};

static const char *const levels[] = {"trace", "debug", "info", "notice", NULL};
static const char *const severe_levels[] = {
    "warn", "warning", "error", "err", "fatal", "critical", "crit", "severe",
    "alert", "emerg", "panic", NULL};
static const char *const calendar[] = {
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov",
    "dec", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "utc", "gmt", NULL};

/* 2026-11-24T02:00:01.5Z, 02:00:01, 10.0.0.7: digits and what joins them. */
static size_t skip_chain(struct pith_text text, size_t at, size_t end,
                         struct prefix *prefix)
{
    size_t n_colons = 0, n_dashes = 0;
    for (; at < end && (is_digit(text.bytes[at]) ||
                        strchr("-:./,+TZ", text.bytes[at]) != NULL); at++) {
        n_colons += text.bytes[at] == ':';
        n_dashes += text.bytes[at] == '-' || text.bytes[at] == '/';
    }
    prefix->time |= n_colons >= 1 || n_dashes >= 2;
    return at;
}

/* [main], [2026-11-24 02:00:01], [ERROR]; `at` after it. */
static size_t skip_brackets(struct pith_text text, size_t at, size_t end,
                            struct prefix *prefix)
{
    char close = text.bytes[at] == '[' ? ']' : ')';
    const char *stop = memchr(text.bytes + at, close, end - at);
    size_t inner = at + 1, close_at;
    if (stop == NULL || text.bytes[at] == '(')
        return at;
    close_at = (size_t)(stop - text.bytes);
    size_t word = inner;
    while (word < close_at && pith_is_ascii_letter(text.bytes[word]))
        word++;
    prefix->severe |= is_word(text, inner, word, severe_levels);
    prefix->level |= is_word(text, inner, word, severe_levels) ||
                     is_word(text, inner, word, levels);
    if (is_digit(text.bytes[inner]))
        for (; inner < close_at && !prefix->time; inner++)
            prefix->time = text.bytes[inner] == ':';
    return close_at + 1;
}

/* A level or the name of a month; `at` where it is neither. */
static size_t skip_word(struct pith_text text, size_t at, size_t end,
                        struct prefix *prefix)
{
    size_t stop = at;
    while (stop < end && pith_is_ascii_letter(text.bytes[stop]))
        stop++;
    bool severe = is_word(text, at, stop, severe_levels);
    bool level = severe || is_word(text, at, stop, levels);
    if (!level && !is_word(text, at, stop, calendar))
        return at;
    prefix->severe |= severe;
    prefix->level |= level;
    return stop;
}

size_t pith_log_prefix_end(struct pith_text text, struct pith_form_line line,
                           bool *severe)
{
    struct prefix prefix = {false, false, false};
    size_t end = line.start;
    *severe = false;
    for (size_t at = line.text, next; at < line.end; at = next) {
        char c = text.bytes[at];
        if (strchr(" \t|:-", c) != NULL && c != '\0') {
            next = at + 1;
            continue;
        }
        if (is_digit(c))
            next = skip_chain(text, at, line.end, &prefix);
        else if (c == '[')
            next = skip_brackets(text, at, line.end, &prefix);
        else
            next = skip_word(text, at, line.end, &prefix);
        if (next == at || (prefix.time && is_digit(c) && end > line.start &&
                           memchr(text.bytes + at, ':', next - at) == NULL))
            break;
        if (prefix.time || prefix.level)
            end = next;
        if (prefix.level && c != '[')
            break;
    }
    *severe = prefix.severe;
    return end;
}

/* A warning weighs more than what it is surprising by. */
static const double for_warnings = 3;

enum pith_status pith_layout_log(struct pith_layout *layout,
                                 struct pith_text text,
                                 struct pith_error *error)
{
    for (size_t at = 0; at < text.size;) {
        struct pith_form_line line = pith_form_line_at(text, at);
        bool severe;
        size_t end = pith_log_prefix_end(text, line, &severe);
        at = line.next;
        if (pith_form_is_blank(line))
            continue;
        PITH_TRY(pith_mark_add(layout, line.start, end, PITH_MARK_FRAME,
                               error));
        PITH_TRY(pith_block_add(
            layout,
            (struct pith_block){.start = line.start, .end = line.end,
                                .whole = end == line.start,
                                .weight = severe ? for_warnings : 0},
            error));
    }
    return PITH_OK;
}

/* --- chats -------------------------------------------------------------------- */

enum { LONGEST_NAME = 40, MOST_WORDS = 4 };

size_t pith_chat_label_end(struct pith_text text, struct pith_form_line line,
                           struct pith_text *name)
{
    size_t at = line.text, n_words = 1;
    if (at < line.end && text.bytes[at] == '[') { /* [10:32] */
        const char *stop = memchr(text.bytes + at, ']', line.end - at);
        if (stop != NULL)
            at = (size_t)(stop - text.bytes) + 1;
        while (at < line.end && text.bytes[at] == ' ')
            at++;
    }
    size_t first = at;
    if (at < line.end && text.bytes[at] == '<') { /* <ada> */
        const char *stop = memchr(text.bytes + at, '>', line.end - at);
        size_t end = stop != NULL ? (size_t)(stop - text.bytes) : at;
        bool is_name = end > at + 1 && end - at < LONGEST_NAME;
        *name = (struct pith_text){text.bytes + at, end - at};
        return is_name ? end + 1 : line.start;
    }
    for (; at < line.end && at - first <= LONGEST_NAME; at++) {
        char c = text.bytes[at];
        if (c == ':')
            break;
        n_words += c == ' ';
        if (!((unsigned char)c >= 0x80 || pith_is_ascii_word(c) ||
              (at > first && strchr(" .'-()*", c) != NULL && c != '\0') ||
              c == '*'))
            return line.start;
    }
    bool ends = at < line.end && text.bytes[at] == ':' &&
                (at + 1 == line.end || text.bytes[at + 1] == ' ' ||
                 text.bytes[at + 1] == '*' || text.bytes[at + 1] == '\t');
    if (!ends || at == first || n_words > MOST_WORDS)
        return line.start;
    *name = (struct pith_text){text.bytes + first, at - first};
    while (at + 1 < line.end && text.bytes[at + 1] == '*')
        at++;
    return at + 1;
}

/* A turn is a name and what is said up to the next. */
enum pith_status pith_layout_chat(struct pith_layout *layout,
                                  struct pith_text text,
                                  struct pith_error *error)
{
    struct pith_block turn = {.end = 0};
    bool open = false;
    for (size_t at = 0; at < text.size;) {
        struct pith_form_line line = pith_form_line_at(text, at);
        struct pith_text name;
        size_t end = pith_chat_label_end(text, line, &name);
        at = line.next;
        if (end > line.start) {
            if (open)
                PITH_TRY(pith_block_add(layout, turn, error));
            PITH_TRY(pith_mark_add(layout, line.start, end, PITH_MARK_FRAME,
                                   error));
            turn.start = line.start;
            open = true;
        }
        if (!pith_form_is_blank(line))
            turn.end = line.end;
    }
    return open ? pith_block_add(layout, turn, error) : PITH_OK;
}
