/*
 * eval_score.c - pith eval score: the answers of a target model as a table.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "eval.h"

struct arguments {
    const char *output, *pairs;
    size_t format, rule;
    double price_in, price_out;
    bool quiet;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, "rule", "hub|number", OPTION_CHOICE, AT(rule), 0, 0,
     "of GSM8K: Chain-of-Thought Hub's, or ours, which\n"
     "reads signs and thousands commas (hub)"},
    {0, "price-in", "P", OPTION_REAL, AT(price_in), 0, 1e9,
     "of a million tokens of prompts (0)"},
    {0, "price-out", "P", OPTION_REAL, AT(price_out), 0, 1e9,
     "of a million tokens of answers (0)"},
    {0, "format", "text|json", OPTION_CHOICE, AT(format), 0, 0,
     "a table, or a JSON object for each row (text)"},
    {0, "pairs", "FILE", OPTION_OUTPUT, AT(pairs), 0, 0,
     "write answers and references there, for BERTScore"},
    {'o', "output", "FILE", OPTION_OUTPUT, AT(output), 0, 0,
     "write there, complete or not at all"},
    {'q', "quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0,
     "no report on stderr"},
};

/* --- rows ----------------------------------------------------------------- */

enum { CELL = 24 };

/* "-" for what is not there. */
static const char *cell(char out[CELL], const char *format, double value)
{
    if (isnan(value))
        return "-";
    /* The formats are those of the table below. */
    if (strcmp(format, "%") == 0)
        snprintf(out, CELL, "%.1f", 100 * value);
    else
        snprintf(out, CELL, "%.*f", format[0] - '0', value);
    return out;
}

static double steps_share(const struct pith_score_row *row)
{
    return row->steps.all > 0
               ? (double)row->steps.found / (double)row->steps.all
               : (double)NAN;
}

static double ratio_of(const struct pith_score_row *row)
{
    return row->compressed_tokens > 0
               ? row->origin_tokens / row->compressed_tokens
               : (double)NAN;
}

/* "5x", "0.5 shots". */
static const char *budget(const struct pith_score_row *row, char out[CELL])
{
    if (row->ratio_asked > 0)
        snprintf(out, CELL, "%.4gx", row->ratio_asked);
    else
        snprintf(out, CELL, "%.4g shots", row->shots);
    return out;
}

/* What an answer costs, prompt and all, as a share of what it costs with the
 * full prompt: a shorter prompt can make for a longer answer. */
static double net_cost(const struct pith_scores *scores,
                       const struct pith_score_row *row)
{
    for (size_t i = 0; i < scores->n_rows; i++) {
        const struct pith_score_row *full = &scores->rows[i];
        if (strcmp(full->method, "full") == 0 &&
            strcmp(full->task, row->task) == 0 &&
            strcmp(full->ask, row->ask) == 0 && full->cost > 0)
            return row->cost / (double)row->n_answered /
                   (full->cost / (double)full->n_answered);
    }
    return (double)NAN;
}

static void print_head(FILE *stream)
{
    fprintf(stream, "%-9s %-23s %-10s %9s %6s %13s %6s %6s %6s %6s %6s %8s "
                    "%8s %6s %8s %6s\n",
            "task", "method", "budget", "answered", "exact", "95%", "bleu",
            "rouge1", "rouge2", "rougeL", "steps", "prompt", "answer", "ratio",
            "cost", "net");
}

static void print_row(FILE *stream, const struct pith_scores *scores,
                      const struct pith_score_row *row)
{
    char c[14][CELL], range[2 * CELL] = "-", counts[2 * CELL];
    bool restores = strcmp(row->ask, "restore") == 0;
    if (!isnan(row->exact))
        snprintf(range, sizeof range, "%.1f to %.1f", 100 * row->low,
                 100 * row->high);
    snprintf(counts, sizeof counts, "%zu/%zu", row->n_answered, row->n);
    fprintf(stream, "%-9s %-23s %-10s %9s %6s %13s %6s %6s %6s %6s %6s %8s "
                    "%8s %6s %8s %6s\n",
            restores ? "restore" : row->task, row->method, budget(row, c[0]),
            counts, cell(c[1], "%", row->exact), range,
            cell(c[2], "1", row->bleu), cell(c[3], "%", row->rouge1),
            cell(c[4], "%", row->rouge2), cell(c[5], "%", row->rougeL),
            cell(c[6], "%", steps_share(row)),
            cell(c[7], "1", row->prompt_tokens),
            cell(c[8], "1", row->completion_tokens),
            cell(c[9], "1", ratio_of(row)), cell(c[10], "4", row->cost),
            cell(c[11], "%", net_cost(scores, row)));
}

