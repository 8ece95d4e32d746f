/*
 * eval_prepare.c - pith eval prepare: compressed prompts as requests to a
 * target model, and the keys that pith eval score reads its answers by.
 */
#include "common.h"
#include "eval.h"

struct arguments {
    struct model_options model;
    struct eval_source source;
    const char *methods, *ratios, *shots, *counter, *output, *keys;
    struct pith_prepare_options options;
    size_t ask, seed;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "What is asked:"},
    EVAL_SOURCE_OPTIONS(struct arguments),
    {0, "cases", "N", OPTION_COUNT, AT(options.max_cases), 1, 1e9,
     "questions after each prompt, evenly spread (all)"},
    {0, "ask", "answers|restore", OPTION_CHOICE, AT(ask), 0, 0,
     "the questions, or once for each compressed prompt\n"
     "the original one (answers)"},
    {0, "target-model", "NAME", OPTION_WORD, AT(options.target_model), 0, 0,
     "the target, as its server knows it"},
    {0, "system", "TEXT", OPTION_WORD, AT(options.system), 0, 0,
     "a system message in place of the task's"},
    {0, "max-tokens", "N", OPTION_COUNT, AT(options.max_tokens), 1, 1e9,
     "of an answer (gsm8k 400, others 512, restore 4096)"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "What is compared:"},
    EVAL_METHODS_OPTION(struct arguments, "full,zero-shot,paper"),
    {0, "ratios", "RATIOS", OPTION_WORD, AT(ratios), 0, 0,
     "tokens before / after, with commas (5)"},
    {0, "shots", "SHOTS", OPTION_WORD, AT(shots), 0, 0,
     "in place of ratios: as many tokens as that many\n"
     "demonstrations have, as 1,0.5,0.25"},
    {0, "seed", "N", OPTION_COUNT, AT(seed), 0, 1e12,
     "of the methods that draw (1)"},

    {0, NULL, NULL, OPTION_FLAG, 0, 0, 0, "Output, model and machine:"},
    {'o', "output", "FILE", OPTION_OUTPUT, AT(output), 0, 0,
     "the requests, complete or not at all"},
    {0, "keys", "FILE", OPTION_OUTPUT, AT(keys), 0, 0,
     "what pith eval score needs to read the answers"},
    {0, "count-with", "FILE", OPTION_INPUT, AT(counter), 0, 0,
     "count prompt tokens by this .tiktoken file too"},
    MODEL_OPTION(struct arguments),
    CACHE_OPTION(struct arguments),
    RUN_OPTIONS(struct arguments),
};

struct work {
    const struct arguments *arguments;
    struct pith_prepare_options options;
    struct eval_plan plan;
    struct pith_cases *cases;
    struct opened opened;
    struct pith_counter *counter;
    struct output requests, keys;
    size_t n_prompts;
};

static int prepare_group(struct work *work, size_t index)
{
    struct pith_error error;
    char *requests, *keys;
    if (pith_prepare_group(work->opened.session, work->cases, index,
                           &work->options, &requests, &keys, &error) !=
        PITH_OK)
        return tool_library(&error);
    fputs(requests, work->requests.stream);
    fputs(keys, work->keys.stream);
    pith_free(requests);
    pith_free(keys);
    work->n_prompts++;
    return TOOL_OK;
}

static int prepare_method(struct work *work, const struct eval_method *method)
{
    bool once = method->traits.ignores_budget;
    size_t n = once ? 1 : work->plan.n_numbers;
    int code = TOOL_OK;
    for (size_t b = 0; b < n; b++) {
        bool by_shots = work->arguments->shots != NULL && !once;
        double number = once ? 1 : work->plan.numbers[b];
        work->options.method = method->name;
        work->options.ratio = by_shots ? 0 : number;
        work->options.shots = by_shots ? number : 0;
        for (size_t i = 0;
             i < pith_cases_count(work->cases) && code == TOOL_OK;
             i = eval_next_group(work->cases, i))
            code = prepare_group(work, i);
    }
    return code;
}

static int write_all(struct work *work)
{
    const struct arguments *arguments = work->arguments;
    int code = tool_output_open(&work->requests, arguments->output);
    if (code == TOOL_OK)
        code = tool_output_open(&work->keys, arguments->keys);
    for (size_t m = 0; m < work->plan.n_methods && code == TOOL_OK; m++)
        code = prepare_method(work, &work->plan.methods[m]);
    tool_progress_erase(&work->opened.line);
    if (code == TOOL_OK)
        code = tool_output_close(&work->keys);
    if (code == TOOL_OK)
        code = tool_output_close(&work->requests);
    if (code == TOOL_OK && !arguments->model.quiet)
        fprintf(stderr, "pith: %zu compressed prompts; send %s with pith eval "
                        "run, score with %s\n", work->n_prompts,
                arguments->output, arguments->keys);
    tool_output_abort(&work->keys);
    tool_output_abort(&work->requests);
    return code;
}

static int open_all(const struct command *command,
                    const struct operands *operands, struct work *work)
{
    const struct arguments *arguments = work->arguments;
    const char *numbers = arguments->shots != NULL ? arguments->shots
                          : arguments->ratios != NULL ? arguments->ratios
                                                      : "5";
    int code = eval_read_methods(command, arguments->methods, &work->plan);
    if (code == TOOL_OK)
        code = arguments->shots != NULL
                   ? eval_read_numbers(command, "--shots", numbers, 0.001,
                                       &work->plan)
                   : eval_read_numbers(command, "--ratios", numbers, 1,
                                       &work->plan);
    if (code == TOOL_OK)
        code = eval_load_cases(&arguments->source, operands->items,
                               operands->n, &work->cases);
    if (code == TOOL_OK)
        code = tool_load_counter(arguments->counter, &work->counter);
    if (code == TOOL_OK)
        code = tool_open(&work->opened, &arguments->model);
    work->options = arguments->options;
    work->options.ask = (enum pith_asking)arguments->ask;
    work->options.seed = arguments->seed;
    work->options.count_with = work->counter;
    return code;
}

static int prepare(const struct command *command,
                   const struct operands *operands, void *given)
{
    const struct arguments *arguments = given;
    struct work work = {.arguments = arguments};
    if (arguments->options.target_model == NULL || arguments->output == NULL ||
        arguments->keys == NULL)
        return tool_usage(command, "give --target-model NAME, -o FILE and "
                                   "--keys FILE");
    if (arguments->shots != NULL && arguments->ratios != NULL)
        return tool_usage(command, "--ratios and --shots cannot be combined");
    int code = open_all(command, operands, &work);
    if (code == TOOL_OK)
        code = write_all(&work);
    pith_counter_free(work.counter);
    tool_close(&work.opened);
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
        .methods = "full,zero-shot,paper", .seed = 1,
        .options = {.sizeof_options = sizeof arguments.options}};
    return tool_options_run(command, argc, argv, &arguments, prepare);
}

const struct command tool_eval_prepare = {
    .name = "eval prepare",
    .operands = "FILE...",
    .min_operands = 1,
    .max_operands = TOOL_MAX_OPERANDS,
    .summary = "compressed prompts as requests to a target model",
    .about =
        "Compresses the prompts of a data set by several methods and writes a\n"
        "batch file for OpenAI-compatible servers, temperature 0, with the\n"
        "data set's questions after them; and keys, by which pith eval score\n"
        "reads the answers (docs/EVALUATION.md).",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .list_files = list_files,
    .run = run,
};
