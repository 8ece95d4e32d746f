/*
 * error.c - see error.h.
 */
#include "error.h"

#include <stdarg.h>
#include <string.h>

#include "print.h"
#include "utf8.h"

const char *pith_status_name(enum pith_status status)
{
    switch (status) {
    case PITH_OK: return "PITH_OK";
    case PITH_ERR_ARGUMENT: return "PITH_ERR_ARGUMENT";
    case PITH_ERR_MEMORY: return "PITH_ERR_MEMORY";
    case PITH_ERR_IO: return "PITH_ERR_IO";
    case PITH_ERR_FORMAT: return "PITH_ERR_FORMAT";
    case PITH_ERR_CHECKSUM: return "PITH_ERR_CHECKSUM";
    case PITH_ERR_UNSUPPORTED: return "PITH_ERR_UNSUPPORTED";
    case PITH_ERR_CANCELLED: return "PITH_ERR_CANCELLED";
    }
    return "unknown status";
}

/* Replaces what is not valid UTF-8 (a cut character at the end, bytes of a
 * broken file) and control characters, those of two bytes too, by '?', so that
 * the detail is one line that any terminal or JSON string can hold. */
static void clean_detail(char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n;) {
        size_t length = pith_utf8_valid_length(text + i, n - i);
        unsigned char c = (unsigned char)text[i];
        if (length == 0 || c < 0x20 || c == 0x7f ||
            (c == 0xC2 && (unsigned char)text[i + 1] < 0xA0)) {
            text[i++] = '?';
        } else {
            i += length;
        }
    }
}

enum pith_status pith_fail(struct pith_error *error, enum pith_status status,
                           const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        pith_format(error->detail, sizeof error->detail, format, arguments);
        va_end(arguments);
        clean_detail(error->detail);
    }
    return status;
}

enum pith_status pith_no_memory(struct pith_error *error, size_t n, size_t size)
{
    return pith_fail(error, PITH_ERR_MEMORY,
                     "out of memory: %zu elements of %zu bytes were asked for",
                     n, size);
}
