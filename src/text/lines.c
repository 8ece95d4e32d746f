/*
 * lines.c - see lines.h.
 */
#include "lines.h"

#include <string.h>

bool pith_next_line(struct pith_text *rest, struct pith_text *line)
{
    if (rest->size == 0)
        return false;
    const char *feed = memchr(rest->bytes, '\n', rest->size);
    size_t size = feed != NULL ? (size_t)(feed - rest->bytes) : rest->size;
    size_t used = size + (feed != NULL);
    *line = (struct pith_text){rest->bytes, size};
    if (size > 0 && line->bytes[size - 1] == '\r')
        line->size--;
    rest->bytes += used;
    rest->size -= used;
    return true;
}
