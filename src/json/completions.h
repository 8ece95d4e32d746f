/*
 * completions.h - the batch files of OpenAI-compatible servers: a request or an
 * answer on each line, joined by "custom_id".
 */
#ifndef PITH_JSON_COMPLETIONS_H
#define PITH_JSON_COMPLETIONS_H

#include "json.h"

/* A line up to its messages, which the caller writes with commas between
 * them: first a system message where there is one (else NULL), then a comma
 * already. */
void pith_completion_open(struct pith_buffer *out, struct pith_text id,
                             const char *model, const char *system);
/* The rest of it, with the line feed. */
void pith_completion_close(struct pith_buffer *out, double temperature,
                           size_t max_tokens);

/* What a body of chat completions says; its texts are borrowed. */
struct pith_completion {
    bool is_answer;           /* it has a text that is not blank */
    struct pith_text content; /* that text */
    struct pith_text failure; /* else: why, as far as the server said so */
    bool is_cut;              /* it ended at max_tokens */
    size_t prompt_tokens, completion_tokens; /* as counted by the server; 0:
                                                it did not say */
};

/* status: of HTTP.  body may be NULL. */
struct pith_completion pith_completion_read(const struct pith_json *body,
                                              double status);

/* The same of a line of answers, which may have an error of its own. */
struct pith_completion pith_completion_of_answer(const struct pith_json *line);

#endif
