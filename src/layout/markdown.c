/*
 * markdown.c - Markdown: headings and links stay; items, quotes, rows of tables
 * and fences keep the marks that make them what they are.
 */
#include <string.h>

#include "../prompt/scan.h"
#include "forms.h"

struct reader {
    struct pith_layout *layout;
    struct pith_text text;
    bool in_list, after_blank;
    struct pith_error *error;
};

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

/* Where "[label]:" ends that starts at byte `at`; `at` where none does. */
static size_t label_end(struct pith_text text, size_t at, size_t end)
{
    if (at >= end || text.bytes[at] != '[')
        return at;
    const char *close = memchr(text.bytes + at, ']', end - at);
    return close != NULL && close + 1 < text.bytes + end && close[1] == ':'
               ? (size_t)(close + 2 - text.bytes) : at;
}

static bool is_note(struct pith_text text, size_t at, size_t end)
{
    return at + 1 < end && text.bytes[at + 1] == '^';
}

/* [label]: address, but not [^note]: text */
static bool is_definition(struct pith_text text, struct pith_form_line line)
{
    return label_end(text, line.text, line.end) > line.text &&
           !is_note(text, line.text, line.end);
}

static size_t fence_length(struct pith_text text, struct pith_form_line line)
{
    char c = line.text < line.end ? text.bytes[line.text] : ' ';
    size_t n = run_of(text, line.text, line.end, c);
    return (c == '`' || c == '~') && n >= 3 ? n : 0;
}

/* Where "- ", "2. ", "- [x] " or "[^note]:" ends; `at` where none begins. */
static size_t bullet_end(struct pith_text text, size_t at, size_t end)
{
    size_t start = at;
    if (is_note(text, at, end))
        return label_end(text, at, end);
    if (at < end && strchr("-*+", text.bytes[at]) != NULL) {
        at++;
    } else {
        while (at < end && at - start < 9 && text.bytes[at] >= '0' &&
               text.bytes[at] <= '9')
            at++;
        if (at == start || at == end ||
            (text.bytes[at] != '.' && text.bytes[at] != ')'))
            return start;
        at++;
    }
    if (at < end && text.bytes[at] != ' ' && text.bytes[at] != '\t')
        return start;
    bool box = end - at > 4 && text.bytes[at + 1] == '[' &&
               text.bytes[at + 3] == ']';
    return box ? at + 4 : at;
}

/* Where the marks of quotes and of an item end, "> > - "; line.text where there
 * are none. */
static size_t item_end(struct pith_text text, struct pith_form_line line)
{
    size_t at = line.text, end = at;
    while (at < line.end && text.bytes[at] == '>') {
        end = ++at;
        while (at < line.end && text.bytes[at] == ' ')
            at++;
    }
    size_t bullet = bullet_end(text, at, line.end);
    return bullet > at ? bullet : end;
}

static bool has_bar(struct pith_text text, struct pith_form_line line)
{
    return memchr(text.bytes + line.start, '|', line.end - line.start) != NULL;
}

/* What is neither text nor an item. */
static bool is_special(struct pith_text text, struct pith_form_line line)
{
    return fence_length(text, line) > 0 || is_heading(text, line) ||
           is_underline(text, line) || is_definition(text, line);
}

