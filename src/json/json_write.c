/*
 * json_write.c - writing JSON strings and numbers; see json.h.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/utf8.h"
#include "json.h"

/* The escape of a byte that may not stand for itself, NULL for others. */
static const char *escape_of(unsigned char byte, char buffer[8])
{
    switch (byte) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\b': return "\\b";
    case '\f': return "\\f";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
    }
    if (byte >= 0x20)
        return NULL;
    snprintf(buffer, 8, "\\u%04x", (unsigned)byte);
    return buffer;
}

void pith_json_write_string(struct pith_buffer *out, struct pith_text string)
{
    size_t plain = 0, i = 0; /* from plain to i: copied as they are */
    pith_buffer_byte(out, '"');
    while (i < string.size) {
        char buffer[8];
        size_t length =
            pith_utf8_valid_length(string.bytes + i, string.size - i);
        const char *instead =
            length == 0 ? "\xEF\xBF\xBD"
                        : escape_of((unsigned char)string.bytes[i], buffer);
        if (instead != NULL) {
            pith_buffer_append(out, string.bytes + plain, i - plain);
            pith_buffer_string(out, instead);
            plain = i + 1;
        }
        i += length == 0 ? 1 : length;
    }
    if (string.size > plain)
        pith_buffer_append(out, string.bytes + plain, string.size - plain);
    pith_buffer_byte(out, '"');
}

/* printf() spells the decimal point as the locale does; JSON needs '.'. */
static void append_number(struct pith_buffer *out, const char *spelling)
{
    for (const char *at = spelling; *at != '\0';) {
        size_t n = strspn(at, "0123456789+-e");
        pith_buffer_append(out, at, n);
        at += n;
        if (*at != '\0') {
            pith_buffer_byte(out, '.');
            at += strcspn(at, "0123456789+-e");
        }
    }
}

/* Integers that are exact are spelt out, not as 1.5e+02. */
static bool write_integer(struct pith_buffer *out, double number)
{
    if (!(fabs(number) < 1e15) || floor(number) != number)
        return false;
    pith_buffer_printf(out, "%.0f", number);
    return true;
}

void pith_json_write_number(struct pith_buffer *out, double number)
{
    char spelling[40];
    if (!isfinite(number)) {
        pith_buffer_string(out, "null");
        return;
    }
    if (write_integer(out, number))
        return;
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(spelling, sizeof spelling, "%.*g", digits, number);
        if (strtod(spelling, NULL) == number)
            break;
    }
    append_number(out, spelling);
}

void pith_json_write_float(struct pith_buffer *out, float number)
{
    char spelling[40];
    if (!isfinite(number)) {
        pith_buffer_string(out, "null");
        return;
    }
    if (fabsf(number) < 1e7f && write_integer(out, (double)number))
        return;
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(spelling, sizeof spelling, "%.*g", digits, (double)number);
        if (strtof(spelling, NULL) == number)
            break;
    }
    append_number(out, spelling);
}

void pith_json_write_fixed(struct pith_buffer *out, double number,
                           int decimals)
{
    char spelling[400]; /* a double has up to 309 digits before the point */
    const char *at = spelling;
    if (!isfinite(number)) {
        pith_buffer_string(out, "null");
        return;
    }
    snprintf(spelling, sizeof spelling, "%.*f", decimals, number);
    if (*at == '-' && strpbrk(at, "123456789") == NULL)
        at++;
    append_number(out, at);
}

static void write_children(struct pith_buffer *out,
                           const struct pith_json *value)
{
    bool is_object = value->kind == PITH_JSON_OBJECT;
    pith_buffer_byte(out, is_object ? '{' : '[');
    for (const struct pith_json *at = value->first; at != NULL; at = at->next) {
        if (at != value->first)
            pith_buffer_byte(out, ',');
        if (is_object) {
            pith_json_write_string(out, at->key);
            pith_buffer_byte(out, ':');
        }
        pith_json_write_value(out, at);
    }
    pith_buffer_byte(out, is_object ? '}' : ']');
}

void pith_json_write_value(struct pith_buffer *out,
                           const struct pith_json *value)
{
    switch (value->kind) {
    case PITH_JSON_NULL: pith_buffer_string(out, "null"); break;
    case PITH_JSON_FALSE: pith_buffer_string(out, "false"); break;
    case PITH_JSON_TRUE: pith_buffer_string(out, "true"); break;
    case PITH_JSON_STRING: pith_json_write_string(out, value->string); break;
    case PITH_JSON_NUMBER:
        pith_buffer_append(out, value->string.bytes, value->string.size);
        break;
    case PITH_JSON_ARRAY:
    case PITH_JSON_OBJECT: write_children(out, value); break;
    }
}
