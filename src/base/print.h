/*
 * print.h - formatted text with a decimal point, whatever the locale of the
 * program that the library is part of.
 */
#ifndef PITH_BASE_PRINT_H
#define PITH_BASE_PRINT_H

#include <stdarg.h>
#include <stddef.h>

/* vsnprintf with a point. */
int pith_format(char *out, size_t size, const char *format, va_list arguments);

#endif
