/*
 * pretokenize.c - GPT-2's pattern, written out by hand:
 *
 *   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * SmolLM's: every number character is its own word, and the pattern is
 * matched in what is between them.
 *
 * A byte that is not valid UTF-8 is a character that is not a letter, number or
 * space, the class that U+FFFD has too.
 */
#include "pretokenize.h"

#include <string.h>

#include "../base/utf8.h"
#include "unicode.h"

enum pith_character pith_character_at(enum pith_pre_tokenizer kind,
                                      struct pith_text text, size_t at,
                                      size_t *length)
{
    uint32_t code;
    *length = 0;
    if (at == text.size)
        return PITH_CHARACTER_ISOLATED;
    *length = pith_utf8_decode(text.bytes + at, text.size - at, &code);
    enum pith_unicode_class class = pith_unicode_class(code);
    bool number = class == PITH_UNICODE_NUMBER;
    if (kind == PITH_PRE_SMOLLM &&
        (number || class == PITH_UNICODE_NEWER_NUMBER))
        return PITH_CHARACTER_ISOLATED;
    return class == PITH_UNICODE_LETTER  ? PITH_CHARACTER_LETTER
           : class == PITH_UNICODE_SPACE ? PITH_CHARACTER_SPACE
           : number                      ? PITH_CHARACTER_NUMBER
                                         : PITH_CHARACTER_OTHER;
}

size_t pith_run_of(enum pith_pre_tokenizer kind, struct pith_text text,
                   size_t at, enum pith_character run)
{
    size_t length;
    while (pith_character_at(kind, text, at, &length) == run)
        at += length;
    return at;
}

size_t pith_contraction_length(struct pith_text text, bool folded)
{
    static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};
    if (text.bytes[0] != '\'')
        return 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n = strlen(endings[i]), same = 0;
        while (same < n && text.size > same + 1 &&
               (text.bytes[same + 1] | (folded ? 0x20 : 0)) ==
                   endings[i][same])
            same++;
        if (same == n)
            return 1 + n;
    }
    if (folded && text.size > 2 && memcmp(text.bytes + 1, "\xC5\xBF", 2) == 0)
        return 3;
    return 0;
}

size_t pith_space_length(enum pith_pre_tokenizer kind, struct pith_text text)
{
    size_t at = 0, last = 0, length;
    enum pith_character character = pith_character_at(kind, text, 0, &length);
    for (; character == PITH_CHARACTER_SPACE;
         character = pith_character_at(kind, text, at, &length)) {
        last = at;
        at += length;
    }
    return character == PITH_CHARACTER_ISOLATED || last == 0 ? at : last;
}

size_t pith_pretokenize_gpt2(enum pith_pre_tokenizer kind,
                             struct pith_text text)
{
    size_t at = pith_contraction_length(text, false), length;
    if (at > 0)
        return at;
    enum pith_character first = pith_character_at(kind, text, 0, &length);
    if (first == PITH_CHARACTER_ISOLATED)
        return length;
    if (first == PITH_CHARACTER_SPACE) { /* the " ?" before a run */
        if (text.bytes[0] != ' ')
            return pith_space_length(kind, text);
        first = pith_character_at(kind, text, 1, &length);
        if (first == PITH_CHARACTER_SPACE || first == PITH_CHARACTER_ISOLATED)
            return pith_space_length(kind, text);
        at = 1;
    }
    return pith_run_of(kind, text, at, first);
}
