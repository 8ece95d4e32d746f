/*
 * utf8.h - reading and checking UTF-8 (RFC 3629).
 */
#ifndef PITH_BASE_UTF8_H
#define PITH_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length in bytes of the valid character at the start of text, 0 when there
 * is none (n is 0, or the bytes are not a well-formed character: overlong
 * forms, surrogates and values above U+10FFFF are refused). */
size_t pith_utf8_valid_length(const char *text, size_t n);

/* Reads one character: its code point into *code and its length as the
 * result.  An invalid byte reads as U+FFFD with length 1.  n > 0. */
size_t pith_utf8_decode(const char *text, size_t n, uint32_t *code);

/* Where the character that byte at < n is part of starts; `at` itself when
 * the byte is invalid. */
size_t pith_utf8_start(const char *text, size_t n, size_t at);

/* Writes a code point (not above U+10FFFF) and returns its length, 1 to 4. */
size_t pith_utf8_encode(uint32_t code, char out[4]);

bool pith_utf8_is_valid(const char *text, size_t n);

#endif
