/*
 * tiktoken_words.c - cl100k_base's pattern, written out by hand:
 *
 *   '(?i:[sdmt]|ll|ve|re)
 *   | [^\r\n\p{L}\p{N}]?+\p{L}++
 *   | \p{N}{1,3}+
 *   | \ ?[^\s\p{L}\p{N}]++[\r\n]*+
 *   | \s++$ | \s*[\r\n] | \s+(?!\S) | \s
 *
 * A byte that is not valid UTF-8 is a character that is not a letter, number or
 * space, the class that U+FFFD has too.
 */
#include "tiktoken.h"

#include <string.h>

#include "../base/text.h"
#include "../base/utf8.h"
#include "unicode.h"

enum character { OTHER, LETTER, NUMBER, SPACE, NOTHING };

/* Letters and numbers that Unicode 15 and 16 added: tiktoken knows them, the
 * tables of unicode.h stop at 14. */
static const struct {
    uint32_t first, last;
    enum character kind;
} newer[] = {
    {0x01C89, 0x01C8A, LETTER}, {0x0A7CB, 0x0A7CD, LETTER},
    {0x0A7DA, 0x0A7DC, LETTER}, {0x105C0, 0x105F3, LETTER},
    {0x10D40, 0x10D49, NUMBER}, {0x10D4A, 0x10D65, LETTER},
    {0x10D6F, 0x10D85, LETTER}, {0x10EC2, 0x10EC4, LETTER},
    {0x1123F, 0x11240, LETTER}, {0x11380, 0x11389, LETTER},
    {0x1138B, 0x1138B, LETTER}, {0x1138E, 0x1138E, LETTER},
    {0x11390, 0x113B5, LETTER}, {0x113B7, 0x113B7, LETTER},
    {0x113D1, 0x113D1, LETTER}, {0x113D3, 0x113D3, LETTER},
    {0x116D0, 0x116E3, NUMBER}, {0x11BC0, 0x11BE0, LETTER},
    {0x11BF0, 0x11BF9, NUMBER}, {0x11F02, 0x11F02, LETTER},
    {0x11F04, 0x11F10, LETTER}, {0x11F12, 0x11F33, LETTER},
    {0x1342F, 0x1342F, LETTER}, {0x13441, 0x13446, LETTER},
    {0x13460, 0x143FA, LETTER}, {0x16100, 0x1611D, LETTER},
    {0x16130, 0x16139, NUMBER}, {0x16D40, 0x16D6C, LETTER},
    {0x16D70, 0x16D79, NUMBER}, {0x18CFF, 0x18CFF, LETTER},
    {0x1B132, 0x1B132, LETTER}, {0x1B155, 0x1B155, LETTER},
    {0x1CCF0, 0x1CCF9, NUMBER}, {0x1DF25, 0x1DF2A, LETTER},
    {0x1E030, 0x1E06D, LETTER}, {0x1E4D0, 0x1E4EB, LETTER},
    {0x1E5D0, 0x1E5ED, LETTER}, {0x1E5F0, 0x1E5F0, LETTER},
    {0x1E5F1, 0x1E5FA, NUMBER}, {0x2B739, 0x2B739, LETTER},
    {0x2EBF0, 0x2EE5D, LETTER}, {0x31350, 0x323AF, LETTER}
};

static enum character newer_kind(uint32_t code)
{
    size_t low = 0, high = sizeof newer / sizeof *newer;
    while (low < high) { /* the first range that does not end before code */
        size_t middle = low + (high - low) / 2;
        if (newer[middle].last < code)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == sizeof newer / sizeof *newer || newer[low].first > code)
        return OTHER;
    return newer[low].kind;
}

static enum character character_at(struct pith_text text, size_t at,
                                   size_t *length)
{
    uint32_t code;
    *length = 0;
    if (at >= text.size)
        return NOTHING;
    *length = pith_utf8_decode(text.bytes + at, text.size - at, &code);
    switch (pith_unicode_class(code)) {
    case PITH_UNICODE_LETTER: return LETTER;
    case PITH_UNICODE_SPACE: return SPACE;
    case PITH_UNICODE_NUMBER: return NUMBER;
    case PITH_UNICODE_NEWER_NUMBER: return NUMBER;
    case PITH_UNICODE_OTHER: break;
    }
    return code < 0x80 ? OTHER : newer_kind(code);
}

/* The end of the run of one class that continues at `at`. */
static size_t run_end(struct pith_text text, size_t at, enum character kind,
                      size_t at_most)
{
    size_t length;
    for (size_t n = 0; n < at_most; n++) {
        if (character_at(text, at, &length) != kind)
            break;
        at += length;
    }
    return at;
}

static bool is_newline(struct pith_text text, size_t at)
{
    return at < text.size &&
           (text.bytes[at] == '\r' || text.bytes[at] == '\n');
}

/* '(?i:[sdmt]|ll|ve|re), where U+017F is an s too; 0 when there is none. */
static size_t contraction_length(struct pith_text text)
{
    if (text.size < 2 || text.bytes[0] != '\'')
        return 0;
    char first = pith_ascii_lower(text.bytes[1]);
    if (first == 's' || first == 'd' || first == 'm' || first == 't')
        return 2;
    if (text.size < 3)
        return 0;
    char second = pith_ascii_lower(text.bytes[2]);
    bool two = (first == 'l' && second == 'l') ||
               ((first == 'v' || first == 'r') && second == 'e') ||
               memcmp(text.bytes + 1, "\xC5\xBF", 2) == 0;
    return two ? 3 : 0;
}

/* [^\r\n\p{L}\p{N}]?+\p{L}++ */
static size_t letters_length(struct pith_text text)
{
    size_t at = 0, length;
    enum character first = character_at(text, 0, &length);
    if ((first == OTHER || first == SPACE) && !is_newline(text, 0))
        at = length;
    size_t end = run_end(text, at, LETTER, SIZE_MAX);
    return end > at ? end : 0;
}

/* \ ?[^\s\p{L}\p{N}]++[\r\n]*+ */
static size_t others_length(struct pith_text text)
{
    size_t at = text.bytes[0] == ' ', end = run_end(text, at, OTHER, SIZE_MAX);
    if (end == at)
        return 0;
    while (is_newline(text, end))
        end++;
    return end;
}

/* \s++$ | \s*[\r\n] | \s+(?!\S) | \s : all up to the end, else up to the last
 * line break, else all but the last character, else that one. */
static size_t space_length(struct pith_text text)
{
    size_t at = 0, last = 0, line = 0, length;
    while (character_at(text, at, &length) == SPACE) {
        last = at;
        if (is_newline(text, at))
            line = at + 1;
        at += length;
    }
    if (at == text.size)
        return at;
    if (line > 0)
        return line;
    return last > 0 ? last : at;
}

size_t pith_tiktoken_next_word(struct pith_text text)
{
    size_t n = contraction_length(text);
    if (n == 0)
        n = letters_length(text);
    if (n == 0)
        n = run_end(text, 0, NUMBER, 3);
    if (n == 0)
        n = others_length(text);
    return n > 0 ? n : space_length(text);
}
