/*
 * regex_set.c - classes and sets of characters.
 */
#include <string.h>

#include "casing.h"
#include "grapheme.h"
#include "marks.h"
#include "regex_syntax.h"
#include "unicode.h"

/* --- classes ---------------------------------------------------------------- */

static const struct {
    const char *name;
    unsigned value;
} names[] = {
    {"alpha", PITH_REGEX_ALPHA},   {"digit", PITH_REGEX_DIGIT},
    {"alnum", PITH_REGEX_ALNUM},   {"upper", PITH_REGEX_UPPER},
    {"lower", PITH_REGEX_LOWER},   {"space", PITH_REGEX_SPACE},
    {"blank", PITH_REGEX_BLANK},   {"punct", PITH_REGEX_PUNCT},
    {"cntrl", PITH_REGEX_CNTRL},   {"graph", PITH_REGEX_GRAPH},
    {"print", PITH_REGEX_PRINT},   {"xdigit", PITH_REGEX_XDIGIT},
    {"word", PITH_REGEX_WORD},
};

unsigned pith_regex_class_named(struct pith_text name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == name.size &&
            memcmp(names[i].name, name.bytes, name.size) == 0)
            return names[i].value;
    return 0;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

/* White space that ends a line or a page. */
static bool is_vertical(uint32_t code)
{
    return (code >= 0x0A && code <= 0x0D) || code == 0x85 || code == 0x2028 ||
           code == 0x2029;
}

/* What reads like part of a letter; from U+1F000 on there are skin tones and
 * tags instead. */
static bool is_mark(uint32_t code)
{
    return code >= 0x300 && code < 0x1F000 && pith_grapheme_is_mark(code);
}

static bool is_hexadecimal(uint32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'f') ||
           (code >= 'A' && code <= 'F');
}

static unsigned classes_of_case(uint32_t code)
{
    switch (pith_casing_kind(code)) {
    case PITH_CASING_UPPER:
        return PITH_REGEX_UPPER;
    case PITH_CASING_LOWER:
        return PITH_REGEX_LOWER;
    case PITH_CASING_DIGIT:
        return PITH_REGEX_DIGIT;
    default:
        return 0;
    }
}

unsigned pith_regex_classes(uint32_t code)
{
    unsigned classes = is_control(code) ? PITH_REGEX_CNTRL : PITH_REGEX_PRINT;
    enum pith_unicode_class kind = pith_unicode_class(code);
    if (kind == PITH_UNICODE_SPACE)
        return classes | PITH_REGEX_SPACE |
               (is_vertical(code) ? 0 : PITH_REGEX_BLANK);
    if (is_control(code))
        return classes;
    classes |= PITH_REGEX_GRAPH | classes_of_case(code);
    if (kind == PITH_UNICODE_LETTER || is_mark(code))
        classes |= PITH_REGEX_ALPHA | PITH_REGEX_ALNUM | PITH_REGEX_WORD;
    else if (kind != PITH_UNICODE_OTHER)
        classes |= PITH_REGEX_ALNUM | PITH_REGEX_WORD;
    else
        classes |= PITH_REGEX_PUNCT | (code == '_' ? PITH_REGEX_WORD : 0);
    return classes | (is_hexadecimal(code) ? PITH_REGEX_XDIGIT : 0);
}

/* --- sets ------------------------------------------------------------------- */

size_t pith_regex_ranges_sort(struct pith_regex_range *ranges, size_t n)
{
    size_t n_left = 0;
    for (size_t i = 1; i < n; i++) {
        struct pith_regex_range moved = ranges[i];
        size_t at = i;
        for (; at > 0 && ranges[at - 1].first > moved.first; at--)
            ranges[at] = ranges[at - 1];
        ranges[at] = moved;
    }
    for (size_t i = 0; i < n; i++) {
        struct pith_regex_range *last = n_left > 0 ? &ranges[n_left - 1] : NULL;
        if (last == NULL || ranges[i].first > last->last + 1)
            ranges[n_left++] = ranges[i];
        else if (ranges[i].last > last->last)
            last->last = ranges[i].last;
    }
    return n_left;
}

static bool is_in_ranges(const struct pith_regex_range *ranges, size_t n,
                         uint32_t code)
{
    size_t low = 0, high = n;
    while (low < high) { /* the first range that does not end before code */
        size_t middle = low + (high - low) / 2;
        if (ranges[middle].last < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && ranges[low].first <= code;
}

bool pith_regex_set_has(const struct pith_regex_set *set,
                        const struct pith_regex_range *ranges, uint32_t code,
                        unsigned classes)
{
    bool has = (set->classes & classes) != 0 ||
               is_in_ranges(ranges + set->range, set->n_ranges, code);
    return has != set->negated;
}