static void print_member(FILE *stream, const char *key, double value)
{
    fprintf(stream, ", \"%s\": ", key);
    if (isnan(value))
        fputs("null", stream);
    else
        fprintf(stream, "%.10g", value);
}

/* Names are those of tasks and methods, without anything to escape. */
static void print_json(FILE *stream, const struct pith_scores *scores,
                       const struct pith_score_row *row)
{
    fprintf(stream, "{\"task\": \"%s\", \"ask\": \"%s\", \"method\": \"%s\"",
            row->task, row->ask, row->method);
    print_member(stream, "ratio_asked", row->ratio_asked);
    print_member(stream, "shots", row->shots);
    fprintf(stream, ", \"n\": %zu, \"answered\": %zu, \"cut\": %zu, "
                    "\"thoughts_cut\": %zu, \"unanswered\": {", row->n,
            row->n_answered, row->n_cut, row->n_thoughts);
    for (size_t i = 0; i < row->n_unanswered_kinds; i++)
        fprintf(stream, "%s\"%s\": %zu", i > 0 ? ", " : "",
                row->unanswered[i].name, row->unanswered[i].n);
    fputs("}", stream);
    print_member(stream, "exact", row->exact);
    print_member(stream, "low", row->low);
    print_member(stream, "high", row->high);
    print_member(stream, "bleu", row->bleu);
    print_member(stream, "rouge1", row->rouge1);
    print_member(stream, "rouge2", row->rouge2);
    print_member(stream, "rougeL", row->rougeL);
    fprintf(stream, ", \"steps\": [%zu, %zu]", row->steps.found,
            row->steps.all);
    print_member(stream, "origin_tokens", row->origin_tokens);
    print_member(stream, "compressed_tokens", row->compressed_tokens);
    print_member(stream, "ratio", ratio_of(row));
    print_member(stream, "prompt_tokens", row->prompt_tokens);
    print_member(stream, "full_prompt_tokens", row->full_prompt_tokens);
    print_member(stream, "completion_tokens", row->completion_tokens);
    print_member(stream, "cost", row->cost);
    print_member(stream, "net_cost", net_cost(scores, row));
    fputs("}\n", stream);
}

static int print_rows(const struct arguments *arguments,
                      const struct pith_scores *scores)
{
    struct output output;
    int code = tool_output_open(&output, arguments->output);
    if (code != TOOL_OK)
        return code;
    if (arguments->format == TOOL_TEXT)
        print_head(output.stream);
    for (size_t i = 0; i < scores->n_rows; i++)
        if (arguments->format == TOOL_TEXT)
            print_row(output.stream, scores, &scores->rows[i]);
        else
            print_json(output.stream, scores, &scores->rows[i]);
    return tool_output_close(&output);
}

static int write_pairs(const char *path, const struct pith_scores *scores)
{
    struct output output;
    int code = tool_output_open(&output, path);
    if (code != TOOL_OK)
        return code;
    fwrite(scores->pairs, 1, scores->n_pairs_bytes, output.stream);
    return tool_output_close(&output);
}

/* --- the work ------------------------------------------------------------- */

enum { MAX_SHOWN = 5 };

struct complaints {
    size_t n;
};

static void complain(void *user, const char *detail)
{
    struct complaints *complaints = user;
    if (complaints->n++ < MAX_SHOWN)
        tool_fail("%s", detail);
}

