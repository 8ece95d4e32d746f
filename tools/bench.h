/*
 * bench.h - what the parts of `pith bench` share: what is measured, how it is
 * summed up, and the figures that are printed.
 */
#ifndef PITH_TOOLS_BENCH_H
#define PITH_TOOLS_BENCH_H

#include <stdint.h>

#include "common.h"

/* --- one way to run the model ---------------------------------------------- */

struct bench_setting {
    const char *kernels;   /* a set of pith_kernels_name */
    const char *precision; /* of its products: "f32", "auto", ... */
};

int bench_open(struct opened *opened, const char *model,
               const struct bench_setting *setting, size_t n_threads);

/* --- figures of repeated runs ----------------------------------------------- */

struct bench_spread {
    double median, min, max;
};

/* Sorts the values; n > 0. */
struct bench_spread bench_spread_of(double *values, size_t n);

/* --- the prompt -------------------------------------------------------------- */

struct bench_prompt {
    int32_t *ids; /* release with bench_prompt_free */
    size_t n;
};

/* n tokens of the file, repeated as often as needed; path NULL: of a text
 * that is the same on every machine. */
int bench_prompt_make(struct bench_prompt *prompt,
                      const struct pith_model *model, const char *path,
                      size_t n);
void bench_prompt_free(struct bench_prompt *prompt);

/* --- limits of the machine --------------------------------------------------- */

/* A loop that does nothing but multiply and add in registers. */
struct bench_roof;

/* The index-th that this CPU can run; NULL past the last. */
const struct bench_roof *bench_roof_at(size_t index);
/* The one that bounds a set of kernels in a precision (never "auto"); NULL
 * when none is known. */
const struct bench_roof *bench_roof_of(const char *kernels,
                                       const char *precision);
const char *bench_roof_name(const struct bench_roof *roof);
/* GFLOP/s (or GOP/s of integers) that n_threads reach together. */
double bench_roof_measure(const struct bench_roof *roof, size_t n_threads);

/* --- scoring ------------------------------------------------------------------ */

/* One setting with one number of threads. */
struct bench_case {
    struct bench_setting setting;
    size_t n_threads;
    const char *means; /* the precision, "auto" replaced by what it chose */
    struct bench_spread seconds;
    const struct bench_roof *roof; /* NULL when none is known */
    struct bench_spread roof_gflops;
};

/* Times the losses of the whole prompt, every case in turn, n_runs times
 * after a warm-up of each. */
int bench_score(struct bench_case *cases, size_t n_cases, const char *model,
                const struct bench_prompt *prompt, size_t n_runs);

/* Multiplications and additions after the losses of n tokens that fit into
 * the context. */
double bench_score_flops(const struct pith_model *model, size_t n);

/* --- documents, processes ------------------------------------------------------ */

struct bench_length {
    size_t n_tokens;
    struct bench_spread seconds; /* of compressing it, `paper`, half stays */
    uint64_t peak_bytes;         /* of this process so far */
};

int bench_length(struct bench_length *length, struct opened *opened,
                 const char *path, size_t n_tokens, size_t n_runs);

/* Most memory that this process has held; 0 when unknown. */
uint64_t bench_peak_bytes(void);

struct bench_startup {
    size_t n_tokens;
    struct bench_spread seconds; /* process start to the first result */
    uint64_t peak_bytes;
};

/* Starts `pith compress` on the prompt again and again. */
int bench_startup(struct bench_startup *startup, const char *model,
                  const struct bench_setting *setting, size_t n_threads,
                  const char *path, size_t n_runs);

/* --- agreement of two settings -------------------------------------------------- */

struct bench_agreement {
    enum pith_method method;
    struct bench_setting settings[2];
    double seconds[2];              /* spent on the requests */
    double loss[2];                 /* sum over the texts of the requests */
    size_t n_requests, n_refused;   /* refused under either setting */
    size_t n_tokens, n_different;   /* kept under one setting only */
    size_t n_losses;
};

int bench_agree(struct bench_agreement *agreement, const char *model,
                const char *requests, size_t n_threads);

/* --- printing --------------------------------------------------------------------- */

struct bench_report {
    const char *model_path;
    struct pith_model_info model;
    const char *types; /* element types of its matrices, "q8" */
    const char *prompt_path; /* NULL: synthetic */
    char cpu[128];
    size_t n_threads, n_tokens, n_runs;
    double flops; /* of one prompt */
    const struct bench_case *cases;
    size_t n_cases;
    uint64_t peak_bytes; /* after scoring */
    const struct bench_startup *startup; /* NULL: not measured */
    const struct bench_length *lengths;
    size_t n_lengths;
};

void bench_print_table(const struct bench_report *report, FILE *out);
void bench_print_json(const struct bench_report *report, FILE *out);
void bench_print_agreement(const struct bench_agreement *agreement,
                           enum tool_format format, FILE *out);

#endif
