/*
 * thought.c - see thought.h.
 */
#include "thought.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    const char *start, *end;
} marks[] = {
    {"<think>", "</think>"},
    {"<thinking>", "</thinking>"},
    {"<thought>", "</thought>"},
    {"<reasoning>", "</reasoning>"},
    {"[THINK]", "[/THINK]"},
    {"<|channel|>analysis<|message|>", "<|channel|>final<|message|>"},
};

enum { N_MARKS = sizeof marks / sizeof marks[0] };

static bool is_at(struct pith_text text, size_t at, const char *string)
{
    size_t n = strlen(string);
    return text.size - at >= n && memcmp(text.bytes + at, string, n) == 0;
}

/* Where the string is, from `at` on; text.size: nowhere. */
static size_t find(struct pith_text text, size_t at, const char *string)
{
    while (at < text.size && !is_at(text, at, string))
        at++;
    return at;
}

static size_t skip_space(struct pith_text text, size_t at)
{
    while (at < text.size && memchr(" \t\r\n", text.bytes[at], 4) != NULL)
        at++;
    return at;
}

/* The end of the reasoning that starts at a place; the place itself where
 * there is none. */
static size_t end_of_one(struct pith_text text, size_t at)
{
    for (size_t i = 0; i < N_MARKS; i++) {
        if (!is_at(text, at, marks[i].start))
            continue;
        size_t end = find(text, at, marks[i].end);
        return end < text.size ? end + strlen(marks[i].end) : end;
    }
    return at;
}

/* Templates that end with "<think>" leave the model only the end mark to
 * write: on the end of a line, with no start before it. */
static size_t end_without_start(struct pith_text text)
{
    size_t end = find(text, 0, marks[0].end);
    if (end == text.size || find(text, 0, marks[0].start) < end)
        return 0;
    end += strlen(marks[0].end);
    size_t next = skip_space(text, end);
    bool ends_line = next == text.size ||
                     memchr(text.bytes + end, '\n', next - end) != NULL;
    return ends_line ? next : 0;
}

size_t pith_thought_size(struct pith_text text)
{
    size_t at = skip_space(text, 0), end = end_of_one(text, at);
    if (end == at)
        return end_without_start(text);
    while (end > at) {
        at = skip_space(text, end);
        end = end_of_one(text, at);
    }
    return at;
}
