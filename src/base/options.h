/*
 * options.h - structs of the public header that callers declare: they grow at
 * their end from version to version ("How structs grow" of pith.h).
 *
 * A new member must not begin before the end of the struct as it was: what
 * was padding holds anything.
 */
#ifndef PITH_BASE_OPTIONS_H
#define PITH_BASE_OPTIONS_H

#include "error.h"

/* Copies a caller's options, which start with their size, over ours (size
 * bytes), which hold the defaults: fields that an older caller does not have
 * keep them; fields that this library does not have must be zero.  ours then
 * starts with its own size.  given NULL: the defaults. */
enum pith_status pith_options_copy(void *ours, size_t size, const void *given,
                                   struct pith_error *error);

/* Fills a caller's struct, of his size, with ours; zeros where his is
 * larger. */
void pith_struct_give(void *theirs, size_t their_size, const void *ours,
                      size_t size);

#endif
