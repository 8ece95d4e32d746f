/*
 * convert.c - `pith convert`: other model formats to .pith files.
 */
#include "common.h"

struct arguments {
    struct pith_convert_options options;
    bool quiet;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, "dtype", "TYPE", OPTION_WORD, AT(options.dtype), 0, 0,
     "store the weights as f32, f16, bf16, q8 or q4;\n"
     "without it they stay as they are"},
    {0, "tokenizer", "FILE", OPTION_INPUT, AT(options.tokenizer), 0, 0,
     "tokenizer.bin of a llama2.c checkpoint"},
    {'q', "quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0,
     "no report and no progress on stderr"},
};

static void note(void *user, const char *text)
{
    (void)user;
    fprintf(stderr, "pith: note: %s\n", text);
}

static int convert(const struct command *command,
                   const struct operands *operands, void *given)
{
    (void)command;
    struct arguments *arguments = given;
    const char *source = operands->items[0];
    const char *destination = tool_output_name(operands->items[1]);
    struct pith_error error;
    struct progress_line line;
    struct pith_progress progress = tool_progress(&line, arguments->quiet);
    arguments->options.progress = &progress;
    arguments->options.note = arguments->quiet ? NULL : note;
    enum pith_status status =
        pith_convert(source, destination, &arguments->options, &error);
    tool_progress_erase(&line);
    if (status != PITH_OK)
        return tool_library(&error);
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
