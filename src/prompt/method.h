/*
 * method.h - what every method of compression begins and ends with.
 */
#ifndef PITH_PROMPT_METHOD_H
#define PITH_PROMPT_METHOD_H

#include "../base/error.h"

/* The options as this library knows them: those given over the defaults. */
enum pith_status
pith_compress_options_take(struct pith_compress_options *known,
                           const struct pith_compress_options *given,
                           struct pith_error *error);

/* A method: all that is checked here holds, and result is empty. */
typedef enum pith_status
pith_method(struct pith_session *session, const struct pith_prompt *prompt,
            const struct pith_compress_options *options,
            struct pith_result *result, struct pith_error *error);

/* Checks what methods share, calls one and takes the time; the other
 * parameters are those of pith_compress().
 *   exact  with precision "auto", float32 */
enum pith_status pith_method_run(pith_method *method, bool exact,
                                 struct pith_session *session,
                                 const struct pith_prompt *prompt,
                                 const struct pith_compress_options *options,
                                 struct pith_result **result,
                                 struct pith_error *error);

#endif
