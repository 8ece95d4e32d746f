/*
 * unicode.c - see unicode.h.
 */
#include "unicode.h"

static enum pith_unicode_class ascii_class(uint32_t code)
{
    if ((code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z'))
        return PITH_UNICODE_LETTER;
    if (code >= '0' && code <= '9')
        return PITH_UNICODE_NUMBER;
    if (code == ' ' || (code >= '\t' && code <= '\r'))
        return PITH_UNICODE_SPACE;
    return PITH_UNICODE_OTHER;
}

enum pith_unicode_class pith_unicode_class(uint32_t code)
{
    if (code < 0x80)
        return ascii_class(code);
    size_t low = 0, high = pith_unicode_n_ranges;
    while (low < high) { /* the first range that does not end before code */
        size_t middle = low + (high - low) / 2;
        if (pith_unicode_ranges[middle].last < code)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == pith_unicode_n_ranges || pith_unicode_ranges[low].first > code)
        return PITH_UNICODE_OTHER;
    return (enum pith_unicode_class)pith_unicode_ranges[low].unicode_class;
}
