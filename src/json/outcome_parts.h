/*
 * outcome_parts.h - what the files of outcome.h share.
 */
#ifndef PITH_JSON_OUTCOME_PARTS_H
#define PITH_JSON_OUTCOME_PARTS_H

#include "outcome.h"

/* Nothing but white space. */
bool pith_outcome_is_blank(struct pith_text text);

/* A string with more than white space in it. */
bool pith_outcome_says(const struct pith_json *value);

/* An array or an object that is not empty. */
bool pith_outcome_has(const struct pith_json *value);

bool pith_outcome_is_success(int status);

/* Of a reply with this status of HTTP that has no completion in it. */
enum pith_outcome_kind pith_outcome_of_status(int status);

/* What an error says: {"error": {"message"}}, {"error": "..."}, {"message"},
 * {"detail": "..."}, {"detail": [{"msg"}]}; NULL: nothing. */
const struct pith_json *pith_outcome_message(const struct pith_json *body);

/* Sets the kind, and why to "HTTP 503: what: said" on one line.  status: of
 * HTTP, 0: not shown; either text may be empty. */
void pith_outcome_set(struct pith_outcome *outcome,
                      enum pith_outcome_kind kind, int status,
                      const char *what, struct pith_text said);

/* The message of one choice. */
void pith_outcome_read_choice(struct pith_outcome *outcome,
                              const struct pith_json *choice, int status);

#endif
