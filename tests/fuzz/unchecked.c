/*
 * unchecked.c - what a failure of Check's assertions does in programs that run
 * no suite; they are compiled with tests/ports/check.h.
 */
#include "../ports/check.h"

#include <stdarg.h>

void check_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    abort();
}
