/*
 * text.h - short texts, and characters of ASCII.
 */
#ifndef PITH_BASE_TEXT_H
#define PITH_BASE_TEXT_H

#include <string.h>

#include "pith.h"

/* The bytes of a string, borrowed; NULL: none. */
static inline struct pith_text pith_text_of(const char *string)
{
    return (struct pith_text){string, string != NULL ? strlen(string) : 0};
}

static inline bool pith_text_is(struct pith_text text, const char *string)
{
    return text.size == strlen(string) &&
           memcmp(text.bytes, string, text.size) == 0;
}

static inline bool pith_text_starts(struct pith_text text, const char *string)
{
    size_t n = strlen(string);
    return text.size >= n && memcmp(text.bytes, string, n) == 0;
}

/* Whether a word is one of a list, " a an the ", with spaces around each. */
static inline bool pith_text_is_listed(struct pith_text word, const char *list)
{
    const char *end;
    for (const char *at = list + 1; *at != '\0'; at = end + 1) {
        end = strchr(at, ' ');
        if ((size_t)(end - at) == word.size &&
            memcmp(at, word.bytes, word.size) == 0)
            return true;
    }
    return false;
}

/* White space of JSON: space, tab and line ends. */
static inline bool pith_is_json_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline char pith_ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool pith_is_ascii_digit(char c)
{
    return c >= '0' && c <= '9';
}

#endif
