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

uint8_t pith_range_class(const struct pith_unicode_range *ranges, size_t n,
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
    return low < n && ranges[low].first <= code ? ranges[low].unicode_class : 0;
}

enum pith_unicode_class pith_unicode_class(uint32_t code)
{
    if (code < 0x80)
        return ascii_class(code);
    return (enum pith_unicode_class)pith_range_class(
        pith_unicode_ranges, pith_unicode_n_ranges, code);
}
