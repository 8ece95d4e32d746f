/*
 * decimal.h - reading numbers with a decimal point, whatever the locale of
 * the program that the library is part of.
 */
#ifndef PITH_BASE_DECIMAL_H
#define PITH_BASE_DECIMAL_H

#include <stddef.h>

/* The number that is spelt digits, perhaps a point and digits, perhaps an e
 * (or E), a sign and digits; correctly rounded.  The text is known to be of
 * that form. */
double pith_decimal_read(const char *text, size_t size);

#endif
