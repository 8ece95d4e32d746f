/*
 * compress.h - what the two methods share: their entry points and the making
 * of a result.
 *
 * pith_compress() checks the options and hands over to a method.  A method
 * fills the result: its text, its counts, one entry for each part and, when
 * asked, the trace.
 */
#ifndef PITH_COMPRESS_COMPRESS_H
#define PITH_COMPRESS_COMPRESS_H

#include "../base/buffer.h"
#include "../model/session.h"

/* Algorithms 1 and 2 of the paper, as docs/ALGORITHM.md settles them. */
enum pith_status pith_compress_paper(struct pith_session *session,
                                     const struct pith_prompt *prompt,
                                     const struct pith_compress_options *options,
                                     struct pith_result *result,
                                     struct pith_error *error);

/* The decisions of microsoft/LLMLingua, quirks included. */
enum pith_status
pith_compress_reference(struct pith_session *session,
                        const struct pith_prompt *prompt,
                        const struct pith_compress_options *options,
                        struct pith_result *result, struct pith_error *error);

/* Making a result.  Each copies what it is given. */
enum pith_status pith_result_add_part(struct pith_result *result,
                                      const struct pith_part_result *part,
                                      struct pith_error *error);
enum pith_status pith_result_add_threshold(struct pith_result *result,
                                           struct pith_threshold threshold,
                                           struct pith_error *error);
enum pith_status pith_result_add_ranking(struct pith_result *result,
                                         const struct pith_rank *ranks,
                                         size_t n_ranks,
                                         struct pith_error *error);
enum pith_status pith_result_set_kept_ids(struct pith_result *result,
                                          const int32_t *ids, size_t n,
                                          struct pith_error *error);
/* Makes room for one more element behind the n of the array that
 * *array_pointer is.  Capacities are powers of two, so they need not be
 * stored: an array is full when n is one. */
enum pith_status pith_result_grow(void *array_pointer, size_t n, size_t size,
                                  struct pith_error *error);
/* Appends a sentence to the note. */
enum pith_status pith_result_note(struct pith_result *result,
                                  struct pith_error *error, const char *format,
                                  ...) PITH_PRINTF(3, 4);

#endif
