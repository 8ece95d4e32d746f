/*
 * words.c - where words begin and end, for keep_words.
 */
#include "../base/utf8.h"
#include "../text/unicode.h"
#include "keep.h"

/* What a character is to the words around it. */
enum role { ROLE_NONE, ROLE_LETTER, ROLE_DIGIT, ROLE_MARK };

/* Scripts without spaces between words. */
static const struct {
    uint32_t first, last;
} spaceless[] = {
    {0x0E00, 0x0EFF},   /* Thai, Lao */
    {0x1000, 0x109F},   /* Myanmar */
    {0x1780, 0x17FF},   /* Khmer */
    {0x2E80, 0xABFF},   /* CJK radicals to Yi; more below */
    {0xF900, 0xFAFF},   /* CJK compatibility ideographs */
    {0xFF66, 0xFF9F},   /* halfwidth Katakana */
    {0x1B000, 0x1B16F}, /* Kana supplement */
    {0x20000, 0x3FFFF}, /* CJK extensions */
};

static bool is_spaceless(uint32_t code)
{
    size_t n = sizeof spaceless / sizeof spaceless[0];
    /* Between CJK and Yi lie scripts that do write spaces. */
    if (code >= 0xA4D0 && code <= 0xABFF)
        return false;
    for (size_t i = 0; i < n; i++)
        if (code >= spaceless[i].first && code <= spaceless[i].last)
            return true;
    return false;
}

/* Combining marks have no class of their own in unicode.h: the common blocks,
 * the joiners and the variation selectors. */
static bool is_mark(uint32_t code)
{
    return (code >= 0x0300 && code <= 0x036F) ||
           (code >= 0x0483 && code <= 0x0489) ||
           (code >= 0x0591 && code <= 0x05C7) ||
           (code >= 0x0610 && code <= 0x061A) ||
           (code >= 0x064B && code <= 0x065F) ||
           (code >= 0x0900 && code <= 0x0DFF) || /* signs of Indic scripts */
           (code >= 0x1AB0 && code <= 0x1AFF) ||
           (code >= 0x1DC0 && code <= 0x1DFF) ||
           (code >= 0x200C && code <= 0x200D) ||
           (code >= 0x20D0 && code <= 0x20FF) ||
           (code >= 0xFE00 && code <= 0xFE0F) ||
           (code >= 0xFE20 && code <= 0xFE2F) ||
           (code >= 0x1F3FB && code <= 0x1F3FF);
}

static enum role role_of(uint32_t code)
{
    switch (pith_unicode_class(code)) {
    case PITH_UNICODE_LETTER:
        return is_spaceless(code) ? ROLE_NONE : ROLE_LETTER;
    case PITH_UNICODE_NUMBER:
    case PITH_UNICODE_NEWER_NUMBER:
        return ROLE_DIGIT;
    case PITH_UNICODE_SPACE:
    case PITH_UNICODE_OTHER:
        break;
    }
    if (code == '_')
        return ROLE_LETTER;
    return is_mark(code) ? ROLE_MARK : ROLE_NONE;
}

/* Signs between words; emoji, arrows and the like stand for themselves. */
static bool is_punctuation(uint32_t code)
{
    return code < 0xC0 || (code >= 0x2000 && code <= 0x206F) ||
           (code >= 0x3000 && code <= 0x303F) ||
           (code >= 0xFF01 && code <= 0xFF0F);
}

bool pith_is_separator(struct pith_text text)
{
    for (size_t at = 0; at < text.size;) {
        uint32_t code;
        at += pith_utf8_decode(text.bytes + at, text.size - at, &code);
        enum pith_unicode_class kind = pith_unicode_class(code);
        if (kind != PITH_UNICODE_SPACE &&
            (kind != PITH_UNICODE_OTHER || code == '_' ||
             !is_punctuation(code)))
            return false;
    }
    return true;
}

/* The character that ends before `at`, which it moves to its start; 0 at the
 * start of text. */
static uint32_t before(struct pith_text text, size_t *at)
{
    uint32_t code;
    if (*at == 0)
        return 0;
    do
        (*at)--;
    while (*at > 0 && ((unsigned char)text.bytes[*at] & 0xC0) == 0x80);
    pith_utf8_decode(text.bytes + *at, text.size - *at, &code);
    return code;
}

static uint32_t behind(struct pith_text text, size_t *at)
{
    uint32_t code;
    if (*at >= text.size)
        return 0;
    *at += pith_utf8_decode(text.bytes + *at, text.size - *at, &code);
    return code;
}

/* Whether a sign holds what stands on both sides of it together: don't,
 * well-known, 12.5, 1,000, 10:30. */
static bool holds(uint32_t sign, enum role left, enum role right)
{
    if (left == ROLE_MARK)
        left = ROLE_LETTER;
    if (sign == '\'' || sign == 0x2019 || sign == '-')
        return left == ROLE_LETTER && right == ROLE_LETTER;
    return (sign == '.' || sign == ',' || sign == ':') &&
           left == ROLE_DIGIT && right == ROLE_DIGIT;
}

bool pith_is_word_boundary(struct pith_text text, size_t at)
{
    size_t left = at, right = at;
    uint32_t last = before(text, &left), next = behind(text, &right);
    if (left == at || right == at)
        return true;
    enum role a = role_of(last), b = role_of(next);
    if (b == ROLE_MARK || last == 0x200D) /* a mark goes with what it marks */
        return false;
    if (a != ROLE_NONE && b != ROLE_NONE)
        return false;
    if (a != ROLE_NONE)
        return !holds(next, a, role_of(behind(text, &right)));
    return !holds(last, role_of(before(text, &left)), b);
}
