/*
 * convert.c - `pith convert`: other model formats to .pith files.
 */
#include "rounding.h"

struct arguments {
    struct pith_convert_options options;
    bool verbose, quiet;
};

struct work {
    struct progress_line line;
    struct roundings roundings;
    bool verbose;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, "dtype", "TYPE", OPTION_WORD, AT(options.dtype), 0, 0,
     "store the weights as f32, f16, bf16, q8 or q4;\n"
     "without it they stay as they are"},
    {0, "tokenizer", "FILE", OPTION_INPUT, AT(options.tokenizer), 0, 0,
     "tokenizer.bin of a llama2.c checkpoint"},
    {'v', "verbose", NULL, OPTION_FLAG, AT(verbose), 0, 0,
     "tell what rounding cost each tensor, not each type"},
    {'q', "quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0,
     "no report and no progress on stderr"},
};

static void note(void *user, const char *text)
{
    struct work *work = user;
    tool_progress_erase(&work->line);
    fprintf(stderr, "pith: note: %s\n", text);
}

static void converted(void *user, const struct pith_converted *tensor)
{
    struct work *work = user;
    rounding_add(&work->roundings, tensor);
    if (!work->verbose)
        return;
    tool_progress_erase(&work->line);
    rounding_print_tensor(tensor);
}

static int convert(const struct command *command,
                   const struct operands *operands, void *given)
{
    (void)command;
    struct arguments *arguments = given;
    const char *source = operands->items[0];
    const char *destination = tool_output_name(operands->items[1]);
    struct work work = {.verbose = arguments->verbose};
    struct pith_error error;
    struct pith_progress progress = tool_progress(&work.line, arguments->quiet);
    arguments->options.progress = &progress;
    arguments->options.user = &work;
    if (!arguments->quiet) {
        arguments->options.note = note;
        arguments->options.converted = converted;
    }
    enum pith_status status =
        pith_convert(source, destination, &arguments->options, &error);
    tool_progress_erase(&work.line);
    if (status != PITH_OK)
        return tool_library(&error);
    if (!work.verbose)
        rounding_print(&work.roundings);
    if (!arguments->quiet)
        fprintf(stderr, "pith: wrote %s; pith info shows what is in it\n",
                destination);
    return TOOL_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.options.sizeof_options =
                                      sizeof arguments.options};
    return tool_options_run(command, argc, argv, &arguments, convert);
}

const struct command tool_convert = {
    .name = "convert",
    .operands = "SOURCE DESTINATION",
    .min_operands = 2,
    .max_operands = 2,
    .last_is_output = true,
    .summary = "make a .pith file from another model format",
    .about =
        "SOURCE is a Hugging Face folder (GPT-2 or LLaMA; config.json,\n"
        "safetensors, tokenizer), a GGUF file (of several, the first) or a\n"
        "llama2.c checkpoint.  DESTINATION is loaded once before it takes its\n"
        "name, and appears complete or not at all.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
