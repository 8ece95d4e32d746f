/*
 * outcome.h - what the reply of an OpenAI-compatible server comes to: an
 * answer, or one of the named ways of not being one.
 */
#ifndef PITH_JSON_OUTCOME_H
#define PITH_JSON_OUTCOME_H

#include "json.h"

enum pith_outcome_kind {
    PITH_OUTCOME_ANSWER,
    /* Final: the same request would get the same reply. */
    PITH_OUTCOME_REFUSAL,        /* the model refuses */
    PITH_OUTCOME_CONTENT_FILTER, /* a filter cut the text or held it back */
    PITH_OUTCOME_TOOL_CALLS,     /* a tool is to be called; no text */
    PITH_OUTCOME_REASONING_ONLY, /* reasoning; no text after it */
    PITH_OUTCOME_EMPTY,
    PITH_OUTCOME_BAD_REQUEST, /* the server takes no such request */
    /* Another time it may be better. */
    PITH_OUTCOME_SERVER_ERROR,
    PITH_OUTCOME_NOT_A_COMPLETION, /* no JSON, or JSON of another kind */
    PITH_OUTCOME_FORBIDDEN,        /* this request, or every one */
    /* No other request would do better: the key, the address, no credit. */
    PITH_OUTCOME_UNUSABLE_ENDPOINT
};

/* "answer", "refusal", "content_filter" and so on; static. */
const char *pith_outcome_name(enum pith_outcome_kind kind);
bool pith_outcome_is_final(enum pith_outcome_kind kind);

/* Texts are borrowed from the reply or from `joined`. */
struct pith_outcome {
    enum pith_outcome_kind kind;
    struct pith_text content; /* of an answer, without reasoning before it */
    struct pith_error why;    /* of all others, as "HTTP 503: overloaded" */
    bool is_cut;              /* the answer ended at max_tokens */
    bool had_thought;         /* <think>...</think> was cut off its front */
    size_t n_choices;         /* the first with an answer is read */
    size_t prompt_tokens, completion_tokens; /* as counted by the server; 0:
                                                it did not say */
    struct pith_buffer joined; /* content that came in several parts */
};

/* status: of HTTP.  body: JSON, or NULL.  Release with pith_outcome_free
 * whatever is returned.  Errors: MEMORY. */
enum pith_status pith_outcome_read(struct pith_outcome *outcome,
                                   const struct pith_json *body, int status,
                                   struct pith_error *error);

/* The same of a body that is not JSON: plain text, HTML, nothing. */
void pith_outcome_read_text(struct pith_outcome *outcome,
                            struct pith_text body, int status);

/* The same of a line of answers, {"response": {"status_code", "body"},
 * "error"}, as batch servers and pith eval run write them. */
enum pith_status pith_outcome_of_line(struct pith_outcome *outcome,
                                      const struct pith_json *line,
                                      struct pith_error *error);

void pith_outcome_free(struct pith_outcome *outcome);

#endif
