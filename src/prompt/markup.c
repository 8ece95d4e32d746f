/*
 * markup.c - tags, links of Markdown and the marks at the start of its lines,
 * markers of chat templates.
 *
 * One pass: at the start of a line its marks are taken; a "[" waits on a stack
 * until what comes after its "]" says whether the two are a link, which then
 * stands for all that was found inside it.  Within a fence only markers of
 * chat templates count.
 */
#include "markup.h"
#include "scan.h"

#include <string.h>

enum { MAX_OPEN = 32 }; /* "[" that wait; one more drops the first */

struct markup {
    struct pith_text text;
    struct pith_ranges *ranges;
    size_t first;            /* range that is ours */
    size_t open[MAX_OPEN];  /* where "[" or "![" starts */
    size_t n_open;
    struct pith_cluster last; /* the cluster before */
    char fence;              /* that we are within; 0: none */
    bool in_table;           /* the line starts with "|" */
    bool no_comment_ends;    /* from here on */
};

/* Appends a range in place of those inside it. */
static enum pith_status add(struct markup *m, size_t start, size_t *end,
                            struct pith_error *error)
{
    struct pith_ranges *ranges = m->ranges;
    while (ranges->n > m->first && ranges->items[ranges->n - 1].start >= start)
        ranges->n--;
    return pith_ranges_add(ranges, m->text, start, end, PITH_PROTECT_MARKUP,
                           error);
}

static size_t skip_blanks(struct pith_text text, size_t at)
{
    while (pith_byte_at(text, at) == ' ' || pith_byte_at(text, at) == '\t')
        at++;
    return at;
}

/* Takes the fence, the rule or the marks at the start of a line; *at moves past
 * them. */
static enum pith_status take_line(struct markup *m, size_t *at,
                                  struct pith_error *error)
{
    struct pith_text text = m->text;
    size_t start = skip_blanks(text, *at), end = pith_fence_end(text, start);
    char sign = pith_byte_at(text, start);
    m->in_table = sign == '|';
    if (sign == '\n' || sign == '\r')
        m->n_open = 0; /* no link continues after a blank line */
    if (end > start && (m->fence == 0 || m->fence == sign)) {
        m->fence = m->fence == 0 ? sign : '\0';
        m->n_open = 0;
        *at = end;
        return add(m, start, at, error);
    }
    if (m->fence != 0)
        return PITH_OK;
    end = pith_rule_end(text, start);
    if (end == start)
        end = pith_line_mark_end(text, start);
    while (end > start) {
        PITH_TRY(add(m, start, &end, error));
        *at = end;
        start = skip_blanks(text, end);
        end = pith_line_mark_end(text, start);
    }
    return PITH_OK;
}

static void push(struct markup *m, struct pith_cluster bracket)
{
    if (m->n_open == MAX_OPEN)
        memmove(m->open, m->open + 1, --m->n_open * sizeof *m->open);
    m->open[m->n_open++] = m->last.code == '!' ? m->last.start : bracket.start;
}

/* Where the link ends whose "]" is at `at`, and where it starts: [text](url),
 * ![alt](url), [text][label], [^1], but not a[i][j]; `at`: there is none. */
static size_t link_end(struct markup *m, size_t at, size_t *start)
{
    struct pith_text text = m->text;
    if (m->n_open == 0)
        return at;
    *start = m->open[--m->n_open];
    struct pith_text inside = {text.bytes, at};
    if (pith_starts_with(inside, *start, "[^") &&
        pith_run_end(inside, *start + 2, " \t\r\n") == at && at > *start + 2)
        return at + 1;
    size_t end = pith_link_target_end(text, at + 1);
    bool is_index =
        pith_byte_at(text, at + 1) == '[' &&
        pith_is_word_character(pith_cluster_before(text, *start).code);
    return end > at + 1 && !is_index ? end : at;
}

/* Where what starts with a cluster ends; its start when nothing does. */
static size_t end_of(struct markup *m, struct pith_cluster c, size_t *start)
{
    size_t end = pith_chat_marker_end(m->text, c.start);
    if (end > c.start || m->fence != 0)
        return end;
    switch (c.code) {
    case '<':
        if (!m->no_comment_ends && pith_starts_with(m->text, c.start, "<!--")) {
            end = pith_comment_end(m->text, c.start);
            m->no_comment_ends = end == c.start;
        }
        return end > c.start ? end : pith_tag_end(m->text, c.start);
    case '&':
        return pith_entity_end(m->text, c.start);
    case '|':
        return m->in_table ? c.end : c.start;
    case ']':
        return pith_starts_with(m->text, c.start, "]]>")
                   ? c.start + 3 : link_end(m, c.start, start);
    default:
        break;
    }
    bool is_turn = pith_starts_with(m->text, c.start, "USER:") ||
                   pith_starts_with(m->text, c.start, "ASSISTANT:");
    return is_turn && pith_role_of(m->last.code) == PITH_ROLE_SPACE
               ? pith_line_mark_end(m->text, c.start) : c.start;
}

enum pith_status pith_markup_ranges(struct pith_text text,
                                    struct pith_ranges *ranges,
                                    struct pith_error *error)
{
    struct markup m = {.text = text, .ranges = ranges, .first = ranges->n,
                       .last = {'\n', 0, 0}};
    for (size_t at = 0; at < text.size;) {
        if (m.last.code == '\n' || m.last.code == '\r')
            PITH_TRY(take_line(&m, &at, error));
        struct pith_cluster c = pith_cluster_at(text, at);
        size_t start = at, end = end_of(&m, c, &start);
        if (end > at) {
            PITH_TRY(add(&m, start, &end, error));
            at = end;
            m.last = (struct pith_cluster){0, end, end};
            continue;
        }
        struct pith_cluster next = pith_cluster_at(text, c.end);
        if (c.code == '[')
            push(&m, c);
        at = c.code == '\\' && pith_is_one_of(next.code, "[]\\") ? next.end
                                                                 : c.end;
        m.last = c;
    }
    return PITH_OK;
}
