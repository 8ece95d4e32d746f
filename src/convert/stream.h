/*
 * stream.h - from a source to a .pith file, a few rows at a time.
 */
#ifndef PITH_CONVERT_STREAM_H
#define PITH_CONVERT_STREAM_H

#include "source.h"

/* From the options: where progress and each tensor are reported.
 * dtype: of matrices, NULL for the source's own.  How vectors are stored,
 * positions and odd rows: docs/CONVERT.md. */
enum pith_status pith_source_write(const struct pith_source *source,
                                   const char *destination,
                                   const enum pith_type *dtype,
                                   const struct pith_convert_options *options,
                                   struct pith_error *error);

#endif
