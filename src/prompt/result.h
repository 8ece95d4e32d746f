/*
 * result.h - making a result, piece by piece.  Each call copies what it is
 * given.
 */
#ifndef PITH_PROMPT_RESULT_H
#define PITH_PROMPT_RESULT_H

#include "../base/buffer.h"
#include "../model/session.h"

enum pith_status pith_result_add_part(struct pith_result *result,
                                      const struct pith_part_result *part,
                                      struct pith_error *error);

/* Makes room for one more element after the n of the array that
 * *array_pointer is.  Capacities are powers of two, so they need not be
 * stored: an array is full when n is one. */
enum pith_status pith_result_grow(void *array_pointer, size_t n, size_t size,
                                  struct pith_error *error);
/* Appends a sentence to the note. */
enum pith_status pith_result_note(struct pith_result *result,
                                  struct pith_error *error, const char *format,
                                  ...) PITH_PRINTF(3, 4);

#endif
