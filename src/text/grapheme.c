/*
 * grapheme.c - see grapheme.h.  GB3 to GB13 are the rules' names in UAX #29.
 */
#include "grapheme.h"

#include <string.h>

#include "../base/utf8.h"

/* Halves of flags that are counted before a place, at most; even. */
enum { MAX_HALVES = 1024 };

/* --- classes ---------------------------------------------------------------- */

enum pith_grapheme_class pith_grapheme_class(uint32_t code)
{
    if (code >= 0x20 && code < 0x7F)
        return PITH_GRAPHEME_OTHER;
    if (code >= 0xAC00 && code <= 0xD7A3) /* 28 syllables a vowel */
        return (code - 0xAC00) % 28 == 0 ? PITH_GRAPHEME_LV
                                         : PITH_GRAPHEME_LVT;
    return (enum pith_grapheme_class)pith_range_class(
        pith_grapheme_ranges, pith_grapheme_n_ranges, code);
}

static enum pith_grapheme_class class_at(struct pith_text text, size_t at,
                                         size_t *length)
{
    uint32_t code;
    *length = pith_utf8_decode(text.bytes + at, text.size - at, &code);
    return pith_grapheme_class(code);
}

/* The class of the character that ends at *at > 0; moves *at to its start. */
static enum pith_grapheme_class class_before(struct pith_text text, size_t *at)
{
    size_t length;
    *at = pith_utf8_start(text.bytes, text.size, *at - 1);
    return class_at(text, *at, &length);
}

static bool is_control(enum pith_grapheme_class c)
{
    return c == PITH_GRAPHEME_CR || c == PITH_GRAPHEME_LF ||
           c == PITH_GRAPHEME_CONTROL;
}

static bool is_extend(enum pith_grapheme_class c)
{
    return c == PITH_GRAPHEME_EXTEND || c == PITH_GRAPHEME_LINKER ||
           c == PITH_GRAPHEME_NON_JOINER;
}

static bool is_linker(enum pith_grapheme_class c)
{
    return c == PITH_GRAPHEME_LINKER || c == PITH_GRAPHEME_LINKER_BASE;
}

/* InCB=Extend */
static bool is_conjunct_extend(enum pith_grapheme_class c)
{
    return c == PITH_GRAPHEME_EXTEND || c == PITH_GRAPHEME_ZWJ;
}

/* --- rules ------------------------------------------------------------------ */

/* GB6 to GB8 */
static bool is_hangul_pair(enum pith_grapheme_class before,
                           enum pith_grapheme_class after)
{
    switch (before) {
    case PITH_GRAPHEME_L:
        return after == PITH_GRAPHEME_L || after == PITH_GRAPHEME_V ||
               after == PITH_GRAPHEME_LV || after == PITH_GRAPHEME_LVT;
    case PITH_GRAPHEME_LV:
    case PITH_GRAPHEME_V:
        return after == PITH_GRAPHEME_V || after == PITH_GRAPHEME_T;
    case PITH_GRAPHEME_LVT:
    case PITH_GRAPHEME_T:
        return after == PITH_GRAPHEME_T;
    default:
        return false;
    }
}

enum answer { CUT, JOIN, ASK };

/* What two neighbours alone decide; ASK is for GB9c, GB11 and GB12, which
 * depend on what precedes them. */
static enum answer ask_neighbours(enum pith_grapheme_class before,
                                  enum pith_grapheme_class after)
{
    if (before == PITH_GRAPHEME_CR && after == PITH_GRAPHEME_LF) /* GB3 */
        return JOIN;
    if (is_control(before) || is_control(after)) /* GB4, GB5 */
        return CUT;
    if (is_hangul_pair(before, after) || is_extend(after) ||
        after == PITH_GRAPHEME_ZWJ ||       /* GB9 */
        after == PITH_GRAPHEME_SPACING ||   /* GB9a */
        before == PITH_GRAPHEME_PREPEND)    /* GB9b */
        return JOIN;
    bool ask =
        (after == PITH_GRAPHEME_CONSONANT &&
         (is_linker(before) || is_conjunct_extend(before))) ||
        (after == PITH_GRAPHEME_PICTOGRAPH && before == PITH_GRAPHEME_ZWJ) ||
        (after == PITH_GRAPHEME_REGIONAL && before == PITH_GRAPHEME_REGIONAL);
    return ask ? ASK : CUT;
}

/* --- looking back ----------------------------------------------------------- */

/* Whether half a flag, U+1F1E6 to U+1F1FF, ends at `at`. */
static bool half_ends(struct pith_text text, size_t at)
{
    return at >= 4 && memcmp(text.bytes + at - 4, "\xF0\x9F\x87", 3) == 0 &&
           (unsigned char)text.bytes[at - 1] >= 0xA6;
}

/* Whether an odd number of halves of flags ends at `at`, or too many. */
static bool is_after_half(struct pith_text text, size_t at)
{
    size_t n = 0;
    while (n <= MAX_HALVES && half_ends(text, at - 4 * n))
        n++;
    return n % 2 == 1;
}

/* Linker Extend* */
static bool is_after_linker(struct pith_text text, size_t at)
{
    while (at > 0) {
        enum pith_grapheme_class before = class_before(text, &at);
        if (!is_conjunct_extend(before))
            return is_linker(before);
    }
    return false;
}

/* Pictograph Extend* ZWJ */
static bool is_after_joiner(struct pith_text text, size_t at)
{
    (void)class_before(text, &at); /* the joiner */
    while (at > 0) {
        enum pith_grapheme_class before = class_before(text, &at);
        if (!is_extend(before))
            return before == PITH_GRAPHEME_PICTOGRAPH;
    }
    return false;
}

bool pith_grapheme_boundary(struct pith_text text, size_t at)
{
    if (at == 0 || at >= text.size)
        return true;
    if (pith_utf8_start(text.bytes, text.size, at) != at)
        return false;
    size_t start = at, length;
    enum pith_grapheme_class after = class_at(text, at, &length);
    enum pith_grapheme_class before = class_before(text, &start);
    switch (ask_neighbours(before, after)) {
    case CUT:
        return true;
    case JOIN:
        return false;
    case ASK:
        break;
    }
    return after == PITH_GRAPHEME_CONSONANT    ? !is_after_linker(text, at)
           : after == PITH_GRAPHEME_PICTOGRAPH ? !is_after_joiner(text, at)
                                               : !is_after_half(text, at);
}

size_t pith_grapheme_end(struct pith_text text, size_t at)
{
    struct pith_text rest = {text.bytes + at, text.size - at};
    size_t end = 0, length;
    do {
        (void)class_at(rest, end, &length);
        end += length;
    } while (!pith_grapheme_boundary(rest, end));
    return at + end;
}