static void add_unanswered(struct pith_unanswered *all,
                           const struct pith_score_row *row)
{
    for (size_t i = 0; i < row->n_unanswered_kinds; i++) {
        const struct pith_unanswered *one = &row->unanswered[i];
        struct pith_unanswered *sum = all;
        while (sum->n > 0 && strcmp(sum->name, one->name) != 0)
            sum++;
        sum->name = one->name;
        sum->n += one->n;
    }
}

static void report(const struct pith_scores *scores,
                   const struct complaints *complaints)
{
    struct pith_unanswered all[PITH_UNANSWERED_KINDS] = {{NULL, 0}};
    size_t n = 0, n_answered = 0, n_cut = 0, n_thoughts = 0;
    if (complaints->n > MAX_SHOWN)
        fprintf(stderr, "pith: and %zu more\n", complaints->n - MAX_SHOWN);
    for (size_t i = 0; i < scores->n_rows; i++) {
        const struct pith_score_row *row = &scores->rows[i];
        n += row->n;
        n_answered += row->n_answered;
        n_cut += row->n_cut;
        n_thoughts += row->n_thoughts;
        add_unanswered(all, row);
    }
    fprintf(stderr, "pith: %zu of %zu requests are answered", n_answered, n);
    for (size_t i = 0; i < PITH_UNANSWERED_KINDS && all[i].n > 0; i++)
        fprintf(stderr, "%s%zu %s", i == 0 ? "; without an answer, and not "
                                             "counted as wrong: " : ", ",
                all[i].n, all[i].name);
    fprintf(stderr, "; answers: %zu at max_tokens, %zu without the reasoning "
                    "before them, %zu duplicate, %zu unknown\n", n_cut,
            n_thoughts, scores->n_duplicate, scores->n_unknown);
}

static int score_texts(const struct arguments *arguments,
                       const struct operands *operands,
                       const struct text *keys, const struct text *answers)
{
    struct complaints complaints = {0};
    struct pith_score_options o = {
        .sizeof_options = sizeof o,
        .rule = arguments->rule == 0 ? PITH_ANSWER_HUB : PITH_ANSWER_NUMBER,
        .price_in = arguments->price_in, .price_out = arguments->price_out,
        .complain = arguments->quiet ? NULL : complain, .user = &complaints};
    struct pith_scores scores;
    struct pith_error error;
    if (pith_scores_create(&scores, tool_view(keys), operands->items[0],
                           tool_view(answers), operands->items[1], &o,
                           &error) != PITH_OK)
        return tool_library(&error);
    if (!arguments->quiet)
        report(&scores, &complaints);
    int code = print_rows(arguments, &scores);
    if (code == TOOL_OK && arguments->pairs != NULL)
        code = write_pairs(arguments->pairs, &scores);
    pith_scores_free(&scores);
    return code;
}

static int score(const struct command *command,
                 const struct operands *operands, void *given)
{
    struct text keys = {0}, answers = {0};
    (void)command;
    int code = tool_read(operands->items[0], &keys);
    if (code == TOOL_OK)
        code = tool_read(operands->items[1], &answers);
    if (code == TOOL_OK)
        code = score_texts(given, operands, &keys, &answers);
    free(keys.bytes);
    free(answers.bytes);
    return code;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.format = TOOL_TEXT};
    return tool_options_run(command, argc, argv, &arguments, score);
}

const struct command tool_eval_score = {
    .name = "eval score",
    .operands = "KEYS ANSWERS",
    .min_operands = 2,
    .max_operands = 2,
    .summary = "score the answers of a target model",
    .about =
        "Reads the keys that pith eval prepare wrote and what a server\n"
        "answered, and writes for each task, method and budget how many\n"
        "requests are answered, the share of these that is right (of BBH the\n"
        "mean over its tasks) with its 95% interval, BLEU and ROUGE where\n"
        "there are references, the steps that a model restored, tokens, ratio,\n"
        "cost, and as net what an answer costs, its own tokens included, in\n"
        "percent of one after the full prompt.  Requests without an answer do\n"
        "not count as wrong.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
