/*
 * report.h - a compression as a page to look at: what the files report*.c
 * share.
 *
 * The page stands alone: style and script are in it and nothing is fetched.
 * The prompt is a map of its units, tinted by loss; what a reader without
 * script misses is the bar that shows a unit's numbers.
 */
#ifndef PITH_REPORT_REPORT_H
#define PITH_REPORT_REPORT_H

#include "html.h"
#include "../service/service.h"

/* Losses are shown in this many steps. */
enum { PITH_REPORT_BINS = 8 };

/* Sums over the units of a bin or of a segment, in tokens. */
struct pith_report_sum {
    size_t n_tokens, n_kept;
    double lowest, highest; /* loss; NAN where nothing was scored */
};

struct pith_report {
    struct pith_buffer out;
    const struct pith_session *session;
    const struct pith_prompt *prompt;
    const struct pith_compress_options *options;
    const struct pith_result *result;
    const double *bounds; /* (BINS - 1) between the bins, in nats */
    struct pith_report_sum bins[PITH_REPORT_BINS + 1]; /* last: not scored */
    struct pith_report_sum *segments; /* (trace.n_thresholds), owned */
};

/* Which bin a loss belongs to; PITH_REPORT_BINS when there is none. */
size_t pith_report_bin(const struct pith_report *report, float loss);

/* "context 3" */
void pith_report_part_name(struct pith_report *report, size_t part);

/* report_tables.c: what precedes the map. */
void pith_report_header(struct pith_report *report);
void pith_report_tables(struct pith_report *report);

/* report_map.c: the legend, the prompt, and its numbers for the script. */
void pith_report_map(struct pith_report *report);
void pith_report_numbers(struct pith_report *report);

/* Lines of text that end in NULL, and the SHA-256 (base64) of all of them
 * together, by which the page's policy knows them. */
struct pith_report_source {
    const char *const *lines;
    const char *sha256;
};

extern const struct pith_report_source pith_report_style;  /* CSS */
extern const struct pith_report_source pith_report_script; /* JavaScript */

#endif
