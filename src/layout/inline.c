/*
 * inline.c - what of a paragraph or a message stays or goes together: links,
 * `code`, **bold** words, brackets and quotes.  No mark of a pair stays without
 * the other.
 */
#include <string.h>

#include "../prompt/markup.h"
#include "../prompt/scan.h"
#include "forms.h"

enum {
    SHORT_PAIR = 120,   /* bytes of a pair that stays or goes as a whole */
    LONGEST_PAIR = 400, /* of one that is looked for */
    MOST_OPEN = 16      /* pairs inside each other */
};

/* The second mark of a pair whose first is of this kind. */
struct closer {
    size_t start, end;
    enum pith_mark_kind kind;
};

struct reader {
    struct pith_layout *layout;
    struct pith_text text; /* ends where the paragraph does */
    bool markdown;
    struct closer closers[MOST_OPEN];
    size_t n_closers;
    struct pith_error *error;
};

/* --- links ---------------------------------------------------------------------- */

/* Where the bracket is that closes the one at `at`; `at` where none does. */
static size_t bracket_end(struct pith_text text, size_t at)
{
    static const char pairs[] = "()[]{}";
    char open = text.bytes[at], close = strchr(pairs, open)[1];
    size_t depth = 0;
    for (size_t i = at; i < text.size && i - at < LONGEST_PAIR; i++) {
        if (text.bytes[i] == '\\')
            i++;
        else if (text.bytes[i] == open)
            depth++;
        else if (text.bytes[i] == close && --depth == 0)
            return i;
    }
    return at;
}

size_t pith_link_end(struct pith_text text, size_t at)
{
    size_t open = at + (text.bytes[at] == '!');
    if (open < text.size && text.bytes[open] == '[') {
        size_t close = bracket_end(text, open);
        size_t target = close > open ? pith_link_target_end(text, close + 1)
                                     : at;
        return target > close + 1 && close > open ? target : at;
    }
    if (pith_starts_with(text, at, "http://") ||
        pith_starts_with(text, at, "https://"))
        return pith_run_end(text, at, " \t\r\n<>\"'`)]|");
    return text.bytes[at] == '<' ? pith_tag_end(text, at) : at;
}

bool pith_has_link(struct pith_text text, size_t at, size_t end)
{
    for (text.size = end; at < end; at++)
        if (pith_starts_with(text, at, "](") ||
            pith_starts_with(text, at, "][") ||
            pith_starts_with(text, at, "://") ||
            (text.bytes[at] == '<' && pith_tag_end(text, at) > at))
            return true;
    return false;
}

/* --- pairs ---------------------------------------------------------------------- */

static size_t run_of(struct pith_text text, size_t at)
{
    size_t n = 1;
    while (at + n < text.size && text.bytes[at + n] == text.bytes[at])
        n++;
    return n;
}

