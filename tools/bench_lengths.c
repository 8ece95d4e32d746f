/*
 * bench_lengths.c - how long it takes to compress documents of various
 * lengths: `paper` with its defaults, one context, half of it stays.
 */
#include <stdlib.h>

#include "bench.h"

/* Long documents are measured fewer times. */
enum { TOKENS_IN_ALL = 40000 };

static int time_compress(struct pith_session *session, struct pith_text document,
                         double *seconds)
{
    struct pith_prompt prompt = {.contexts = &document, .n_contexts = 1};
    struct pith_compress_options options;
    struct pith_result *result;
    struct pith_error error;
    pith_compress_options_init(&options);
    double start = tool_seconds();
    if (pith_compress(session, &prompt, &options, &result, &error) != PITH_OK)
        return tool_library(&error);
    *seconds = tool_seconds() - start;
    pith_result_free(result);
    return TOOL_OK;
}

static int time_document(struct bench_length *length, struct opened *opened,
                         struct pith_text document, size_t n_runs)
{
    int code = TOOL_OK;
    while (n_runs > 1 && n_runs * length->n_tokens > TOKENS_IN_ALL)
        n_runs--;
    double *seconds = calloc(n_runs, sizeof *seconds);
    if (seconds == NULL)
        return tool_no_memory();
    for (size_t i = 0; i < n_runs && code == TOOL_OK; i++)
        code = time_compress(opened->session, document, &seconds[i]);
    if (code == TOOL_OK) {
        length->seconds = bench_spread_of(seconds, n_runs);
        length->peak_bytes = bench_peak_bytes();
    }
    free(seconds);
    return code;
}

int bench_length(struct bench_length *length, struct opened *opened,
                 const char *path, size_t n_tokens, size_t n_runs)
{
    struct bench_prompt prompt = {0};
    struct pith_error error;
    char *text;
    size_t size;
    int code = bench_prompt_make(&prompt, opened->model, path, n_tokens);
    length->n_tokens = n_tokens;
    if (code == TOOL_OK && pith_detokenize(opened->model, prompt.ids, prompt.n,
                                           &text, &size, &error) != PITH_OK)
        code = tool_library(&error);
    if (code == TOOL_OK) {
        code = time_document(length, opened, (struct pith_text){text, size},
                             n_runs);
        pith_free(text);
    }
    bench_prompt_free(&prompt);
    return code;
}
