/*
 * compress.h - what compressions of messages share.
 */
#ifndef PITH_MESSAGES_COMPRESS_H
#define PITH_MESSAGES_COMPRESS_H

#include "../base/error.h"
#include "messages.h"

/* The caller's options over the defaults, checked, and those of
 * compression. */
enum pith_status
pith_messages_options_take(struct pith_messages_options *known,
                           const struct pith_messages_options *given,
                           struct pith_compress_options *compress,
                           struct pith_error *error);

/* What takes the place of pith_compress() for a text that is worth it: hands
 * over a shorter text, or leaves *shorter as it is, {0}: it stays.
 *   options  with the rate of the text */
typedef enum pith_status
pith_shorten(void *user, size_t index,
             const struct pith_compress_options *options,
             struct pith_text *shorter, struct pith_error *error);

/* pith_messages_compress_each() with it. */
enum pith_status pith_messages_each(struct pith_session *session,
                                    const struct pith_messages *messages,
                                    const struct pith_messages_options *options,
                                    pith_shorten *shorten, void *user,
                                    struct pith_messages_result **result,
                                    struct pith_error *error);

/* "user=0.5,tool=0.2" over the rates by role.
 * Errors: ARGUMENT (what is not a role or not a rate). */
enum pith_status pith_role_rates_parse(const char *list, double *rates,
                                       struct pith_error *error);

/* A result of n texts that all stay; free it, also after an error. */
enum pith_status
pith_messages_result_create(size_t n, struct pith_messages_result **result,
                            struct pith_error *error);

#endif
