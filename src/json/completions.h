/*
 * completions.h - requests to OpenAI-compatible servers, one on each line of a
 * batch file.  What comes back is read by outcome.h.
 */
#ifndef PITH_JSON_COMPLETIONS_H
#define PITH_JSON_COMPLETIONS_H

#include "json.h"

/* A line up to its messages, which the caller writes with commas between
 * them: first a system message (NULL: none), then a comma
 * already. */
void pith_completion_open(struct pith_buffer *out, struct pith_text id,
                             const char *model, const char *system);
/* The rest of it, with the line feed. */
void pith_completion_close(struct pith_buffer *out, double temperature,
                           size_t max_tokens);

#endif
