/*
 * text_start.c - how a text says in which encoding it is: byte-order marks.
 */
#include <string.h>

#include "error.h"
#include "pith_files.h"

/* Zero bytes at every second place: ASCII in UTF-16 without a mark. */
static bool alternates(const char *bytes, int zero)
{
    return bytes[zero] == 0 && bytes[zero + 2] == 0 && bytes[1 - zero] != 0 &&
           bytes[3 - zero] != 0;
}

static const char *wide_encoding(struct pith_text text)
{
    const char *bytes = text.bytes;
    if (text.size >= 4 && (memcmp(bytes, "\xFF\xFE\0\0", 4) == 0 ||
                           memcmp(bytes, "\0\0\xFE\xFF", 4) == 0))
        return "UTF-32";
    if (text.size >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 ||
                           memcmp(bytes, "\xFE\xFF", 2) == 0))
        return "UTF-16";
    if (text.size >= 4 && (alternates(bytes, 0) || alternates(bytes, 1)))
        return "UTF-16";
    return NULL;
}

enum pith_status pith_text_start(struct pith_text *text, const char *name,
                                 struct pith_error *error)
{
    const char *wide = wide_encoding(*text);
    if (wide != NULL)
        return pith_fail(error, PITH_ERR_FORMAT,
                         "%s: the text is in %s; save it as UTF-8", name,
                         wide);
    if (text->size >= 3 && memcmp(text->bytes, "\xEF\xBB\xBF", 3) == 0) {
        text->bytes += 3;
        text->size -= 3;
    }
    return PITH_OK;
}
