/*
 * number.c - see number.h.
 */
#include "number.h"

#include <math.h>
#include <string.h>

#include "../../base/utf8.h"
#include "../../text/casing.h"
#include "str.h"

/* --- texts ------------------------------------------------------------------- */

static struct pith_text strip(struct pith_text text)
{
    uint32_t code;
    size_t first = text.size, end = 0, n;
    for (size_t at = 0; at < text.size; at += n) {
        n = pith_utf8_decode(text.bytes + at, text.size - at, &code);
        if (pith_is_space(code))
            continue;
        first = first < at ? first : at;
        end = at + n;
    }
    return first < end ? (struct pith_text){text.bytes + first, end - first}
                       : (struct pith_text){text.bytes, 0};
}

/* Copies digits, of which '_' may join two; how many. */
static size_t copy_digits(struct pith_text text, size_t *at,
                          struct pith_buffer *out)
{
    size_t n = 0;
    for (; *at < text.size; ++*at) {
        char byte = text.bytes[*at];
        bool joins = byte == '_' && n > 0 && text.bytes[*at - 1] != '_' &&
                     *at + 1 < text.size && text.bytes[*at + 1] >= '0' &&
                     text.bytes[*at + 1] <= '9';
        if (joins)
            continue;
        if (byte < '0' || byte > '9')
            break;
        pith_buffer_byte(out, byte);
        n++;
    }
    return n;
}

static void take_sign(struct pith_text text, size_t *at,
                      struct pith_buffer *out)
{
    if (*at < text.size && (text.bytes[*at] == '-' || text.bytes[*at] == '+')) {
        if (text.bytes[*at] == '-')
            pith_buffer_byte(out, '-');
        ++*at;
    }
}

/* The same without leading zeros; "0" keeps its only one. */
static size_t copy_integer(struct pith_text text, size_t *at,
                           struct pith_buffer *out)
{
    struct pith_buffer digits = {0};
    size_t n = copy_digits(text, at, &digits), zeros = 0;
    while (zeros + 1 < digits.size && digits.data[zeros] == '0')
        zeros++;
    if (digits.size > 0)
        pith_buffer_append(out, digits.data + zeros, digits.size - zeros);
    out->failed |= digits.failed;
    pith_buffer_free(&digits);
    return n;
}

/* " +0_12" as int() reads it: "12".  False when it is not an integer. */
static bool append_integer_text(struct pith_buffer *out, struct pith_text text)
{
    struct pith_buffer number = {0};
    size_t at = 0;
    text = strip(text);
    take_sign(text, &at, &number);
    size_t n = copy_integer(text, &at, &number);
    bool minus_zero = number.size == 2 && memcmp(number.data, "-0", 2) == 0;
    if (number.size > 0)
        pith_buffer_append(out, number.data + minus_zero,
                           number.size - minus_zero);
    out->failed |= number.failed;
    pith_buffer_free(&number);
    return n > 0 && at == text.size;
}

/* " +1_0.e5" as float() reads it, made a JSON number.  False when it is no
 * number (or infinite or NaN, which JSON does not have). */
static bool make_json_number(struct pith_buffer *out, struct pith_text text)
{
    size_t at = 0, n = 0;
    text = strip(text);
    take_sign(text, &at, out);
    size_t n_integer = copy_integer(text, &at, out);
    if (n_integer == 0)
        pith_buffer_byte(out, '0');
    if (at < text.size && text.bytes[at] == '.') {
        at++;
        pith_buffer_byte(out, '.');
        n = copy_digits(text, &at, out);
        pith_buffer_byte(out, '0');
    }
    if (n_integer + n == 0)
        return false;
    if (at < text.size && (text.bytes[at] == 'e' || text.bytes[at] == 'E')) {
        at++;
        pith_buffer_byte(out, 'e');
        take_sign(text, &at, out);
        if (copy_digits(text, &at, out) == 0)
            return false;
    }
    return at == text.size;
}

static bool append_float_text(struct pith_buffer *out, struct pith_text text)
{
    struct pith_buffer number = {0};
    struct pith_json_document *document = NULL;
    enum pith_status status = PITH_ERR_FORMAT;
    if (make_json_number(&number, text))
        status = pith_json_parse(pith_buffer_text(&number),
                                 "number", &document, NULL);
    bool made = status == PITH_OK && isfinite(pith_json_root(document)->number);
    if (made)
        pith_python_float_repr(out, pith_json_root(document)->number);
    pith_json_free(document);
    out->failed |= number.failed || status == PITH_ERR_MEMORY;
    pith_buffer_free(&number);
    return made;
}

bool pith_python_int(struct pith_buffer *out, const struct pith_json *value)
{
    if (value->kind == PITH_JSON_STRING)
        return append_integer_text(out, value->string);
    if (value->kind == PITH_JSON_TRUE || value->kind == PITH_JSON_FALSE) {
        pith_buffer_byte(out, value->kind == PITH_JSON_TRUE ? '1' : '0');
        return true;
    }
    if (value->kind != PITH_JSON_NUMBER)
        return false;
    if (pith_python_is_int(value))
        return append_integer_text(out, value->string);
    double whole = trunc(value->number);
    if (!isfinite(whole))
        return false;
    pith_buffer_printf(out, "%.0f", whole < 0 || whole > 0 ? whole : 0.0);
    return true;
}

bool pith_python_float(struct pith_buffer *out, const struct pith_json *value)
{
    if (value->kind == PITH_JSON_STRING)
        return append_float_text(out, value->string);
    double number = value->kind == PITH_JSON_TRUE;
    if (value->kind == PITH_JSON_NUMBER)
        number = value->number;
    else if (value->kind != PITH_JSON_TRUE && value->kind != PITH_JSON_FALSE)
        return false;
    if (!isfinite(number))
        return false;
    if (value->kind == PITH_JSON_NUMBER && pith_python_is_int(value))
        number += 0.0; /* the integer -0 is 0 */
    pith_python_float_repr(out, number);
    return true;
}
