/*
 * html.h - text and numbers of a page in HTML.
 */
#ifndef PITH_REPORT_HTML_H
#define PITH_REPORT_HTML_H

#include "../base/buffer.h"

/* Appends text of anybody as what shall be seen: markup escaped, bytes that
 * are not UTF-8 as U+FFFD, and every character that would not show (controls,
 * marks of direction, zero widths) as its name within <b>.
 *   mark_lines  line feeds and tabulators within <i>, for a sign there */
void pith_html_text(struct pith_buffer *out, struct pith_text text,
                    bool mark_lines);

/* 1234567 as "1,234,567". */
void pith_html_count(struct pith_buffer *out, size_t count);

/* With that many decimals, and a point whatever the locale; infinities as
 * their sign, NaN as a dash. */
void pith_html_number(struct pith_buffer *out, double number, int decimals);

#endif
