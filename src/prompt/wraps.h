/*
 * wraps.h - line ends inside a paragraph that was wrapped at some width, which
 * mean no more than a space.
 */
#ifndef PITH_PROMPT_WRAPS_H
#define PITH_PROMPT_WRAPS_H

#include "parts.h"

/* Marks the units that such a line end is before (`wraps`), in the contexts.
 * A paragraph counts as wrapped where it is prose, at least half of its lines
 * go on in the middle of a sentence, and no line has room for the first word of
 * the next one, at a width that three line ends of the context agree on.
 * Lists, headings, tables, code, verse and chats fail that. */
enum pith_status pith_wraps_find(struct pith_parts *parts,
                                 struct pith_error *error);

#endif
