/*
 * result.h - what every result has; trace.h has the rest.
 */
#ifndef PITH_PROMPT_RESULT_H
#define PITH_PROMPT_RESULT_H

#include "../base/buffer.h"
#include "../model/session.h"

/* Appends a sentence to the note. */
enum pith_status pith_result_note(struct pith_result *result,
                                  struct pith_error *error, const char *format,
                                  ...) PITH_PRINTF(3, 4);

#endif
