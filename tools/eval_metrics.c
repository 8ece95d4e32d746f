/*
 * eval_metrics.c - pith eval metrics: BLEU and ROUGE of answers against
 * references.
 */
#include <stdlib.h>

#include "common.h"
#include "eval.h"

struct arguments {
    const char *output;
};

static const struct option options[] = {
    {'o', "output", "FILE", OPTION_OUTPUT, offsetof(struct arguments, output), 0,
     0, "write there, complete or not at all"},
};

struct totals {
    struct pith_bleu bleu;
    size_t n;
};

static int score_line(const struct text *line, const char *path,
                      size_t number, struct totals *totals, FILE *stream)
{
    struct pith_error error;
    char name[300], *json;
    if (line->size == 0)
        return TOOL_OK;
    snprintf(name, sizeof name, "%.250s:%zu",
             path != NULL ? path : "standard input", number);
    if (pith_metrics_json(tool_view(line), name, &totals->bleu, &json,
                          &error) != PITH_OK)
        return tool_library(&error);
    fprintf(stream, "%s\n", json);
    pith_free(json);
    totals->n++;
    return TOOL_OK;
}

static int score_lines(const char *path, struct output *output)
{
    struct totals totals = {.n = 0};
    struct text line = {0};
    bool more = true;
    FILE *in = tool_open_input(path);
    int code = in != NULL ? TOOL_OK : TOOL_FAILED;
    for (size_t number = 1; code == TOOL_OK; number++) {
        code = tool_read_line(in, path, &line, &more);
        if (code != TOOL_OK || !more)
            break;
        code = score_line(&line, path, number, &totals, output->stream);
        free(line.bytes);
    }
    if (in != NULL && in != stdin)
        fclose(in);
    if (code != TOOL_OK)
        return code;
    fprintf(output->stream, "{\"pairs\": %zu, \"corpus_bleu\": %.15g}\n",
            totals.n, pith_bleu_score(&totals.bleu, false));
    return tool_output_close(output);
}

static int metrics(const struct command *command,
                   const struct operands *operands, void *given)
{
    const struct arguments *arguments = given;
    struct output output = {0};
    (void)command;
    int code = tool_output_open(&output, arguments->output);
    if (code == TOOL_OK)
        code = score_lines(operands->items[0], &output);
    tool_output_abort(&output);
    return code;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.output = NULL};
    return tool_options_run(command, argc, argv, &arguments, metrics);
}

const struct command tool_eval_metrics = {
    .name = "eval metrics",
    .operands = "[FILE]",
    .max_operands = 1,
    .summary = "BLEU and ROUGE of answers against references",
    .about =
        "Reads lines {\"hypothesis\", \"reference\"} from FILE or standard\n"
        "input and writes one for each with \"bleu\" (of the sentence) and\n"
        "\"rouge1\", \"rouge2\", \"rougeL\" as [precision, recall, F1]; the\n"
        "last line has the BLEU of all together.  The figures are those of\n"
        "sacrebleu and rouge-score with their defaults.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
