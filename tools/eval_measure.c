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
    size_t max_cases, seed;
    bool reconstruction;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "What is asked:"},
    EVAL_SOURCE_OPTIONS(struct arguments),
    {0, "cases", "N", OPTION_COUNT, AT(max_cases), 1, 1e9,
     "questions behind each prompt, evenly spread (all)"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "What is compared:"},
    {0, "methods", "NAMES", OPTION_WORD, AT(methods), 0, 0,
     "with commas: full, zero-shot, truncation, random,\n"
     "sentences, selective, selective-sentences,\n"
     "stop-words, reference, paper, paper-no-itpc,\n"
     "paper-no-controller, paper-no-dynamic-rates,\n"
     "paper-random-selection (all of them)"},
    {0, "ratios", "RATIOS", OPTION_WORD, AT(ratios), 0, 0,
     "tokens before / after, with commas (2,5,10,20)"},
    {0, "seed", "N", OPTION_COUNT, AT(seed), 0, 1e12,
     "of the methods that draw (1)"},
    {0, "reconstruction", "on|off", OPTION_SWITCH, AT(reconstruction), 0, 0,
     "measure that too, which takes longest (on)"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Output, model and machine:"},
    {'o', "output", "FILE", OPTION_WORD, AT(output), 0, 0,
     "JSONL to add to; what it has is not repeated"},
    MODEL_OPTION(struct arguments),
    {0, "judge", "FILE", OPTION_WORD, AT(judge), 0, 0,
     "another model that finds the answers likely or not"},
    RUN_OPTIONS(struct arguments),
};

/* --- lists ---------------------------------------------------------------- */

enum { MAX_ITEMS = 64, MAX_NAME = 64 };

/* The next item of a comma-separated list; false at its end. */
static bool next_item(const char **list, char *item, size_t size)
{
    size_t n = strcspn(*list, ",");
    if (**list == '\0')
        return false;
    size_t kept = n < size ? n : size - 1;
    memcpy(item, *list, kept);
    item[kept] = '\0';
    *list += n + ((*list)[n] == ',');
    return true;
}

static bool is_method(const char *name)
{
    for (size_t i = 0; pith_eval_method(i) != NULL; i++)
        if (strcmp(pith_eval_method(i), name) == 0)
            return true;
    return false;
}

struct plan {
    char methods[MAX_ITEMS][MAX_NAME];
    double ratios[MAX_ITEMS];
    size_t n_methods, n_ratios;
};

static int read_methods(const struct command *command, const char *list,
                        struct plan *plan)
{
    char name[MAX_NAME];
    if (list == NULL)
        while (pith_eval_method(plan->n_methods) != NULL) {
            snprintf(plan->methods[plan->n_methods], MAX_NAME, "%s",
                     pith_eval_method(plan->n_methods));
            plan->n_methods++;
        }
    while (list != NULL && plan->n_methods < MAX_ITEMS &&
           next_item(&list, name, sizeof name)) {
        if (!is_method(name))
            return tool_usage(command, "--methods: no method is called "
                                       "\"%s\"", name);
        memcpy(plan->methods[plan->n_methods++], name, sizeof name);
    }
    return TOOL_OK;
}

static int read_ratios(const struct command *command, const char *list,
                       struct plan *plan)
{
    char item[MAX_NAME], *end;
    while (plan->n_ratios < MAX_ITEMS && next_item(&list, item, sizeof item)) {
        double ratio = strtod(item, &end);
        if (end == item || *end != '\0' || !(ratio >= 1 && ratio <= 1e6))
            return tool_usage(command, "--ratios: found \"%s\", expected "
                                       "numbers from 1 on", item);
        plan->ratios[plan->n_ratios++] = ratio;
    }
    return TOOL_OK;
}

/* --- the output ----------------------------------------------------------- */

struct log {
    struct text text; /* complete lines that were there */
    FILE *stream;
};

