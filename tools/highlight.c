/*
 * highlight.c - see highlight.h.
 *
 * In colour, kept text is bright and dropped text dim; else dropped text
 * is in [- and -], as in a word diff.  Both end before every line end and
 * begin again after it, so that a pager or grep that takes the lines apart
 * shows each as it is.  The text is not trusted: nothing of it reaches the
 * terminal as a command.
 */
#include "highlight.h"

#include <stdlib.h>
#include <string.h>

enum state { NONE, KEPT, DROPPED };

/* What is written before and after text of each state. */
struct marks {
    const char *begin[3], *end[3];
};

static const struct marks colors = {
    .begin = {"", "\x1B[1m", "\x1B[2m"}, .end = {"", "\x1B[0m", "\x1B[0m"}};
static const struct marks brackets = {.begin = {"", "", "[-"},
                                      .end = {"", "", "-]"}};

struct painter {
    FILE *out;
    const struct marks *marks;
    enum state state; /* of the text before */
};

static void change(struct painter *painter, enum state state)
{
    if (state == painter->state)
        return;
    fputs(painter->marks->end[painter->state], painter->out);
    fputs(painter->marks->begin[state], painter->out);
    painter->state = state;
}

/* One character of the text, and how many bytes of it that was: control
 * characters as ^X, those of C1 and what is not UTF-8 as U+FFFD. */
static size_t paint_character(struct painter *painter, struct pith_text rest,
                              enum state state)
{
    unsigned char first = (unsigned char)rest.bytes[0];
    size_t length = tool_character_length(rest.bytes, rest.size);
    bool crlf = rest.size > 1 && memcmp(rest.bytes, "\r\n", 2) == 0;
    if (first == '\n' || crlf) {
        change(painter, NONE);
        fputc('\n', painter->out);
        return crlf ? 2 : 1;
    }
    change(painter, state);
    if (length == 0 || tool_is_c1(rest.bytes, length))
        fputs("\xEF\xBF\xBD", painter->out);
    else if ((first < 0x20 && first != '\t') || first == 0x7F)
        fprintf(painter->out, "^%c", first ^ 0x40);
    else
        fwrite(rest.bytes, 1, length, painter->out);
    return length > 0 ? length : 1;
}

/* Returns where it has come to: `to`, or after a line end across it. */
static size_t paint(struct painter *painter, struct pith_text text, size_t from,
                    size_t to, enum state state)
{
    while (from < to) {
        struct pith_text rest = {text.bytes + from, text.size - from};
        from += paint_character(painter, rest, state);
    }
    return from;
}

static struct pith_text text_of_part(const struct pith_prompt *prompt,
                                     const struct pith_part_result *part)
{
    switch (part->kind) {
    case PITH_PART_INSTRUCTION: return prompt->instruction;
    case PITH_PART_CONTEXT: return prompt->contexts[part->index];
    case PITH_PART_QUESTION: return prompt->question;
    }
    return (struct pith_text){0};
}

/* Terminals are coloured unless the user says otherwise (no-color.org). */
static bool wants_color(size_t color, FILE *out)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (color != TOOL_COLOR_AUTO)
        return color == TOOL_COLOR_ALWAYS;
    return tool_is_terminal(out) && (no_color == NULL || *no_color == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

void tool_highlight(const struct pith_prompt *prompt,
                    const struct pith_result *result, size_t color, FILE *out)
{
    struct painter painter = {
        out, wants_color(color, out) ? &colors : &brackets, NONE};
    const struct pith_detail *detail = &result->detail;
    size_t span = 0, n_parts = 0;
    for (size_t i = 0; i < result->n_parts; i++) {
        struct pith_text text = text_of_part(prompt, &result->parts[i]);
        size_t at = 0;
        if (text.size > 0 && n_parts++ > 0)
            paint(&painter, (struct pith_text){"\n\n", 2}, 0, 2, NONE);
        for (; span < detail->n_spans && detail->spans[span].part == i;
             span++) {
            at = paint(&painter, text, at, detail->spans[span].start, DROPPED);
            at = paint(&painter, text, at, detail->spans[span].end, KEPT);
        }
        paint(&painter, text, at, text.size, DROPPED);
    }
    change(&painter, NONE);
    fputc('\n', out);
}
