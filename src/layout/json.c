/*
 * json.c - JSON, also one value on each line: elements that are alike stay or go
 * as a whole, the words of long strings may go, all else stays.
 */
#include <string.h>

#include "../base/text.h"
#include "../prompt/scan.h"
#include "forms.h"

enum { LONG_WORDS = 6 }; /* a string of fewer stays */

/* Where the string ends that starts at `at`, after its closing quote. */
static size_t string_end(struct pith_text text, size_t at)
{
    for (at++; at < text.size && text.bytes[at] != '"'; at++)
        at += text.bytes[at] == '\\';
    return at < text.size ? at + 1 : text.size;
}

static bool is_key(struct pith_text text, size_t end)
{
    while (end < text.size && pith_is_json_space(text.bytes[end]))
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

/* What stays: that of an element, if it does. */
struct reader {
    struct pith_layout *layout;
    struct pith_text text;
    struct pith_error *error;
    size_t block; /* the first that ends after the last place */
    bool loose;   /* white space says nothing */
    bool lines;   /* but that which parts values on lines of their own */
};

static enum pith_status mark_fixed(struct reader *r, size_t at, size_t end)
{
    const struct pith_layout *layout = r->layout;
    for (size_t next; at < end; at = next) {
        while (r->block < layout->n_blocks &&
               layout->blocks[r->block].end <= layout->origin + at)
            r->block++;
        next = end;
        bool inside = false;
        if (r->block < layout->n_blocks) {
            const struct pith_block *block = &layout->blocks[r->block];
            inside = block->start <= layout->origin + at;
            size_t stop = (inside ? block->end : block->start) - layout->origin;
            next = stop < end ? stop : end;
        }
        PITH_TRY(pith_mark_add(r->layout, at, next,
                               inside ? PITH_MARK_FRAME : PITH_MARK_FIXED,
                               r->error));
    }
    return PITH_OK;
}

/* \u00e9, which is part of a word, but not \u201c or half an emoji. */
static bool spells_letter(struct pith_text text, size_t at, size_t end)
{
    return end - at == 6 && text.bytes[at + 1] == 'u' &&
           strchr("2dD", text.bytes[at + 2]) == NULL;
}

/* Where the letters end that start at byte `at`.
 *   escaped  set where one of them is an escape */
static size_t letters_end(struct pith_text text, size_t at, size_t end,
                          bool *escaped)
{
    for (size_t next; at < end; at = next) {
        next = at + 1;
        if (text.bytes[at] == '\\') {
            next = escape_end(text, at, end);
            if (!spells_letter(text, at, next))
                break;
            *escaped = true;
        } else if (!pith_form_is_letter(text.bytes[at])) {
            break;
        }
    }
    return at;
}

/* The words between the quotes may go, escapes and the words that they are in
 * only as a whole. */
static enum pith_status mark_long(struct reader *r, size_t at, size_t end)
{
    PITH_TRY(mark_fixed(r, at, at + 1));
    for (size_t i = at + 1, next; i < end - 1; i = next) {
        bool whole = false;
        next = letters_end(r->text, i, end - 1, &whole);
        if (next == i) {
            whole = r->text.bytes[i] == '\\';
            next = whole ? escape_end(r->text, i, end - 1) : i + 1;
        }
        if (whole)
            PITH_TRY(pith_mark_add(r->layout, i, next, PITH_MARK_WHOLE,
                                   r->error));
    }
    return mark_fixed(r, end - 1, end);
}

static bool is_spare(const struct reader *r, char c)
{
    return r->loose && pith_is_json_space(c) &&
           !(r->lines && (c == '\n' || c == '\r'));
}

static enum pith_status mark_all(struct reader *r)
{
    struct pith_text text = r->text;
    for (size_t at = 0, next; at < text.size; at = next) {
        next = at + 1;
        if (text.bytes[at] == '"')
            next = string_end(text, at);
        else if (is_spare(r, text.bytes[at]))
            PITH_TRY(pith_spare_add(r->layout, at, next, r->error));
        bool cut = text.bytes[at] == '"' && next - at >= 2 &&
                   text.bytes[next - 1] == '"' && !is_key(text, next) &&
                   is_long(text, at, next);
        PITH_TRY(cut ? mark_long(r, at, next) : mark_fixed(r, at, next));
    }
    return PITH_OK;
}

/* Each line that has a value is an element, with blank ones around it. */
static enum pith_status add_lines(struct pith_layout *layout,
                                  struct pith_text text,
                                  struct pith_error *error)
{
    struct pith_block block = {.firm = true};
    bool open = false;
    for (size_t at = 0; at < text.size;) {
        struct pith_form_line line = pith_form_line_at(text, at);
        bool blank = pith_form_is_blank(line);
        if (open && !blank) {
            PITH_TRY(pith_block_add(layout, block, error));
            block.start = at;
        }
        open |= !blank;
        at = block.end = line.next;
    }
    return open ? pith_block_add(layout, block, error) : PITH_OK;
}

enum pith_status pith_layout_json(struct pith_layout *layout,
                                  struct pith_text text,
                                  struct pith_error *error)
{
    struct reader r = {layout, text, error, layout->n_blocks, false, false};
    struct pith_json_document *document;
    enum pith_status status = pith_json_parse(text, "", &document, error);
    if (status == PITH_OK) {
        status = pith_layout_elements(layout, text, pith_json_root(document),
                                      error);
        pith_json_free(document);
        r.loose = true;
    } else if (status != PITH_ERR_MEMORY) {
        r.loose = r.lines = pith_layout_is_json_lines(text);
        status = r.lines ? add_lines(layout, text, error) : PITH_OK;
    }
    return status == PITH_OK ? mark_all(&r) : status;
}
