/*
 * utf8.c - see utf8.h.
 */
#include "utf8.h"

size_t pith_utf8_valid_length(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    if (n == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    size_t length = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (s[0] < 0xC2 || s[0] > 0xF4 || n < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    /* RFC 3629, section 4: after some bytes the second has a smaller range;
     * overlong forms, surrogates, above U+10FFFF. */
    bool wrong = (s[0] == 0xE0 && s[1] < 0xA0) ||
                 (s[0] == 0xED && s[1] > 0x9F) ||
                 (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F);
    return wrong ? 0 : length;
}

size_t pith_utf8_decode(const char *text, size_t n, uint32_t *code)
{
    static const unsigned char first_bits[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    size_t length = pith_utf8_valid_length(text, n);
    if (length == 0) {
        *code = 0xFFFD;
        return 1;
    }
    uint32_t value = (unsigned char)text[0] & first_bits[length];
    for (size_t i = 1; i < length; i++)
        value = value << 6 | ((unsigned char)text[i] & 0x3Fu);
    *code = value;
    return length;
}

size_t pith_utf8_start(const char *text, size_t n, size_t at)
{
    size_t start = at;
    while (start > 0 && at - start < 3 &&
           ((unsigned char)text[start] & 0xC0) == 0x80)
        start--;
    return pith_utf8_valid_length(text + start, n - start) > at - start ? start
                                                                        : at;
}

size_t pith_utf8_encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (char)(lead[length] | code);
    return length;
}

bool pith_utf8_is_valid(const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t length = pith_utf8_valid_length(text + i, n - i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}
