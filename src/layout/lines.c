/*
 * lines.c - forms whose lines stay or go: programs, logs, chats.
 */
#include <string.h>

#include "../base/exact.h"
#include "../base/text.h"
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
    for (; at < end && (pith_is_ascii_digit(text.bytes[at]) ||
                        strchr("-:./,+TZ", text.bytes[at]) != NULL); at++) {
        n_colons += text.bytes[at] == ':';
        n_dashes += text.bytes[at] == '-' || text.bytes[at] == '/';
    }
    prefix->time |= n_colons >= 1 || n_dashes >= 2;
    return at;
}

/* 02:00, of which the first digit may be missing. */
static bool is_clock(struct pith_text text, size_t at, size_t end)
{
    return at + 4 < end && pith_is_ascii_digit(text.bytes[at]) &&
           pith_is_ascii_digit(text.bytes[at + 1]) && text.bytes[at + 2] == ':' &&
           pith_is_ascii_digit(text.bytes[at + 3]) && pith_is_ascii_digit(text.bytes[at + 4]);
}

/* The levels among the words of [at, end). */
static void take_levels(struct pith_text text, size_t at, size_t end,
                        struct prefix *prefix)
{
    while (at < end) {
        size_t stop = at;
        while (stop < end && pith_is_ascii_letter(text.bytes[stop]))
            stop++;
        bool severe = is_word(text, at, stop, severe_levels);
        prefix->severe |= severe;
        prefix->level |= severe || is_word(text, at, stop, levels);
        at = stop > at ? stop : at + 1;
    }
}

