/*
 * print.c - see print.h.
 */
#include "posix.h"

#include "print.h"

#include <locale.h>
#include <stdio.h>
#if defined(__APPLE__)
#include <xlocale.h>
#endif

#include "buffer.h"

int pith_format(char *out, size_t size, const char *format, va_list arguments)
{
#if HAVE_POSIX
    const char *point = localeconv()->decimal_point;
    locale_t plain = point[0] == '.' && point[1] == '\0'
                         ? (locale_t)0
                         : newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (plain != (locale_t)0) {
        locale_t usual = uselocale(plain);
        int n = vsnprintf(out, size, format, arguments);
        uselocale(usual);
        freelocale(plain);
        return n;
    }
#endif
    return vsnprintf(out, size, format, arguments);
}

void pith_buffer_printf(struct pith_buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int n = pith_format(NULL, 0, format, arguments);
    va_end(arguments);
    if (n < 0) {
        buffer->failed = true;
    } else if (pith_buffer_reserve(buffer, (size_t)n + 1)) {
        pith_format(buffer->data + buffer->size, (size_t)n + 1, format, again);
        buffer->size += (size_t)n;
    }
    va_end(again);
}
