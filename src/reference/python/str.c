/*
 * str.c - see str.h.
 */
#include "str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/utf8.h"
#include "../../json/json_members.h"

/* --- numbers ------------------------------------------------------------------ */

bool pith_python_is_int(const struct pith_json *number)
{
    struct pith_text spelled = number->string;
    for (size_t i = 0; i < spelled.size; i++)
        if (strchr(".eE", spelled.bytes[i]) != NULL)
            return false;
    return true;
}

/* The fewest digits that read back as the same number: d.ddd x 10^exponent. */
static size_t shortest_digits(double number, char digits[18], int *exponent)
{
    char spelling[40];
    for (int n = 0; n <= 16; n++) {
        snprintf(spelling, sizeof spelling, "%.*e", n, number);
        if (strtod(spelling, NULL) == number)
            break;
    }
    size_t n_digits = 0;
    const char *at = spelling;
    for (; *at != '\0' && *at != 'e'; at++)
        if (*at >= '0' && *at <= '9') /* not the locale's decimal point */
            digits[n_digits++] = *at;
    *exponent = *at == 'e' ? atoi(at + 1) : 0;
    while (n_digits > 1 && digits[n_digits - 1] == '0')
        n_digits--;
    return n_digits;
}

static void append_zeros(struct pith_buffer *out, int n)
{
    for (; n > 0; n--)
        pith_buffer_byte(out, '0');
}

/* 1234.5: from 1e-4 up to 1e16. */
static void append_positional(struct pith_buffer *out, const char *digits,
                              size_t n_digits, int exponent)
{
    int n = (int)n_digits, n_integer = exponent + 1;
    if (n_integer <= 0) {
        pith_buffer_string(out, "0.");
        append_zeros(out, -n_integer);
        pith_buffer_append(out, digits, n_digits);
    } else if (n <= n_integer) {
        pith_buffer_append(out, digits, n_digits);
        append_zeros(out, n_integer - n);
        pith_buffer_string(out, ".0");
    } else {
        pith_buffer_append(out, digits, (size_t)n_integer);
        pith_buffer_byte(out, '.');
        pith_buffer_append(out, digits + n_integer, (size_t)(n - n_integer));
    }
}

void pith_python_float_repr(struct pith_buffer *out, double number)
{
    char digits[18];
    int exponent;
    if (signbit(number))
        pith_buffer_byte(out, '-');
    if (!isfinite(number)) {
        pith_buffer_string(out, isnan(number) ? "nan" : "inf");
        return;
    }
    size_t n = shortest_digits(fabs(number), digits, &exponent);
    if (exponent >= -4 && exponent < 16) {
        append_positional(out, digits, n, exponent);
        return;
    }
    pith_buffer_byte(out, digits[0]);
    if (n > 1)
        pith_buffer_byte(out, '.');
    pith_buffer_append(out, digits + 1, n - 1);
    pith_buffer_printf(out, "e%c%02d", exponent < 0 ? '-' : '+',
                       abs(exponent));
}

/* JSON knows no leading zeros, so an integer's spelling is Python's, except for
 * the sign of zero. */
static void append_number(struct pith_buffer *out, const struct pith_json *value)
{
    struct pith_text spelled = value->string;
    if (!pith_python_is_int(value))
        pith_python_float_repr(out, value->number);
    else if (spelled.size == 2 && memcmp(spelled.bytes, "-0", 2) == 0)
        pith_buffer_byte(out, '0');
    else
        pith_buffer_append(out, spelled.bytes, spelled.size);
}

/* --- strings ------------------------------------------------------------------- */

/* \n and the like, which both notations share; 0 for other characters. */
static char short_escape(uint32_t code)
{
    switch (code) {
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\\': return '\\';
    default: return 0;
    }
}

static void dump_character(struct pith_buffer *out, uint32_t code)
{
    char escape = code == '"'    ? '"'
                  : code == '\b' ? 'b'
                  : code == '\f' ? 'f'
                                 : short_escape(code);
    if (escape != 0)
        pith_buffer_printf(out, "\\%c", escape);
    else if (code >= 0x20 && code < 0x7F)
        pith_buffer_byte(out, (char)code);
    else if (code < 0x10000)
        pith_buffer_printf(out, "\\u%04x", (unsigned)code);
    else
        pith_buffer_printf(out, "\\u%04x\\u%04x",
                           (unsigned)(0xD7C0 + (code >> 10)),
                           (unsigned)(0xDC00 + (code & 0x3FF)));
}

void pith_python_dumps_string(struct pith_buffer *out, struct pith_text string)
{
    pith_buffer_byte(out, '"');
    for (size_t at = 0; at < string.size;) {
        uint32_t code;
        at += pith_utf8_decode(string.bytes + at, string.size - at, &code);
        dump_character(out, code);
    }
    pith_buffer_byte(out, '"');
}

/* Control and format characters, private ones, spaces other than ' ':
 * categories Cc, Cf, Co, Zs, Zl and Zp of Unicode 14. */
