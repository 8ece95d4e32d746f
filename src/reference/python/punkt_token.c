/*
 * punkt_token.c - see punkt_token.h.
 */
#include "punkt_token.h"

#include <string.h>

#include "../../base/utf8.h"
#include "../../text/unicode.h"

static const uint32_t END = 0xFFFFFFFF; /* is after the last character */

static uint32_t character_at(struct pith_text text, size_t at, size_t *length)
{
    uint32_t code;
    *length = 0;
    if (at >= text.size)
        return END;
    *length = pith_utf8_decode(text.bytes + at, text.size - at, &code);
    return code;
}

bool pith_punkt_is_space(uint32_t code)
{
    return pith_unicode_class(code) == PITH_UNICODE_SPACE;
}

static bool is_byte(struct pith_text text, size_t at, char byte)
{
    return at < text.size && text.bytes[at] == byte;
}

/* --- cutting ------------------------------------------------------------------ */

static bool is_one_of(uint32_t code, const char *characters)
{
    return code > 0 && code < 0x80 && strchr(characters, (int)code) != NULL;
}

bool pith_punkt_splits_words(uint32_t code)
{
    return is_one_of(code, ")\";}]*:@'({[?!") || code == 0x2018 ||
           code == 0x2019 || code == 0x201C || code == 0x201D ||
           code == 0xAB || code == 0xBB;
}

static bool starts_words(uint32_t code)
{
    return !is_one_of(code, "(\"`{[:;&#*@)}]-,");
}

/* Bytes of a period and the one space after it, 0 when they are not there. */
static size_t spaced_period(struct pith_text text, size_t at)
{
    size_t length;
    if (!is_byte(text, at, '.'))
        return 0;
    uint32_t code = character_at(text, at + 1, &length);
    return code != END && pith_punkt_is_space(code) ? 1 + length : 0;
}

static size_t run_of(struct pith_text text, size_t at, char byte)
{
    size_t n = 0;
    while (is_byte(text, at + n, byte))
        n++;
    return n;
}

/* ". . .": three periods or more with one space between each two. */
static size_t spaced_periods(struct pith_text text, size_t at)
{
    size_t n_periods = 0, end = at, step;
    while ((step = spaced_period(text, end)) > 0) {
        n_periods++;
        if (is_byte(text, end + step, '.'))
            end += step;
        else
            break;
    }
    if (step == 0 && is_byte(text, end, '.'))
        n_periods++;
    return n_periods >= 3 ? end + 1 - at : 0;
}

/* Bytes of a run of hyphens or periods, which is its own token. */
static size_t run_length(struct pith_text text, size_t at)
{
    size_t n = run_of(text, at, '-');
    if (n < 2)
        n = run_of(text, at, '.');
    return n >= 2 ? n : spaced_periods(text, at);
}

static bool starts_run(struct pith_text text, size_t at)
{
    if (is_byte(text, at, '-'))
        return is_byte(text, at + 1, '-');
    if (!is_byte(text, at, '.'))
        return false;
    size_t first = spaced_period(text, at);
    size_t second = first > 0 ? spaced_period(text, at + first) : 0;
    return is_byte(text, at + 1, '.') ||
           (second > 0 && is_byte(text, at + first + second, '.'));
}

static bool ends_word_but_for_commas(struct pith_text text, size_t at)
{
    size_t length;
    uint32_t code = character_at(text, at, &length);
    return code == END || pith_punkt_is_space(code) ||
           pith_punkt_splits_words(code) || starts_run(text, at);
}

/* A comma continues with the word when a word continues after it: "1,000". */
static bool ends_word(struct pith_text text, size_t at)
{
    return ends_word_but_for_commas(text, at) ||
           (is_byte(text, at, ',') && ends_word_but_for_commas(text, at + 1));
}

/* Bytes of the token at `at`, where no space is. */
static size_t token_length(struct pith_text text, size_t at)
{
    size_t n = run_length(text, at), length;
    if (n > 0)
        return n;
    bool is_word = starts_words(character_at(text, at, &length));
    n = length;
    while (is_word && !ends_word(text, at + n)) {
        character_at(text, at + n, &length);
        n += length;
    }
    return n;
}

/* --- types -------------------------------------------------------------------- */

/* -?[.,]?\d[\d,.-]*  : decimal digits of any script. */
static bool is_number(struct pith_text text)
{
    size_t at = is_byte(text, 0, '-') ? 1 : 0, length;
    if (is_byte(text, at, '.') || is_byte(text, at, ','))
        at++;
    bool first = true;
    for (; at < text.size; at += length, first = false) {
        uint32_t code = character_at(text, at, &length);
        if (pith_casing_kind(code) != PITH_CASING_DIGIT &&
            (first || !is_one_of(code, ",.-")))
            return false;
    }
    return !first;
}

static void set_type(struct pith_punkt_type *type, struct pith_text text)
{
    static const char number[] = "##number##";
    size_t length;
    type->size = 0;
    if (is_number(text)) {
        type->size = strlen(number);
        memcpy(type->bytes, number, type->size);
        return;
    }
    for (size_t at = 0; at < text.size; at += length) {
        char lower[6];
        uint32_t code = character_at(text, at, &length);
        size_t n = pith_utf8_encode(pith_lower_case(code), lower);
        if (code == 0x130) /* the one letter that becomes two: i, dot above */
            n += pith_utf8_encode(0x307, lower + n);
        if (type->size + n > sizeof type->bytes) {
            type->size = 0;
            return;
        }
        memcpy(type->bytes + type->size, lower, n);
        type->size += n;
    }
}

struct pith_text pith_punkt_type_no_period(const struct pith_punkt_type *type)
{
    size_t n = type->size;
    if (n > 1 && type->bytes[n - 1] == '.')
        n--;
    return (struct pith_text){type->bytes, n};
}

struct pith_text
pith_punkt_type_no_break(const struct pith_punkt_token *token)
{
    return token->is_break
               ? pith_punkt_type_no_period(&token->type)
               : (struct pith_text){token->type.bytes, token->type.size};
}

bool pith_punkt_is_initial(const struct pith_punkt_token *token)
{
    size_t length;
    uint32_t code = character_at(token->text, 0, &length);
    if (token->text.size != length + 1 || !token->ends_in_period)
        return false;
    return code == '_' || (code >= 0x2160 && code <= 0x2188) ||
           pith_unicode_class(code) == PITH_UNICODE_LETTER;
}

enum pith_casing_kind pith_punkt_first_case(struct pith_text text)
{
    size_t length;
    return pith_casing_kind(character_at(text, 0, &length));
}

bool pith_punkt_next_token(struct pith_text *line,
                           struct pith_punkt_token *token)
{
    size_t at = 0, length;
    while (pith_punkt_is_space(character_at(*line, at, &length)))
        at += length;
    if (at >= line->size)
        return false;
    size_t n = token_length(*line, at);
    token->text = (struct pith_text){line->bytes + at, n};
    token->ends_in_period = line->bytes[at + n - 1] == '.';
    token->is_ellipsis = token->is_abbreviation = token->is_break = false;
    set_type(&token->type, token->text);
    line->bytes += at + n;
    line->size -= at + n;
    return true;
}
