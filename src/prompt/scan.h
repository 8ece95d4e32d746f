/*
 * scan.h - a text byte by byte.
 */
#ifndef PITH_PROMPT_SCAN_H
#define PITH_PROMPT_SCAN_H

#include "clusters.h"

/* Byte `at`; 0 past the end. */
char pith_byte_at(struct pith_text text, size_t at);

/* Where the bytes from `at` on that are none of `stops` end; a NUL stops,
 * too. */
size_t pith_run_end(struct pith_text text, size_t at, const char *stops);

bool pith_is_ascii_letter(char c);
bool pith_is_ascii_word(char c); /* a letter, a digit or an underscore */

#endif
