/*
 * marks.c - see marks.h.
 */
#include "marks.h"

bool pith_grapheme_is_mark(uint32_t code)
{
    switch (pith_grapheme_class(code)) {
    case PITH_GRAPHEME_EXTEND:
    case PITH_GRAPHEME_LINKER:
    case PITH_GRAPHEME_SPACING:
    case PITH_GRAPHEME_V:
    case PITH_GRAPHEME_T:
        return true;
    default:
        return false;
    }
}
