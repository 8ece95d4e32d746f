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
    options.method = PITH_METHOD_PAPER;
    double start = tool_seconds();
    if (pith_compress(session, &prompt, &options, &result, &error) != PITH_OK)
        return tool_library(&error);
    *seconds = tool_seconds() - start;
    pith_result_free(result);
    return TOOL_OK;
}

/* Each run begins a token later than the one before: a session remembers the
 * losses of a first segment that it has scored. */
static int time_documents(const struct opened *opened, const int32_t *ids,
                          size_t n_tokens, size_t n_runs, double *seconds)
{
    int code = TOOL_OK;
    for (size_t i = 0; i < n_runs && code == TOOL_OK; i++) {
        struct pith_error error;
        char *text;
        size_t size;
        if (pith_detokenize(opened->model, ids + i, n_tokens, &text, &size,
                            &error) != PITH_OK)
            return tool_library(&error);
        code = time_compress(opened->session, (struct pith_text){text, size},
                             &seconds[i]);
        pith_free(text);
    }
    return code;
}

int bench_length(struct bench_length *length, struct opened *opened,
                 const char *path, size_t n_tokens, size_t n_runs)
{
    struct bench_prompt prompt;
    while (n_runs > 1 && n_runs * n_tokens > TOKENS_IN_ALL)
        n_runs--;
    double *seconds = calloc(n_runs, sizeof *seconds);
    if (seconds == NULL)
        return tool_no_memory();
    int code = bench_prompt_make(&prompt, opened->model, path,
                                 n_tokens + n_runs - 1);
    if (code == TOOL_OK)
        code = time_documents(opened, prompt.ids, n_tokens, n_runs, seconds);
    *length = (struct bench_length){.n_tokens = n_tokens};
    if (code == TOOL_OK) {
        length->seconds = bench_spread_of(seconds, n_runs);
        length->peak_bytes = bench_peak_bytes();
    }
    bench_prompt_free(&prompt);
    free(seconds);
    return code;
}
