/*
 * align_requests.c - `pith align requests` and `pith align collect`: asking
 * the target model for answers, and joining them to the instructions.
 */
#include <stdlib.h>
#include <string.h>

#include "align.h"

struct arguments {
    struct pith_align_requests_options options;
    struct words answers;
    const char *output;
    bool quiet;
};

#define AT(member) offsetof(struct arguments, member)

static const struct option request_options[] = {
    {0, "target-model", "NAME", OPTION_WORD, AT(options.model), 0, 0,
     "the target, as its server knows it"},
    {0, "max-tokens", "N", OPTION_COUNT, AT(options.max_tokens), 1, 1e9,
     "of an answer (512)"},
    {0, "temperature", "T", OPTION_REAL, AT(options.temperature), 0, 2,
     "of an answer: 0 the likeliest, 1 one drawn from the\n"
     "target's own distribution (0)"},
    {0, "system", "TEXT", OPTION_WORD, AT(options.system), 0, 0,
     "a system message before each"},
    {0, "answered", "FILE", OPTION_INPUTS, AT(answers), 0, 0,
     "leave out what these answer or refuse; may be\n"
     "repeated"},
    {0, "skip-bad", NULL, OPTION_FLAG, AT(options.skip_bad), 0, 0,
     "leave malformed records out"},
    {'o', "output", "FILE", OPTION_OUTPUT, AT(output), 0, 0,
     "write there, complete or not at all"},
    {'q', "quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0, "no report on stderr"},
};

static const struct option collect_options[] = {
    {0, "skip-bad", NULL, OPTION_FLAG, AT(options.skip_bad), 0, 0,
     "leave malformed records and answers out"},
    {'o', "output", "FILE", OPTION_OUTPUT, AT(output), 0, 0,
     "write there, complete or not at all"},
    {'q', "quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0, "no report on stderr"},
};

/* Several files as one text, each ending with a line feed. */
static int read_all(const char *const *paths, size_t n, struct text *all)
{
    *all = (struct text){calloc(1, 1), 0};
    int code = all->bytes != NULL ? TOOL_OK : tool_no_memory();
    for (size_t i = 0; i < n && code == TOOL_OK; i++) {
        struct text text;
        code = tool_read(paths[i], &text);
        if (code != TOOL_OK)
            break;
        char *grown = realloc(all->bytes, all->size + text.size + 2);
        if (grown == NULL) {
            free(text.bytes);
            return tool_no_memory();
        }
        memcpy(grown + all->size, text.bytes, text.size);
        all->size += text.size;
        if (text.size > 0 && grown[all->size - 1] != '\n')
            grown[all->size++] = '\n';
        all->bytes = grown;
        free(text.bytes);
    }
    return code;
}

static int write_result(const char *path, char *bytes, size_t n)
{
    struct output output;
    int code = tool_output_open(&output, path);
    if (code == TOOL_OK) {
        fwrite(bytes, 1, n, output.stream);
        code = tool_output_close(&output);
    }
    pith_free(bytes);
    return code;
}

static int make_requests(struct arguments *arguments, const char *name,
                         struct pith_text records, struct pith_text answers)
{
    struct pith_align_requests_info info;
    struct pith_error error;
    char *batch;
    size_t n;
    if (pith_align_requests(records, name, answers, &arguments->options, &batch,
                            &n, &info, &error) != PITH_OK)
        return tool_library(&error);
    if (!arguments->quiet) {
        fprintf(stderr, "pith: %zu requests",
                info.n_records - info.n_answered - info.n_refused);
        if (info.n_answered > 0)
            fprintf(stderr, "; %zu are answered", info.n_answered);
        if (info.n_refused > 0)
            fprintf(stderr, "; %zu are refused", info.n_refused);
        if (info.n_bad > 0)
            fprintf(stderr, "; %zu malformed and left out", info.n_bad);
        fputc('\n', stderr);
    }
    return write_result(arguments->output, batch, n);
}

static int join_answers(struct arguments *arguments, const char *name,
                        struct pith_text records, const char *answers_name,
                        struct pith_text answers)
{
    struct pith_align_collect_info info;
    struct pith_error error;
    char *joined;
    size_t n;
    if (pith_align_collect(records, name, answers, answers_name,
                           &arguments->options, &joined, &n, &info,
                           &error) != PITH_OK)
        return tool_library(&error);
    if (!arguments->quiet)
        fprintf(stderr, "pith: %zu records with an answer (%zu at the limit of "
                "tokens, %zu without the reasoning before it), %zu without; "
                "answers: %zu failed, %zu duplicate, %zu unknown; %zu "
                "malformed lines\n", info.n_records, info.n_cut,
                info.n_thoughts, info.n_missing, info.n_failed, info.n_duplicate,
                info.n_unknown, info.n_bad);
    return write_result(arguments->output, joined, n);
}

static const char *shown(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct complaints complaints = {0};
    struct arguments arguments = {
        .options = {.sizeof_options = sizeof arguments.options,
                    .complain = align_complain,
                    .user = &complaints}};
    struct operands operands;
    struct text records = {0}, answers = {0};
    bool collects = command == &tool_align_collect;
    int code = tool_options_parse(command, argc, argv, &arguments, &operands);
    arguments.options.note = arguments.quiet ? NULL : align_note;
    if (code == TOOL_OK && operands.help) {
        tool_options_help(command, stdout);
        goto done;
    }
    if (code == TOOL_OK && !collects && arguments.options.model == NULL)
        code = tool_usage(command, "give the name of the target model: "
                          "--target-model NAME");
    if (code == TOOL_OK)
        code = tool_read(operands.items[0], &records);
    if (code == TOOL_OK)
        code = collects ? read_all(operands.items + 1, operands.n - 1, &answers)
                        : read_all(arguments.answers.items,
                                   arguments.answers.n, &answers);
    if (code != TOOL_OK)
        goto done;
    const char *name = shown(operands.items[0]);
    code = collects ? join_answers(&arguments, name, tool_view(&records),
                                   operands.n == 2 ? shown(operands.items[1])
                                                   : "answers",
                                   tool_view(&answers))
                    : make_requests(&arguments, name, tool_view(&records),
                                    tool_view(&answers));
    align_complain_end(&complaints);
done:
    free(records.bytes);
    free(answers.bytes);
    tool_options_free(&arguments, &operands);
    return code;
}

const struct command tool_align_requests = {
    .name = "align requests",
    .operands = "RECORDS",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "ask the target model for answers to learn from",
    .about =
        "Turns instructions (the records of pith align, answers in them are\n"
        "ignored) into a batch file for OpenAI-compatible servers: a JSON\n"
        "request on each line.",
    .options = request_options,
    .n_options = sizeof request_options / sizeof request_options[0],
    .run = run,
};

const struct command tool_align_collect = {
    .name = "align collect",
    .operands = "RECORDS ANSWERS...",
    .min_operands = 2,
    .max_operands = TOOL_MAX_OPERANDS,
    .summary = "join the target's answers to the instructions",
    .about =
        "Reads the records that pith align requests read and what the server\n"
        "wrote, and writes the records with these answers, as JSONL, ready for\n"
        "pith align.  Reports what is missing, failed, duplicate or unknown.",
    .options = collect_options,
    .n_options = sizeof collect_options / sizeof collect_options[0],
    .run = run,
};
