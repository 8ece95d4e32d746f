/*
 * merge.c - `pith merge`: a model with an adapter taken into its weights.
 */
#include "common.h"
#include "pith_align.h"

struct arguments {
    struct pith_merge_options options;
    bool quiet;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option options[] = {
    {0, "dtype", "TYPE", OPTION_WORD, AT(options.dtype), 0, 0,
     "store the matrices as f32, f16, bf16, q8 or q4;\n"
     "without it they keep their types"},
    {0, "name", "NAME", OPTION_WORD, AT(options.name), 0, 0,
     "the model's name inside the file"},
    {'q', "quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0, "no report on stderr"},
};

static int merge(const struct command *command,
                 const struct operands *operands, void *given)
{
    (void)command;
    struct arguments *arguments = given;
    const char *destination = tool_output_name(operands->items[2]);
    struct pith_error error;
    if (pith_merge(operands->items[0], operands->items[1], destination,
                   &arguments->options, &error) != PITH_OK)
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
    return tool_options_run(command, argc, argv, &arguments, merge);
}

const struct command tool_merge = {
    .name = "merge",
    .operands = "MODEL ADAPTER DESTINATION",
    .min_operands = 3,
    .max_operands = 3,
    .last_is_output = true,
    .summary = "take a LoRA adapter into the weights of its model",
    .about =
        "ADAPTER is what `pith align --lora` wrote for MODEL.\n"
        "Matrices that it changes are rounded again to the type that they\n"
        "are stored in; f32, f16 or bf16 lose least.\n"
        "DESTINATION appears complete or not at all.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
