/*
 * bench_score.c - how long the losses of a prompt take.
 *
 * Cases take turns, and the limit of the arithmetic is measured beside every
 * run, so that a machine whose speed drifts or is shared treats all alike.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

int bench_open(struct opened *opened, const char *model,
               const struct bench_setting *setting, size_t n_threads)
{
    struct model_options options = {.path = model,
                                    .kernels = setting->kernels,
                                    .precision = setting->precision,
                                    .n_threads = n_threads,
                                    .quiet = true};
    return tool_open(opened, &options);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct bench_spread bench_spread_of(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return (struct bench_spread){(values[(n - 1) / 2] + values[n / 2]) / 2,
                                 values[0], values[n - 1]};
}

/* Whether the model multiplies by it: a matrix, and of a tied embedding the
 * use as output projection, not the look-up. */
static bool is_multiplied(const struct pith_tensor_info *tensor, bool tied)
{
    if (tensor->rows == 1 ||
        strcmp(tensor->name, "position_embedding.weight") == 0)
        return false;
    return tied || strcmp(tensor->name, "token_embedding.weight") != 0;
}

double bench_score_flops(const struct pith_model *model, size_t n)
{
    struct pith_model_info info;
    struct pith_tensor_info tensor;
    double weights = 0;
    pith_model_describe(model, &info);
    for (size_t i = 0; pith_model_tensor(model, i, &tensor); i++)
        if (is_multiplied(&tensor, info.tied))
            weights += (double)tensor.rows * (double)tensor.cols;
    /* Position p meets p + 1 keys and as many values in every layer. */
    double pairs = (double)n * ((double)n + 1) / 2;
    double width = (double)info.n_head * info.head_dim;
    return 2 * weights * (double)n + 4 * width * pairs * info.n_layer;
}

/* --- timing ------------------------------------------------------------------ */

/* A case that is being measured. */
struct lane {
    struct opened opened;
    double *seconds, *gflops; /* (n_runs) */
};

static int time_score(struct lane *lane, const struct bench_prompt *prompt,
                      float *losses, double *seconds)
{
    struct pith_error error;
    double start = tool_seconds();
    if (pith_score(lane->opened.session, prompt->ids, prompt->n, losses,
                   &error) != PITH_OK)
        return tool_library(&error);
    *seconds = tool_seconds() - start;
    return TOOL_OK;
}

static int open_lanes(struct lane *lanes, struct bench_case *cases,
                      size_t n_cases, const char *model, size_t n_runs)
{
    int code = TOOL_OK;
    for (size_t i = 0; i < n_cases && code == TOOL_OK; i++) {
        code = bench_open(&lanes[i].opened, model, &cases[i].setting,
                          cases[i].n_threads);
        lanes[i].seconds = calloc(n_runs, sizeof(double));
        lanes[i].gflops = calloc(n_runs, sizeof(double));
        if (code == TOOL_OK &&
            (lanes[i].seconds == NULL || lanes[i].gflops == NULL))
            code = tool_no_memory();
        if (code == TOOL_OK) {
            cases[i].means = pith_session_precision(lanes[i].opened.session);
            cases[i].roof =
                bench_roof_of(cases[i].setting.kernels, cases[i].means);
        }
    }
    return code;
}

/* The warm-up is what is thrown away before run 0. */
static int run_lane(struct lane *lane, const struct bench_case *it,
                    const struct bench_prompt *prompt, float *losses,
                    size_t run)
{
    int code = TOOL_OK;
    if (run == 0)
        code = time_score(lane, prompt, losses, &lane->seconds[run]);
    if (it->roof != NULL)
        lane->gflops[run] = bench_roof_measure(it->roof, it->n_threads);
    if (code == TOOL_OK)
        code = time_score(lane, prompt, losses, &lane->seconds[run]);
    return code;
}

int bench_score(struct bench_case *cases, size_t n_cases, const char *model,
                const struct bench_prompt *prompt, size_t n_runs)
{
    struct lane *lanes = calloc(n_cases, sizeof *lanes);
    float *losses = calloc(prompt->n, sizeof *losses);
    int code = lanes != NULL && losses != NULL ? TOOL_OK : tool_no_memory();

    if (code == TOOL_OK)
        code = open_lanes(lanes, cases, n_cases, model, n_runs);
    for (size_t run = 0; run < n_runs; run++)
        for (size_t i = 0; i < n_cases && code == TOOL_OK; i++)
            code = run_lane(&lanes[i], &cases[i], prompt, losses, run);
    for (size_t i = 0; i < n_cases && lanes != NULL; i++) {
        if (code == TOOL_OK) {
            cases[i].seconds = bench_spread_of(lanes[i].seconds, n_runs);
            cases[i].roof_gflops = bench_spread_of(lanes[i].gflops, n_runs);
        }
        free(lanes[i].seconds);
        free(lanes[i].gflops);
        tool_close(&lanes[i].opened);
    }
    free(lanes);
    free(losses);
    return code;
}
