/*
 * clusters.c - see clusters.h.
 */
#include "clusters.h"

#include <string.h>

#include "../base/utf8.h"
#include "../text/grapheme.h"
#include "../text/unicode.h"

static const struct {
    uint32_t first, last;
} spaceless[] = {
    {0x0E00, 0x0EFF},   /* Thai, Lao */
    {0x1000, 0x109F},   /* Myanmar */
    {0x1780, 0x17FF},   /* Khmer */
    {0x2E80, 0xA4CF},   /* CJK radicals to Yi */
    {0xF900, 0xFAFF},   /* CJK compatibility ideographs */
    {0xFF66, 0xFF9F},   /* halfwidth Katakana */
    {0x1B000, 0x1B16F}, /* Kana supplement */
    {0x20000, 0x3FFFF}, /* CJK extensions */
};

static bool is_spaceless(uint32_t code)
{
    size_t n = sizeof spaceless / sizeof spaceless[0];
    for (size_t i = 0; i < n; i++)
        if (code >= spaceless[i].first && code <= spaceless[i].last)
            return true;
    return false;
}

enum pith_role pith_role_of(uint32_t code)
{
    switch (pith_unicode_class(code)) {
    case PITH_UNICODE_LETTER:
        return is_spaceless(code) ? PITH_ROLE_LONE : PITH_ROLE_LETTER;
    case PITH_UNICODE_NUMBER:
    case PITH_UNICODE_NEWER_NUMBER:
        return PITH_ROLE_DIGIT;
    case PITH_UNICODE_SPACE:
        return PITH_ROLE_SPACE;
    case PITH_UNICODE_OTHER:
        break;
    }
    return code == '_' ? PITH_ROLE_LETTER : PITH_ROLE_SIGN;
}

bool pith_is_word_character(uint32_t code)
{
    enum pith_role role = pith_role_of(code);
    return role == PITH_ROLE_LETTER || role == PITH_ROLE_DIGIT;
}

bool pith_is_number(uint32_t code)
{
    return pith_role_of(code) == PITH_ROLE_DIGIT;
}

/* UTF-8 finds no character within another. */
bool pith_is_one_of(uint32_t code, const char *string)
{
    char bytes[5];
    if (code < 0x80)
        return code != 0 && strchr(string, (int)code) != NULL;
    bytes[pith_utf8_encode(code, bytes)] = '\0';
    return strstr(string, bytes) != NULL;
}

/* A sign may take a digit into its cluster: U+0600 with what it counts. */
static uint32_t read_cluster(struct pith_text text, size_t start, size_t end)
{
    uint32_t first, code;
    size_t at = start + pith_utf8_decode(text.bytes + start, end - start,
                                         &first);
    while (at < end) {
        at += pith_utf8_decode(text.bytes + at, end - at, &code);
        if (pith_role_of(code) == PITH_ROLE_DIGIT)
            return code;
    }
    return first;
}

struct pith_cluster pith_cluster_at(struct pith_text text, size_t at)
{
    if (at >= text.size)
        return (struct pith_cluster){0, text.size, text.size};
    const unsigned char *s = (const unsigned char *)text.bytes + at;
    bool plain = *s < 0x80 && *s != '\r' &&
                 (at + 1 == text.size || s[1] < 0x80);
    if (plain)
        return (struct pith_cluster){*s, at, at + 1};
    size_t end = pith_grapheme_end(text, at);
    return (struct pith_cluster){read_cluster(text, at, end), at, end};
}

struct pith_cluster pith_cluster_before(struct pith_text text, size_t at)
{
    size_t start = at;
    if (at == 0)
        return (struct pith_cluster){0};
    do
        start--;
    while (!pith_grapheme_boundary(text, start));
    return (struct pith_cluster){read_cluster(text, start, at), start, at};
}

bool pith_starts_with(struct pith_text text, size_t at, const char *string)
{
    size_t n = strlen(string);
    return at <= text.size && text.size - at >= n &&
           memcmp(text.bytes + at, string, n) == 0;
}

