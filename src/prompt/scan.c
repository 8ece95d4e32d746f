/*
 * scan.c - see scan.h.
 */
#include "scan.h"

#include <string.h>

char pith_byte_at(struct pith_text text, size_t at)
{
    return at < text.size ? text.bytes[at] : '\0';
}

size_t pith_run_end(struct pith_text text, size_t at, const char *stops)
{
    while (at < text.size && strchr(stops, text.bytes[at]) == NULL)
        at++;
    return at;
}

bool pith_is_ascii_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool pith_is_ascii_word(char c)
{
    return pith_is_ascii_letter(c) || (c >= '0' && c <= '9') || c == '_';
}
