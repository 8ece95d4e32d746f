/*
 * bench.c - `pith bench`: how fast this machine scores and compresses with a
 * model, and how much of what its arithmetic allows that is.
 */
#define _POSIX_C_SOURCE 200809L /* strdup */

#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { MAX_NAMES = 8, MAX_CASES = 256 };

struct arguments {
    const char *model, *kernels, *precision, *output, *agreement, *against;
    size_t n_threads, n_tokens, n_runs;
    size_t format, method; /* enum tool_format, enum pith_method */
    struct counts lengths;
    bool scaling, startup;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "What is measured:"},
    {'n', "tokens", "N", OPTION_COUNT, AT(n_tokens), 1, 1e6,
     "length of the prompt that is scored (512)"},
    {'r', "runs", "N", OPTION_COUNT, AT(n_runs), 1, 1000,
     "runs after a warm-up; medians are shown (5)"},
    {0, "scaling", NULL, OPTION_FLAG, AT(scaling), 0, 0,
     "also with 1, 2, 4, ... threads"},
    {0, "lengths", "N,N", OPTION_COUNTS, AT(lengths), 0, 0,
     "compress documents of this many tokens too"},
    {0, "startup", "on|off", OPTION_SWITCH, AT(startup), 0, 0,
     "process start to result for 100 tokens (on)"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "How the model is run:"},
    {'m', "model", "FILE", OPTION_MODEL, AT(model), 0, 0,
     "model to use; without it as pith compress does"},
    {0, "kernels", "NAME,NAME", OPTION_WORD, AT(kernels), 0, 0,
     "numeric routines, \"all\" of this machine, or\n"
     "$PITH_KERNELS; see pith info"},
    {0, "precision", "P,P", OPTION_WORD, AT(precision), 0, 0,
     "of matrix products, see pith help compress\n"
     "(auto,f32; for --agreement auto)"},
    THREADS_OPTION(AT(n_threads)),

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Agreement of two settings:"},
    {0, "agreement", "FILE", OPTION_INPUT, AT(agreement), 0, 0,
     "run the requests of FILE (docs/REQUESTS.md) and\n"
     "count the tokens that only one setting keeps"},
    {0, "against", "NAME", OPTION_WORD, AT(against), 0, 0,
     "kernels or precision of the second setting, which\n"
     "is otherwise as the first (f32)"},
    {0, "method", "paper|reference|spans", OPTION_CHOICE, AT(method), 0, 0,
     "how requests are compressed (spans)"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Output:"},
    {0, "format", "text|json", OPTION_CHOICE, AT(format), 0, 0,
     "json: one object with every figure"},
    {'o', "output", "FILE", OPTION_OUTPUT, AT(output), 0, 0,
     "write there, complete or not at all"},
};

/* --- settings -------------------------------------------------------------- */

/* Names out of lists; those of kernels are the library's own strings. */
struct names {
    const char *items[MAX_NAMES];
    size_t n;
};

struct settings {
    struct bench_setting items[MAX_NAMES * MAX_NAMES];
    size_t n;
};

/* The library's own name of the kernel set; NULL when there is none. */
static const char *kernels_called(const char *name)
{
    const char *known;
    for (size_t i = 0; (known = pith_kernels_name(i)) != NULL; i++)
        if (strcmp(known, name) == 0)
            break;
    return known;
}

/* Cuts "a,b,c" at the commas. */
static int split(const struct command *command, struct names *names, char *list)
{
    for (names->n = 0; list != NULL; names->n++) {
        if (names->n == MAX_NAMES)
            return tool_usage(command, "more than %d names in a list",
                              MAX_NAMES);
        names->items[names->n] = list;
        list = strchr(list, ',');
        if (list != NULL)
            *list++ = '\0';
    }
    return TOOL_OK;
}

/* "all", or names with commas between them; empty: the best. */
static int read_kernels(const struct command *command, struct names *names,
                        char *list)
{
    int code = TOOL_OK;
    *names = (struct names){.n = 0};
    if (*list == '\0') {
        names->items[names->n++] = pith_kernels_name(0);
    } else if (strcmp(list, "all") == 0) {
        while (names->n < MAX_NAMES && pith_kernels_name(names->n) != NULL) {
            names->items[names->n] = pith_kernels_name(names->n);
            names->n++;
        }
    } else {
        code = split(command, names, list);
    }
    for (size_t i = 0; i < names->n && code == TOOL_OK; i++) {
        const char *known = kernels_called(names->items[i]);
        if (known == NULL)
            code = tool_usage(command, "kernels \"%.80s\" are not there; "
                              "see pith info", names->items[i]);
        names->items[i] = known;
    }
    return code;
}