/* Opens the file behind its last complete line. */
static int open_log(struct log *log, const char *path)
{
    FILE *old = path != NULL ? fopen(path, "rb") : NULL;
    log->stream = stdout;
    if (path == NULL)
        return TOOL_OK;
    if (old != NULL) {
        fclose(old);
        int code = tool_read(path, &log->text);
        if (code != TOOL_OK)
            return code;
    }
    size_t n = log->text.size;
    while (n > 0 && log->text.bytes[n - 1] != '\n')
        n--;
    if (n < log->text.size) { /* a line that a killed run left half */
        struct output output = {0};
        int code = tool_output_open(&output, path);
        if (code != TOOL_OK)
            return code;
        fwrite(log->text.bytes, 1, n, output.stream);
        code = tool_output_close(&output);
        if (code != TOOL_OK)
            return code;
        log->text.bytes[n] = '\0';
        log->text.size = n;
    }
    log->stream = fopen(path, "ab");
    if (log->stream == NULL)
        return tool_fail("%.200s: cannot be opened for writing", path);
    return TOOL_OK;
}

static int write_line(struct log *log, const char *line)
{
    fprintf(log->stream, "%s\n", line);
    if (fflush(log->stream) != 0 || ferror(log->stream))
        return tool_fail("the output cannot be written; is the disk full?");
    return TOOL_OK;
}

static int close_log(struct log *log)
{
    free(log->text.bytes);
    if (log->stream == NULL || log->stream == stdout)
        return TOOL_OK;
    return fclose(log->stream) == 0
               ? TOOL_OK
               : tool_fail("the output cannot be written; is the disk full?");
}

static bool has_key(const struct log *log, const char *key)
{
    char member[400];
    snprintf(member, sizeof member, "{\"key\": \"%s\"", key);
    return log->text.bytes != NULL && strstr(log->text.bytes, member) != NULL;
}

/* --- measuring ------------------------------------------------------------ */

struct work {
    const struct arguments *arguments;
    const struct plan *plan;
    struct pith_cases *cases;
    struct opened *opened;
    struct pith_session *judge;
    struct log log;
    size_t n_groups, n_done, n_skipped;
};

static int measure_one(struct work *work, size_t index, const char *method,
                       double ratio)
{
    struct pith_error error;
    struct pith_measure_options o = {
        .sizeof_options = sizeof o, .method = method, .ratio = ratio,
        .seed = work->arguments->seed,
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
    int code = write_line(&work->log, line);
    pith_free(line);
    work->n_done++;
    return code;
}

/* "full", "zero-shot" and "stop-words" do not depend on the ratio. */
static bool ignores_ratio(const char *method)
{
    return strcmp(method, "full") == 0 || strcmp(method, "zero-shot") == 0 ||
           strcmp(method, "stop-words") == 0;
}

static int measure_method(struct work *work, const char *method)
{
    const struct plan *plan = work->plan;
    size_t n_ratios = ignores_ratio(method) ? 1 : plan->n_ratios;
    int code = TOOL_OK;
    for (size_t r = 0; r < n_ratios; r++)
        for (size_t i = 0;
             i < pith_cases_count(work->cases) && code == TOOL_OK; i++) {
            size_t group = pith_cases_get(work->cases, i)->group;
            if (i > 0 && pith_cases_get(work->cases, i - 1)->group == group)
                continue;
            code = measure_one(work, i, method,
                               ignores_ratio(method) ? 1 : plan->ratios[r]);
        }
    return code;
}

static int measure(struct work *work)
{
    char seconds[32];
    double start = tool_seconds();
    int code = open_log(&work->log, work->arguments->output);
    for (size_t m = 0; m < work->plan->n_methods && code == TOOL_OK; m++)
        code = measure_method(work, work->plan->methods[m]);
    int closed = close_log(&work->log);
    if (code == TOOL_OK && closed == TOOL_OK && !work->arguments->model.quiet)
        fprintf(stderr, "%zu lines written, %zu there already, in %s\n",
                work->n_done, work->n_skipped,
                tool_duration(tool_seconds() - start, seconds));
    return code == TOOL_OK ? closed : code;
}

/* As the model that compresses, but for the file. */
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
    struct plan plan = {.n_methods = 0};
    struct opened opened = {0}, judge = {0};
    struct work work = {.arguments = arguments, .plan = &plan,
                        .opened = &opened};
    int code = read_methods(command, arguments->methods, &plan);
    if (code == TOOL_OK)
        code = read_ratios(command, arguments->ratios, &plan);
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

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {
        .ratios = "2,5,10,20", .seed = 1, .reconstruction = true};
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
        "right answers are behind it, how likely the whole prompt is behind\n"
        "it, and which of its numbers and names are left\n"
        "(docs/EVALUATION.md).",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
