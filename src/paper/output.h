/*
 * output.h - the compressed prompt as Algorithm 2 appends to it.
 */
#ifndef PITH_PAPER_OUTPUT_H
#define PITH_PAPER_OUTPUT_H

#include "../prompt/units.h"

struct pith_output {
    const struct pith_parts *parts; /* borrowed */
    struct pith_ids ids;
    struct pith_buffer text; /* their bytes */
    /* The blank line that comes before the next unit kept, if any. */
    const struct pith_unit *blank_line;
    const struct pith_unit *last; /* kept of the part, NULL: nothing yet */
};

/* Tokens of the blank line that comes with the next unit kept. */
size_t pith_output_separator(const struct pith_output *output);

/* Appends a unit, with the blank line that waits for it or white space where
 * it would run into the last one of its part. */
void pith_output_append(struct pith_output *output,
                        const struct pith_unit *unit);
void pith_output_free(struct pith_output *output);

#endif