/* Every set of kernels with every precision.  The lists are cut to pieces;
 * the library finds out about unknown precisions. */
static int read_settings(const struct command *command,
                         struct settings *settings, char *kernels_list,
                         char *precision_list)
{
    struct names kernels, precisions;
    int code = read_kernels(command, &kernels, kernels_list);
    if (code == TOOL_OK)
        code = split(command, &precisions, precision_list);
    settings->n = 0;
    for (size_t i = 0; code == TOOL_OK && i < kernels.n; i++)
        for (size_t j = 0; j < precisions.n; j++)
            settings->items[settings->n++] = (struct bench_setting){
                kernels.items[i], precisions.items[j]};
    return code;
}

/* Every setting with n_threads; with scaling also with 1, 2, 4, ... */
static size_t make_cases(struct bench_case cases[MAX_CASES],
                         const struct settings *settings, size_t n_threads,
                         bool scaling)
{
    size_t n = 0;
    for (size_t i = 0; i < settings->n; i++) {
        for (size_t t = 1; scaling && t < n_threads && n < MAX_CASES; t *= 2)
            cases[n++] = (struct bench_case){.setting = settings->items[i],
                                             .n_threads = t};
        if (n < MAX_CASES)
            cases[n++] = (struct bench_case){.setting = settings->items[i],
                                             .n_threads = n_threads};
    }
    return n;
}

/* --- the report --------------------------------------------------------------- */

static void read_cpu_name(char name[128])
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    strcpy(name, "unknown CPU");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            snprintf(name, 128, "%.*s", (int)strcspn(colon + 2, "\n"),
                     colon + 2);
            break;
        }
    }
    if (file != NULL)
        fclose(file);
}

/* The element type that most of the weights have. */
static const char *main_type(const struct pith_model *model)
{
    uint64_t counts[16] = {0};
    struct pith_tensor_info tensor;
    size_t best = 0;
    for (size_t i = 0; pith_model_tensor(model, i, &tensor); i++)
        if ((size_t)tensor.type < 16)
            counts[tensor.type] += tensor.rows * tensor.cols;
    for (size_t i = 0; i < 16; i++)
        best = counts[i] > counts[best] ? i : best;
    return pith_type_name((enum pith_type)best);
}

static int check_context(const struct command *command,
                         const struct pith_model_info *info, size_t n_tokens)
{
    size_t n_ctx = info->n_ctx < 4096 ? info->n_ctx : 4096;
    if (n_tokens > n_ctx)
        return tool_usage(command, "--tokens %zu: a session of this model "
                          "holds %zu; longer documents: --lengths", n_tokens,
                          n_ctx);
    return TOOL_OK;
}

static int measure_scoring(const struct command *command,
                           const struct arguments *arguments,
                           struct bench_report *report,
                           struct bench_case *cases, struct opened *opened)
{
    struct bench_prompt prompt = {0};
    pith_model_describe(opened->model, &report->model);
    report->types = main_type(opened->model);
    report->flops = bench_score_flops(opened->model, report->n_tokens);
    int code = check_context(command, &report->model, report->n_tokens);
    if (code == TOOL_OK)
        code = bench_prompt_make(&prompt, opened->model, report->prompt_path,
                                 report->n_tokens);
    if (code == TOOL_OK)
        code = bench_score(cases, report->n_cases, arguments->model, &prompt,
                           report->n_runs);
    report->peak_bytes = bench_peak_bytes();
    bench_prompt_free(&prompt);
    return code;
}

static int measure_lengths(const struct arguments *arguments,
                           struct bench_report *report,
                           struct bench_length *lengths, struct opened *opened)
{
    int code = TOOL_OK;
    report->lengths = lengths;
    for (size_t i = 0; i < arguments->lengths.n && code == TOOL_OK; i++) {
        code = bench_length(&lengths[i], opened, report->prompt_path,
                            arguments->lengths.items[i], report->n_runs);
        report->n_lengths = i + 1;
    }
    return code;
}

