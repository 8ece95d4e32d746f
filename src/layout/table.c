/*
 * table.c - tables: CSV, TSV, and rows with bars between their cells.  Rows stay
 * with all that parts their cells, or go.
 */
#include <string.h>

#include "forms.h"

static bool is_escaped(struct pith_text text, size_t at, size_t start)
{
    size_t n = 0;
    while (at > start && text.bytes[at - 1] == '\\') {
        at--;
        n++;
    }
    return n % 2 == 1;
}

size_t pith_table_record_end(struct pith_text text, size_t at, char separator,
                             size_t *n)
{
    size_t start = at;
    bool quoted = false;
    *n = 0;
    for (; at < text.size && (quoted || text.bytes[at] != '\n'); at++) {
        char c = text.bytes[at];
        if (c == '"' && separator != '|')
            quoted = !quoted;
        *n += !quoted && c == separator &&
              !(separator == '|' && is_escaped(text, at, start));
    }
    return at > start && text.bytes[at - 1] == '\r' ? at - 1 : at;
}

bool pith_table_is_rule(struct pith_text text, struct pith_form_line line)
{
    size_t n_dashes = 0, n_bars = 0;
    for (size_t i = line.text; i < line.end; i++) {
        if (strchr("-:| \t", text.bytes[i]) == NULL || text.bytes[i] == '\0')
            return false;
        n_dashes += text.bytes[i] == '-';
        n_bars += text.bytes[i] == '|';
    }
    return n_dashes > 0 && n_bars > 0;
}

/* --- which ---------------------------------------------------------------------- */

enum { FEWEST_ROWS = 3, LONGEST_CELL = 120 /* mean bytes */ };

/* Records that are not empty; 0 where they have different numbers of
 * separators, or none.  *ragged: those that differ from the first. */
static size_t count_records(struct pith_text text, char separator,
                            size_t *n_separators, size_t *ragged)
{
    size_t n_rows = 0, n;
    *n_separators = *ragged = 0;
    for (size_t at = 0, end; at < text.size; at = end + 1) {
        end = pith_table_record_end(text, at, separator, &n);
        if (end > at) {
            if (n_rows++ == 0)
                *n_separators = n;
            *ragged += n != *n_separators;
        }
        while (end < text.size && text.bytes[end] != '\n')
            end++;
    }
    return n_rows;
}

/* Whether most of them have a space after them, as commas of prose do. */
static bool is_spaced(struct pith_text text, char separator)
{
    size_t n = 0, n_spaced = 0;
    for (size_t i = 0; i + 1 < text.size; i++) {
        n += text.bytes[i] == separator;
        n_spaced += text.bytes[i] == separator && text.bytes[i + 1] == ' ';
    }
    return (separator == ',' || separator == ';') && 2 * n_spaced > n;
}

char pith_table_separator(struct pith_text text, bool certain)
{
    static const char separators[] = {'\t', '|', ';', ','};
    size_t first_end = pith_form_line_at(text, 0).end;
    for (size_t i = 0; i < sizeof separators; i++) {
        char c = separators[i];
        size_t n, ragged;
        if (memchr(text.bytes, c, first_end) == NULL)
            continue;
        size_t n_rows = count_records(text, c, &n, &ragged);
        if (n == 0)
            continue;
        if (!certain || (ragged == 0 && n_rows >= FEWEST_ROWS &&
                         (n >= 2 || c == '\t') && !is_spaced(text, c) &&
                         text.size / n_rows / (n + 1) <= LONGEST_CELL))
            return c;
    }
    return 0;
}

/* --- rows ----------------------------------------------------------------------- */

enum { LONG_WORDS = 6 }; /* a cell of fewer stays with its row */

bool pith_table_is_short(struct pith_text text, size_t at, size_t end)
{
    size_t n_words = 0;
    bool space = true;
    for (; at < end; at++) {
        bool next = strchr(" \t\r\n", text.bytes[at]) != NULL;
        n_words += space && !next;
        space = next;
    }
    return n_words < LONG_WORDS;
}

