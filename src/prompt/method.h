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

/* One call of pith_compress() or its like. */
struct pith_call {
    struct pith_compress_options options; /* all of them, over the defaults */
    struct pith_result *result; /* empty but for the session's precision; NULL
                                   after an error */
    double start;
};

/* Checks what methods share and makes an empty result; the other parameters
 * are those of pith_compress(). */
enum pith_status pith_call_begin(struct pith_call *call,
                                 struct pith_session *session,
                                 const struct pith_prompt *prompt,
                                 const struct pith_compress_options *options,
                                 struct pith_result **result,
                                 struct pith_error *error);

/* Takes the time and hands the result over or, after a failure, frees it.
 * Returns status. */
enum pith_status pith_call_end(struct pith_call *call, enum pith_status status,
                               struct pith_result **result);

#endif