/* [main], [2026-11-24 02:00:01], [core:error]; `at` after it. */
static size_t skip_brackets(struct pith_text text, size_t at, size_t end,
                            struct prefix *prefix)
{
    const char *stop = memchr(text.bytes + at, ']', end - at);
    if (stop == NULL)
        return at;
    end = (size_t)(stop - text.bytes);
    take_levels(text, at + 1, end, prefix);
    for (size_t i = at + 1; i < end && !prefix->time; i++)
        prefix->time = is_clock(text, i, end);
    return end + 1;
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

enum { NEAR = 60 /* bytes after a time */ };

/* I1124 02:00:01.5 7 file.c:10]: the first letter of a level, month and day. */
static size_t skip_letter(struct pith_text text, size_t at, size_t end,
                          struct prefix *prefix)
{
    if (end - at < 6 || strchr("IWEFD", text.bytes[at]) == NULL ||
        text.bytes[at + 5] != ' ')
        return at;
    for (size_t i = 1; i < 5; i++)
        if (!pith_is_ascii_digit(text.bytes[at + i]))
            return at;
    prefix->level = true;
    prefix->severe = strchr("WEF", text.bytes[at]) != NULL;
    const char *stop = memchr(text.bytes + at, ']', end - at);
    return stop != NULL && stop - text.bytes - (ptrdiff_t)at < NEAR
               ? (size_t)(stop - text.bytes) + 1 : at + 5;
}

/* "web1 cron[12]: " after a time names who says it: where it ends. */
static size_t tag_end(struct pith_text text, size_t at, size_t end)
{
    size_t start = at, n_words = 0;
    for (end = end - at > NEAR ? at + NEAR : end; at < end; at++) {
        if (text.bytes[at] == ' ' && ++n_words > 2)
            return start;
        if (text.bytes[at] == ':' && at + 1 < end && text.bytes[at + 1] == ' ')
            return at + 1;
    }
    return start;
}

/* " - orders.pool - INFO": where a level in capitals ends, near what comes
 * before it. */
static size_t level_end(struct pith_text text, size_t at, size_t end,
                        struct prefix *prefix)
{
    size_t start = at;
    for (end = end - at > NEAR ? at + NEAR : end; at < end;) {
        size_t stop = at;
        while (stop < end && text.bytes[stop] >= 'A' && text.bytes[stop] <= 'Z')
            stop++;
        struct prefix found = {false, false, false};
        bool apart = at == start || !pith_is_ascii_word(text.bytes[at - 1]);
        if (apart && stop > at)
            take_levels(text, at, stop, &found);
        if (found.level) {
            prefix->level = true;
            prefix->severe |= found.severe;
            return stop;
        }
        at = stop > at ? stop : at + 1;
    }
    return start;
}

bool pith_log_is_level(struct pith_text text)
{
    struct prefix prefix = {false, false, false};
    take_levels(text, 0, text.size, &prefix);
    return prefix.level;
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
        if (pith_is_ascii_digit(c))
            next = skip_chain(text, at, line.end, &prefix);
        else if (c == '[')
            next = skip_brackets(text, at, line.end, &prefix);
        else
            next = skip_word(text, at, line.end, &prefix);
        if (next == at && at == line.text)
            next = skip_letter(text, at, line.end, &prefix);
        if (next == at || (prefix.time && pith_is_ascii_digit(c) && end > line.start &&
                           memchr(text.bytes + at, ':', next - at) == NULL))
            break;
        if (prefix.time || prefix.level)
            end = next;
    }
    if (prefix.time && !prefix.level)
        end = level_end(text, end, line.end, &prefix);
    if (prefix.time && !prefix.level)
        end = tag_end(text, end, line.end);
    if (!prefix.time && !prefix.level) /* level=error, in a line without */
        take_levels(text, line.text,
                    line.end - line.text > NEAR ? line.text + NEAR : line.end,
                    &prefix);
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
        PITH_TRY(pith_layout_inline(layout, text, end, line.end, false, error));
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

enum { LONGEST_NAME = 40, MOST_WORDS = 5 };

static bool is_any(char c, const char *signs)
{
    return c != '\0' && strchr(signs, c) != NULL;
}

/* "[10:32] ", "24/11/2026, 10:32 - ", "9:32 PM ": where a name may begin. */
static size_t time_end(struct pith_text text, size_t at, size_t end)
{
    static const char mark[] = "\xE2\x80\x8E"; /* left to right, WhatsApp's */
    bool clock = false;
    size_t start = at;
    if (pith_starts_with(text, at, mark))
        at += strlen(mark);
    if (at < end && text.bytes[at] == '[') {
        const char *stop = memchr(text.bytes + at, ']', end - at);
        clock = stop != NULL;
        at = clock ? (size_t)(stop - text.bytes) + 1 : at;
    }
    for (; at < end && (pith_is_ascii_digit(text.bytes[at]) ||
                        is_any(text.bytes[at], "/.:, -")); at++)
        clock |= text.bytes[at] == ':' && at + 2 < end &&
                 pith_is_ascii_digit(text.bytes[at + 1]) && pith_is_ascii_digit(text.bytes[at + 2]);
    if (at + 2 < end && is_any(text.bytes[at], "aApP") &&
        is_any(text.bytes[at + 1], "mM") && text.bytes[at + 2] == ' ')
        at += 2;
    while (at < end && is_any(text.bytes[at], " -"))
        at++;
    return clock ? at : start;
}

/* <ada>; `at` where it is none. */
static size_t nick_end(struct pith_text text, size_t at, size_t end)
{
    const char *stop = memchr(text.bytes + at, '>', end - at);
    size_t n = stop != NULL ? (size_t)(stop - text.bytes) - at : 0;
    return text.bytes[at] == '<' && n > 1 && n < LONGEST_NAME ? at + n + 1 : at;
}

/* Where the colon is that ends a name; `at` where none does. */
static size_t name_end(struct pith_text text, size_t at, size_t end)
{
    size_t first = at, n_words = 1;
    for (; at < end && at - first <= LONGEST_NAME; at++) {
        char c = text.bytes[at];
        bool inside = c == ':' && at + 1 < end && /* (00:01:23) */
                      pith_is_ascii_digit(text.bytes[at + 1]) && at > first &&
                      pith_is_ascii_digit(text.bytes[at - 1]);
        if (c == ':' && !inside)
            break;
        n_words += c == ' ';
        if (!(inside || (unsigned char)c >= 0x80 || pith_is_ascii_word(c) ||
              (at > first && is_any(c, " .'-()")) || is_any(c, "*+~@")))
            return first;
    }
    bool ends = at < end && text.bytes[at] == ':' && n_words <= MOST_WORDS &&
                (at + 1 == end || is_any(text.bytes[at + 1], " *\t"));
    return ends ? at : first;
}

size_t pith_chat_label_end(struct pith_text text, struct pith_form_line line,
                           struct pith_text *name)
{
    size_t first = time_end(text, line.text, line.end);
    if (first == line.end)
        return line.start;
    size_t end = nick_end(text, first, line.end), colon = first;
    if (end == first) {
        colon = end = name_end(text, first, line.end);
        if (colon == first)
            return line.start;
        while (end + 1 < line.end && text.bytes[end + 1] == '*')
            end++;
        end++;
    }
    colon = colon > first ? colon : end;
    const char *time = memchr(text.bytes + first, '(', colon - first);
    *name = (struct pith_text){text.bytes + first, colon - first};
    if (time != NULL && time > name->bytes) /* Ada (00:01:23) */
        name->size = (size_t)(time - name->bytes);
    return end;
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