size_t pith_table_cell_end(struct pith_text text, size_t at, size_t end)
{
    size_t start = at;
    while (at < end && (text.bytes[at] != '|' || is_escaped(text, at, start)))
        at++;
    return at;
}

enum { HYPHENS = 3 /* of a cell of a rule */ };

enum pith_status pith_table_spare(struct pith_layout *layout,
                                  struct pith_text text,
                                  struct pith_form_line line,
                                  struct pith_error *error)
{
    bool rule = pith_table_is_rule(text, line);
    for (size_t at = line.text, next; at < line.end; at = next) {
        char c = text.bytes[at];
        size_t stays = c == '-' ? HYPHENS : 1;
        for (next = at + 1; next < line.end && text.bytes[next] == c; next++)
            ;
        bool pads = next == line.end || text.bytes[next] == '|' ||
                    (at > line.text && text.bytes[at - 1] == '|' &&
                     !is_escaped(text, at - 1, line.text));
        bool spare = c == '-' ? rule : c == ' ' && pads;
        if (spare && next - at > stays)
            PITH_TRY(pith_spare_add(layout, at + stays, next, error));
    }
    return PITH_OK;
}

/* The end of a cell of a record, quoted or not. */
static size_t cell_end(struct pith_text text, size_t at, size_t end,
                       char separator)
{
    bool quoted = false;
    if (separator == '|')
        return pith_table_cell_end(text, at, end);
    for (; at < end && (quoted || text.bytes[at] != separator); at++)
        quoted ^= text.bytes[at] == '"';
    return at;
}

/* The words of a long cell may go, not the quotes around them, and an escape not
 * in part. */
static enum pith_status mark_cell(struct pith_layout *layout,
                                  struct pith_text text, size_t at, size_t end,
                                  char separator, struct pith_error *error)
{
    if (pith_table_is_short(text, at, end))
        return pith_mark_add(layout, at, end, PITH_MARK_FRAME, error);
    for (; at < end; at++) {
        bool escape = text.bytes[at] == '\\' && separator == '|';
        size_t n = escape && at + 1 < end ? 2 : 1;
        if (n == 2 || (text.bytes[at] == '"' && separator != '|'))
            PITH_TRY(pith_mark_add(layout, at, at + n,
                                   n == 2 ? PITH_MARK_WHOLE : PITH_MARK_FRAME,
                                   error));
        at += n - 1;
    }
    return PITH_OK;
}

static enum pith_status add_record(struct pith_layout *layout,
                                   struct pith_text text, size_t at, size_t end,
                                   char separator, bool head,
                                   struct pith_error *error)
{
    if (head)
        return pith_mark_add(layout, at, end, PITH_MARK_FIXED, error);
    struct pith_block row = {.start = at, .end = end, .firm = true};
    for (size_t next; at < end; at = next) {
        size_t cell = cell_end(text, at, end, separator);
        next = cell < end ? cell + 1 : end;
        PITH_TRY(mark_cell(layout, text, at, cell, separator, error));
        PITH_TRY(pith_mark_add(layout, cell, next, PITH_MARK_FRAME, error));
    }
    return pith_block_add(layout, row, error);
}

enum pith_status pith_layout_table(struct pith_layout *layout,
                                   struct pith_text text,
                                   struct pith_error *error)
{
    char separator =
        text.size > 0 ? pith_table_separator(text, false) : 0;
    bool head = true;
    if (separator == 0)
        return PITH_OK;
    for (size_t at = 0, end, n; at < text.size; at = end + 1) {
        end = pith_table_record_end(text, at, separator, &n);
        struct pith_form_line line = pith_form_line_at(text, at);
        bool rule = separator == '|' && pith_table_is_rule(text, line);
        if (separator == '|')
            PITH_TRY(pith_table_spare(layout, text, line, error));
        if (end > at) {
            PITH_TRY(add_record(layout, text, at, end, separator, head || rule,
                                error));
            head = false;
        }
        while (end < text.size && text.bytes[end] != '\n')
            end++;
    }
    return PITH_OK;
}
