/*
 * split.c - a text that was given as a whole as the contexts of a prompt.
 */
#include <stdbool.h>
#include <string.h>

#include "../prompt/method.h"

static size_t line_length(struct pith_text text, size_t at)
{
    const char *end = memchr(text.bytes + at, '\n', text.size - at);
    return end != NULL ? (size_t)(end - text.bytes) + 1 - at : text.size - at;
}

static bool is_blank(const char *line, size_t n)
{
    while (n > 0 && memchr(" \t\r\n", line[n - 1], 4) != NULL)
        n--;
    return n == 0;
}

static struct pith_text without_line_end(struct pith_text text)
{
    while (text.size > 0 && memchr("\r\n", text.bytes[text.size - 1], 2) != NULL)
        text.size--;
    return text;
}

static size_t split_paragraphs(struct pith_text text, struct pith_text *parts)
{
    size_t n = 0, start = 0;
    bool inside = false;
    for (size_t at = 0; at < text.size;) {
        size_t length = line_length(text, at);
        bool blank = is_blank(text.bytes + at, length);
        if (!blank && !inside) {
            start = at;
            n++;
        }
        inside = !blank;
        at += length;
        if (inside && parts != NULL)
            parts[n - 1] = without_line_end(
                (struct pith_text){text.bytes + start, at - start});
    }
    return n;
}

size_t pith_split_text(struct pith_text text,
                       const struct pith_compress_options *options,
                       struct pith_text *contexts)
{
    struct pith_compress_options known;
    if (text.bytes == NULL && text.size > 0)
        return 0;
    if (pith_compress_options_take(&known, options, NULL) != PITH_OK)
        pith_compress_options_init(&known); /* the compression will complain */
    if (known.method != PITH_METHOD_REFERENCE && !known.structured &&
        known.preset == 0)
        return split_paragraphs(text, contexts);
    if (contexts != NULL)
        contexts[0] = text;
    return 1;
}
