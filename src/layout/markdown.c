/*
 * markdown.c - Markdown: headings and links stay; items, quotes, rows of tables
 * and fences keep the marks that make them what they are.
 */
#include <string.h>

#include "../prompt/scan.h"
#include "../prompt/markup.h"
#include "forms.h"

enum { LONGEST_SPAN = 120 /* bytes of `code` and **bold** */ };

struct reader {
    struct pith_layout *layout;
    struct pith_text text;
    struct pith_error *error;
};

/* --- within a line -------------------------------------------------------------- */

/* Where the "]" is that closes the bracket at `at`; `at` where none does. */
static size_t bracket_end(struct pith_text text, size_t at, size_t end)
{
    size_t depth = 0;
    for (size_t i = at; i < end; i++) {
        if (text.bytes[i] == '\\')
            i++;
        else if (text.bytes[i] == '[')
            depth++;
        else if (text.bytes[i] == ']' && --depth == 0)
            return i;
    }
    return at;
}

/* [text](address), ![alt][label], <https://x.org>, https://x.org */
static size_t link_end(struct pith_text text, size_t at, size_t end)
{
    size_t open = at + (text.bytes[at] == '!');
    if (open < end && text.bytes[open] == '[') {
        size_t close = bracket_end(text, open, end);
        size_t target = close > open ? pith_link_target_end(text, close + 1)
                                     : at;
        return target > close + 1 && close > open ? target : at;
    }
    if (pith_starts_with(text, at, "http://") ||
        pith_starts_with(text, at, "https://"))
        return pith_run_end(text, at, " \t\r\n<>\"'`)]|");
    return text.bytes[at] == '<' ? pith_tag_end(text, at) : at;
}

/* `code`, **bold**, __bold__: what a pair of marks holds, on one line. */
static size_t span_end(struct pith_text text, size_t at, size_t end)
{
    char c = text.bytes[at];
    size_t n = 1;
    if (c != '`' && c != '*' && c != '_')
        return at;
    while (at + n < end && text.bytes[at + n] == c)
        n++;
    if (n > 2 || (n == 1 && c == '_') || end - at < 2 * n + 1)
        return at;
    for (size_t i = at + n; i + n <= end && i - at <= LONGEST_SPAN; i++)
        if (text.bytes[i] == c && (n == 1 || text.bytes[i + 1] == c))
            return text.bytes[i - 1] == ' ' || text.bytes[at + n] == ' '
                       ? at : i + n;
    return at;
}

static enum pith_status mark_inline(struct reader *r, size_t at, size_t end)
{
    for (size_t next; at < end; at = next) {
        size_t stop = link_end(r->text, at, end);
        enum pith_mark_kind kind = PITH_MARK_FIXED;
        if (stop == at) {
            stop = span_end(r->text, at, end);
            kind = PITH_MARK_WHOLE;
        }
        stop = stop < end ? stop : end;
        next = stop > at ? stop : at + 1 + (r->text.bytes[at] == '\\');
        if (stop > at)
            PITH_TRY(pith_mark_add(r->layout, at, stop, kind, r->error));
    }
    return PITH_OK;
}

/* --- lines ---------------------------------------------------------------------- */

static size_t run_of(struct pith_text text, size_t at, size_t end, char c)
{
    size_t n = 0;
    while (at + n < end && text.bytes[at + n] == c)
        n++;
    return n;
}

static bool is_heading(struct pith_text text, struct pith_form_line line)
{
    size_t n = run_of(text, line.text, line.end, '#');
    return n >= 1 && n <= 6 &&
           (line.text + n == line.end || text.bytes[line.text + n] == ' ');
}

/* === or --- below a heading; also the rule between sections. */
static bool is_underline(struct pith_text text, struct pith_form_line line)
{
    char c = line.text < line.end ? text.bytes[line.text] : ' ';
    size_t n = run_of(text, line.text, line.end, c);
    return (c == '=' || c == '-') && n >= 3 && line.text + n == line.end;
}

/* [label]: address */
static bool is_definition(struct pith_text text, struct pith_form_line line)
{
    if (line.text >= line.end || text.bytes[line.text] != '[')
        return false;
    size_t close = bracket_end(text, line.text, line.end);
    return close > line.text && close + 1 < line.end &&
           text.bytes[close + 1] == ':';
}

static size_t fence_length(struct pith_text text, struct pith_form_line line)
{
    char c = line.text < line.end ? text.bytes[line.text] : ' ';
    size_t n = run_of(text, line.text, line.end, c);
    return (c == '`' || c == '~') && n >= 3 ? n : 0;
}

/* Where "- ", "2. ", "> " or "- [x] " ends; line.text where none begins. */
static size_t item_end(struct pith_text text, struct pith_form_line line)
{
    size_t at = line.text;
    if (at < line.end && strchr("-*+>", text.bytes[at]) != NULL)
        at++;
    else
        while (at < line.end && at - line.text < 9 &&
               text.bytes[at] >= '0' && text.bytes[at] <= '9')
            at++;
    if (at > line.text && at < line.end && text.bytes[at - 1] >= '0' &&
        text.bytes[at - 1] <= '9') {
        if (text.bytes[at] != '.' && text.bytes[at] != ')')
            return line.text;
        at++;
    }
    bool quote = at > line.text && text.bytes[at - 1] == '>';
    if (at == line.text || (at < line.end && text.bytes[at] != ' ' && !quote))
        return line.text;
    if (line.end - at > 4 && text.bytes[at + 1] == '[' &&
        text.bytes[at + 3] == ']')
        return at + 4;
    return at;
}