/* A line of code by its indentation. */
static bool is_indented(struct pith_text text, struct pith_form_line line)
{
    return line.text - line.start >= 4 ||
           (line.text > line.start && text.bytes[line.start] == '\t');
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

static enum pith_status read_row(struct reader *r, struct pith_form_line line)
{
    struct pith_block row = {.start = line.start, .end = line.end, .firm = true};
    for (size_t at = line.start, next; at < line.end; at = next) {
        size_t end = pith_table_cell_end(r->text, at, line.end);
        next = end < line.end ? end + 1 : end;
        bool is_short = pith_table_is_short(r->text, at, end) &&
                        !pith_has_link(r->text, at, end);
        PITH_TRY(is_short ? pith_mark_add(r->layout, at, end, PITH_MARK_FRAME,
                                          r->error)
                          : pith_layout_inline(r->layout, r->text, at, end,
                                               true, r->error));
        PITH_TRY(pith_mark_add(r->layout, end, next, PITH_MARK_FRAME,
                               r->error));
    }
    return pith_block_add(r->layout, row, r->error);
}

/* The rows below the head and the rule. */
static enum pith_status read_table(struct reader *r, struct pith_form_line line,
                                   size_t *at)
{
    PITH_TRY(fix(r, line));
    PITH_TRY(pith_table_spare(r->layout, r->text, line, r->error));
    for (*at = line.next; *at < r->text.size; *at = line.next) {
        line = pith_form_line_at(r->text, *at);
        if (!has_bar(r->text, line))
            break;
        PITH_TRY(pith_table_spare(r->layout, r->text, line, r->error));
        PITH_TRY(pith_table_is_rule(r->text, line) ? fix(r, line)
                                                   : read_row(r, line));
    }
    return PITH_OK;
}

/* Where the text ends that goes on below a line.
 *   next  the line after it */
static size_t text_end(const struct reader *r, struct pith_form_line line,
                       size_t *next)
{
    size_t end = line.end;
    for (*next = line.next; *next < r->text.size; *next = line.next) {
        line = pith_form_line_at(r->text, *next);
        if (pith_form_is_blank(line) || is_special(r->text, line) ||
            item_end(r->text, line) > line.text || has_bar(r->text, line))
            break;
        end = line.end;
    }
    return end;
}

/* An item with the lines that go on below it. */
static enum pith_status read_item(struct reader *r, struct pith_form_line line,
                                  size_t *at)
{
    size_t start = item_end(r->text, line), end = text_end(r, line, at);
    PITH_TRY(pith_mark_add(r->layout, line.start, start, PITH_MARK_FRAME,
                           r->error));
    PITH_TRY(pith_layout_inline(r->layout, r->text, start, end, true,
                                r->error));
    return pith_block_add(
        r->layout, (struct pith_block){.start = line.start, .end = end},
        r->error);
}

static enum pith_status read_text(struct reader *r, struct pith_form_line line,
                                  size_t *at)
{
    struct pith_form_line next = line;
    size_t end = text_end(r, line, at);
    if (*at < r->text.size)
        next = pith_form_line_at(r->text, *at);
    if (next.start > line.start && is_underline(r->text, next) && /* a title */
        next.start == line.next)
        return fix(r, line);
    return pith_layout_inline(r->layout, r->text, line.start, end, true,
                              r->error);
}

static enum pith_status read_line(struct reader *r, size_t *at)
{
    struct pith_form_line line = pith_form_line_at(r->text, *at), next = line;
    bool after_blank = r->after_blank;
    if (line.next < r->text.size)
        next = pith_form_line_at(r->text, line.next);
    *at = line.next;
    r->after_blank = pith_form_is_blank(line);
    if (r->after_blank)
        return PITH_OK;
    if (fence_length(r->text, line) > 0)
        return read_fence(r, line, at);
    if (has_bar(r->text, line) && next.start > line.start &&
        pith_table_is_rule(r->text, next))
        return read_table(r, line, at);
    if (is_special(r->text, line))
        return fix(r, line);
    if (item_end(r->text, line) > line.text) {
        r->in_list = true;
        return read_item(r, line, at);
    }
    if (is_indented(r->text, line) && after_blank && !r->in_list) {
        r->after_blank = true; /* what is below it is code, too */
        return pith_mark_add(r->layout, line.start, line.end, PITH_MARK_WHOLE,
                             r->error);
    }
    r->in_list &= line.text > line.start;
    return read_text(r, line, at);
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
    struct reader r = {.layout = layout, .text = text, .after_blank = true,
                       .error = error};
    size_t at = text.size > 0 ? front_matter_end(text) : 0;
    PITH_TRY(pith_mark_add(layout, 0, at, PITH_MARK_FIXED, error));
    while (at < text.size)
        PITH_TRY(read_line(&r, &at));
    return PITH_OK;
}
