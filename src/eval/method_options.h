/*
 * method_options.h - the options that a method of an evaluation is given
 * with its name: "paper+units=token+protect=numbers".
 */
#ifndef PITH_EVAL_METHOD_OPTIONS_H
#define PITH_EVAL_METHOD_OPTIONS_H

#include "../base/error.h"

enum { PITH_METHOD_BYTES = 256, PITH_METHOD_ITEMS = 16 };

/* Its options point into it, so that it is never copied. */
struct pith_method_options {
    struct pith_compress_options options;
    bool sees_question; /* "+question", or an option that needs it */
    char bytes[PITH_METHOD_BYTES]; /* the words, each ended by NUL */
    struct pith_text texts[PITH_METHOD_ITEMS];
    size_t counts[PITH_METHOD_ITEMS];
};

/* Reads "NAME=VALUE+NAME=VALUE..." over the defaults of a method, by the list
 * of pith_compress_option.  A flag needs no value; lists grow with each
 * mention.  What the table sets itself (method, rate, target, threshold) is
 * refused.
 *   words  empty: no options
 *   shown  the whole name, for errors
 * Errors: ARGUMENT. */
enum pith_status pith_method_options_read(struct pith_method_options *read,
                                          enum pith_method method,
                                          const char *words, const char *shown,
                                          struct pith_error *error);

#endif
