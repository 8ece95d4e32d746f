/*
 * highlight.h - `pith compress --highlight`: the prompt as it was, with what
 * compression keeps and what it drops told apart.
 */
#ifndef PITH_TOOLS_HIGHLIGHT_H
#define PITH_TOOLS_HIGHLIGHT_H

#include "common.h"

/* What --color auto|always|never gives. */
enum tool_color { TOOL_COLOR_AUTO, TOOL_COLOR_ALWAYS, TOOL_COLOR_NEVER };

/* Writes the prompt, its parts joined by blank lines, with a line end after
 * it.  result has its detail (options.detail). */
void tool_highlight(const struct pith_prompt *prompt,
                    const struct pith_result *result, size_t color,
                    FILE *out);

#endif