static bool is_space(struct pith_text text, size_t at)
{
    char c = pith_byte_at(text, at);
    return c == '\0' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_letter(struct pith_text text, size_t at)
{
    return at < text.size && pith_form_is_letter(text.bytes[at]);
}

/* Whether a run of n signs may begin, or end, words that it marks: signs of
 * `code` may do so anywhere, _ not within a word. */
static bool may_open(struct pith_text text, size_t at, size_t n)
{
    char c = text.bytes[at];
    return c == '`' || (!is_space(text, at + n) &&
                        !(c == '_' && at > 0 && is_letter(text, at - 1)));
}

static bool may_close(struct pith_text text, size_t at, size_t n)
{
    char c = text.bytes[at];
    return c == '`' || (!is_space(text, at - 1) &&
                        !(c == '_' && is_letter(text, at + n)));
}

/* Where the run of n equal signs is that ends what the one at `at` begins; `at`
 * where none does. */
static size_t run_end(struct pith_text text, size_t at, size_t n)
{
    char c = text.bytes[at];
    if (!may_open(text, at, n))
        return at;
    for (size_t i = at + n; i < text.size && i - at < LONGEST_PAIR;) {
        if (text.bytes[i] != c) {
            i += text.bytes[i] == '\\' && c != '`' ? 2 : 1;
            continue;
        }
        size_t length = run_of(text, i);
        if (length == n && may_close(text, i, n))
            return i;
        i += length;
    }
    return at;
}

/* "words", 'words', not an apostrophe. */
static size_t quote_end(struct pith_text text, size_t at)
{
    char c = text.bytes[at];
    if (c == '\'' && (at == 0 || is_letter(text, at - 1)))
        return at;
    for (size_t i = at + 1; i < text.size && i - at < LONGEST_PAIR; i++)
        if (text.bytes[i] == c && !(c == '\'' && is_letter(text, i + 1)))
            return i;
    return at;
}

/* Where the second mark of a pair is; `at` where no pair begins.
 *   n  the length of both */
static size_t pair_end(const struct reader *r, size_t at, size_t *n)
{
    char c = r->text.bytes[at];
    *n = 1;
    if (c == '(' || c == '[' || c == '{')
        return bracket_end(r->text, at);
    if (!r->markdown)
        return c == '"' || c == '\'' ? quote_end(r->text, at) : at;
    *n = run_of(r->text, at);
    if (c == '`' || ((c == '*' || c == '_') && *n <= 3) ||
        (c == '~' && *n == 2))
        return run_end(r->text, at, *n);
    return at;
}

/* <!-- ... -->, &amp; and \*, which say nothing in part. */
static size_t whole_end(const struct reader *r, size_t at)
{
    struct pith_text text = r->text;
    if (text.bytes[at] == '\\')
        return at + 2 < text.size ? at + 2 : text.size;
    if (pith_starts_with(text, at, "<!--"))
        for (size_t i = at + 4; i < text.size && i - at < LONGEST_PAIR; i++)
            if (pith_starts_with(text, i, "-->"))
                return i + 3;
    return text.bytes[at] == '&' ? pith_entity_end(text, at) : at;
}

/* --- all of it --------------------------------------------------------------------- */

/* Marks what begins a pair, and remembers its end unless it is whole. */
static enum pith_status mark_pair(struct reader *r, size_t *at, size_t close,
                                  size_t n)
{
    size_t end = close + n;
    struct closer closer = {close, end, PITH_MARK_GONE};
    if (r->markdown && r->text.bytes[*at] != '`' &&
        pith_has_link(r->text, *at + n, close))
        closer.kind = PITH_MARK_FIXED;
    else if (r->text.bytes[*at] == '`' || end - *at <= SHORT_PAIR)
        closer.kind = PITH_MARK_WHOLE;
    if (closer.kind != PITH_MARK_WHOLE) {
        if (r->n_closers < MOST_OPEN)
            r->closers[r->n_closers++] = closer;
        end = *at + n;
    }
    PITH_TRY(pith_mark_add(r->layout, *at, end, closer.kind, r->error));
    *at = end;
    return PITH_OK;
}

/* The end of a pair that is open, at `at`. */
static const struct closer *closer_at(const struct reader *r, size_t at)
{
    for (size_t i = r->n_closers; i-- > 0;)
        if (r->closers[i].start == at)
            return &r->closers[i];
    return NULL;
}

static enum pith_status mark_next(struct reader *r, size_t *at)
{
    const struct closer *closer = closer_at(r, *at);
    size_t start = *at, n = 1, end = start;
    enum pith_mark_kind kind = PITH_MARK_WHOLE;
    if (closer != NULL) {
        end = closer->end;
        kind = closer->kind;
    } else if (r->markdown) {
        end = whole_end(r, start);
        if (end == start) {
            end = pith_link_end(r->text, start);
            kind = PITH_MARK_FIXED;
        }
    }
    if (end == start) {
        end = pair_end(r, start, &n);
        if (end > start)
            return mark_pair(r, at, end, n);
        end = start; /* free */
        *at += n;
    } else {
        end = end < r->text.size ? end : r->text.size;
        *at = end;
    }
    return pith_mark_add(r->layout, start, end, kind, r->error);
}

enum pith_status pith_layout_inline(struct pith_layout *layout,
                                    struct pith_text text, size_t at,
                                    size_t end, bool markdown,
                                    struct pith_error *error)
{
    struct reader r = {.layout = layout, .text = {text.bytes, end},
                       .markdown = markdown, .error = error};
    while (at < end) {
        PITH_TRY(mark_next(&r, &at));
        while (r.n_closers > 0 && r.closers[r.n_closers - 1].end <= at)
            r.n_closers--;
    }
    return PITH_OK;
}