static int measure(const struct command *command,
                   const struct arguments *arguments, const char *path,
                   const struct settings *settings, struct output *output)
{
    struct bench_case cases[MAX_CASES];
    struct bench_startup startup;
    struct opened opened = {0};
    struct bench_length *lengths =
        calloc(arguments->lengths.n + 1, sizeof *lengths);
    struct bench_report report = {.prompt_path = path,
                                  .n_threads = arguments->n_threads,
                                  .n_tokens = arguments->n_tokens,
                                  .n_runs = arguments->n_runs,
                                  .cases = cases};
    report.n_cases = make_cases(cases, settings, arguments->n_threads,
                                arguments->scaling);
    read_cpu_name(report.cpu);
    int code = lengths != NULL ? TOOL_OK : tool_no_memory();
    if (code == TOOL_OK)
        code = bench_open(&opened, arguments->model, &settings->items[0],
                          arguments->n_threads);
    report.model_path = opened.path;
    if (code == TOOL_OK)
        code = measure_scoring(command, arguments, &report, cases, &opened);
    if (code == TOOL_OK)
        code = measure_lengths(arguments, &report, lengths, &opened);
    /* A system without /proc cannot; the other figures still count. */
    if (code == TOOL_OK && arguments->startup &&
        bench_startup(&startup, opened.path, &settings->items[0],
                      arguments->n_threads, path, arguments->n_runs) == TOOL_OK)
        report.startup = &startup;
    if (code == TOOL_OK)
        (arguments->format == TOOL_JSON ? bench_print_json
                                        : bench_print_table)(&report,
                                                             output->stream);
    tool_close(&opened);
    free(lengths);
    return code;
}

/* --- agreement --------------------------------------------------------------- */

static int agree(const struct command *command,
                 const struct arguments *arguments,
                 const struct settings *settings, struct output *output)
{
    const char *kernels = kernels_called(arguments->against);
    struct bench_setting second = settings->items[0];
    if (settings->n != 1)
        return tool_usage(command, "--agreement compares one setting with one "
                          "other (--against)");
    if (kernels != NULL)
        second.kernels = kernels;
    else
        second.precision = arguments->against;
    struct bench_agreement agreement = {
        .method = (enum pith_method)arguments->method,
        .settings = {settings->items[0], second}};
    int code = bench_agree(&agreement, arguments->model, arguments->agreement,
                           arguments->n_threads);
    if (code == TOOL_OK)
        bench_print_agreement(&agreement, (enum tool_format)arguments->format,
                              output->stream);
    return code;
}

/* --- the command line ------------------------------------------------------------ */

static int bench(const struct command *command, const struct operands *operands,
                 const struct arguments *arguments,
                 const struct settings *settings)
{
    struct output output = {0};
    if (arguments->agreement != NULL && operands->n > 0)
        return tool_usage(command, "--agreement has its own prompts; leave "
                          "out %.200s", operands->items[0]);
    int code = tool_output_open(&output, arguments->output);
    if (code != TOOL_OK)
        return code;
    code = arguments->agreement != NULL
               ? agree(command, arguments, settings, &output)
               : measure(command, arguments, operands->items[0], settings,
                         &output);
    if (code == TOOL_OK)
        code = tool_output_close(&output);
    tool_output_abort(&output);
    return code;
}

/* What the table leaves open. */
static void set_defaults(struct arguments *arguments)
{
    if (arguments->n_threads == 0)
        arguments->n_threads = (size_t)pith_processors();
    if (arguments->kernels == NULL)
        arguments->kernels = getenv("PITH_KERNELS");
    if (arguments->kernels == NULL)
        arguments->kernels = "";
    if (arguments->precision == NULL)
        arguments->precision =
            arguments->agreement != NULL ? "auto" : "auto,f32";
}

static int bench_with_lists(const struct command *command,
                            const struct operands *operands, void *given)
{
    struct arguments *arguments = given;
    struct settings settings;
    set_defaults(arguments);
    char *kernels = strdup(arguments->kernels);
    char *precision = strdup(arguments->precision);
    int code = kernels != NULL && precision != NULL ? TOOL_OK
                                                    : tool_no_memory();
    if (code == TOOL_OK)
        code = read_settings(command, &settings, kernels, precision);
    if (code == TOOL_OK)
        code = bench(command, operands, arguments, &settings);
    free(kernels);
    free(precision);
    return code;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.n_tokens = 512,
                                  .n_runs = 5,
                                  .startup = true,
                                  .against = "f32",
                                  .format = TOOL_TEXT,
                                  .method = PITH_METHOD_SPANS};
    return tool_options_run(command, argc, argv, &arguments, bench_with_lists);
}

const struct command tool_bench = {
    .name = "bench",
    .operands = "[FILE]",
    .max_operands = 1,
    .summary = "measure speed and memory on this machine",
    .about =
        "Times the losses of all tokens of a prompt (of FILE, else an invented\n"
        "one) and compares the arithmetic they need with what this CPU can\n"
        "do, measured in the same run.  \"x alone\" is the gain over one\n"
        "thread.  With --lengths, also times compress (method paper, rate\n"
        "0.5) on documents.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
