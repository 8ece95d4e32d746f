/*
 * pretokenize.c - the patterns, written out by hand.  GPT-2's:
 *
 *   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * SmolLM's: every number character is its own word, and the pattern is
 * matched in what is between them.  Llama 3's:
 *
 *   (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
 *    ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 *
 * and Qwen2's, which is the same with \p{N} in place of \p{N}{1,3}.
 *
 * A byte that is not valid UTF-8 is a character that is not a letter, number or
 * space, the class that U+FFFD has too.
 */
#include "pretokenize.h"

#include <string.h>

#include "../base/utf8.h"
#include "unicode.h"

/* One character of the text: where a number stands alone, it is ISOLATED,
 * and so is the end of the text, since no run continues through either. */
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

/* Where a run of characters of one kind, which may be empty, ends. */
static size_t run_end(enum pith_pre_tokenizer kind, struct pith_text text,
                      size_t at, enum character run)
{
    size_t length;
    while (character_at(kind, text, at, &length) == run)
        at += length;
    return at;
}

/* 's 't 're 've 'm 'll 'd; 0 when there is none.  In any case of its letters
 * where folded: U+017F is an s, too. */
static size_t contraction_length(struct pith_text text, bool folded)
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

static size_t next_gpt2(enum pith_pre_tokenizer kind, struct pith_text text)
{
    size_t at = contraction_length(text, false), length;
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
    return run_end(kind, text, at, first);
}

static bool is_newline(struct pith_text text, size_t at)
{
    return at < text.size && (text.bytes[at] == '\r' || text.bytes[at] == '\n');
}

/* \s*[\r\n]+ : white space up to its last line break; 0 when it has none. */
static size_t broken_space_length(enum pith_pre_tokenizer kind,
                                  struct pith_text text)
{
    size_t end = run_end(kind, text, 0, SPACE);
    while (end > 0 && !is_newline(text, end - 1))
        end--;
    return end;
}

static size_t next_llama3(enum pith_pre_tokenizer kind, struct pith_text text)
{
    size_t at = contraction_length(text, true), length, unused;
    if (at > 0)
        return at;
    enum character first = character_at(kind, text, 0, &length);
    enum character second = character_at(kind, text, length, &unused);
    if (first == LETTER)
        return run_end(kind, text, 0, LETTER);
    if (first == NUMBER) {
        size_t limit = kind == PITH_PRE_LLAMA3 ? 3 : 1;
        for (at = 0; limit > 0 && first == NUMBER; limit--) {
            at += length;
            first = character_at(kind, text, at, &length);
        }
        return at;
    }
    if (second == LETTER && !is_newline(text, 0))
        return run_end(kind, text, length, LETTER);
    at = text.bytes[0] == ' ' ? 1 : 0;
    if ((at == 0 ? first : second) == OTHER) {
        at = run_end(kind, text, at, OTHER);
        while (is_newline(text, at))
            at++;
        return at;
    }
    at = broken_space_length(kind, text);
    return at > 0 ? at : space_length(kind, text);
}

size_t pith_pretokenize_next(enum pith_pre_tokenizer kind,
                             struct pith_text text)
{
    return kind == PITH_PRE_LLAMA3 || kind == PITH_PRE_QWEN2
               ? next_llama3(kind, text) : next_gpt2(kind, text);
}
