/*
 * casing.c - see casing.h.
 */
#include "casing.h"

static struct pith_casing_range ascii_range(uint32_t code)
{
    uint8_t kind = PITH_CASING_NONE;
    if (code >= 'A' && code <= 'Z')
        kind = PITH_CASING_UPPER;
    if (code >= 'a' && code <= 'z')
        kind = PITH_CASING_LOWER;
    if (code >= '0' && code <= '9')
        kind = PITH_CASING_DIGIT;
    return (struct pith_casing_range){
        code, code, kind, kind == PITH_CASING_UPPER ? 'a' - 'A' : 0};
}

/* The range of one character, with the turns of PAIRS resolved. */
static struct pith_casing_range find(uint32_t code)
{
    if (code < 0x80)
        return ascii_range(code);
    size_t low = 0, high = pith_casing_n_ranges;
    while (low < high) { /* the first range that does not end before code */
        size_t middle = low + (high - low) / 2;
        if (pith_casing_ranges[middle].last < code)
            low = middle + 1;
        else
            high = middle;
    }
    struct pith_casing_range range = {code, code, PITH_CASING_NONE, 0};
    if (low == pith_casing_n_ranges || pith_casing_ranges[low].first > code)
        return range;
    range = pith_casing_ranges[low];
    if (range.kind == PITH_CASING_PAIRS) {
        bool upper = (code - range.first) % 2 == 0;
        range.kind = upper ? PITH_CASING_UPPER : PITH_CASING_LOWER;
        range.delta = upper ? 1 : 0;
    }
    return range;
}

enum pith_casing_kind pith_casing_kind(uint32_t code)
{
    return (enum pith_casing_kind)find(code).kind;
}

uint32_t pith_lower_case(uint32_t code)
{
    return (uint32_t)((int64_t)code + find(code).delta);
}

bool pith_is_space(uint32_t code)
{
    return (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x20) ||
           code == 0x85 || code == 0xA0 || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
           code == 0x2029 || code == 0x202F || code == 0x205F ||
           code == 0x3000;
}
