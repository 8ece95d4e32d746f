/*
 * tags.c - see tags.h.
 */
#include "tags.h"

#include <string.h>

#include "../base/text.h"
#include "../json/json.h"

static const char close_tag[] = "</llmlingua>";

/* Bytes before the next tag, with its '<'; all where there is none.  What
 * follows the '<' is between tags again and so is no tag. */
static size_t length_before_tag(struct pith_text text)
{
    for (size_t i = 0; i < text.size; i++) {
        struct pith_text rest = {text.bytes + i, text.size - i};
        if (pith_text_starts(rest, "<llmlingua") || pith_text_starts(rest, "</llmlingua"))
            return i + 1;
    }
    return text.size;
}

static void open_tag(struct pith_buffer *out, double rate)
{
    pith_buffer_string(out, "<llmlingua");
    if (rate >= 1) {
        pith_buffer_string(out, ", compress=False");
    } else if (rate >= 0) {
        pith_buffer_string(out, ", rate=");
        pith_json_write_fixed(out, rate, 6);
    }
    pith_buffer_byte(out, '>');
}

void pith_tags_write(struct pith_buffer *out, struct pith_text text,
                     double rate)
{
    while (text.size > 0) {
        size_t n = length_before_tag(text);
        open_tag(out, rate);
        pith_buffer_append(out, text.bytes, n);
        pith_buffer_string(out, close_tag);
        text.bytes += n;
        text.size -= n;
    }
}

/* Whether nothing but tags is between bytes [from, to). */
static bool is_between_tags(struct pith_text given, size_t from, size_t to)
{
    struct pith_text rest = {given.bytes + from, to - from};
    const char *close = NULL;
    if (!pith_text_starts(rest, close_tag))
        return false;
    rest.bytes += strlen(close_tag);
    rest.size -= strlen(close_tag);
    if (pith_text_starts(rest, "<llmlingua"))
        close = memchr(rest.bytes, '>', rest.size);
    return close == rest.bytes + rest.size - 1;
}

void pith_tags_read(struct pith_buffer *out, const struct pith_result *result,
                    size_t index, struct pith_text given, size_t *unit)
{
    const struct pith_detail *detail = &result->detail;
    size_t end = 0; /* of the kept unit before */
    while (*unit < detail->n_units && detail->units[*unit].part < index)
        ++*unit;
    for (; *unit < detail->n_units && detail->units[*unit].part == index;
         ++*unit) {
        const struct pith_unit_result *at = &detail->units[*unit];
        if (!at->kept || at->size == 0)
            continue;
        if (at->space != 0 && !is_between_tags(given, end, at->offset))
            pith_buffer_byte(out, at->space);
        pith_buffer_append(out, given.bytes + at->offset, at->size);
        end = at->offset + at->size;
    }
}
