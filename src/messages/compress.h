/*
 * compress.h - what compressions of messages share.
 */
#ifndef PITH_MESSAGES_COMPRESS_H
#define PITH_MESSAGES_COMPRESS_H

#include "../base/error.h"
#include "messages.h"

/* The caller's options over the defaults, checked. */
enum pith_status
pith_messages_options_take(struct pith_messages_options *known,
                           const struct pith_messages_options *given,
                           struct pith_error *error);

/* A result of n texts that all stay; free it, also after an error. */
enum pith_status
pith_messages_result_create(size_t n, struct pith_messages_result **result,
                            struct pith_error *error);

#endif