/* --- blocks --------------------------------------------------------------------- */

static enum pith_status fix(struct reader *r, struct pith_form_line line)
{
    return pith_mark_add(r->layout, line.start, line.end, PITH_MARK_FIXED,
                         r->error);
}

/* From a fence to the one that closes it; the lines between are whole. */
static enum pith_status read_fence(struct reader *r, struct pith_form_line line,
                                   size_t *at)
{
    size_t n = fence_length(r->text, line);
    char c = r->text.bytes[line.text];
    struct pith_block block = {.start = line.start, .end = line.end};
    PITH_TRY(pith_mark_add(r->layout, line.start, line.end, PITH_MARK_FRAME,
                           r->error));
    for (*at = line.next; *at < r->text.size;) {
        line = pith_form_line_at(r->text, *at);
        *at = line.next;
        block.end = line.end;
        bool closes = fence_length(r->text, line) >= n &&
                      r->text.bytes[line.text] == c;
        PITH_TRY(pith_mark_add(r->layout, line.start, line.end,
                               closes ? PITH_MARK_FRAME : PITH_MARK_WHOLE,
                               r->error));
        if (closes)
            break;
    }
    return pith_block_add(r->layout, block, r->error);
}

/* The rows below the head and the rule. */
static enum pith_status read_table(struct reader *r, struct pith_form_line line,
                                   size_t *at)
{
    PITH_TRY(fix(r, line));
    for (*at = line.next; *at < r->text.size; *at = line.next) {
        line = pith_form_line_at(r->text, *at);
        if (memchr(r->text.bytes + line.start, '|', line.end - line.start) ==
            NULL)
            break;
        PITH_TRY(pith_table_is_rule(r->text, line)
                     ? fix(r, line)
                     : pith_table_add_row(r->layout, r->text, line, r->error));
    }
    return PITH_OK;
}

/* An item with the lines that are indented below it. */
static enum pith_status read_item(struct reader *r, struct pith_form_line line,
                                  size_t *at)
{
    size_t mark_end = item_end(r->text, line);
    struct pith_block block = {.start = line.start, .end = line.end};
    PITH_TRY(pith_mark_add(r->layout, line.start, mark_end, PITH_MARK_FRAME,
                           r->error));
    PITH_TRY(mark_inline(r, mark_end, line.end));
    for (*at = line.next; *at < r->text.size; *at = line.next) {
        line = pith_form_line_at(r->text, *at);
        if (pith_form_is_blank(line) || line.text == line.start ||
            item_end(r->text, line) > line.text ||
            fence_length(r->text, line) > 0)
            break;
        PITH_TRY(mark_inline(r, line.text, line.end));
        block.end = line.end;
    }
    return pith_block_add(r->layout, block, r->error);
}

static enum pith_status read_line(struct reader *r, size_t *at)
{
    struct pith_form_line line = pith_form_line_at(r->text, *at), next = line;
    if (line.next < r->text.size)
        next = pith_form_line_at(r->text, line.next);
    *at = line.next;
    if (pith_form_is_blank(line))
        return PITH_OK;
    if (fence_length(r->text, line) > 0)
        return read_fence(r, line, at);
    bool bar = memchr(r->text.bytes + line.start, '|',
                      line.end - line.start) != NULL;
    if (bar && next.start > line.start && pith_table_is_rule(r->text, next))
        return read_table(r, line, at);
    bool titled = next.start > line.start && is_underline(r->text, next);
    if (is_heading(r->text, line) || titled || is_underline(r->text, line) ||
        is_definition(r->text, line))
        return fix(r, line);
    if (item_end(r->text, line) > line.text)
        return read_item(r, line, at);
    return mark_inline(r, line.start, line.end);
}

/* --- at the start, between two lines of three hyphens; 0: there is nothing. */
static size_t front_matter_end(struct pith_text text)
{
    struct pith_form_line line = pith_form_line_at(text, 0);
    if (line.end - line.start != 3 || !is_underline(text, line))
        return 0;
    for (size_t at = line.next; at < text.size; at = line.next) {
        line = pith_form_line_at(text, at);
        if (line.end - line.start == 3 && is_underline(text, line))
            return line.end;
    }
    return 0;
}

enum pith_status pith_layout_markdown(struct pith_layout *layout,
                                      struct pith_text text,
                                      struct pith_error *error)
{
    struct reader r = {layout, text, error};
    size_t at = text.size > 0 ? front_matter_end(text) : 0;
    PITH_TRY(pith_mark_add(layout, 0, at, PITH_MARK_FIXED, error));
    while (at < text.size)
        PITH_TRY(read_line(&r, &at));
    return PITH_OK;
}