static bool is_printable(uint32_t code)
{
    static const uint32_t hidden[][2] = {
        {0x00, 0x1F},       {0x7F, 0xA0},       {0xAD, 0xAD},
        {0x600, 0x605},     {0x61C, 0x61C},     {0x6DD, 0x6DD},
        {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},
        {0x1680, 0x1680},   {0x180E, 0x180E},   {0x2000, 0x200F},
        {0x2028, 0x202F},   {0x205F, 0x2064},   {0x2066, 0x206F},
        {0x3000, 0x3000},   {0xD800, 0xF8FF},   {0xFEFF, 0xFEFF},
        {0xFFF9, 0xFFFB},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD},
        {0x13430, 0x13438}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
        {0xE0001, 0xE0001}, {0xE0020, 0xE007F}, {0xF0000, 0x10FFFF}};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (code >= hidden[i][0] && code <= hidden[i][1])
            return false;
    return true;
}

static bool contains(struct pith_text string, char byte)
{
    return string.size > 0 && memchr(string.bytes, byte, string.size) != NULL;
}

/* In single quotes, unless they occur in it and double ones do not. */
static void append_repr_string(struct pith_buffer *out, struct pith_text string)
{
    char quote = contains(string, '\'') && !contains(string, '"') ? '"' : '\'';
    pith_buffer_byte(out, quote);
    for (size_t at = 0; at < string.size;) {
        uint32_t code;
        size_t n = pith_utf8_decode(string.bytes + at, string.size - at, &code);
        char escape = code == (uint32_t)quote ? quote : short_escape(code);
        if (escape != 0)
            pith_buffer_printf(out, "\\%c", escape);
        else if (is_printable(code))
            pith_buffer_append(out, string.bytes + at, n);
        else
            pith_buffer_printf(out,
                               code < 0x100     ? "\\x%02x"
                               : code < 0x10000 ? "\\u%04x"
                                                : "\\U%08x",
                               (unsigned)code);
        at += n;
    }
    pith_buffer_byte(out, quote);
}

/* --- values ---------------------------------------------------------------------- */

/* What differs between repr() and json.dumps(). */
struct notation {
    const char *words[3]; /* null, false, true */
    void (*append_string)(struct pith_buffer *out, struct pith_text string);
};

static enum pith_status append_value(struct pith_buffer *out,
                                     const struct notation *notation,
                                     const struct pith_json *value,
                                     struct pith_error *error);

static enum pith_status append_array(struct pith_buffer *out,
                                     const struct notation *notation,
                                     const struct pith_json *array,
                                     struct pith_error *error)
{
    pith_buffer_byte(out, '[');
    for (const struct pith_json *at = array->first; at; at = at->next) {
        if (at != array->first)
            pith_buffer_string(out, ", ");
        PITH_TRY(append_value(out, notation, at, error));
    }
    pith_buffer_byte(out, ']');
    return PITH_OK;
}

static enum pith_status append_object(struct pith_buffer *out,
                                      const struct notation *notation,
                                      const struct pith_json *object,
                                      struct pith_error *error)
{
    struct pith_json_members members;
    PITH_TRY(pith_json_members_create(&members, object, error));
    enum pith_status status = PITH_OK;
    pith_buffer_byte(out, '{');
    for (size_t i = 0; status == PITH_OK && i < members.n; i++) {
        if (i > 0)
            pith_buffer_string(out, ", ");
        notation->append_string(out, members.keys[i]);
        pith_buffer_string(out, ": ");
        status = append_value(out, notation, members.values[i], error);
    }
    pith_buffer_byte(out, '}');
    pith_json_members_free(&members);
    return status;
}

/* Recursion is as deep as the document, which the parser bounds. */
static enum pith_status append_value(struct pith_buffer *out,
                                     const struct notation *notation,
                                     const struct pith_json *value,
                                     struct pith_error *error)
{
    switch (value->kind) {
    case PITH_JSON_NULL:
    case PITH_JSON_FALSE:
    case PITH_JSON_TRUE:
        pith_buffer_string(out, notation->words[value->kind]);
        break;
    case PITH_JSON_NUMBER:
        append_number(out, value);
        break;
    case PITH_JSON_STRING:
        notation->append_string(out, value->string);
        break;
    case PITH_JSON_ARRAY:
        return append_array(out, notation, value, error);
    case PITH_JSON_OBJECT:
        return append_object(out, notation, value, error);
    }
    return PITH_OK;
}

enum pith_status pith_python_str(struct pith_buffer *out,
                                 const struct pith_json *value,
                                 struct pith_error *error)
{
    static const struct notation repr = {{"None", "False", "True"},
                                         append_repr_string};
    if (value->kind != PITH_JSON_STRING)
        return append_value(out, &repr, value, error);
    pith_buffer_append(out, value->string.bytes, value->string.size);
    return PITH_OK;
}

enum pith_status pith_python_dumps(struct pith_buffer *out,
                                   const struct pith_json *value,
                                   struct pith_error *error)
{
    static const struct notation dumps = {{"null", "false", "true"},
                                          pith_python_dumps_string};
    return append_value(out, &dumps, value, error);
}
