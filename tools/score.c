/*
 * score.c - `pith score`: how surprising each token of a text is.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "pith_service.h"

struct arguments {
    struct model_options model;
    size_t format; /* enum tool_format */
    const char *output;
    bool no_bos;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, "format", "text|json", OPTION_CHOICE, AT(format), 0, 0,
     "text: a line \"index TAB id TAB piece TAB loss\" for\n"
     "each token; json: one object"},
    {0, "no-bos", NULL, OPTION_FLAG, AT(no_bos), 0, 0,
     "prepend nothing; the first token's loss is nan"},
    {'o', "output", "FILE", OPTION_OUTPUT, AT(output), 0, 0,
     "write there, complete or not at all"},
    MODEL_OPTION(struct arguments),
    RUN_OPTIONS(struct arguments),
};

static void print_losses(const struct pith_model *model, const int32_t *ids,
                         const float *losses, size_t n, FILE *out)
{
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "%zu\t%ld\t", i, (long)ids[i]);
        tool_print_piece(out, pith_token_piece(model, ids[i]));
        fprintf(out, "\t%.6f\n", (double)losses[i]);
    }
}

/* pith: 512 tokens, mean loss 3.214, perplexity 24.9 in 0.4 s, default */
static void report(const struct opened *opened, const float *losses, size_t n,
                   double seconds)
{
    char count[32], time[32];
    struct pith_text name = tool_model_name(opened->path);
    size_t n_scored = 0;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        bool scored = !isnan(losses[i]);
        sum += scored ? (double)losses[i] : 0;
        n_scored += scored;
    }
    double mean = sum / (double)n_scored;
    fprintf(stderr, "pith: %s tokens, ", tool_grouped(n, count));
    if (n_scored > 0)
        fprintf(stderr, "mean loss %.3f, perplexity %.1f", mean, exp(mean));
    else
        fputs("no losses", stderr);
    fprintf(stderr, " in %s, %.*s\n", tool_duration(seconds, time),
            (int)name.size, name.bytes);
}

static int score_text(const struct arguments *arguments, struct opened *opened,
                      struct pith_text text, struct output *output)
{
    struct pith_error error;
    int32_t *ids = NULL;
    float *losses = NULL;
    size_t n;
    double start = tool_seconds();
    if (pith_tokenize(opened->model, text, 0, &ids, &n, &error) != PITH_OK)
        return tool_library(&error);
    int code = TOOL_OK;
    losses = malloc((n + 1) * sizeof *losses);
    if (losses == NULL)
        code = tool_no_memory();
    else if ((arguments->no_bos ? pith_score_without_bos : pith_score)(
                 opened->session, ids, n, losses, &error) != PITH_OK)
        code = tool_library(&error);
    tool_progress_erase(&opened->line);
    if (code == TOOL_OK) {
        print_losses(opened->model, ids, losses, n, output->stream);
        code = tool_output_close(output);
    }
    if (code == TOOL_OK && !arguments->model.quiet)
        report(opened, losses, n, tool_seconds() - start);
    free(losses);
    pith_free(ids);
    return code;
}

static int score_json(const struct arguments *arguments, struct opened *opened,
                      struct pith_text text, struct output *output)
{
    struct pith_error error;
    char *reply;
    if (pith_score_text_json(opened->session, text, !arguments->no_bos, &reply,
                             &error) != PITH_OK)
        return tool_library(&error);
    tool_progress_erase(&opened->line);
    fprintf(output->stream, "%s\n", reply);
    pith_free(reply);
    return tool_output_close(output);
}

static int score(const struct command *command,
                 const struct operands *operands, void *given)
{
    (void)command;
    const struct arguments *arguments = given;
    const char *path = operands->items[0];
    struct opened opened = {0};
    struct output output = {0};
    struct text text = {0};
    int code = tool_output_open(&output, arguments->output);
    if (code == TOOL_OK)
        code = tool_read(path, &text);
    if (code == TOOL_OK)
        code = tool_open(&opened, &arguments->model);
    if (code == TOOL_OK)
        code = arguments->format == TOOL_JSON
                   ? score_json(arguments, &opened, tool_view(&text), &output)
                   : score_text(arguments, &opened, tool_view(&text), &output);
    tool_output_abort(&output);
    tool_close(&opened);
    free(text.bytes);
    return code;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.format = TOOL_TEXT};
    return tool_options_run(command, argc, argv, &arguments, score);
}

const struct command tool_score = {
    .name = "score",
    .operands = "[FILE]",
    .max_operands = 1,
    .summary = "print the loss of every token of a text",
    .about =
        "Reads a text from FILE or standard input and writes the loss of each\n"
        "token: its negative log-likelihood in nats, given the tokens before\n"
        "it and BOS in front (--no-bos: only those before it).  Pieces are\n"
        "escaped as pith tokenize does.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
