/*
 * convert.c - `pith convert`: other model formats to .pith files.
 */
#define _POSIX_C_SOURCE 200809L

#include <string.h>

#include "files.h"
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
     "report rounding errors by tensor, not by type"},
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

/* --- progress -------------------------------------------------------------- */

/* pith: [#########           ] 45%, 1.2 of 2.6 GiB, 0:12 left */
static int draw(void *user, const char *stage, size_t done, size_t total)
{
    enum { WIDTH = 20 };
    static const char full[] = "####################";
    struct progress_line *line = user;
    double now = tool_seconds(), past = now - line->start;
    bool over = done >= total;
    if (past < 1 || (now - line->shown < 0.1 && !over))
        return 0;
    double part = total > 0 ? (double)done / (double)total : 1;
    unsigned left = part > 0 ? (unsigned)(past / part - past) : 0;
    int width = (int)(part * WIDTH);
    fprintf(stderr, "\r\033[Kpith: %s [%-*.*s] %.0f%%, %.2f of %.2f GiB, "
            "%u:%02u left", stage, WIDTH, width, full, 100 * part,
            (double)done / 1048576, (double)total / 1048576, left / 60,
            left % 60);
    fflush(stderr);
    line->shown = now;
    line->drawn = true;
    return 0;
}

/* --- the name of the result ------------------------------------------------- */

enum { NAME_SIZE = 256 };

/* The last part of SOURCE without its ending and number, for a file of this
 * folder; false where it has none. */
static bool name_after(const char *source, char stem[NAME_SIZE])
{
    static const char *const endings[] = {".gguf", ".bin", ".safetensors"};
    struct pith_text name = pith_path_name(source);
    size_t n = name.size;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t length = strlen(endings[i]);
        if (n > length &&
            memcmp(name.bytes + n - length, endings[i], length) == 0) {
            n -= length;
            break;
        }
    }
    unsigned part, parts;
    int used = 0;
    if (n > 15 && sscanf(name.bytes + n - 15, "-%5u-of-%5u%n", &part,
                         &parts, &used) == 2 && used == 15)
        n -= 15;
    if (n == 0 || n > NAME_SIZE - 8 || strspn(name.bytes, ".") >= n)
        return false;
    snprintf(stem, NAME_SIZE, "%.*s", (int)n, name.bytes);
    return true;
}

static void list_files(const struct operands *operands, const void *arguments,
                       struct file_list *list)
{
    char stem[NAME_SIZE];
    (void)arguments;
    if (operands->n == 1 && name_after(operands->items[0], stem))
        tool_files_output_with(list, NULL, stem, ".pith");
}

/* A name that nobody gave replaces nothing. */
static int choose_name(const char *source, char name[NAME_SIZE])
{
    if (!name_after(source, name))
        return tool_fail("%s: no name for the result follows from it; give one: "
                         "pith convert %s NAME.pith", source, source);
    strcat(name, ".pith");
    if (tool_name_is_taken(name))
        return tool_fail("%s: exists already; to replace it, name it: "
                         "pith convert %s %s", name, source, name);
    return TOOL_OK;
}

/* --- the command ------------------------------------------------------------ */

static int convert(const struct command *command,
                   const struct operands *operands, void *given)
{
    (void)command;
    struct arguments *arguments = given;
    const char *source = operands->items[0];
    char name[NAME_SIZE];
    const char *destination = name;
    int code = TOOL_OK;
    if (operands->n == 1)
        code = choose_name(source, name);
    else
        destination = tool_output_name(operands->items[1]);
    if (code != TOOL_OK)
        return code;
    struct work work = {.verbose = arguments->verbose};
    struct pith_error error;
    struct pith_progress progress = tool_progress(&work.line, arguments->quiet);
    if (work.line.drawable)
        progress.report = draw;
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
    .operands = "SOURCE [DESTINATION]",
    .min_operands = 1,
    .max_operands = 2,
    .last_is_output = true,
    .summary = "make a .pith file from another model format",
    .about =
        "SOURCE is a Hugging Face folder (GPT-2 or LLaMA; config.json,\n"
        "safetensors, tokenizer), a GGUF file (of several, the first) or a\n"
        "llama2.c checkpoint.  DESTINATION is loaded once before it takes its\n"
        "name, and appears complete or not at all; without it, a file of this\n"
        "folder that has SOURCE's name with .pith and is not there yet.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .list_files = list_files,
    .run = run,
};
