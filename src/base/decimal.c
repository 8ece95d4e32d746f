/*
 * decimal.c - see decimal.h.
 */
#include "decimal.h"
#include "exact.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    /* No number half way between two doubles has more digits; of those after
     * them only counts whether one is not 0. */
    MAX_DIGITS = 768,
    MAX_EXPONENT = 1000000000
};

/* What strtod() takes for the decimal point depends on the locale, so the
 * number is given to it as an integer with an exponent: 1.25e3 as 125e1. */
double pith_decimal_read(const char *text, size_t size)
{
    char integer[MAX_DIGITS + 32];
    size_t n = 0, i = 0;
    int64_t scale = 0, exponent = 0;
    bool after_point = false, rest = false;
    for (; i < size && text[i] != 'e' && text[i] != 'E'; i++) {
        if (text[i] == '.') {
            after_point = true;
            continue;
        }
        scale -= after_point;
        if (n == 0 && text[i] == '0')
            continue;
        if (n < MAX_DIGITS) {
            integer[n++] = text[i];
        } else {
            rest |= text[i] != '0';
            scale++;
        }
    }
    if (n == 0)
        return 0;
    if (rest) {
        integer[n++] = '1';
        scale--;
    }
    bool negative = i + 1 < size && text[i + 1] == '-';
    for (i++; i < size; i++)
        if (text[i] >= '0' && text[i] <= '9' && exponent < MAX_EXPONENT)
            exponent = exponent * 10 + (text[i] - '0');
    scale += negative ? -exponent : exponent;
    snprintf(integer + n, sizeof integer - n, "e%" PRId64, scale);
    return strtod(integer, NULL);
}

