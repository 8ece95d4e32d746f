/*
 * eval_measure.c - pith eval measure: what methods cost at given ratios,
 * without a target model.
 *
 * The output is JSONL that grows line by line; what an earlier run has
 * measured is not measured again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "eval.h"

struct arguments {
    struct model_options model;
    struct eval_source source;
    const char *methods, *ratios, *output, *judge;
    size_t max_cases, seed, n_seeds;
    bool reconstruction;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "What is asked:"},
    EVAL_SOURCE_OPTIONS(struct arguments),
    {0, "cases", "N", OPTION_COUNT, AT(max_cases), 1, 1e9,
     "questions after each prompt, evenly spread (all)"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "What is compared:"},
    EVAL_METHODS_OPTION(struct arguments, "all of them"),
    {0, "ratios", "RATIOS", OPTION_WORD, AT(ratios), 0, 0,
     "tokens before / after, with commas (2,5,10,20)"},
    {0, "seed", "N", OPTION_COUNT, AT(seed), 0, 1e12,
     "of the methods that draw (1)"},
    {0, "seeds", "N", OPTION_COUNT, AT(n_seeds), 1, 1e6,
     "this many of them, from that one on (1)"},
    {0, "reconstruction", "on|off", OPTION_SWITCH, AT(reconstruction), 0, 0,
     "measure that too, which takes longest (on)"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Output, model and machine:"},
    {'o', "output", "FILE", OPTION_OUTPUT, AT(output), 0, 0,
     "JSONL to add to; what it has is not repeated"},
    MODEL_OPTION(struct arguments),
    {0, "judge", "FILE", OPTION_INPUT, AT(judge), 0, 0,
     "another model that finds the answers likely or not"},
    RUN_OPTIONS(struct arguments),
};

/* How each of its lines starts. */
#define HEAD "{\"key\": \""

