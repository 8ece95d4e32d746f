/*
 * html.c - see html.h.
 */
#include "html.h"

#include <math.h>

#include "../base/utf8.h"
#include "../json/json.h"

struct range {
    uint32_t first, last;
};

static bool is_among(const struct range *ranges, size_t n, uint32_t code)
{
    for (size_t i = 0; i < n; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* Characters that are invisible, and that hide or reverse what
 * is beside them: controls, soft hyphen, marks of direction, zero widths,
 * separators, annotations, tags, noncharacters. */
static bool is_hidden(uint32_t code)
{
    static const struct range hidden[] = {
        {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},
        {0x180E, 0x180E}, {0x200B, 0x200B}, {0x200E, 0x200F},
        {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFDD0, 0xFDEF},
        {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF}};
    return is_among(hidden, sizeof hidden / sizeof *hidden, code) ||
           (code & 0xFFFE) == 0xFFFE;
}

/* Joiners and variation selectors shape their neighbours; alone they are
 * nothing to look at. */
static bool is_shaping(uint32_t code)
{
    static const struct range shaping[] = {{0x200C, 0x200D}, {0xFE00, 0xFE0F}};
    return is_among(shaping, sizeof shaping / sizeof *shaping, code);
}

/* ASCII's own names, which every font can show. */
static const char controls[32][4] = {
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL",
    "BS",  "HT",  "LF",  "VT",  "FF",  "CR",  "SO",  "SI",
    "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB",
    "CAN", "EM",  "SUB", "ESC", "FS",  "GS",  "RS",  "US"};

static const char *entity_of(char byte)
{
    switch (byte) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

static void append_ascii(struct pith_buffer *out, char byte, bool mark_lines)
{
    const char *entity = entity_of(byte);
    if (entity != NULL)
        pith_buffer_string(out, entity);
    else if (mark_lines && byte == '\n')
        pith_buffer_string(out, "<i>\n</i>");
    else if (mark_lines && byte == '\t')
        pith_buffer_string(out, "<i class=t>\t</i>");
    else if (byte == '\n' || byte == '\t')
        pith_buffer_byte(out, byte);
    else if ((unsigned char)byte < 0x20)
        pith_buffer_printf(out, "<b>%s</b>", controls[(unsigned char)byte]);
    else
        pith_buffer_byte(out, byte);
}

void pith_html_text(struct pith_buffer *out, struct pith_text text,
                    bool mark_lines)
{
    for (size_t i = 0; i < text.size;) {
        const char *at = text.bytes + i;
        uint32_t code;
        size_t n = pith_utf8_decode(at, text.size - i, &code);
        if (code < 0x7F)
            append_ascii(out, *at, mark_lines);
        else if (is_hidden(code) || (is_shaping(code) && n == text.size))
            pith_buffer_printf(out, "<b>U+%04lX</b>", (unsigned long)code);
        else if (pith_utf8_valid_length(at, text.size - i) == 0)
            pith_buffer_string(out, "\xEF\xBF\xBD");
        else
            pith_buffer_append(out, at, n);
        i += n;
    }
}

void pith_html_count(struct pith_buffer *out, size_t count)
{
    char digits[32];
    size_t n = 0;
    for (; count > 0 || n == 0; count /= 10)
        digits[n++] = (char)('0' + count % 10);
    while (n-- > 0) {
        pith_buffer_byte(out, digits[n]);
        if (n % 3 == 0 && n > 0)
            pith_buffer_byte(out, ',');
    }
}

void pith_html_number(struct pith_buffer *out, double number, int decimals)
{
    if (isnan(number))
        pith_buffer_string(out, "\xE2\x80\x93");
    else if (isinf(number))
        pith_buffer_string(out, number < 0 ? "-\xE2\x88\x9E"
                                           : "\xE2\x88\x9E");
    else
        pith_json_write_fixed(out, number, decimals);
}
