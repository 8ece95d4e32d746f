/*
 * pretokenize.c - GPT-2's pattern, written out by hand:
 *
 *   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * and SmolLM's: every number character is a word of its own, and the pattern
 * is matched in what lies between them.
 *
 * A byte that is not valid UTF-8 is a character that is not a letter, number or
 * space, the class that U+FFFD has too.
 */
#include "pretokenize.h"

#include <string.h>

#include "../base/utf8.h"
#include "unicode.h"

/* One character of the text: where a number stands alone, it is ISOLATED,
 * and so is the end of the text, since no run goes on through either. */
enum character { OTHER, LETTER, NUMBER, SPACE, ISOLATED };

static enum character character_at(enum pith_pre_tokenizer kind,
                                   struct pith_text text, size_t at,
                                   size_t *length)
{
    uint32_t code;
    *length = 0;
    if (at == text.size)
        return ISOLATED;
    *length = pith_utf8_decode(text.bytes + at, text.size - at, &code);
    switch (pith_unicode_class(code)) {
    case PITH_UNICODE_LETTER: return LETTER;
    case PITH_UNICODE_SPACE: return SPACE;
    case PITH_UNICODE_NUMBER:
        return kind == PITH_PRE_SMOLLM ? ISOLATED : NUMBER;
    case PITH_UNICODE_NEWER_NUMBER:
        return kind == PITH_PRE_SMOLLM ? ISOLATED : OTHER;
    case PITH_UNICODE_OTHER: break;
    }
    return OTHER;
}

/* 's 't 're 've 'm 'll 'd; 0 when there is none. */
static size_t contraction_length(struct pith_text text)
{
    static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};
    if (text.bytes[0] != '\'')
        return 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n = strlen(endings[i]);
        if (text.size > n && memcmp(text.bytes + 1, endings[i], n) == 0)
            return 1 + n;
    }
    return 0;
}

/* \s+(?!\S) | \s+ : white space gives its last character away to the word
 * after it, unless it is the only one. */
static size_t space_length(enum pith_pre_tokenizer kind, struct pith_text text)
{
    size_t at = 0, last = 0, length;
    enum character character;
    while ((character = character_at(kind, text, at, &length)) == SPACE) {
        last = at;
        at += length;
    }
    return character == ISOLATED || last == 0 ? at : last;
}

size_t pith_pretokenize_next(enum pith_pre_tokenizer kind,
                             struct pith_text text)
{
    size_t at = contraction_length(text), length;
    if (at > 0)
        return at;
    enum character first = character_at(kind, text, 0, &length);
    if (first == ISOLATED)
        return length;
    if (first == SPACE) { /* the " ?" before a run */
        if (text.bytes[0] != ' ')
            return space_length(kind, text);
        first = character_at(kind, text, 1, &length);
        if (first == SPACE || first == ISOLATED)
            return space_length(kind, text);
        at = 1;
    }
    while (character_at(kind, text, at, &length) == first)
        at += length;
    return at;
}