/* Refuses to add to a file of another kind. */
static int check_lines(const struct eval_log *log)
{
    const char *line = log->text.size > 0 ? log->text.bytes : "";
    for (size_t number = 1; *line != '\0'; number++) {
        if (*line != '\n' && strncmp(line, HEAD, strlen(HEAD)) != 0)
            return tool_fail("%.200s:%zu: is not a line of pith eval measure, "
                             "so nothing is added to the file; give -o "
                             "another name", log->path, number);
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return TOOL_OK;
}

static bool has_key(const struct eval_log *log, const char *key)
{
    char member[600];
    snprintf(member, sizeof member, HEAD "%s\"", key);
    return log->text.bytes != NULL && strstr(log->text.bytes, member) != NULL;
}

/* --- measuring ------------------------------------------------------------ */

struct work {
    const struct arguments *arguments;
    const struct eval_plan *plan;
    struct pith_cases *cases;
    struct opened *opened;
    struct pith_session *judge;
    struct eval_log log;
    size_t n_groups, n_done, n_skipped;
};

static int measure_one(struct work *work, size_t index, const char *method,
                       double ratio, size_t seed)
{
    struct pith_error error;
    struct pith_measure_options o = {
        .sizeof_options = sizeof o, .method = method, .ratio = ratio,
        .seed = seed,
        .max_cases = work->arguments->max_cases,
        .reconstruction = work->arguments->reconstruction,
        .judge = work->judge};
    char *key, *line;
    if (pith_measure_key(work->cases, index, &o, &key, &error) != PITH_OK)
        return tool_library(&error);
    bool skip = has_key(&work->log, key);
    pith_free(key);
    work->n_skipped += skip;
    if (skip)
        return TOOL_OK;
    if (pith_measure_group(work->opened->session, work->cases, index, &o,
                           &line, &error) != PITH_OK)
        return tool_library(&error);
    tool_progress_erase(&work->opened->line);
    int code = eval_log_write(&work->log, line);
    pith_free(line);
    work->n_done++;
    return code;
}

static int measure_all(struct work *work, const char *method, double ratio,
                       size_t seed)
{
    int code = TOOL_OK;
    for (size_t i = 0; i < pith_cases_count(work->cases) && code == TOOL_OK;
         i = eval_next_group(work->cases, i))
        code = measure_one(work, i, method, ratio, seed);
    return code;
}

static int measure_method(struct work *work, const struct eval_method *method)
{
    const struct eval_plan *plan = work->plan;
    bool once = method->traits.ignores_budget;
    size_t n_ratios = once ? 1 : plan->n_numbers;
    size_t n_seeds = method->traits.draws ? work->arguments->n_seeds : 1;
    int code = TOOL_OK;
    for (size_t r = 0; r < n_ratios; r++)
        for (size_t s = 0; s < n_seeds && code == TOOL_OK; s++)
            code = measure_all(work, method->name, once ? 1 : plan->numbers[r],
                               work->arguments->seed + s);
    return code;
}

static int measure(struct work *work)
{
    char seconds[32];
    double start = tool_seconds();
    int code = eval_log_read(&work->log, work->arguments->output, HEAD);
    if (code == TOOL_OK)
        code = check_lines(&work->log);
    if (code == TOOL_OK)
        code = eval_log_open(&work->log);
    for (size_t m = 0; m < work->plan->n_methods && code == TOOL_OK; m++)
        code = measure_method(work, &work->plan->methods[m]);
    int closed = eval_log_close(&work->log);
    if (code == TOOL_OK && closed == TOOL_OK && !work->arguments->model.quiet)
        fprintf(stderr, "%zu lines written, %zu there already, in %s\n",
                work->n_done, work->n_skipped,
                tool_duration(tool_seconds() - start, seconds));
    return code == TOOL_OK ? closed : code;
}

/* As the model that compresses, except for the file. */
static int open_judge(const struct arguments *arguments, struct opened *judge)
{
    struct model_options like = arguments->model;
    like.path = arguments->judge;
    like.adapter = NULL;
    return tool_open(judge, &like);
}

static int prepare(const struct command *command,
                   const struct operands *operands, void *given)
{
    const struct arguments *arguments = given;
    struct eval_plan plan = {.n_methods = 0};
    struct opened opened = {0}, judge = {0};
    struct work work = {.arguments = arguments, .plan = &plan,
                        .opened = &opened};
    int code = eval_read_methods(command, arguments->methods, &plan);
    if (code == TOOL_OK)
        code = eval_read_numbers(command, "--ratios", arguments->ratios, 1,
                                 &plan);
    if (code == TOOL_OK)
        code = eval_load_cases(&arguments->source, operands->items,
                               operands->n, &work.cases);
    if (code == TOOL_OK)
        code = tool_open(&opened, &arguments->model);
    if (code == TOOL_OK && arguments->judge != NULL)
        code = open_judge(arguments, &judge);
    work.judge = judge.session;
    if (code == TOOL_OK)
        code = measure(&work);
    tool_close(&judge);
    tool_close(&opened);
    pith_cases_free(work.cases);
    return code;
}

static void list_files(const struct operands *operands, const void *given,
                       struct file_list *list)
{
    const struct arguments *arguments = given;
    eval_list_prompts(&arguments->source, operands, list);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {
        .ratios = "2,5,10,20", .seed = 1, .n_seeds = 1,
        .reconstruction = true};
    return tool_options_run(command, argc, argv, &arguments, prepare);
}

const struct command tool_eval_measure = {
    .name = "eval measure",
    .operands = "FILE...",
    .min_operands = 1,
    .max_operands = TOOL_MAX_OPERANDS,
    .summary = "what compression costs, without a target model",
    .about =
        "Compresses the prompts of a data set by several methods at several\n"
        "ratios and writes for each prompt a line of JSON: how likely the\n"
        "right answers are after it, how likely the whole prompt is after\n"
        "it, and which of its numbers and names are left\n"
        "(docs/EVALUATION.md).",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .list_files = list_files,
    .run = run,
};
