/*
 * split.c - texts into the words that BLEU and ROUGE count.
 */
#include "split.h"

#include <string.h>

#include "../base/text.h"
#include "../base/utf8.h"
#include "../text/casing.h"

/* --- at white space ------------------------------------------------------- */

static enum pith_status split_spaces(struct pith_words *words,
                                     struct pith_text text,
                                     struct pith_error *error)
{
    size_t start = 0;
    for (size_t i = 0; i < text.size;) {
        uint32_t code;
        size_t size = pith_utf8_decode(text.bytes + i, text.size - i, &code);
        if (pith_is_space(code)) {
            PITH_TRY(pith_words_add(
                words, (struct pith_text){text.bytes + start, i - start},
                error));
            start = i + size;
        }
        i += size;
    }
    return pith_words_add(
        words, (struct pith_text){text.bytes + start, text.size - start},
        error);
}

/* --- mteval-v13a, for BLEU ------------------------------------------------ */

/* out = text with each `from` replaced by `to`. */
static void replace(struct pith_buffer *out, struct pith_text text,
                    const char *from, const char *to)
{
    size_t size = strlen(from);
    for (size_t i = 0; i < text.size;)
        if (text.size - i >= size && memcmp(text.bytes + i, from, size) == 0) {
            pith_buffer_string(out, to);
            i += size;
        } else {
            pith_buffer_byte(out, text.bytes[i++]);
        }
}

/* ASCII symbols, save apostrophe, comma, dash and period. */
static bool is_symbol(char c)
{
    return (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') || c == '/' ||
           (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
}

static void space_symbols(struct pith_buffer *out, struct pith_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (is_symbol(text.bytes[i]))
            pith_buffer_printf(out, " %c ", text.bytes[i]);
        else
            pith_buffer_byte(out, text.bytes[i]);
}

static bool is_point(char c)
{
    return c == '.' || c == ',';
}

/* The rules about two bytes side by side.  A rule that has matched continues
 * after both, so that of "a.." the second period is not seen as "..". */
enum pair_rule { POINT_AFTER_OTHER, POINT_BEFORE_OTHER, DASH_AFTER_DIGIT };

static bool rule_matches(enum pair_rule rule, char first, char second)
{
    switch (rule) {
    case POINT_AFTER_OTHER:
        return !pith_is_ascii_digit(first) && is_point(second);
    case POINT_BEFORE_OTHER:
        return is_point(first) && !pith_is_ascii_digit(second);
    default:
        return pith_is_ascii_digit(first) && second == '-';
    }
}

static void space_pairs(struct pith_buffer *out, struct pith_text text,
                        enum pair_rule rule)
{
    for (size_t i = 0; i < text.size;) {
        char first = text.bytes[i];
        if (i + 1 < text.size && rule_matches(rule, first, text.bytes[i + 1])) {
            pith_buffer_string(out, rule == POINT_BEFORE_OTHER ? " " : "");
            pith_buffer_byte(out, first);
            pith_buffer_byte(out, ' ');
            pith_buffer_byte(out, text.bytes[i + 1]);
            pith_buffer_string(out, rule == POINT_BEFORE_OTHER ? "" : " ");
            i += 2;
        } else {
            pith_buffer_byte(out, first);
            i++;
        }
    }
}

static struct pith_text strip_end(struct pith_text text)
{
    for (;;) {
        size_t start = text.size;
        while (start > 0 && ((unsigned char)text.bytes[start - 1] & 0xC0) == 0x80)
            start--;
        if (start == 0)
            return text;
        start--;
        uint32_t code;
        if (pith_utf8_decode(text.bytes + start, text.size - start, &code) !=
                text.size - start || !pith_is_space(code))
            return text;
        text.size = start;
    }
}

/* One step of the split, over the whole text. */
struct rewrite {
    const char *from, *to; /* a replacement, or */
    enum pair_rule rule;   /* a rule, or */
    bool symbols;
};

enum pith_status pith_split_13a(struct pith_words *words, struct pith_text text,
                                struct pith_error *error)
{
    static const struct rewrite rewrites[] = {
        {.from = "<skipped>", .to = ""}, {.from = "-\n", .to = ""},
        {.from = "\n", .to = " "},       {.from = "&quot;", .to = "\""},
        {.from = "&amp;", .to = "&"},    {.from = "&lt;", .to = "<"},
        {.from = "&gt;", .to = ">"},     {.symbols = true},
        {.rule = POINT_AFTER_OTHER},     {.rule = POINT_BEFORE_OTHER},
        {.rule = DASH_AFTER_DIGIT},
    };
    enum pith_status status = PITH_OK;
    struct pith_buffer spaced = {0};
    pith_buffer_byte(&spaced, ' ');
    text = strip_end(text);
    pith_buffer_append(&spaced, text.bytes, text.size);
    pith_buffer_byte(&spaced, ' ');
    for (size_t i = 0; i < sizeof rewrites / sizeof *rewrites; i++) {
        struct pith_buffer next = {0};
        if (rewrites[i].from != NULL)
            replace(&next, pith_buffer_text(&spaced), rewrites[i].from,
                    rewrites[i].to);
        else if (rewrites[i].symbols)
            space_symbols(&next, pith_buffer_text(&spaced));
        else
            space_pairs(&next, pith_buffer_text(&spaced), rewrites[i].rule);
        next.failed = next.failed || spaced.failed;
        pith_buffer_free(&spaced);
        spaced = next;
    }
    if (spaced.failed)
        PITH_TRY_DONE(pith_no_memory(error, text.size, 1));
    PITH_TRY_DONE(split_spaces(words, pith_buffer_text(&spaced), error));
done:
    pith_buffer_free(&spaced);
    return status;
}

/* --- letters and digits of ASCII, for ROUGE ------------------------------- */

/* Its lower case is i and a combining dot, which ends the word. */
enum { DOTTED_CAPITAL_I = 0x130 };

static bool is_plain(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= '0' && code <= '9');
}

enum pith_status pith_split_rouge(struct pith_words *words,
                                  struct pith_text text,
                                  struct pith_error *error)
{
    enum pith_status status = PITH_OK;
    struct pith_buffer word = {0};
    for (size_t i = 0; i < text.size;) {
        uint32_t code, lower;
        i += pith_utf8_decode(text.bytes + i, text.size - i, &code);
        lower = pith_lower_case(code);
        if (is_plain(lower))
            pith_buffer_byte(&word, (char)lower);
        if (is_plain(lower) && code != DOTTED_CAPITAL_I)
            continue;
        PITH_TRY_DONE(pith_words_add(words, pith_buffer_text(&word), error));
        word.size = 0;
    }
    PITH_TRY_DONE(pith_words_add(words, pith_buffer_text(&word), error));
    if (word.failed)
        status = pith_no_memory(error, text.size, 1);
done:
    pith_buffer_free(&word);
    return status;
}
