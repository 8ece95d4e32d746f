/*
 * lines.h - a text line by line.
 */
#ifndef PITH_TEXT_LINES_H
#define PITH_TEXT_LINES_H

#include <stdbool.h>

#include "pith.h"

/* Takes the next line off the front of a text, without its line feed and a
 * carriage return before it; false at the end. */
bool pith_next_line(struct pith_text *rest, struct pith_text *line);

#endif
