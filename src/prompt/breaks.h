/*
 * breaks.h - line breaks and full stops without which what stays of two lines,
 * or of two sentences, reads as one, and question marks.
 */
#ifndef PITH_PROMPT_BREAKS_H
#define PITH_PROMPT_BREAKS_H

#include <stddef.h>

#include "../base/error.h"

/* Bytes of white space that a text starts with. */
size_t pith_lead(struct pith_text text);

/* Line breaks among the first n bytes of a text. */
size_t pith_count_breaks(struct pith_text text, size_t n);

/* The line breaks that must stay of what went between two kept texts: as many
 * as the original has between them, at most two, which make a blank line.
 *   written  all that comes before
 *   gap      what went, with the next text after it
 *   n        bytes of the gap without that text
 *   from     filled: where in the gap they are
 * Returns their bytes, 0: none are missing. */
size_t pith_missing_breaks(struct pith_text written, struct pith_text gap,
                           size_t n, size_t *from);

struct pith_composition;
struct pith_part;
struct pith_unit;

/* For decisions->break_line: keeps lines apart, sentences of a line where the
 * second has lost its beginning or a negation of either stays, and the marks of
 * questions.  Returns how many bytes of white space the unit loses, because a line,
 * or the part, now begins with it.
 *   last  the kept unit before it, of the same part; NULL: none
 *   unit  NULL: nothing else of the part is kept */
size_t pith_break_line(struct pith_composition *composition,
                       const struct pith_part *part,
                       const struct pith_unit *last,
                       const struct pith_unit *unit);

#endif
