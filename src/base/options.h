/*
 * options.h - option structs of the public header, which grow at their end
 * from version to version and start with their size.
 */
#ifndef PITH_BASE_OPTIONS_H
#define PITH_BASE_OPTIONS_H

#include "error.h"

/* Copies a caller's options over ours (size bytes), which hold the defaults:
 * fields that an older caller does not have keep them; fields that this
 * library does not have must be zero.  given NULL: the defaults. */
enum pith_status pith_options_copy(void *ours, size_t size, const void *given,
                                   struct pith_error *error);

#endif
