/*
 * option_size.c - see option_size.h.
 */
#include "option_size.h"

size_t pith_option_size(const struct pith_option *option)
{
    switch (option->type) {
    case PITH_OPTION_BOOL: return sizeof(bool);
    case PITH_OPTION_COUNT: return sizeof(size_t);
    case PITH_OPTION_REAL: return sizeof(double);
    case PITH_OPTION_CHOICE: return sizeof(int);
    case PITH_OPTION_TEXT: return sizeof(char *);
    case PITH_OPTION_TEXTS:
    case PITH_OPTION_COUNTS: return sizeof(void *) + sizeof(size_t);
    case PITH_OPTION_KINDS:
    case PITH_OPTION_BITS: return sizeof(unsigned);
    }
    return 0;
}
