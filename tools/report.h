/*
 * report.h - `pith compress --report FILE.html`: a page beside the result.
 */
#ifndef PITH_TOOLS_REPORT_H
#define PITH_TOOLS_REPORT_H

#include "common.h"

/* Writes the page; the file does not have its name before
 * tool_output_close. */
int tool_report_write(struct output *report,
                      const struct pith_session *session,
                      const struct pith_prompt *prompt,
                      const struct pith_compress_options *options,
                      const struct pith_result *result);

#endif
